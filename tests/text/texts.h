// Texts for tests: a small corpus to train on and random Unicode to try.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/rng.h"

namespace ipr::test {

inline void append_utf8(std::uint32_t point, std::string& text) {
  const auto trail = [&](int shift) { text += static_cast<char>(0x80 | ((point >> shift) & 0x3F)); };
  if (point < 0x80) {
    text += static_cast<char>(point);
  } else if (point < 0x800) {
    text += static_cast<char>(0xC0 | (point >> 6));
    trail(0);
  } else if (point < 0x10000) {
    text += static_cast<char>(0xE0 | (point >> 12));
    trail(6);
    trail(0);
  } else {
    text += static_cast<char>(0xF0 | (point >> 18));
    trail(12);
    trail(6);
    trail(0);
  }
}

// Up to `parts` parts: words, blanks and control tokens of agent texts, and characters of any plane (no surrogates).
inline std::string random_text(Rng& rng, std::size_t parts) {
  static const std::vector<std::string> kParts = {
      "the ",    "don't",   " we'll", "  ",       "\n",      "\n\n",
      " \t",     "'s",      "x",      " 12",      "3.14",    "Action: click[BXYZ]",
      " [SEP] ", "[SEP]",   "SELECT", "\u180e",   "\u00a0",  "\u3000",
      "e\u0301", "!!!",     " ?!",    "<|user|>", "<|end|>", "<|",
      "٣²½Ⅷ",    "Buy Now", "aaaa",   "    "};
  std::string text;
  for (std::uint64_t left = rng.below(parts + 1); left > 0; --left) {
    switch (rng.below(4)) {
      case 0:
        append_utf8(static_cast<std::uint32_t>(32 + rng.below(95)), text);
        break;
      case 1: {  // the first plane more often than the others, which are mostly empty
        const auto point = static_cast<std::uint32_t>(rng.below(rng.below(4) == 0 ? 0x110000 - 0x800 : 0xF000));
        append_utf8(point < 0xD800 ? point : point + 0x800, text);
        break;
      }
      default:
        text += kParts[rng.below(kParts.size())];
    }
  }
  return text;
}

// Messages in the manner of the mini shop.
inline std::vector<std::string> shop_texts(std::uint64_t seed, std::size_t count) {
  static const std::vector<std::string> kWords = {"slim",  "warm",  "cotton", "shirt", "lamp", "blue",  "red",
                                                  "small", "large", "sofa",   "quiet", "tall", "light", "folding"};
  Rng rng(seed);
  const auto word = [&] { return kWords[rng.below(kWords.size())]; };
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < count; ++i) {
    std::string id = "B";
    for (int letter = 0; letter < 3; ++letter) id += "CDFGHKLM"[rng.below(8)];
    texts.push_back("Observation: Back to Search [SEP] " + id + " [SEP] " + word() + " " + word() + " [SEP] $" +
                    std::to_string(rng.below(90)) + ".99 [SEP] Buy Now");
    texts.push_back("Thought: i need " + word() + " and " + word() + ".\nAction: click[" + id + "]");
  }
  return texts;
}

}  // namespace ipr::test
