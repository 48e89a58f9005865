// Hashes that name things for good: SHA-256 for certificates, FNV-1a for seeds and cache keys.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace ipr {

// Lower-case hex of SHA-256 (FIPS 180-4).
[[nodiscard]] std::string sha256_hex(std::string_view bytes);

// FNV-1a, 64 bit.
[[nodiscard]] constexpr std::uint64_t fnv1a64(std::string_view bytes, std::uint64_t state = 0xcbf29ce484222325ull) {
  for (const char c : bytes) {
    state ^= static_cast<unsigned char>(c);
    state *= 0x100000001b3ull;
  }
  return state;
}

}  // namespace ipr
