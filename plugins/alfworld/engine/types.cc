#include "engine/types.h"

namespace alfworld::engine {

TypeTable::TypeTable(const pddl::Task& task) : count_(task.domain.types.size()) {
  is_a_.resize(count_ * count_);
  for (pddl::TypeId type = 0; type < count_; ++type) {
    for (pddl::TypeId up = type; up != pddl::kNoType; up = task.domain.types[up].parent) is_a_[up * count_ + type] = 1;
  }
  objects_.resize(count_);
  type_of_.reserve(task.problem.objects.size());
  for (const pddl::Object& object : task.problem.objects) {
    const auto id = static_cast<pddl::ObjectId>(type_of_.size());
    type_of_.push_back(object.type);
    for (pddl::TypeId up = object.type; up != pddl::kNoType; up = task.domain.types[up].parent) {
      objects_[up].push_back(id);
    }
  }
  for (auto& list : objects_) list.shrink_to_fit();
}

bool TypeTable::overlap(pddl::TypeId a, pddl::TypeId b) const {
  for (pddl::TypeId type = 0; type < count_; ++type) {
    if (is_a_[a * count_ + type] != 0 && is_a_[b * count_ + type] != 0) return true;
  }
  return false;
}

}  // namespace alfworld::engine
