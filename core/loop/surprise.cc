#include "core/loop/surprise.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <string_view>

namespace ipr::loop {
namespace {

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c & 0x80) != 0;
}

// Calls `word` with every maximal run of letters and digits, in lower case, and `other` with each byte between them.
template <typename Word, typename Other>
void for_each_word(std::string_view text, Word&& word, Other&& other) {
  std::string run;
  for (const char c : text) {
    if (is_letter(c)) {
      run += static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
      continue;
    }
    if (!run.empty()) word(run);
    run.clear();
    other(c);
  }
  if (!run.empty()) word(run);
}

using Words = std::set<std::string>;

void add_words(std::string_view text, Words& words) {
  for_each_word(
      text, [&](const std::string& word) { words.insert(word); }, [](char) {});
}

std::string pattern(std::string_view message, const Words& shown) {
  std::string out;
  for_each_word(
      message, [&](const std::string& word) { out += shown.count(word) > 0 ? "_" : word; }, [&](char c) { out += c; });
  return out;
}

std::vector<std::string> patterns(const rollout::Trajectory& expert) {
  Words task;
  add_words(expert.first_message, task);
  std::vector<std::string> out;
  std::string_view page;
  for (const rollout::TrajectoryTurn& turn : expert.turns) {
    Words shown = task;
    add_words(page, shown);
    out.push_back(pattern(turn.message, shown));
    page = turn.observation;
  }
  return out;
}

// The most common one, itself counted once less.
bool is_foreseen(const std::map<std::string, std::size_t>& counts, const std::string& own) {
  const std::size_t others = counts.at(own) - 1;
  return others > 0 && std::all_of(counts.begin(), counts.end(),
                                   [&](const auto& one) { return one.first == own || one.second <= others; });
}

}  // namespace

double surprise(const std::vector<rollout::Trajectory>& experts) {
  std::vector<std::vector<std::string>> all;
  std::map<std::string, std::map<std::string, std::size_t>> after;
  for (const rollout::Trajectory& expert : experts) {
    all.push_back(patterns(expert));
    for (std::size_t i = 1; i < all.back().size(); ++i) ++after[all.back()[i - 1]][all.back()[i]];
  }
  std::size_t messages = 0, surprises = 0;
  for (const auto& own : all) {
    for (std::size_t i = 1; i < own.size(); ++i) {
      ++messages;
      surprises += is_foreseen(after[own[i - 1]], own[i]) ? 0 : 1;
    }
  }
  return messages > 0 ? static_cast<double>(surprises) / static_cast<double>(messages) : 0;
}

}  // namespace ipr::loop
