// Commands in one buffer, to be sorted by bytes and each kept once.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace alfworld::engine {

class CommandList {
 public:
  CommandList();

  [[nodiscard]] std::size_t size() const { return commands_.size(); }
  // Append a command here, then end it.
  [[nodiscard]] std::string& text() { return text_; }
  void end_command();

  // Overwrites `out`, whose strings' memory is used again.
  void take_sorted(std::vector<std::string>& out);

 private:
  struct Command {
    std::array<std::uint64_t, 2> head{};  // its first 16 bytes as numbers: these decide nearly every comparison
    std::size_t begin = 0;
    std::size_t size = 0;
  };
  [[nodiscard]] std::string_view text_of(const Command& command) const {
    return std::string_view(text_).substr(command.begin, command.size);
  }

  std::string text_;
  std::vector<Command> commands_;
};

}  // namespace alfworld::engine
