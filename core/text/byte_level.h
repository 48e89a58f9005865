// GPT-2's byte alphabet: each byte as one printable character, so that a vocabulary of byte strings is ordinary text.
//
// Printable Latin-1 bytes stand for themselves; the other 68 take U+0100 to U+0143 in byte order. So a blank is `Ġ`.
// Pure functions, safe from any thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ipr::text {

// The character (UTF-8, one or two bytes) that stands for `byte`.
[[nodiscard]] std::string byte_symbol(std::uint8_t byte);

// All bytes in the order of their characters: the order in which a new vocabulary numbers them.
[[nodiscard]] std::array<std::uint8_t, 256> bytes_in_symbol_order();

// `bytes` written in the alphabet.
[[nodiscard]] std::string to_symbols(std::string_view bytes);

// The bytes that `symbols` stands for; nothing if a character is not of the alphabet.
[[nodiscard]] std::optional<std::string> from_symbols(std::string_view symbols);

}  // namespace ipr::text
