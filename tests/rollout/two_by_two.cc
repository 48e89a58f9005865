// A grid of 2 × 2 and a policy for it, small enough for values by hand. From S the goal G is two moves away:
//
//   S A        right and down move; into the border they lose a step. Three steps at most.
//   B G        At G: 1, less 0.5 for a lost step.
//
// The policy goes right with the probability of its setting, else down.
#include "ipr/plugin.hpp"

namespace {

using namespace ipr::sdk;

class Walk final : public Episode {
 public:
  void reset(std::string_view, std::uint64_t, Step& out) override {
    row_ = column_ = taken_ = 0;
    show(out);
  }
  void step(std::string_view action, Step& out) override {
    ++taken_;
    if (action == "right") column_ = 1;
    if (action == "down") row_ = 1;
    show(out);
  }
  std::unique_ptr<Episode> fork() const override { return std::make_unique<Walk>(*this); }
  std::uint64_t fingerprint() const override { return 1u + row_ + 2 * column_ + 4 * taken_; }
  void actions(std::vector<std::string>& out) override { out = {"right", "down"}; }

 private:
  void show(Step& out) const {
    out.terminated = out.success = row_ == 1 && column_ == 1;
    if (out.success) out.outcome = taken_ == 2 ? 1 : 0.5;
    out.observation = std::to_string(row_) + std::to_string(column_);
  }
  unsigned row_ = 0, column_ = 0, taken_ = 0;
};

class Grid final : public Environment {
 public:
  Grid(const Host&, std::string_view) {}
  std::uint32_t capabilities() const override { return kFork | kActions | kDialect; }
  std::string_view defaults_json() const override { return R"({"max_steps": 3, "dialect": "react"})"; }
  std::size_t split_count() const override { return 1; }
  Split split(std::size_t) const override { return {"train", IPR_SPLIT_TRAIN, 1}; }
  Task task_at(std::size_t, std::uint64_t) const override { return {"walk", "Walk", {}, 0}; }
  bool task_by_id(std::string_view id, Task& out) const override {
    out = task_at(0, 0);
    return id == out.id;
  }
  std::unique_ptr<Episode> new_episode() const override { return std::make_unique<Walk>(); }
};

class Fixed final : public Policy {
 public:
  Fixed(const Host&, std::string_view config_json)
      : right_(Config(config_json).number("right")), sum_(Config(config_json).number("sum")) {}
  std::string reply(const ipr_gen_req& request) const override {
    const double u = static_cast<double>(ipr_mix64(request.seed, 0) >> 11) * 0x1.0p-53;
    return u < right_ ? "Action: right" : "Action: down";
  }
  bool knows_choices() const override { return sum_ > 0; }
  std::vector<Choice> choices(const ipr_gen_req&) const override {
    return {{"Action: right", right_}, {"Action: down", sum_ - right_}};
  }

 private:
  double right_, sum_;
};

constexpr Info kGrid = {"two-by-two", "2 x 2",
                        "0",          "Apache-2.0",
                        "Four cells", R"json({"type": "object", "properties": {}, "additionalProperties": false})json"};
constexpr Info kFixed = {"fixed",      "Fixed",         "0",
                         "Apache-2.0", "Right or down", R"json({"type": "object", "properties": {
  "right": {"type": "number", "default": 0.6}, "sum": {"type": "number", "default": 1}}, "additionalProperties": false})json"};

}  // namespace

IPR_PLUGIN_LIBRARY(environment<Grid>(kGrid), policy<Fixed>(kFixed))
