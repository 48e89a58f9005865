// Blocks are packed here in the other direction, value by value into the places that ggml's quantizers put them, and
// must expand to scale * value + offset. tests/model/peers_test.cc compares with gguf's own numbers.
#include "core/model/element_type.h"

#include <cmath>
#include <cstring>
#include <vector>

#include "core/base/rng.h"
#include "tests/support/catch.h"

using namespace ipr;
using namespace ipr::model;

namespace {

constexpr std::uint16_t kHalf = 0x3800, kQuarter = 0x3400;  // 0.5 and 0.25 in f16

std::vector<int> random_values(std::size_t count, int below, std::uint64_t seed) {
  Rng rng(seed);
  std::vector<int> values(count);
  for (int& value : values) value = static_cast<int>(rng.below(static_cast<std::uint64_t>(below)));
  return values;
}

struct Block {
  explicit Block(ElementType kind) : type(kind), bytes(layout_of(kind).bytes) {}
  void put_half(std::size_t at, std::uint16_t value) { std::memcpy(&bytes[at], &value, sizeof value); }
  void add_bits(std::size_t at, int bits) { bytes[at] = static_cast<unsigned char>(bytes[at] | bits); }

  [[nodiscard]] std::vector<float> expanded() const {
    std::vector<float> values(layout_of(type).values);
    expand(type, reinterpret_cast<const char*>(bytes.data()), values.size(), values.data());
    return values;
  }

  ElementType type;
  std::vector<unsigned char> bytes;
};

// Sixteen bytes with values j and j + 16, and for five bits a word before them.
void put_32(Block& block, std::size_t at, std::size_t fifths, const std::vector<int>& values) {
  for (std::size_t j = 0; j < 32; ++j) {
    block.add_bits(at + j % 16, (values[j] & 15) << (j < 16 ? 0 : 4));
    if (fifths > 0) block.add_bits(fifths + j / 8, (values[j] >> 4) << (j % 8));
  }
}

// The twelve bytes of eight six-bit scales and offsets.
void put_groups(Block& block, std::size_t at, const std::vector<int>& scales, const std::vector<int>& offsets) {
  for (std::size_t j = 0; j < 4; ++j) {
    block.add_bits(at + j, scales[j] | (scales[j + 4] >> 4) << 6);
    block.add_bits(at + j + 4, offsets[j] | (offsets[j + 4] >> 4) << 6);
    block.add_bits(at + j + 8, (scales[j + 4] & 15) | (offsets[j + 4] & 15) << 4);
  }
}

}  // namespace

TEST_CASE("blocks of 32 expand to scale times value plus offset", "[model][elements]") {
  struct Case {
    ElementType type;
    std::size_t values, fifths;
    int bits, zero;
    bool offset;
  };
  for (const Case& format :
       {Case{ElementType::kQ4_0, 2, 0, 4, 8, false}, Case{ElementType::kQ4_1, 4, 0, 4, 0, true},
        Case{ElementType::kQ5_0, 6, 2, 5, 16, false}, Case{ElementType::kQ5_1, 8, 4, 5, 0, true}}) {
    CAPTURE(layout_of(format.type).name);
    const auto values = random_values(32, 1 << format.bits, 3);
    Block block(format.type);
    block.put_half(0, kHalf);
    if (format.offset) block.put_half(2, kQuarter);
    put_32(block, format.values, format.fifths, values);
    const auto expanded = block.expanded();
    for (std::size_t j = 0; j < 32; ++j)
      CHECK(expanded[j] == 0.5f * static_cast<float>(values[j] - format.zero) + (format.offset ? 0.25f : 0.0f));
  }
  Block signed_bytes(ElementType::kQ8_0);
  signed_bytes.put_half(0, kHalf);
  for (int j = 0; j < 32; ++j)
    signed_bytes.bytes[static_cast<std::size_t>(2 + j)] = static_cast<unsigned char>(8 * j - 128);
  const auto expanded = signed_bytes.expanded();
  for (int j = 0; j < 32; ++j) CHECK(expanded[static_cast<std::size_t>(j)] == 0.5f * static_cast<float>(8 * j - 128));
}

TEST_CASE("blocks of 256 expand by their groups' scales and offsets", "[model][elements]") {
  const auto scales = random_values(8, 64, 4), offsets = random_values(8, 64, 5);
  for (const ElementType type : {ElementType::kQ4_K, ElementType::kQ5_K}) {
    const bool five = type == ElementType::kQ5_K;
    const auto values = random_values(256, five ? 32 : 16, 6);
    Block block(type);
    block.put_half(0, kHalf);
    block.put_half(2, kQuarter);
    put_groups(block, 4, scales, offsets);
    for (std::size_t i = 0; i < 256; ++i) {
      const std::size_t group = i / 32, j = i % 32;
      block.add_bits((five ? 48 : 16) + 32 * (group / 2) + j, (values[i] & 15) << (group % 2 == 0 ? 0 : 4));
      if (five) block.add_bits(16 + j, (values[i] >> 4) << group);
    }
    const auto expanded = block.expanded();
    for (std::size_t i = 0; i < 256; ++i) {
      CAPTURE(layout_of(type).name, i);
      CHECK(expanded[i] ==
            0.5f * static_cast<float>(scales[i / 32] * values[i]) - 0.25f * static_cast<float>(offsets[i / 32]));
    }
  }
  const auto values = random_values(256, 64, 7), groups = random_values(16, 256, 8);
  Block block(ElementType::kQ6_K);
  for (std::size_t i = 0; i < 256; ++i) {
    const std::size_t half = i / 128, row = i % 128 / 32, j = i % 32;
    block.add_bits(64 * half + 32 * (row % 2) + j, (values[i] & 15) << (row < 2 ? 0 : 4));
    block.add_bits(128 + 32 * half + j, (values[i] >> 4) << (2 * row));
  }
  for (std::size_t g = 0; g < 16; ++g) block.add_bits(192 + g, groups[g]);
  block.put_half(208, kHalf);
  const auto expanded = block.expanded();
  for (std::size_t i = 0; i < 256; ++i) {
    CAPTURE(i);
    CHECK(expanded[i] == 0.5f * static_cast<float>(static_cast<signed char>(groups[i / 16]) * (values[i] - 32)));
  }
}

TEST_CASE("types are known by name and number, and unknown ones are named", "[model][elements]") {
  CHECK(element_type_of("BF16") == ElementType::kBF16);
  CHECK_FALSE(element_type_of("F64").has_value());
  CHECK_FALSE(element_type_of("Q4_0").has_value());  // no type of safetensors
  CHECK(element_type_of(14u) == ElementType::kQ6_K);
  CHECK_FALSE(element_type_of(11u).has_value());
  CHECK(ggml_type_name(11) == "Q3_K");
  CHECK(ggml_type_name(12) == "Q4_K");
  CHECK(ggml_type_name(999) == "number 999");
}
