// The host's side of one iteration of an optimizer: hands in trajectories, answers queries, takes the emitted rows.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "tests/plugins/support/batch.h"
#include "tests/plugins/support/fake_host.h"
#include "tests/support/catch.h"

namespace ipr::test {

struct EmittedRow {
  std::uint32_t tag, role;
  std::uint64_t group, trajectory;
  std::size_t first, last;
  double weight = 1;
};

// Trajectories are of one-word messages, each its own action. `observations`: what follows each message; may be fewer.
class Iteration {
 public:
  explicit Iteration(const Json& changes = Json::object(), const std::string& profile = "")
      : instance_(host, profile, changes), table_(instance_.table<ipr_optimizer_v1>(IPR_OPTIMIZER_V1)) {}

  std::vector<ipr_collect> plan(std::uint64_t iteration) {
    std::vector<ipr_collect> plans;
    for (;;) {
      ipr_collect next{};
      next.struct_size = sizeof next;
      if (table_.plan_at(instance_.self(), &ctx, iteration, plans.size(), &next, &error_) != IPR_OK) return plans;
      plans.push_back(next);
    }
  }

  void absorb(std::size_t plan, std::uint64_t id, std::uint64_t parent, std::size_t prefix, double outcome,
              const std::vector<std::string>& words, const std::string& task = "", std::uint32_t flags = 0,
              const std::vector<std::string>& observations = {}) {
    std::vector<ipr_turn> turns;
    for (const std::string& word : words) {
      ipr_turn turn{};
      turn.struct_size = sizeof turn;
      turn.message = turn.action = {word.data(), word.size()};
      if (const std::size_t i = turns.size(); i < observations.size()) {
        turn.observation = {observations[i].data(), observations[i].size()};
      }
      turns.push_back(turn);
    }
    std::vector<const ipr_turn*> pointers;
    for (const ipr_turn& turn : turns) pointers.push_back(&turn);
    ipr_trajectory trajectory{};
    trajectory.struct_size = sizeof trajectory;
    trajectory.id = id;
    trajectory.parent_id = parent;
    trajectory.flags = flags;
    trajectory.task_id = {task.data(), task.size()};
    trajectory.prefix_turns = prefix;
    trajectory.outcome = outcome;
    trajectory.turns = pointers.data();
    trajectory.turn_count = pointers.size();
    REQUIRE(table_.absorb(instance_.self(), &ctx, plan, &trajectory, &error_) == IPR_OK);
  }

  // What is asked of a step's rival.
  struct Question {
    std::size_t rival;
    std::uint32_t flags;
    double margin;
  };
  // (trajectory, turn) in the order asked; the questions about their rivals into `questions`.
  std::vector<std::pair<std::uint64_t, std::size_t>> queries(std::vector<Question>* questions = nullptr) {
    std::vector<std::pair<std::uint64_t, std::size_t>> asked;
    for (;;) {
      ipr_query query{};
      query.struct_size = sizeof query;
      query.rival = SIZE_MAX;
      if (table_.want(instance_.self(), &ctx, asked.size(), &query, &error_) != IPR_OK) return asked;
      asked.emplace_back(query.trajectory->id, query.turn);
      if (questions != nullptr) questions->push_back({query.rival, query.flags, query.margin});
    }
  }
  void answer(std::size_t i, double value) {
    ipr_score score{};
    score.struct_size = sizeof score;
    score.value = value;
    REQUIRE(table_.scored(instance_.self(), &ctx, i, &score, &error_) == IPR_OK);
  }

  ipr_status emit(std::vector<EmittedRow>& rows) {
    const ipr_example_sink sink = {
        sizeof(ipr_example_sink), 0, &rows, [](void* impl, const ipr_example* e, ipr_error*) {
          static_cast<std::vector<EmittedRow>*>(impl)->push_back(
              {e->tag, e->role, e->group, e->trajectory->id, e->first_turn, e->last_turn, e->weight});
          return static_cast<ipr_status>(IPR_OK);
        }};
    return table_.emit(instance_.self(), &ctx, &sink, &error_);
  }
  ipr_status try_loss(Batch& batch, double& value) {
    return table_.loss(instance_.self(), &ctx, &batch.get(), &value, &error_);
  }
  double loss(Batch& batch) {
    double value = 0;
    REQUIRE(try_loss(batch, value) == IPR_OK);
    return value;
  }
  [[nodiscard]] Json train_defaults() const {
    const ipr_str text = table_.train_defaults(instance_.self(), 1);
    return Json::parse(text.data, text.data + text.size);
  }
  [[nodiscard]] std::uint32_t needs() const { return table_.needs(instance_.self()); }
  [[nodiscard]] std::string message() const { return error_.message; }

  FakeHost host;
  ipr_ctx ctx = context(42);

 private:
  Instance instance_;
  const ipr_optimizer_v1& table_;
  ipr_error error_ = fresh_error();
};

}  // namespace ipr::test
