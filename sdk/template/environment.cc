// my-env: a skeleton. The agent counts down from a number to exactly zero, by one or by two, in few steps.
#include <algorithm>
#include <array>

#include "ipr/plugin.hpp"

namespace {

using namespace ipr::sdk;

// One game. Created once, reset often; forks must play on independently of the original.
class Play final : public Episode {
 public:
  void reset(std::string_view task_id, std::uint64_t /*seed*/, Step& out) override {
    left_ = start_ = std::stoi(std::string(task_id));  // the host passes only ids that task_at or task_by_id know
    taken_ = 0;
    show("", out);
  }

  void step(std::string_view action, Step& out) override {
    const int by = action == "one" ? 1 : action == "two" ? 2 : 0;
    const bool known = by > 0 && by <= left_;
    if (left_ > 0) ++taken_;
    if (known) left_ -= by;
    out.invalid = !known && left_ > 0;  // a bad action is no error: say so and go on
    show(out.invalid ? "That is not possible. " : "", out);
  }

  std::unique_ptr<Episode> fork() const override { return std::make_unique<Play>(*this); }
  void actions(std::vector<std::string>& out) override {
    if (left_ >= 1) out.emplace_back("one");
    if (left_ >= 2) out.emplace_back("two");
  }
  std::string sample_action(std::uint64_t seed) override { return ipr_mix64(seed, 0) % 2 == 0 ? "one" : "two"; }

  // A demonstrator that is good, not perfect, leaves something to learn.
  bool expert(std::string& action, std::string& thought) override {
    if (left_ == 0) return false;
    action = left_ == 1 || taken_ == 2 ? "one" : "two";
    thought = std::to_string(left_) + " are left";
    return true;
  }

 private:
  void show(const std::string& note, Step& out) const {
    out.terminated = out.success = left_ == 0;
    const int fewest = (start_ + 1) / 2;
    // The outcome reward if the episode stopped here; nothing for what was not finished.
    if (left_ == 0) out.reward = out.outcome = std::max(0.1, 1 - 0.2 * (taken_ - fewest));
    out.observation = note + "At " + std::to_string(left_) + ", counting to 0. Say one or two.";
  }

  int start_ = 0, left_ = 0, taken_ = 0;
};

// The tasks and all loaded data. Immutable after the constructor, shared by all threads.
class World final : public Environment {
 public:
  World(const Host& /*host*/, std::string_view config_json) {
    const auto longest = Config(config_json).integer("longest");
    for (std::int64_t number = 2; number <= longest; ++number) {
      const auto split = static_cast<std::size_t>(number % 5 == 0 ? 1 : number % 5 == 3 ? 2 : 0);
      tasks_.at(split).push_back({std::to_string(number), "Count down from " + std::to_string(number) + "."});
    }
  }

  std::uint32_t capabilities() const override { return kFork | kActions | kSample | kExpert | kDialect; }
  std::string_view defaults_json() const override {
    return R"({"threshold": 0.05, "max_steps": 20, "expert_min_outcome": 0, "dialect": "react"})";
  }
  std::size_t split_count() const override { return tasks_.size(); }
  Split split(std::size_t i) const override {
    constexpr std::array<const char*, 3> kNames = {"train", "dev", "test"};
    return {kNames.at(i), IPR_SPLIT_TRAIN + static_cast<std::uint32_t>(i), tasks_.at(i).size()};
  }
  Task task_at(std::size_t split, std::uint64_t i) const override {
    return {tasks_.at(split).at(i).id, tasks_.at(split).at(i).instruction, {}, 0};
  }
  bool task_by_id(std::string_view id, Task& out) const override {
    for (const auto& split : tasks_) {
      for (const Countdown& task : split) {
        if (task.id != id) continue;
        out = {task.id, task.instruction, {}, 0};
        return true;
      }
    }
    return false;
  }
  std::unique_ptr<Episode> new_episode() const override { return std::make_unique<Play>(); }

 private:
  struct Countdown {
    std::string id, instruction;
  };
  std::array<std::vector<Countdown>, 3> tasks_;  // by split
};

constexpr const char* kSchema = R"json({
  "type": "object",
  "properties": {
    "longest": {"type": "integer", "default": 30, "minimum": 4, "maximum": 38, "description": "number to count down from, at most"}
  },
  "additionalProperties": false
})json";

constexpr Info kInfo = {"my-env", "My environment", "0.1.0", "Apache-2.0", "Counts down to zero", kSchema};

}  // namespace

IPR_PLUGIN_LIBRARY(environment<World>(kInfo))
