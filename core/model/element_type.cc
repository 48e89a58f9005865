#include "core/model/element_type.h"

#include <array>
#include <bit>
#include <cstring>

namespace ipr::model {
namespace {

static_assert(std::endian::native == std::endian::little);

std::uint16_t read_u16(const char* bytes) {
  std::uint16_t value = 0;
  std::memcpy(&value, bytes, sizeof value);
  return value;
}

float from_bf16(std::uint16_t bits) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
}

float from_f16(std::uint16_t bits) {
  const std::uint32_t sign = static_cast<std::uint32_t>(bits & 0x8000u) << 16;
  const std::uint32_t exponent = bits >> 10 & 0x1fu;
  const std::uint32_t fraction = bits & 0x3ffu;
  if (exponent == 0) {  // zero and subnormals: fraction * 2^-24, exact in f32
    const float value = static_cast<float>(fraction) * 0x1.0p-24f;
    return sign != 0 ? -value : value;
  }
  const std::uint32_t widened = exponent == 31 ? 255 : exponent + 112;  // bias 15 to 127; infinities and NaN stay
  return std::bit_cast<float>(sign | widened << 23 | fraction << 13);
}

float half_at(const char* bytes) {
  return from_f16(read_u16(bytes));
}

// Unsigned byte i behind `bytes`.
int byte_at(const char* bytes, int i) {
  return static_cast<unsigned char>(bytes[i]);
}

int low(int byte) {
  return byte & 15;
}
int high(int byte) {
  return byte >> 4;
}

// Blocks of 32. A byte of `q` holds value j in its low and value j + 16 in its high half.

void expand_q4_0(const char* block, float* out) {  // scale, q[16]
  const float scale = half_at(block);
  for (int j = 0; j < 16; ++j) {
    out[j] = static_cast<float>(low(byte_at(block + 2, j)) - 8) * scale;
    out[j + 16] = static_cast<float>(high(byte_at(block + 2, j)) - 8) * scale;
  }
}

void expand_q4_1(const char* block, float* out) {  // scale, least, q[16]
  const float scale = half_at(block), least = half_at(block + 2);
  for (int j = 0; j < 16; ++j) {
    out[j] = static_cast<float>(low(byte_at(block + 4, j))) * scale + least;
    out[j + 16] = static_cast<float>(high(byte_at(block + 4, j))) * scale + least;
  }
}

// The fifth bit of value j of a Q5_0 or Q5_1 block: bit j of a 32-bit word.
int fifth_bit(const char* word, int j) {
  return (byte_at(word, j / 8) >> (j % 8) & 1) << 4;
}

void expand_q5_0(const char* block, float* out) {  // scale, fifth bits (4 bytes), q[16]
  const float scale = half_at(block);
  for (int j = 0; j < 16; ++j) {
    const int byte = byte_at(block + 6, j);
    out[j] = static_cast<float>((low(byte) | fifth_bit(block + 2, j)) - 16) * scale;
    out[j + 16] = static_cast<float>((high(byte) | fifth_bit(block + 2, j + 16)) - 16) * scale;
  }
}

void expand_q5_1(const char* block, float* out) {  // scale, least, fifth bits (4 bytes), q[16]
  const float scale = half_at(block), least = half_at(block + 2);
  for (int j = 0; j < 16; ++j) {
    const int byte = byte_at(block + 8, j);
    out[j] = static_cast<float>(low(byte) | fifth_bit(block + 4, j)) * scale + least;
    out[j + 16] = static_cast<float>(high(byte) | fifth_bit(block + 4, j + 16)) * scale + least;
  }
}

void expand_q8_0(const char* block, float* out) {  // scale, 32 signed bytes
  const float scale = half_at(block);
  for (int j = 0; j < 32; ++j) out[j] = static_cast<float>(static_cast<signed char>(block[2 + j])) * scale;
}

// Blocks of 256 in eight groups of 32, each with a scale and an offset of six bits; the twelve bytes hold them as
// 4 + 4 low sixes (scales, offsets of groups 0..3) whose upper two bits, and a nibble each, make up groups 4..7.
struct Group {
  float scale, offset;
};
Group group_of(const char* packed, int group, float scale, float offset) {
  int s = 0, o = 0;
  if (group < 4) {
    s = byte_at(packed, group) & 63;
    o = byte_at(packed, group + 4) & 63;
  } else {
    s = low(byte_at(packed, group + 4)) | byte_at(packed, group - 4) >> 6 << 4;
    o = high(byte_at(packed, group + 4)) | byte_at(packed, group) >> 6 << 4;
  }
  return {scale * static_cast<float>(s), offset * static_cast<float>(o)};
}

// scale, offset, packed[12], q[128]: 32 bytes for two groups, the first in their low halves.
void expand_q4_k(const char* block, float* out) {
  const float scale = half_at(block), offset = half_at(block + 2);
  for (int group = 0; group < 8; ++group) {
    const Group with = group_of(block + 4, group, scale, offset);
    const char* const q = block + 16 + 32 * (group / 2);
    for (int j = 0; j < 32; ++j) {
      const int value = group % 2 == 0 ? low(byte_at(q, j)) : high(byte_at(q, j));
      out[32 * group + j] = with.scale * static_cast<float>(value) - with.offset;
    }
  }
}

// scale, offset, packed[12], fifth[32] (bit g of byte j: value j of group g), q[128] as above.
void expand_q5_k(const char* block, float* out) {
  const float scale = half_at(block), offset = half_at(block + 2);
  for (int group = 0; group < 8; ++group) {
    const Group with = group_of(block + 4, group, scale, offset);
    const char* const q = block + 48 + 32 * (group / 2);
    for (int j = 0; j < 32; ++j) {
      const int value = group % 2 == 0 ? low(byte_at(q, j)) : high(byte_at(q, j));
      const int fifth = (byte_at(block + 16, j) >> group & 1) << 4;
      out[32 * group + j] = with.scale * static_cast<float>(value | fifth) - with.offset;
    }
  }
}

// q[128], upper two bits [64], 16 signed scales, scale. Each half of 128 values: four rows of 32, rows 0 and 1 in the
// low, 2 and 3 in the high halves of 64 bytes; row r's upper bits are bits 2r and 2r + 1 of 32 bytes.
void expand_q6_k(const char* block, float* out) {
  const float scale = half_at(block + 208);
  for (int half = 0; half < 2; ++half) {
    for (int row = 0; row < 4; ++row) {
      for (int j = 0; j < 32; ++j) {
        const int byte = byte_at(block + 64 * half, j + 32 * (row % 2));
        const int upper = (byte_at(block + 128 + 32 * half, j) >> (2 * row) & 3) << 4;
        const int value = ((row < 2 ? low(byte) : high(byte)) | upper) - 32;
        const auto group = static_cast<signed char>(block[192 + 8 * half + 2 * row + j / 16]);
        out[128 * half + 32 * row + j] = scale * static_cast<float>(group) * static_cast<float>(value);
      }
    }
  }
}

struct Format {
  ElementLayout layout;
  std::uint32_t ggml_number;
  void (*expand)(const char* block, float* out);  // of quantized types
};

// In the order of ElementType.
constexpr Format kFormats[] = {
    {{"F32", 1, 4}, 0, nullptr},           {{"F16", 1, 2}, 1, nullptr},           {{"BF16", 1, 2}, 30, nullptr},
    {{"Q4_0", 32, 18}, 2, expand_q4_0},    {{"Q4_1", 32, 20}, 3, expand_q4_1},    {{"Q5_0", 32, 22}, 6, expand_q5_0},
    {{"Q5_1", 32, 24}, 7, expand_q5_1},    {{"Q8_0", 32, 34}, 8, expand_q8_0},    {{"Q4_K", 256, 144}, 12, expand_q4_k},
    {{"Q5_K", 256, 176}, 13, expand_q5_k}, {{"Q6_K", 256, 210}, 14, expand_q6_k},
};

const Format& format_of(ElementType type) {
  return kFormats[static_cast<std::size_t>(type)];
}

}  // namespace

const ElementLayout& layout_of(ElementType type) {
  return format_of(type).layout;
}

std::optional<ElementType> element_type_of(std::string_view safetensors_name) {
  for (const ElementType type : {ElementType::kF32, ElementType::kF16, ElementType::kBF16}) {
    if (safetensors_name == layout_of(type).name) return type;
  }
  return std::nullopt;
}

std::optional<ElementType> element_type_of(std::uint32_t ggml_number) {
  for (std::size_t i = 0; i < std::size(kFormats); ++i) {
    if (kFormats[i].ggml_number == ggml_number) return static_cast<ElementType>(i);
  }
  return std::nullopt;
}

std::string ggml_type_name(std::uint32_t ggml_number) {
  if (const auto type = element_type_of(ggml_number)) return layout_of(*type).name;
  struct Name {
    std::uint32_t number;
    const char* name;
  };
  for (const Name& known :
       {Name{9, "Q8_1"},    Name{10, "Q2_K"},    Name{11, "Q3_K"},  Name{15, "Q8_K"},   Name{16, "IQ2_XXS"},
        Name{17, "IQ2_XS"}, Name{18, "IQ3_XXS"}, Name{19, "IQ1_S"}, Name{20, "IQ4_NL"}, Name{21, "IQ3_S"},
        Name{22, "IQ2_S"},  Name{23, "IQ4_XS"},  Name{24, "I8"},    Name{25, "I16"},    Name{26, "I32"},
        Name{27, "I64"},    Name{28, "F64"},     Name{29, "IQ1_M"}, Name{34, "TQ1_0"},  Name{35, "TQ2_0"},
        Name{39, "MXFP4"}}) {
    if (known.number == ggml_number) return known.name;
  }
  return "number " + std::to_string(ggml_number);
}

void expand(ElementType type, const char* bytes, std::uint64_t count, float* values) {
  // The plain types come by the gigabyte: no call per value.
  switch (type) {
    case ElementType::kF32:
      if (count > 0) std::memcpy(values, bytes, count * sizeof(float));
      return;
    case ElementType::kF16:
      for (std::uint64_t i = 0; i < count; ++i) values[i] = half_at(bytes + 2 * i);
      return;
    case ElementType::kBF16:
      for (std::uint64_t i = 0; i < count; ++i) values[i] = from_bf16(read_u16(bytes + 2 * i));
      return;
    default:
      break;
  }
  const Format& format = format_of(type);
  for (std::uint64_t i = 0; i < count; i += format.layout.values) {
    format.expand(bytes, values + i);
    bytes += format.layout.bytes;
  }
}

}  // namespace ipr::model
