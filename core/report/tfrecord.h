// TFRecord, the framing of TensorBoard's event files (tensorflow/core/lib/io/record_writer.h):
//
//   uint64 length, uint32 masked CRC32C of these 8 bytes, the bytes, uint32 masked CRC32C of the bytes; little-endian
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace ipr::report {

// CRC-32C (Castagnoli, RFC 3720 appendix B.4).
[[nodiscard]] std::uint32_t crc32c(std::string_view bytes);

// As stored: rotated right by 15 bits plus a constant, so that a CRC of bytes that hold CRCs stays sound.
[[nodiscard]] std::uint32_t masked_crc32c(std::string_view bytes);

// Appends one record to `file`.
void append_record(std::string& file, std::string_view bytes);

}  // namespace ipr::report
