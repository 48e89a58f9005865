// Which objects a typed variable takes.
#pragma once

#include <cstdint>
#include <vector>

#include "pddl/task.h"

namespace alfworld::engine {

class TypeTable {
 public:
  TypeTable() = default;
  explicit TypeTable(const pddl::Task& task);

  [[nodiscard]] bool admits(pddl::TypeId type, pddl::ObjectId object) const {
    const pddl::TypeId own = type_of_[object];
    return own != pddl::kNoType && is_a_[type * count_ + own] != 0;
  }
  [[nodiscard]] pddl::TypeId type_of(pddl::ObjectId object) const { return type_of_[object]; }
  // In ascending order.
  [[nodiscard]] const std::vector<pddl::ObjectId>& objects(pddl::TypeId type) const { return objects_[type]; }
  // Some type lies below both.
  [[nodiscard]] bool overlap(pddl::TypeId a, pddl::TypeId b) const;

 private:
  std::size_t count_ = 0;
  std::vector<char> is_a_;  // [ancestor * count_ + type]
  std::vector<pddl::TypeId> type_of_;
  std::vector<std::vector<pddl::ObjectId>> objects_;
};

}  // namespace alfworld::engine
