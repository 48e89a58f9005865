// What the objects of a game are called, and which object a text calls.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "pddl/task.h"

namespace alfworld::engine {

// "apple_bar__plus_00…" is an apple: of all ids of that base that occur in an initial fact the smallest is "apple 3",
// the largest "apple 1". Any other id is its own name, with a blank after it.
class ObjectNames {
 public:
  ObjectNames() = default;
  explicit ObjectNames(const pddl::Task& task);

  [[nodiscard]] const std::string& name(pddl::ObjectId object) const { return names_[object]; }
  // Its name has a number.
  [[nodiscard]] bool is_numbered(pddl::ObjectId object) const { return is_numbered_[object]; }
  // The length of the longest name.
  [[nodiscard]] std::size_t longest() const { return longest_; }

  // Calls visit(ObjectId) for each object of this name, ascending.
  template <typename Visit>
  void find(std::string_view name, Visit&& visit) const {
    if (table_.empty()) return;
    for (std::size_t i = start(name); table_[i] != kEmpty; i = (i + 1) & (table_.size() - 1)) {
      if (names_[table_[i]] == name) visit(table_[i]);
    }
  }

 private:
  static constexpr std::uint32_t kEmpty = 0xffffffff;
  [[nodiscard]] std::size_t start(std::string_view name) const;

  std::vector<std::string> names_;
  std::vector<bool> is_numbered_;
  std::vector<std::uint32_t> table_;  // open addressing: objects, entered in ascending order
  std::size_t longest_ = 0;
};

}  // namespace alfworld::engine
