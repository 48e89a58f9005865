// A small honest environment that the bad plugins spoil: count to three by "go"; "back" counts down.
#pragma once

#include <array>

#include "ipr/plugin.hpp"

namespace counter {

using namespace ipr::sdk;

class Count : public Episode {
 public:
  void reset(std::string_view, std::uint64_t, Step& out) override {
    count_ = 0;
    show(out);
  }
  void step(std::string_view action, Step& out) override {
    out.invalid = action != "go" && action != "back";
    if (count_ < 3 && action == "go") ++count_;
    if (count_ < 3 && count_ > 0 && action == "back") --count_;
    show(out);
  }
  std::unique_ptr<Episode> fork() const override { return std::make_unique<Count>(*this); }
  void actions(std::vector<std::string>& out) override { out = {"go", "back"}; }
  std::string sample_action(std::uint64_t seed) override { return seed % 2 == 0 ? "go" : "back"; }
  bool expert(std::string& action, std::string& thought) override {
    action = "go";
    thought = "on";
    return count_ < 3;
  }

 protected:
  void show(Step& out) const {
    out.observation = "The count is " + std::to_string(count_);
    out.terminated = out.success = count_ == 3;
    out.outcome = out.reward = count_ == 3 ? 1 : 0;
  }
  int count_ = 0;
};

class Counter : public Environment {
 public:
  Counter(const Host&, std::string_view) {}
  std::uint32_t capabilities() const override { return kFork | kActions | kSample | kExpert | kDialect; }
  std::string_view defaults_json() const override { return R"({"max_steps": 5, "dialect": "react"})"; }
  std::size_t split_count() const override { return 3; }
  Split split(std::size_t i) const override {
    constexpr std::array<const char*, 3> kNames = {"train", "dev", "test"};
    return {kNames.at(i), static_cast<std::uint32_t>(i + 1), 2};
  }
  Task task_at(std::size_t split, std::uint64_t index) const override {
    return {kIds.at(2 * split + index), "Count to three", {}, 0};
  }
  bool task_by_id(std::string_view id, Task& out) const override {
    for (const char* known : kIds) {
      if (id == known) out = {known, "Count to three", {}, 0};
    }
    return !out.id.empty();
  }
  std::unique_ptr<Episode> new_episode() const override { return std::make_unique<Count>(); }

 private:
  static constexpr std::array<const char*, 6> kIds = {"a", "b", "c", "d", "e", "f"};
};

constexpr Info info(const char* id,
                    const char* schema = R"({"type": "object", "additionalProperties": false, "properties": {}})") {
  return {id, "Counter", "0.1.0", "Apache-2.0", "Count to three", schema};
}

}  // namespace counter
