#include "engine/command_list.h"

#include <algorithm>

namespace alfworld::engine {
namespace {

// Eight bytes from `at` on as a number that sorts as they do; what is not there counts as zero.
std::uint64_t word(std::string_view text, std::size_t at) {
  std::uint64_t word = 0;
  for (std::size_t i = 0; i < 8; ++i) {
    word = word << 8 | (at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0U);
  }
  return word;
}

}  // namespace

CommandList::CommandList() {
  constexpr std::size_t kUsual = 64;
  text_.reserve(kUsual * 24);
  commands_.reserve(kUsual);
}

void CommandList::end_command() {
  Command command;
  command.begin = commands_.empty() ? 0 : commands_.back().begin + commands_.back().size;
  command.size = text_.size() - command.begin;
  command.head = {word(text_of(command), 0), word(text_of(command), 8)};
  commands_.push_back(command);
}

void CommandList::take_sorted(std::vector<std::string>& out) {
  const auto is_less = [&](const Command& a, const Command& b) {
    return a.head != b.head ? a.head < b.head : text_of(a) < text_of(b);
  };
  const auto is_equal = [&](const Command& a, const Command& b) {
    return a.head == b.head && text_of(a) == text_of(b);
  };
  std::sort(commands_.begin(), commands_.end(), is_less);
  commands_.erase(std::unique(commands_.begin(), commands_.end(), is_equal), commands_.end());
  out.resize(commands_.size());
  for (std::size_t i = 0; i < commands_.size(); ++i) out[i].assign(text_of(commands_[i]));
}

}  // namespace alfworld::engine
