// What Unicode's normalization form C needs to know of characters; written by make_nfc_tables.py.
#pragma once

#include <array>
#include <cstdint>

namespace ipr::text {

inline constexpr std::size_t kDecompositions = 2061;
inline constexpr std::size_t kClassRanges = 382;

// One step of a canonical decomposition (Hangul syllables are computed instead).
struct Decomposition {
  std::uint32_t point;
  std::uint32_t first, second;  // second 0: another character stands for this one
  bool composes;                // form C puts first and second together again
};
extern const std::array<Decomposition, kDecompositions> kDecomposition;  // by point

struct ClassRange {
  std::uint32_t first, last;
  std::uint8_t combining_class;
};
extern const std::array<ClassRange, kClassRanges> kCombiningClass;  // by first; all others have class 0

}  // namespace ipr::text
