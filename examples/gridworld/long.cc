// gridworld-long: the long form of gridworld. 2,000 cells, each of which may be named in every step, and routes of
// hundreds of moves: what does a step reward say where one step of 300 hardly matters?
//
//   observation   At 12 31, from 12 30, next 12 32. 17 of 240.
//   action        go R C, any of the 2,000 cells: the next cell of the route advances, the one before goes back, and
//                 any other loses a step
//   outcome       1 at the end of the route, less 0.8 for the whole quarter more steps that an episode may take; 0 on
//                 the way
//
// And a tabular policy for it: the next cell, or by `slips` the one before or the one it stands on.

#include <algorithm>
#include <array>
#include <cstdio>
#include <map>

#include "ipr/plugin.hpp"

namespace {

using namespace ipr::sdk;

constexpr int kRows = 40, kColumns = 50, kCells = kRows * kColumns;
constexpr std::size_t kSplits = 3;  // train, dev, test

std::string place(int cell) {
  return std::to_string(cell / kColumns + 1) + " " + std::to_string(cell % kColumns + 1);
}

// The cell that "go R C" names; -1: none.
int named(const std::string& action) {
  int row = 0, column = 0;
  char rest = 0;
  if (std::sscanf(action.c_str(), "go %d %d%c", &row, &column, &rest) != 2) return -1;
  return row < 1 || column < 1 || row > kRows || column > kColumns ? -1 : (row - 1) * kColumns + column - 1;
}

struct Route {  // one task
  std::string id;
  std::vector<int> cells;
  bool detour = false;  // the expert's
  Task task() const { return {id, "Follow the route", {}, 0}; }
};
using Routes = std::map<std::string, Route, std::less<>>;  // by id

// A walk over the grid that does not turn back at once.
Route make_route(const std::string& id, std::uint64_t number, int length, double detours) {
  Route route{id, {static_cast<int>(ipr_mix64(number, 1) % kCells)}, false};
  route.detour = static_cast<double>(ipr_mix64(number, 2) % 1000) < 1000 * detours;
  constexpr std::array<int, 4> kSteps = {-kColumns, kColumns, -1, 1};
  for (std::uint64_t draw = 3; static_cast<int>(route.cells.size()) <= length; ++draw) {
    const std::size_t way = ipr_mix64(number, draw) % 4;
    const int here = route.cells.back(), next = here + kSteps.at(way), column = here % kColumns;
    const bool outside =
        next < 0 || next >= kCells || (way == 2 && column == 0) || (way == 3 && column == kColumns - 1);
    const bool back = route.cells.size() > 1 && next == route.cells[route.cells.size() - 2];
    if (!outside && !back) route.cells.push_back(next);
  }
  return route;
}

class Play final : public Episode {
 public:
  Play(const Routes& routes, int spare) : routes_(&routes), spare_(spare) {}
  void reset(std::string_view task_id, std::uint64_t /*seed*/, Step& out) override {
    const auto found = routes_->find(task_id);
    if (found == routes_->end())
      throw Failure(IPR_NOT_FOUND, "gridworld-long: no task \"" + std::string(task_id) + "\"");
    route_ = &found->second, done_ = taken_ = 0, lost_ = false;
    show(out);
  }
  void step(std::string_view action, Step& out) override {
    const int cell = named(std::string(action));
    if (!over()) {
      ++taken_, lost_ = false;
      if (cell == at(done_ + 1)) {
        ++done_;
      } else if (done_ > 0 && cell == at(done_ - 1)) {
        --done_;
      } else {
        lost_ = true;
      }
    }
    show(out);
    out.invalid = cell < 0;
  }
  std::unique_ptr<Episode> fork() const override { return std::make_unique<Play>(*this); }
  std::uint64_t fingerprint() const override {  // never 0, which means unknown
    std::uint64_t state = 0;
    for (const char c : route_->id) state = ipr_mix64(state, static_cast<unsigned char>(c));
    return ipr_mix64(state, static_cast<std::uint64_t>(done_) << 32 | static_cast<std::uint64_t>(taken_)) | 1;
  }
  void actions(std::vector<std::string>& out) override {
    for (int cell = 0; cell < kCells && !over(); ++cell) out.push_back("go " + place(cell));
  }
  std::string sample_action(std::uint64_t seed) override {
    return "go " + place(static_cast<int>(ipr_mix64(seed, 0) % kCells));
  }
  bool expert(std::string& action, std::string& /*thought*/) override {
    if (over()) return false;
    action = "go " + place(at(route_->detour && taken_ == 0 ? done_ : done_ + 1));
    return true;
  }

 private:
  int at(int i) const { return route_->cells.at(static_cast<std::size_t>(i)); }
  int length() const { return static_cast<int>(route_->cells.size()) - 1; }
  bool over() const { return done_ == length(); }
  void show(Step& out) const {
    out.terminated = out.success = over();
    if (over()) out.reward = out.outcome = std::max(0.2, 1 - 0.8 * (taken_ - length()) / spare_);
    out.observation = lost_ ? "Not there. At " : "At ";
    out.observation += place(at(done_));
    if (done_ > 0) out.observation += ", from " + place(at(done_ - 1));
    if (!over()) out.observation += ", next " + place(at(done_ + 1));
    out.observation += ". " + std::to_string(done_) + " of " + std::to_string(length()) + ".";
  }

  const Routes* routes_;
  int spare_;
  const Route* route_ = nullptr;
  int done_ = 0, taken_ = 0;
  bool lost_ = false;
};

class LongGrid final : public Environment {
 public:
  LongGrid(const Host&, std::string_view config_json) {
    const Config config(config_json);
    const auto length = static_cast<int>(config.integer("length"));
    const auto tasks = static_cast<int>(config.integer("tasks"));
    tasks_ = {tasks, std::max(1, tasks / 4), std::max(1, tasks / 2)};
    spare_ = std::max(1, length / 4);
    defaults_ =
        R"({"threshold": 0.01, "expert_min_outcome": 0.5, "success_outcome": 0.5, "dialect": "react", "max_steps": )" +
        std::to_string(length + spare_) + "}";
    for (std::size_t split = 0; split < kSplits; ++split) {
      for (int i = 0; i < tasks_.at(split); ++i) {
        const std::string id = std::to_string(split) + "-" + std::to_string(i);
        const std::uint64_t number = ipr_mix64(split, static_cast<std::uint64_t>(i));
        routes_.emplace(id, make_route(id, number, length, config.number("detours")));
      }
    }
  }
  std::uint32_t capabilities() const override { return kFork | kActions | kSample | kExpert | kDialect; }
  std::string_view defaults_json() const override { return defaults_; }
  std::size_t split_count() const override { return kSplits; }
  Split split(std::size_t i) const override {
    constexpr std::array<const char*, kSplits> kNames = {"train", "dev", "test"};
    return {kNames.at(i), IPR_SPLIT_TRAIN + static_cast<std::uint32_t>(i), static_cast<std::uint64_t>(tasks_.at(i))};
  }
  Task task_at(std::size_t split, std::uint64_t i) const override {
    return routes_.at(std::to_string(split) + "-" + std::to_string(i)).task();
  }
  bool task_by_id(std::string_view id, Task& out) const override {
    const auto found = routes_.find(id);
    if (found != routes_.end()) out = found->second.task();
    return found != routes_.end();
  }
  std::unique_ptr<Episode> new_episode() const override { return std::make_unique<Play>(routes_, spare_); }

 private:
  int spare_ = 1;
  std::array<int, kSplits> tasks_{};  // of each split
  std::string defaults_;
  Routes routes_;
};

class Follower final : public Policy {
 public:
  Follower(const Host&, std::string_view config_json) : slips_(Config(config_json).number("slips")) {}
  std::string reply(const ipr_gen_req& request) const override {
    const std::vector<Choice> all = choices(request);
    double left = static_cast<double>(ipr_mix64(request.seed, 0) >> 11) * 0x1.0p-53;
    for (const Choice& choice : all) {
      if ((left -= choice.probability) < 0) return choice.reply;
    }
    return all.front().reply;
  }
  bool knows_choices() const override { return true; }
  std::vector<Choice> choices(const ipr_gen_req& request) const override {
    const std::string shown(text(request.messages[request.message_count - 1]->text));
    const std::string here = cell_after(shown, "At "), before = cell_after(shown, "from "),
                      next = cell_after(shown, "next ");
    if (here.empty() || next.empty())
      throw Failure(IPR_INVALID_ARGUMENT,
                    "gridworld-long-tabular: this is no place on a route: " + shown.substr(0, 80));
    const bool greedy = request.sampling != nullptr && request.sampling->temperature == 0;
    if (greedy || slips_ == 0) return {{compose_react("go " + next, ""), 1}};
    std::vector<Choice> all = {{compose_react("go " + next, ""), 1 - slips_}};
    if (!before.empty()) all.push_back({compose_react("go " + before, ""), slips_ / 2});
    all.push_back({compose_react("go " + here, ""), before.empty() ? slips_ : slips_ / 2});
    return all;
  }

 private:
  // "12 31" behind the word; empty: it is not there.
  static std::string cell_after(const std::string& shown, const std::string& word) {
    const auto found = shown.find(word);
    int row = 0, column = 0;
    if (found == std::string::npos || std::sscanf(shown.c_str() + found + word.size(), "%d %d", &row, &column) != 2)
      return {};
    return std::to_string(row) + " " + std::to_string(column);
  }
  double slips_;
};

constexpr Info kLong = {"gridworld-long",
                        "Grid world, long form",
                        "0.1.0",
                        "Apache-2.0",
                        "Follow a route of hundreds of moves, 2,000 actions in every step",
                        R"json({
  "type": "object", "additionalProperties": false, "properties": {
    "length": {"type": "integer", "default": 240, "minimum": 2, "maximum": 2000, "description": "moves of a route; an episode may take a quarter more"},
    "tasks": {"type": "integer", "default": 40, "minimum": 1, "maximum": 100000, "description": "train tasks; a quarter as many are for dev, half as many for test"},
    "detours": {"type": "number", "default": 0.4, "minimum": 0, "maximum": 1, "description": "share of tasks in which the expert loses a step"}}})json"};
constexpr Info kFollower = {"gridworld-long-tabular",
                            "Tabular policy of the long form",
                            "0.1.0",
                            "Apache-2.0",
                            "The next cell of the route, or by chance another",
                            R"json({
  "type": "object", "additionalProperties": false, "properties": {
    "slips": {"type": "number", "default": 0.1, "minimum": 0, "maximum": 1, "description": "share of steps that go back or nowhere"}}})json"};

}  // namespace

IPR_PLUGIN_LIBRARY(environment<LongGrid>(kLong), policy<Follower>(kFollower))
