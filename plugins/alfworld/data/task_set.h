// The games an agent is offered, as tasks, and the splits they stand in.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace alfworld {

struct GameTask {
  std::string id;
  std::string path;  // of its game.tw-pddl; empty for a generated game
  std::string instruction, meta_json;
  std::uint32_t number = 0;  // in TaskSet::tasks(), set by add()
};

struct TaskSplit {
  std::string name;
  std::uint32_t role = 0;            // IPR_SPLIT_*
  std::vector<std::uint32_t> tasks;  // numbers in TaskSet::tasks()
};

// Task type, floor plan and trial as the host's meta data.
[[nodiscard]] std::string meta_json(std::string_view family, std::string_view floor_plan, std::string_view trial);

class TaskSet {
 public:
  // Returns the task's number, counted from 0. Precondition: its id is new.
  std::uint32_t add(GameTask task);
  void add_split(TaskSplit split) { splits_.push_back(std::move(split)); }

  [[nodiscard]] const std::deque<GameTask>& tasks() const { return tasks_; }
  [[nodiscard]] const std::vector<TaskSplit>& splits() const { return splits_; }
  // Null if there is none of that id.
  [[nodiscard]] const GameTask* find(std::string_view id) const;

 private:
  std::deque<GameTask> tasks_;  // a deque: by_id_ keeps views of ids
  std::unordered_map<std::string_view, std::uint32_t> by_id_;
  std::vector<TaskSplit> splits_;
};

}  // namespace alfworld
