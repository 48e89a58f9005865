// How files store the values of a tensor, plain or quantized in blocks, and their expansion to f32.
//
// The quantized formats are those of ggml (their layouts are facts of the GGUF files; block by block in the source).
// Expansion is exact where f32 holds the value, else it rounds as ggml does: one product, then one sum.
#pragma once

#include <bit>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ipr::model {

enum class ElementType { kF32, kF16, kBF16, kQ4_0, kQ4_1, kQ5_0, kQ5_1, kQ8_0, kQ4_K, kQ5_K, kQ6_K };

struct ElementLayout {
  const char* name;
  std::uint64_t values;  // per block; 1 for plain types
  std::uint64_t bytes;   // per block
};
[[nodiscard]] const ElementLayout& layout_of(ElementType type);

// safetensors' word ("F32", "F16", "BF16"), or nothing for a type that is not read.
[[nodiscard]] std::optional<ElementType> element_type_of(std::string_view safetensors_name);
// GGUF's number; nothing for a type that is not read.
[[nodiscard]] std::optional<ElementType> element_type_of(std::uint32_t ggml_number);
// What users know a GGUF type by, also of those that are not read: "Q3_K", "IQ4_XS"; "number 77" for an unknown one.
[[nodiscard]] std::string ggml_type_name(std::uint32_t ggml_number);

// Expands `count` values, a whole number of blocks, from `bytes` (unaligned, host byte order little-endian).
void expand(ElementType type, const char* bytes, std::uint64_t count, float* values);

// To nearest even; a NaN stays one.
[[nodiscard]] inline std::uint16_t to_bf16(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  if (value != value) return static_cast<std::uint16_t>(bits >> 16 | 0x40u);
  return static_cast<std::uint16_t>((bits + 0x7fffu + (bits >> 16 & 1u)) >> 16);
}

}  // namespace ipr::model
