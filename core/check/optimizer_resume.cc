// A run that goes on hands the plugin everything again, from the first iteration, but calls no loss for the steps that
// were done: an optimizer that remembers something of its losses would go on differently.
#include <algorithm>
#include <cmath>
#include <deque>
#include <map>
#include <string>

#include "core/base/rng.h"
#include "core/check/cases.h"
#include "core/check/loss_call.h"

namespace ipr::check {
namespace {

constexpr std::size_t kTasks = 3;

// A trajectory that owns what its view shows.
class PlayedTrajectory {
 public:
  PlayedTrajectory(std::uint64_t id, std::uint64_t parent, std::size_t task, std::vector<std::string> messages,
                   std::size_t prefix, double outcome)
      : task_("task-" + std::to_string(task)), messages_(std::move(messages)), outcome_(outcome) {
    for (std::size_t i = 0; i < messages_.size(); ++i) {
      observations_.push_back("seen " + messages_[i]);
      ipr_turn turn{};
      turn.struct_size = sizeof turn;
      turn.flags = i + 1 == messages_.size() ? std::uint32_t{IPR_STEP_TERMINATED} : 0u;
      turn.message = turn.action = {messages_[i].data(), messages_[i].size()};
      turn.progress = std::nan("");
      turns_.push_back(turn);
    }
    for (std::size_t i = 0; i < turns_.size(); ++i) {
      turns_[i].observation = {observations_[i].data(), observations_[i].size()};
      pointers_.push_back(&turns_[i]);
    }
    const std::uint32_t flags = parent == 0 ? std::uint32_t{IPR_TRAJ_EXPERT} : 0u;
    view_ = {sizeof(ipr_trajectory), flags,  id,     parent, {task_.data(), task_.size()}, pointers_.data(),
             pointers_.size(),       prefix, outcome};
  }
  PlayedTrajectory(const PlayedTrajectory&) = delete;
  PlayedTrajectory& operator=(const PlayedTrajectory&) = delete;

  [[nodiscard]] const ipr_trajectory& view() const { return view_; }
  [[nodiscard]] const std::vector<std::string>& messages() const { return messages_; }
  [[nodiscard]] double outcome() const { return outcome_; }

 private:
  std::string task_;
  std::vector<std::string> messages_, observations_;
  double outcome_;
  std::vector<ipr_turn> turns_;
  std::vector<const ipr_turn*> pointers_;
  ipr_trajectory view_{};
};

struct EmittedRow {
  std::uint64_t trajectory = 0, group = 0;
  std::uint32_t tag = 0, role = 0;
  std::size_t first = 0, last = 0;
  double weight = 1;
  bool operator==(const EmittedRow&) const = default;
};

// The host's side: what is played and scored depends on the seed alone.
class FakeRun {
 public:
  FakeRun(const plugin::Instance& instance, std::uint64_t seed)
      : self_(instance.self()),
        subject_(instance.manifest().subject()),
        table_(instance.extension<ipr_optimizer_v1>(IPR_OPTIMIZER_V1)),
        seed_(seed) {
    for (std::size_t task = 0; task < kTasks; ++task)
      experts_.emplace_back(task + 1, 0, task, words(2 + task, mix(seed_, task)), 0,
                            0.7 + 0.1 * static_cast<double>(task));
    for (const PlayedTrajectory& expert : experts_) book_[expert.view().id] = &expert;
  }

  // Everything of an iteration but its losses.
  Result<std::vector<EmittedRow>> gather(std::uint64_t iteration) {
    if (table_ == nullptr) return plugin_error("no " IPR_OPTIMIZER_V1);
    IPR_ASSIGN(const std::vector<ipr_collect> plans, plans_of(iteration));
    for (std::size_t plan = 0; plan < plans.size(); ++plan) {
      for (const PlayedTrajectory* played : play(plans[plan], iteration, plan)) {
        const plugin::Context context(seed_);
        plugin::ErrorSlot error;
        const ipr_status status = table_->absorb(self_, context.get(), plan, &played->view(), error.get());
        if (status != IPR_OK) return error.status(status, subject_);
      }
    }
    IPR_TRY(score());
    return emit(iteration);
  }

  // The rows as batches show them, with log-probs that depend on row and step.
  [[nodiscard]] std::vector<RowSpec> batch_of(const std::vector<EmittedRow>& emitted, std::uint64_t step) const {
    std::vector<RowSpec> rows;
    for (const EmittedRow& one : emitted) {
      RowSpec row;
      row.tag = one.tag;
      row.role = one.role;
      row.group = one.group;
      row.weight = one.weight;
      row.outcome = book_.at(one.trajectory)->outcome();
      Rng rng(mix(seed_, one.trajectory, one.first, one.role, step));
      for (std::size_t t = 0; t < kTokens; ++t) {
        const bool agent = t > 0 && t % 3 != 0;  // two tokens a turn, one of the environment between
        row.mask.push_back(agent ? 1.0F : 0.0F);
        row.output.push_back(agent ? static_cast<float>(-2 * rng.uniform()) : 0.0F);
        for (auto* near : {&row.ref_logp, &row.old_logp})
          near->push_back(agent ? row.output.back() + static_cast<float>(0.2 * rng.uniform() - 0.1) : 0.0F);
        row.turn.push_back(agent ? static_cast<std::int32_t>(std::min(one.first + t / 3, one.last - 1)) : -1);
      }
      rows.push_back(std::move(row));
    }
    return rows;
  }

 private:
  static std::vector<std::string> words(std::size_t count, std::uint64_t seed) {
    std::vector<std::string> made;
    for (std::size_t i = 0; i < count; ++i) made.push_back("act " + std::to_string(mix(seed, i) % 3));
    return made;
  }

  Result<std::vector<ipr_collect>> plans_of(std::uint64_t iteration) {
    std::vector<ipr_collect> plans;
    for (;;) {
      ipr_collect plan{};
      plan.struct_size = sizeof plan;
      const plugin::Context context(seed_);
      plugin::ErrorSlot error;
      const ipr_status status = table_->plan_at(self_, context.get(), iteration, plans.size(), &plan, error.get());
      if (status == IPR_NOT_FOUND) return plans;
      if (status != IPR_OK) return error.status(status, subject_);
      plans.push_back(plan);
    }
  }

  std::vector<const PlayedTrajectory*> play(const ipr_collect& plan, std::uint64_t iteration, std::size_t index) {
    std::vector<const PlayedTrajectory*> found;
    for (std::size_t task = 0; task < kTasks; ++task) {
      const PlayedTrajectory& expert = experts_[task];
      if (plan.source == IPR_COLLECT_EXPERT) {
        found.push_back(&expert);
        continue;
      }
      const std::size_t starts = plan.source == IPR_COLLECT_PREFIX ? expert.messages().size() : 1;
      for (std::size_t prefix = 0; prefix < starts; ++prefix) {
        for (std::uint64_t sample = 0; sample < std::max(1u, plan.samples); ++sample)
          found.push_back(&play_one(expert, task, prefix, mix(seed_, iteration, index, task, prefix, sample)));
      }
    }
    return found;
  }

  const PlayedTrajectory& play_one(const PlayedTrajectory& expert, std::size_t task, std::size_t prefix,
                                   std::uint64_t seed) {
    std::vector<std::string> messages(expert.messages().begin(),
                                      expert.messages().begin() + static_cast<std::ptrdiff_t>(prefix));
    for (std::string& word : words(1 + seed % 3, seed)) messages.push_back(std::move(word));
    const double outcome = 0.25 * static_cast<double>(mix(seed, 1) % 5);
    const std::uint64_t id = kTasks + 1 + played_.size();
    played_.emplace_back(id, expert.view().id, task, std::move(messages), prefix, outcome);
    book_[id] = &played_.back();
    return played_.back();
  }

  Status score() {
    if (table_->want == nullptr) return {};
    std::vector<std::pair<std::uint64_t, std::size_t>> wanted;
    for (;;) {
      ipr_query query{};
      query.struct_size = sizeof query;
      query.rival = SIZE_MAX;
      const plugin::Context context(seed_);
      plugin::ErrorSlot error;
      const ipr_status status = table_->want(self_, context.get(), wanted.size(), &query, error.get());
      if (status == IPR_NOT_FOUND) break;
      if (status != IPR_OK) return error.status(status, subject_);
      wanted.emplace_back(query.trajectory->id, query.turn);
    }
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      ipr_score score{};
      score.struct_size = sizeof score;
      score.samples = 5;
      score.value = 0.2 * static_cast<double>(mix(seed_, wanted[i].first, wanted[i].second) % 6);
      const plugin::Context context(seed_);
      plugin::ErrorSlot error;
      const ipr_status status = table_->scored(self_, context.get(), i, &score, error.get());
      if (status != IPR_OK) return error.status(status, subject_);
    }
    return {};
  }

  Result<std::vector<EmittedRow>> emit(std::uint64_t iteration) {
    std::vector<EmittedRow> rows;
    const ipr_example_sink sink = {
        sizeof(ipr_example_sink), 0, &rows, [](void* impl, const ipr_example* e, ipr_error*) {
          static_cast<std::vector<EmittedRow>*>(impl)->push_back(
              {e->trajectory->id, e->group, e->tag, e->role, e->first_turn, e->last_turn, e->weight});
          return static_cast<ipr_status>(IPR_OK);
        }};
    const plugin::Context context(mix(seed_, iteration));
    plugin::ErrorSlot error;
    const ipr_status status = table_->emit(self_, context.get(), &sink, error.get());
    if (status != IPR_OK) return error.status(status, subject_);
    return rows;
  }

  ipr_self* self_;
  std::string subject_;
  const ipr_optimizer_v1* table_;
  std::uint64_t seed_;
  std::deque<PlayedTrajectory> experts_, played_;
  std::map<std::uint64_t, const PlayedTrajectory*> book_;
};

// What one life of an instance says of the last step of iteration 2.
struct Life {
  std::vector<EmittedRow> rows;
  LossAnswer last;
};

// `resumed`: without the losses of the steps before.
Result<Life> live(const Subject& subject, bool resumed) {
  IPR_ASSIGN(const auto instance, make_instance(subject));
  IPR_ASSIGN(const Form form, wanted_form(*instance));
  FakeRun run(*instance, subject.seed);
  Life life;
  for (std::uint64_t iteration = 1; iteration <= 2; ++iteration) {
    IPR_ASSIGN(life.rows, run.gather(iteration));
    // An optimizer that plays nothing has its rows from a file.
    const auto step_of = [&](std::uint64_t step) {
      return life.rows.empty() ? make_rows(mix(subject.seed, iteration, step), form) : run.batch_of(life.rows, step);
    };
    for (std::uint64_t step = 0; step < 3; ++step) {
      const bool last = iteration == 2 && step == 2;
      if (resumed && !last) continue;
      const std::vector<RowSpec> rows = step_of(step);
      IPR_ASSIGN(life.last, call_loss(*instance, rows, totals_of(rows)));
    }
  }
  return life;
}

}  // namespace

Outcome resume_equal(const Subject& subject) {
  IPR_NEED(const Life whole, live(subject, /*resumed=*/false));
  IPR_NEED(const Life resumed, live(subject, /*resumed=*/true));
  IPR_EXPECT(whole.rows == resumed.rows,
             "an iteration's rows depend on the losses before it; they may depend only on what plan, absorb and scored "
             "were given");
  IPR_EXPECT(whole.last == resumed.last,
             "a loss depends on the losses before it, which a run that goes on does not compute again");
  return passed();
}

}  // namespace ipr::check
