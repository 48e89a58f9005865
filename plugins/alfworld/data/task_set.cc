#include "data/task_set.h"

#include <nlohmann/json.hpp>

namespace alfworld {

std::string meta_json(std::string_view family, std::string_view floor_plan, std::string_view trial) {
  const nlohmann::ordered_json meta = {{"family", family}, {"cluster", floor_plan}, {"leak_key", trial}};
  return meta.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);  // names may be any bytes
}

std::uint32_t TaskSet::add(GameTask task) {
  const auto number = static_cast<std::uint32_t>(tasks_.size());
  task.number = number;
  tasks_.push_back(std::move(task));
  by_id_.emplace(tasks_.back().id, number);
  return number;
}

const GameTask* TaskSet::find(std::string_view id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : &tasks_[found->second];
}

}  // namespace alfworld
