// Reading protocol buffers' wire format, as far as SentencePiece's models use it. The bytes are foreign: every length
// is checked against their end, and nothing is allocated.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/status.h"

namespace ipr::text {

struct ProtoField {
  std::uint32_t number = 0;
  // The value by its wire type: bytes (texts and messages), or a number: a varint, or the bits of a 32 or 64-bit value.
  enum class Type { kVarint, kFixed64, kBytes, kFixed32 } type = Type::kVarint;
  std::uint64_t number_value = 0;
  std::string_view bytes;  // of the message's own

  [[nodiscard]] bool is_bytes() const { return type == Type::kBytes; }
  [[nodiscard]] std::optional<bool> as_bool() const;
  [[nodiscard]] std::optional<std::int64_t> as_int() const;
  [[nodiscard]] std::optional<float> as_float() const;
};

// Goes through the fields of one message, in their order. Not for several threads at once.
class ProtoReader {
 public:
  // `offset`: of the message in its file, for messages.
  explicit ProtoReader(std::string_view message, std::size_t offset = 0) : message_(message), offset_(offset) {}

  // The next field; nothing at the end. Code::kData, `byte N: what`, where the bytes are no message.
  [[nodiscard]] Result<std::optional<ProtoField>> next();
  // The offset in the file of the bytes behind the last field; where a field's bytes end.
  [[nodiscard]] std::size_t offset() const { return offset_ + at_; }

 private:
  Result<std::uint64_t> varint();
  Result<std::uint64_t> fixed(std::size_t size);
  [[nodiscard]] Status fault(const std::string& what) const;

  std::string_view message_;
  std::size_t offset_;
  std::size_t at_ = 0;
};

}  // namespace ipr::text
