// The embedded shop: a small generated WebShop in the official file formats, so that the official loader, search and
// reward rules run on it unchanged (shared spec mini-world.md, section 2).
//
// Shape of the normal world: 8 categories of 7 products, 56 in all, and 1,160 human-style goals.
//  - A category owns 7 attribute words, and its 7 products are the lines of the Fano plane over them: a product has 3
//    words, a word is in 3 products, and every PAIR of words is in exactly one product. So a search for both wanted
//    words finds 5 products with the wanted one first, a search for one of them finds 3, and two products never fulfil
//    the same wish.
//  - Two of a product's words stand in its title, the third only in the description or the first bullet (the index
//    holds both). The second word of a goal is always one of the title, so a search for the first word shows on the
//    results page which hit is wanted.
//  - Options: `color`, 3 of 6 values, and `size`, 3 of 4; five products of seven have both, the rest one of them. The
//    wish `red` is the page's `plain red`, `small` is `us small`: the official fuzzy rule takes them for the same.
//  - A small model can only copy a word that is the same token wherever it stands, and a byte-level BPE keeps two for a
//    word with and without a blank before it. So ids are `B` and three consonants and never follow a blank (digits
//    would be split off), while attribute words and wished values always do: they open no title, value, query or
//    sentence.
//  - Goal: 2 of the 3 words and one value of each option, in one of three sentences; the loader adds the price bound.
//
// The credit world is the same shop where an episode holds more decisions, so that a mistake and its price stand
// further apart: every product has the same four options of 2 values each, so that there is little to learn, pages are
// short and much is to be decided; a goal wishes one value of each, and the expert (expert.h) takes them in an order of
// its own, in several wordings, with harmless detours: 7 to 11 turns.
//
// Further train goals can be made for the same products: other wishes than those of the three splits, each of which its
// own product fulfils. The splits and the numbers of their goals stay as they are.
//
// Words are chosen so that no official rule trips over them: category names count as nouns and attribute words do not,
// no colour word hides in another option value, no attribute word is part of another text, stems and fuzzy scores keep
// all words apart. The tests hold all of this.
//
// Everything here is a pure function of its arguments, equal on every machine, and safe on any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "catalog.h"

namespace webshop {

enum class WorldSize {
  kTiny,   // 12 products in 2 categories; 24 train, 8 dev, 16 test goals: for tests
  kNormal  // 56 products in 8 categories; 560 train, 100 dev, 500 test goals
};

enum class WorldKind {
  kDefault,
  kCredit  // more options: which of many steps earned or lost the reward is the question
};

// How many goals each split gets.
struct SplitSizes {
  std::size_t train, dev, test;
};
[[nodiscard]] SplitSizes split_sizes(WorldSize size);

// The documents as the official files hold them, JSON text in UTF-8.
struct World {
  std::string items_shuffle;    // array of product records
  std::string items_ins_v2;     // id -> attributes; no synthetic instructions
  std::string items_human_ins;  // id -> instructions with their attributes and options
  std::string more_human_ins;   // the same of the further train goals; empty: none
};

// Throws Failure where the products hold fewer than `more_train` further goals.
[[nodiscard]] World generate_world(std::uint64_t seed, WorldSize size, WorldKind kind = WorldKind::kDefault,
                                   std::size_t more_train = 0);

// What must not stand on two sides of a split: the wish itself, (category, attributes, options) in one canonical text.
// Product and wording are left out, since another product or sentence would be the same task.
[[nodiscard]] std::string leak_key(const Goal& goal);

// The split of every goal, IPR_SPLIT_TRAIN, _DEV or _TEST, in the order of `goals`. Goals of one leak key stay
// together; keys are taken in an order that depends on `seed` and the key only, never on the order of the goals: first
// the test split is filled, then dev, the rest is train.
[[nodiscard]] std::vector<std::uint32_t> assign_splits(const std::vector<Goal>& goals, std::uint64_t seed,
                                                       WorldSize size);

}  // namespace webshop
