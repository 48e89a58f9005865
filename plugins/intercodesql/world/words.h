// The vocabulary of the generated databases.
#pragma once

#include <array>
#include <string_view>

namespace intercodesql {

struct Concept {
  std::array<std::string_view, 2> spellings;
};
struct TextConcept : Concept {
  std::array<std::string_view, 6> values;
};

inline constexpr std::array<std::string_view, 16> kTables = {"birds", "boats", "books", "cars",  "clocks", "farms",
                                                             "films", "games", "hats",  "lamps", "lakes",  "pens",
                                                             "rugs",  "songs", "toys",  "trees"};

inline constexpr Concept kNameConcept = {{"name", "title"}};

inline constexpr std::array<TextConcept, 5> kTextConcepts = {{
    {{{"color", "paint"}}, {"red", "blue", "green", "black", "white", "pink"}},
    {{{"city", "town"}}, {"rome", "oslo", "lima", "cairo", "paris", "tokyo"}},
    {{{"owner", "keeper"}}, {"anna", "ben", "carl", "dora", "emil", "fay"}},
    {{{"shape", "form"}}, {"round", "flat", "long", "square", "thin", "wide"}},
    {{{"grade", "level"}}, {"good", "fair", "poor", "fine", "best", "plain"}},
}};

inline constexpr std::array<Concept, 6> kNumberConcepts = {{
    {{"price", "cost"}},
    {{"age", "years"}},
    {{"weight", "mass"}},
    {{"score", "points"}},
    {{"stock", "supply"}},
    {{"speed", "pace"}},
}};

inline constexpr std::array<std::string_view, 30> kNames = {
    "alder",  "amber", "basil", "birch", "cedar",   "clover", "coral", "daisy", "ember", "fern",
    "ginger", "hazel", "iris",  "jade",  "juniper", "laurel", "lily",  "maple", "mint",  "nettle",
    "olive",  "onyx",  "opal",  "pearl", "poppy",   "robin",  "ruby",  "sage",  "topaz", "willow"};

}  // namespace intercodesql
