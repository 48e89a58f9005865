// Writes SentencePiece models for tests: the protocol buffer's bytes, good or bad.
#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ipr::test {

inline std::string proto_varint(std::uint64_t value) {
  std::string bytes;
  for (; value >= 0x80; value >>= 7) bytes += static_cast<char>(value | 0x80);
  return bytes + static_cast<char>(value);
}

inline std::string proto_number(int field, std::uint64_t value) {
  return proto_varint(static_cast<std::uint64_t>(field) << 3) + proto_varint(value);
}

inline std::string proto_bytes(int field, std::string_view bytes) {
  return proto_varint((static_cast<std::uint64_t>(field) << 3) | 2) + proto_varint(bytes.size()) + std::string(bytes);
}

inline std::string proto_float(int field, float value) {
  std::string bytes = proto_varint((static_cast<std::uint64_t>(field) << 3) | 5);
  for (int shift = 0; shift < 32; shift += 8) bytes += static_cast<char>(std::bit_cast<std::uint32_t>(value) >> shift);
  return bytes;
}

struct TestPiece {
  std::string text;
  float score = 0;
  int type = 1;
};

inline std::string piece_bytes(const TestPiece& piece) {
  std::string message = proto_bytes(1, piece.text) + proto_float(2, piece.score);
  if (piece.type != 1) message += proto_number(3, static_cast<std::uint64_t>(piece.type));
  return proto_bytes(1, message);
}

struct TestModel {
  std::vector<TestPiece> pieces;
  std::string trainer = proto_number(3, 2) + proto_number(35, 1);            // BPE, byte_fallback
  std::string normalizer = proto_bytes(1, "identity") + proto_number(4, 0);  // blanks are kept

  [[nodiscard]] std::string bytes() const {
    std::string all;
    for (const TestPiece& piece : pieces) all += piece_bytes(piece);
    return all + proto_bytes(2, trainer) + proto_bytes(3, normalizer);
  }
};

// `<unk>` 0, `<s>` 1, `</s>` 2, the bytes from 3 on, then characters and the merges to "▁red", "▁re", "▁lamp" …
inline TestModel small_model() {
  TestModel model;
  model.pieces = {{"<unk>", 0, 2}, {"<s>", 0, 3}, {"</s>", 0, 3}};
  constexpr const char* kHex = "0123456789ABCDEF";
  for (int byte = 0; byte < 256; ++byte) {
    model.pieces.push_back({std::string("<0x") + kHex[byte / 16] + kHex[byte % 16] + ">", 0, 6});
  }
  float score = 0;
  for (const char* piece :
       {"\u2581r", "ed", "\u2581red", "la", "\u2581la", "mp", "\u2581lamp", "\u2581\u2581", "re", "\u2581re"}) {
    model.pieces.push_back({piece, score, 1});
    score -= 1;
  }
  for (const char* piece : {"\u2581", "r", "e", "d", "l", "a", "m", "p", "\u00e9", "[", "]", "I", "N", "S", "T", "/"}) {
    model.pieces.push_back({piece, score, 1});
    score -= 1;
  }
  return model;
}

}  // namespace ipr::test
