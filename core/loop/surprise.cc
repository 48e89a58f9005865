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

// A message after another one, on a page.
struct Said {
  std::string before, page, message;  // the messages as patterns
};

void add_said(const rollout::Trajectory& expert, std::vector<Said>& all) {
  Words task;
  add_words(expert.first_message, task);
  std::string before;
  const std::string* page = nullptr;
  for (const rollout::TrajectoryTurn& turn : expert.turns) {
    Words shown = task;
    if (page != nullptr) add_words(*page, shown);
    std::string message = pattern(turn.message, shown);
    if (page != nullptr) all.push_back({before, *page, message});
    before = std::move(message);
    page = &turn.observation;
  }
}

struct Counts {
  std::size_t all = 0;
  std::map<std::string, std::size_t> of;  // by message
};
using Places = std::map<std::string, Counts>;

void count(Counts& counts, const std::string& message) {
  ++counts.all;
  ++counts.of[message];
}

// Is it the most common one, itself not counted?
bool is_foreseen(const Counts& counts, const std::string& own) {
  const std::size_t others = counts.of.at(own) - 1;
  return others > 0 && std::all_of(counts.of.begin(), counts.of.end(),
                                   [&](const auto& one) { return one.first == own || one.second <= others; });
}

}  // namespace

double surprise(const std::vector<rollout::Trajectory>& experts) {
  std::vector<Said> all;
  for (const rollout::Trajectory& expert : experts) add_said(expert, all);
  if (all.empty()) return 0;
  Places by_message, by_page;
  for (const Said& said : all) {
    count(by_message[said.before], said.message);
    count(by_page[said.page], said.message);
  }
  std::size_t by_message_only = 0, with_pages = 0;  // surprises
  for (const Said& said : all) {
    const Counts &before = by_message[said.before], &page = by_page[said.page];
    by_message_only += is_foreseen(before, said.message) ? 0 : 1;
    with_pages += is_foreseen(page.all > 1 ? page : before, said.message) ? 0 : 1;
  }
  return static_cast<double>(std::min(by_message_only, with_pages)) / static_cast<double>(all.size());
}

}  // namespace ipr::loop
