// How many cases a fuzz test tries: what it names, times the environment's IPR_FUZZ (1 where it is unset).
#pragma once

#include <cstddef>
#include <cstdlib>

namespace ipr::test {

inline std::size_t fuzz_rounds(std::size_t usual) {
  const char* times = std::getenv("IPR_FUZZ");
  const long factor = times == nullptr ? 1 : std::strtol(times, nullptr, 10);
  return usual * static_cast<std::size_t>(factor < 1 ? 1 : factor);
}

}  // namespace ipr::test
