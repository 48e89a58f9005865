// gridworld: the smallest complete environment plugin. Walk to the goal in few steps and keep out of the pit.
//
// Outcome: 1 at the goal, less 0.1 for each step beyond the shortest way (never below 0.2); 0 in the pit or on the way.
// The expert takes a detour in some tasks, so an agent can beat it. docs/plugins.md walks through this file.

#include <algorithm>
#include <array>
#include <map>

#include "ipr/plugin.hpp"

namespace {

using namespace ipr::sdk;
constexpr int kSize = 6, kCells = kSize * kSize, kFar = 1000;
constexpr char kMap[] = ".......#.##...o....#..#..#.#........";          // six rows; #: wall, o: pit
constexpr std::array<int, 10> kSplits = {0, 0, 0, 0, 0, 0, 1, 2, 2, 2};  // of ten tasks: 0 train, 1 dev, 2 test
constexpr char kDefaults[] =
    R"({"threshold": 0.05, "max_steps": 8, "expert_min_outcome": 0.5, "success_outcome": 0.5, "dialect": "react"})";
constexpr std::array<const char*, 4> kMoves = {"up", "down", "left", "right"};

// The cell behind a move, or `cell` itself where a wall or the border is in the way.
int behind(int cell, int move) {
  const int row = cell / kSize + (move == 1) - (move == 0), column = cell % kSize + (move == 3) - (move == 2);
  const bool outside = row < 0 || column < 0 || row >= kSize || column >= kSize;
  return outside || kMap[row * kSize + column] == '#' ? cell : row * kSize + column;
}

struct Walk {  // one task
  std::string id, instruction;
  int start, goal;
  bool detour;                    // the expert's
  std::array<int, kCells> steps;  // from every cell to the goal around the pit; kFar where there is no way
  Task task() const { return {id, instruction, {}, 0}; }
  static std::string place(int at) { return std::to_string(at / kSize + 1) + " " + std::to_string(at % kSize + 1); }
};
using Walks = std::map<std::string, Walk, std::less<>>;  // by id

std::array<int, kCells> steps_to(int goal) {
  std::array<int, kCells> steps;
  steps.fill(kFar);
  steps.at(goal) = 0;
  for (int round = 0; round < kCells * kCells; ++round) {
    const int cell = round % kCells;
    for (int move = 0; move < 4 && kMap[cell] == '.'; ++move) {
      steps.at(cell) = std::min(steps.at(cell), steps.at(behind(cell, move)) + 1);
    }
  }
  return steps;
}

class Play final : public Episode {
 public:
  explicit Play(const Walks& walks) : walks_(&walks) {}
  void reset(std::string_view task_id, std::uint64_t /*seed*/, Step& out) override {
    const auto found = walks_->find(task_id);
    if (found == walks_->end()) throw Failure(IPR_NOT_FOUND, "gridworld: no task \"" + std::string(task_id) + "\"");
    walk_ = &found->second, cell_ = walk_->start, taken_ = 0, blocked_ = false;
    show(out);
  }
  void step(std::string_view action, Step& out) override {
    const auto move = static_cast<int>(std::find(kMoves.begin(), kMoves.end(), action) - kMoves.begin());
    const int next = move == 4 ? cell_ : behind(cell_, move);  // 4: no such move
    if (!over()) blocked_ = next == cell_, cell_ = next, ++taken_;
    show(out);  // after the end: the last result again
  }
  std::unique_ptr<Episode> fork() const override { return std::make_unique<Play>(*this); }
  std::uint64_t fingerprint() const override {  // 0 would mean unknown
    return 1 + taken_ + 1000ul * (cell_ + kCells * (walk_->goal + kCells * walk_->start));
  }
  void actions(std::vector<std::string>& out) override {
    for (int move = 0; move < 4 && !over(); ++move) {
      if (behind(cell_, move) != cell_) out.emplace_back(kMoves.at(move));
    }
  }
  std::string sample_action(std::uint64_t seed) override { return kMoves.at(ipr_mix64(seed, 0) % 4); }
  bool expert(std::string& action, std::string& thought) override {
    const bool detour = walk_->detour && taken_ == 0;
    int best = detour ? -1 : kFar;
    for (int move = 0; move < 4 && !over(); ++move) {
      const int there = behind(cell_, move), left = walk_->steps.at(there);
      if (there == cell_ || left == kFar || (detour ? left <= best : left >= best)) continue;
      best = left, action = kMoves.at(move);
    }
    thought = "the goal is" + side(walk_->goal / kSize - cell_ / kSize, " up", " down") +
              side(walk_->goal % kSize - cell_ % kSize, " left", " right");
    return !action.empty();
  }

 private:
  static std::string side(int way, const char* less, const char* more) { return way < 0 ? less : way > 0 ? more : ""; }
  bool over() const { return cell_ == walk_->goal || kMap[cell_] == 'o'; }
  void show(Step& out) const {
    out.terminated = over(), out.success = cell_ == walk_->goal, out.invalid = blocked_;
    if (out.success) out.reward = out.outcome = std::max(0.2, 1 - 0.1 * (taken_ - walk_->steps.at(walk_->start)));
    out.observation = blocked_ ? "Blocked. At " : "At ";
    out.observation += Walk::place(cell_) + ", goal " + Walk::place(walk_->goal) + ". Ways:";
    for (int move = 0; move < 4; ++move) {
      const int there = behind(cell_, move);
      if (there != cell_) out.observation += std::string(" ") + kMoves.at(move) + (kMap[there] == 'o' ? " (pit)" : "");
    }
  }

  const Walks* walks_;
  const Walk* walk_ = nullptr;
  int cell_ = 0, taken_ = 0;
  bool blocked_ = false;
};

class Grid final : public Environment {
 public:
  Grid(const Host&, std::string_view config_json) {
    const double detours = 1000 * Config(config_json).number("detours");
    for (int goal = 0; goal < kCells; ++goal) {
      const std::array<int, kCells> steps = steps_to(goal);
      for (int start = 0; start < kCells; ++start) {
        if (kMap[goal] != '.' || steps.at(start) < 2 || steps.at(start) > 6) continue;
        const std::uint64_t chance = ipr_mix64(static_cast<std::uint64_t>(start), static_cast<std::uint64_t>(goal));
        const bool detour = static_cast<double>(chance / 10 % 1000) < detours;
        const std::string id = std::to_string(start) + "-" + std::to_string(goal);
        const auto at = walks_.emplace(id, Walk{id, "Walk to " + Walk::place(goal), start, goal, detour, steps}).first;
        splits_.at(kSplits.at(chance % 10)).push_back(&at->second);
      }
    }
  }
  std::uint32_t capabilities() const override { return kFork | kActions | kSample | kExpert | kDialect; }
  std::string_view defaults_json() const override { return kDefaults; }
  std::size_t split_count() const override { return splits_.size(); }
  Split split(std::size_t i) const override {
    constexpr std::array<const char*, 3> kNames = {"train", "dev", "test"};
    return {kNames.at(i), IPR_SPLIT_TRAIN + static_cast<std::uint32_t>(i), splits_.at(i).size()};
  }
  Task task_at(std::size_t split, std::uint64_t i) const override { return splits_.at(split).at(i)->task(); }
  bool task_by_id(std::string_view id, Task& out) const override {
    const auto found = walks_.find(id);
    if (found != walks_.end()) out = found->second.task();
    return found != walks_.end();
  }
  std::unique_ptr<Episode> new_episode() const override { return std::make_unique<Play>(walks_); }

 private:
  Walks walks_;
  std::array<std::vector<const Walk*>, 3> splits_;
};

constexpr Info kInfo = {"gridworld", "Grid world", "0.1.0", "Apache-2.0", "Walk to the goal, mind the pit", R"json({
  "type": "object", "additionalProperties": false, "properties": {"detours": {
    "type": "number", "default": 0.4, "minimum": 0, "maximum": 1, "description": "share of tasks with a detour of the expert"}}})json"};

}  // namespace

IPR_PLUGIN_LIBRARY(environment<Grid>(kInfo))
