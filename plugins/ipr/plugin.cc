// IPR as an optimizer plugin: what to collect, which steps to score, which pairs to train on, and the loss.
// The rules live in pairs.h and loss.h; here they meet the host.

#include <string>
#include <vector>

#include "by_environment.h"
#include "curriculum.h"
#include "ipr/plugin.hpp"
#include "loss.h"
#include "pairs.h"
#include "schema.h"

namespace ipr_optimizer {
namespace {

using ipr::sdk::emit_row;

enum Plan : std::size_t { kExperts = 0, kExploration = 1 };

// What a step's reward is asked for: its rival's place among the wanted steps, and IPR_QUERY_*.
struct Question {
  std::size_t rival = 0;
  std::uint32_t flags = 0;
};

class IprOptimizer final : public ipr::sdk::Optimizer {
 public:
  IprOptimizer(const ipr::sdk::Host& host, std::string_view config_json) : host_(host) {
    const ipr::sdk::Config config(config_json);
    loss_.outcome_weight = config.number("outcome_weight");
    loss_.step_weight = config.number("step_weight");
    rules_.outcome_pairs = loss_.outcome_weight > 0;
    rules_.step_pairs = loss_.step_weight > 0;
    rules_.filter = filter_of(config.text("filter"));
    rules_.single_actions = config.text("pairs") == "action";
    rules_.threshold = config.number("threshold");
    thresholds_by_ = ByEnvironment(config.text("threshold_by"), "ipr: threshold_by");
    rules_.kappa = config.number("kappa");
    rules_.symmetric = config.flag("symmetric");
    rules_.from_deviation = config.text("pairs_from") == "deviation";
    rules_.first_step_turn = static_cast<std::size_t>(config.integer("first_step_turn"));
    rules_.skip_equal_actions = config.flag("skip_equal_actions");
    rules_.skip_empty_messages = config.flag("skip_empty_messages");
    rules_.lose_cap = config.integer("lose_cap");
    curriculum_ = curriculum_of(config.text("curriculum"));
    if (curriculum_ != Curriculum::kOff && rules_.filter == Filter::kOff) {
      throw ipr::sdk::Failure(IPR_INVALID_ARGUMENT,
                              "ipr: curriculum needs step rewards, and filter=off reads none: set curriculum=off, or "
                              "filter to on or step");
    }
    train_defaults_ = ipr_optimizer::train_defaults(curriculum_ == Curriculum::kOrder);
    lazy_ = config.flag("lazy");
    split_ = config.text("split");
    tasks_per_iteration_ = static_cast<std::uint64_t>(config.integer("tasks_per_iteration"));
    exploration_ = {sizeof(ipr_sampling),
                    static_cast<std::uint32_t>(config.integer("max_new_tokens")),
                    config.number("temperature"),
                    1.0,
                    0,
                    0};
    loss_.beta = config.number("beta");
    loss_.dpo_weight = config.number("dpo_weight");
    loss_.sft_weight = config.number("sft_weight");
    loss_.anchor_weight = config.number("anchor_weight");
    loss_.pooled = config.text("loss") == "pooled";
    loss_.sft_over_all = config.text("sft_over") == "all";
    loss_.sft_token_mean = config.text("sft_reduce") == "token_mean";
  }

  [[nodiscard]] std::uint32_t needs() const override { return IPR_NEED_LOGP | IPR_NEED_REF_LOGP; }
  [[nodiscard]] std::string_view train_defaults(std::uint64_t /*iteration*/) const override { return train_defaults_; }

  // Every iteration starts from nothing: the policy has changed, so have its trajectories and pairs.
  bool plan(const ipr_ctx* /*ctx*/, std::uint64_t iteration, std::size_t i, ipr_collect& out) override {
    if (i > kExploration) return false;
    if (i == kExperts) {
      paths_.clear();
      rules_.thresholds.clear();
      explored_.clear();
      steps_.clear();
      rewards_.clear();
      sorted_ = false;
    }
    // Only step pairs (and scores of every step, where they are wanted) need continuations of the longer prefixes.
    const std::uint32_t play = rules_.step_pairs || !lazy_ ? IPR_COLLECT_PREFIX : IPR_COLLECT_FULL;
    out.source = i == kExperts ? std::uint32_t{IPR_COLLECT_EXPERT} : play;
    out.policy = IPR_POLICY_CURRENT;
    out.samples = 1;
    out.sampling = &exploration_;
    out.task_offset = iteration * tasks_per_iteration_;
    out.task_limit = tasks_per_iteration_;
    out.split = ipr::sdk::view(split_);
    return true;
  }

  void absorb(std::size_t plan, const ipr_trajectory& trajectory) override {
    if (const double* threshold = thresholds_by_.of(ipr::sdk::text(trajectory.task_id)))
      rules_.thresholds[trajectory.id] = *threshold;
    paths_.push_back(ipr::sdk::read_path(trajectory, plan == kExploration));
    sorted_ = false;
  }

  bool want(std::size_t i, ipr_query& out) override {
    sort_paths();
    if (i >= steps_.size()) return false;
    wanted_ = ipr::sdk::named(steps_[i].trajectory);
    out.trajectory = &wanted_;
    out.turn = steps_[i].turn;
    if (const auto found = questions_.find(steps_[i]); found != questions_.end()) {
      out.rival = found->second.rival;
      out.flags = found->second.flags;
      out.margin = rules_.threshold_of(steps_[i].trajectory);
    }
    return true;
  }

  void scored(std::size_t i, const ipr_score& score) override { rewards_[steps_.at(i)] = score.value; }

  void emit(const ipr_ctx* ctx, const ipr_example_sink& sink) override {
    sort_paths();
    if (rewards_.size() < steps_.size()) {
      throw ipr::sdk::Failure(IPR_FAILED_PRECONDITION, "ipr: " + std::to_string(steps_.size() - rewards_.size()) +
                                                           " of " + std::to_string(steps_.size()) +
                                                           " step rewards are missing");
    }
    PairSet set = build_pairs(explored_, rewards_, rules_);
    report(set.counts);
    arrange(set.pairs, curriculum_);
    const std::vector<double> weights = weights_of(set.pairs, curriculum_);
    const std::vector<std::size_t> order = anchor_order(ctx->seed);
    for (std::size_t i = 0; i < set.pairs.size(); ++i) {
      const Pair& pair = set.pairs[i];
      const std::uint64_t group = i + 1;  // the pair's own; its composite name is (tag, expert, turn, rival)
      emit_row(sink, pair.tag, IPR_ROLE_CHOSEN, group, pair.chosen, weights[i]);
      emit_row(sink, pair.tag, IPR_ROLE_REJECTED, group, pair.rejected, weights[i]);
      if (loss_.anchor_weight > 0) emit_anchor(sink, group, explored_[order[i % order.size()]]);
    }
    if (rules_.outcome_pairs || rules_.step_pairs || loss_.anchor_weight <= 0) return;
    for (std::size_t i = 0; i < order.size(); ++i) emit_anchor(sink, i + 1, explored_[order[i]]);
  }

  double loss(ipr_batch& batch) override {
    const LossTerms terms = mixture_loss(batch, loss_);
    host_.metric("o_dpo", terms.o_dpo);
    host_.metric("s_dpo", terms.s_dpo);
    host_.metric("sft", terms.sft);
    if (loss_.anchor_weight > 0) host_.metric("anchor", terms.anchor);
    host_.metric("margin_accuracy", terms.margin_accuracy);
    host_.metric("chosen_logp", terms.chosen_logp);
    return terms.total;
  }

 private:
  static Filter filter_of(const std::string& name) {
    if (name == "off") return Filter::kOff;
    return name == "step" ? Filter::kStep : Filter::kOn;
  }

  static Curriculum curriculum_of(const std::string& name) {
    if (name == "off") return Curriculum::kOff;
    return name == "weight" ? Curriculum::kWeight : Curriculum::kOrder;
  }

  // Once all trajectories are in.
  void sort_paths() {
    if (sorted_) return;
    explored_ = explorations(paths_);
    steps_ = steps_to_score(explored_, rules_, lazy_);
    ask_about_rivals();
    sorted_ = true;
  }

  // For scorers that sample until a comparison is decided. A step of several comparisons is asked about its first.
  void ask_about_rivals() {
    questions_.clear();
    std::map<Step, std::size_t> index;
    for (std::size_t i = 0; i < steps_.size(); ++i) index[steps_[i]] = i;
    for (const Contest& contest : contests(explored_, rules_)) {
      const std::uint32_t either = contest.either ? std::uint32_t{IPR_QUERY_EITHER} : 0;
      questions_.try_emplace(contest.ahead, Question{index.at(contest.behind), either});
      questions_.try_emplace(
          contest.behind, Question{index.at(contest.ahead), contest.either ? either : std::uint32_t{IPR_QUERY_BEHIND}});
    }
  }

  static void emit_anchor(const ipr_example_sink& sink, std::uint64_t group, const Exploration& explored) {
    const Path& good = best_known(explored);
    emit_row(sink, kTagAnchor, IPR_ROLE_PLAIN, group, {good.id, 0, good.turn_count()});
  }

  // Tasks of this iteration in random order; anchors go through it round and round, so that none is drawn much more
  // often than another.
  [[nodiscard]] std::vector<std::size_t> anchor_order(std::uint64_t seed) const {
    return ipr::sdk::shuffled_indices(explored_.size(), seed);
  }

  void report(const PairCounts& counts) const {
    host_.metric("d_t", static_cast<double>(counts.outcome_pairs));
    host_.metric("d_s", static_cast<double>(counts.step_pairs));
    host_.metric("agent_wins", static_cast<double>(counts.agent_wins));
    host_.metric("candidates", static_cast<double>(counts.candidates));
    host_.metric("ties", static_cast<double>(counts.ties));
    host_.log(1, "pairs: " + std::to_string(counts.outcome_pairs) + " outcome, " + std::to_string(counts.step_pairs) +
                     " step (of " + std::to_string(counts.candidates) + " candidates), the agent wins " +
                     std::to_string(counts.agent_wins) + "; ties " + std::to_string(counts.ties));
  }

  ipr::sdk::Host host_;
  PairRules rules_;
  ByEnvironment thresholds_by_;
  LossSettings loss_;
  Curriculum curriculum_ = Curriculum::kOff;
  std::string train_defaults_;
  bool lazy_ = true;
  std::uint64_t tasks_per_iteration_ = 0;
  std::string split_;
  ipr_sampling exploration_{};

  std::vector<Path> paths_;
  bool sorted_ = false;
  std::vector<Exploration> explored_;  // points into paths_
  std::vector<Step> steps_;
  std::map<Step, Question> questions_;
  StepRewards rewards_;
  ipr_trajectory wanted_{};
};

constexpr ipr::sdk::Info kInfo = {"ipr",
                                  "Iterative step-level process refinement",
                                  "0.1.0",
                                  "Apache-2.0",
                                  "Outcome and step pairs along expert trajectories, mixture of DPO and SFT",
                                  kSchema};

}  // namespace
}  // namespace ipr_optimizer

IPR_PLUGIN_LIBRARY(ipr::sdk::optimizer<ipr_optimizer::IprOptimizer>(ipr_optimizer::kInfo))
