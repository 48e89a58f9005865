// The outer form of a TWL2 file: which actions and which JSON rules it has, their texts not yet read.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "source_text.h"

namespace alfworld::grammar {

struct WrittenAlternative {
  std::string condition;  // empty: none
  std::string symbols;
};

struct WrittenAction {
  std::string command;
  std::string feedback;
};

struct Document {
  std::map<std::string, std::vector<WrittenAlternative>, std::less<>> rules;  // of rules written twice the last counts
  std::map<std::string, WrittenAction, std::less<>> actions;                  // by name in lower case; likewise
};

// Throws sdk::Failure (IPR_DATA_LOSS) with line and column.
[[nodiscard]] Document read_document(const SourceText& source);

}  // namespace alfworld::grammar
