// Trajectories side by side: what expert and agent did from the same state, with the step rewards they got.

#include <algorithm>
#include <cmath>
#include <optional>

#include "core/report/format.h"
#include "core/report/html_page.h"
#include "core/report/html_parts.h"

namespace ipr::report {
namespace {

constexpr std::size_t kShort = 480;   // characters of an observation shown at once
constexpr std::size_t kLong = 20000;  // and at all: the record has the rest

// One column: an episode and its scores.
struct Side {
  std::string name;
  store::Episode episode;
  std::vector<store::StepScore> scores;
  [[nodiscard]] std::size_t end() const { return static_cast<std::size_t>(episode.first_turn) + episode.turns.size(); }
};

// The first `length` bytes, never half a character.
std::string cut(const std::string& text, std::size_t length) {
  if (text.size() <= length) return text;
  while (length > 0 && (text[length] & 0xC0) == 0x80) --length;
  return text.substr(0, length);
}

void add_observation(pugi::xml_node turn, const std::string& observation) {
  if (observation.empty()) return;
  if (observation.size() <= kShort) {
    add(turn, "pre", observation, "observation");
    return;
  }
  pugi::xml_node details = add(turn, "details", {}, "observation");
  add(details, "summary",
      cut(observation, kShort / 2) + " … all " + grouped(static_cast<std::int64_t>(observation.size())) + " bytes");
  add(details, "pre", cut(observation, kLong) + (observation.size() > kLong ? "\n… (the rest is in run.db)" : ""));
}

std::string score_text(const store::StepScore& score) {
  std::string text = "step reward " + fixed(score.value, 2);
  if (score.samples == 0) return text + " (the outcome)";
  text += " (N " + std::to_string(score.samples);
  if (score.samples > 1) text += ", ±" + fixed(std::sqrt(score.variance / static_cast<double>(score.samples)), 2);
  return text + ")";
}

void add_turn(pugi::xml_node pair, const Side& side, std::size_t number, bool shared) {
  const std::size_t first = static_cast<std::size_t>(side.episode.first_turn);
  if (number < first || number >= side.end()) {
    add(pair, "div", number < first ? "(as its parent episode)" : "", "soft");
    return;
  }
  const store::Turn& turn = side.episode.turns[number - first];
  pugi::xml_node card = add(pair, "article", {}, shared ? "turn shared" : "turn");
  pugi::xml_node header = add(card, "header");
  add(header, "span", "turn " + std::to_string(number + 1) + (shared ? ", shared" : ""));
  for (const store::StepScore& score : side.scores) {
    if (static_cast<std::size_t>(score.turn) == number) add(header, "span", score_text(score), "score");
  }
  if (!std::isnan(turn.progress)) add(header, "span", "progress " + fixed(turn.progress, 2));
  if (turn.reward != 0) add(header, "span", "reward " + fixed(turn.reward, 2));
  if (!turn.valid) add(header, "span", "not valid");
  add(card, "pre", turn.message.empty() ? turn.action : turn.message);
  add_observation(card, turn.observation);
}

void add_sides(pugi::xml_node section, const std::vector<Side>& sides, std::size_t shared_turns) {
  pugi::xml_node pair = add(section, "div", {}, sides.size() == 2 ? "pair" : "");
  std::size_t turns = 0;
  for (const Side& side : sides) {
    add(pair, "div", side.name + ": outcome " + fixed(side.episode.outcome, 2) + ", " + side.episode.exit_status,
        "side");
    turns = std::max(turns, side.end());
  }
  for (std::size_t turn = 0; turn < turns; ++turn) {
    for (const Side& side : sides) add_turn(pair, side, turn, turn < shared_turns);
  }
}

Result<Side> read_side(store::RunStore& record, const std::string& name, std::int64_t id) {
  Side side;
  IPR_ASSIGN(side.episode, record.episode(id));
  IPR_ASSIGN(side.scores, record.scores(id));
  side.name = name + " (" + side.episode.policy + ", episode " + std::to_string(id) + ")";
  return side;
}

// Of the last iteration that has pairs of the kind, the one with the widest gap; ties go to the first.
const store::Pair* clearest(const std::vector<store::Pair>& pairs, const std::string& kind, double store::Pair::*gap) {
  const store::Pair* best = nullptr;
  for (const store::Pair& pair : pairs) {
    if (pair.kind != kind) continue;
    const bool later = best != nullptr && pair.iteration > best->iteration;
    if (best == nullptr || later || pair.*gap > best->*gap) best = &pair;
  }
  return best;
}

Status add_pair(pugi::xml_node section, store::RunStore& record, const store::Pair& pair, const std::string& heading) {
  const std::int64_t expert_id = pair.expert_won ? pair.winner_id : pair.loser_id;
  const std::int64_t agent_id = pair.expert_won ? pair.loser_id : pair.winner_id;
  std::vector<Side> sides(2);
  IPR_ASSIGN(sides[0], read_side(record, "expert", expert_id));
  IPR_ASSIGN(sides[1], read_side(record, "agent", agent_id));
  add(section, "h3", heading);
  add(section, "p",
      "Task " + pair.task_id + ", iteration " + std::to_string(pair.iteration) + ": the two part at turn " +
          std::to_string(pair.turn + 1) + "; " + (pair.expert_won ? "the expert's" : "the agent's") +
          " side is the winner" +
          (std::isnan(pair.step_gap) ? std::string() : ", by " + with_sign(pair.step_gap, 2) + " in step reward") +
          (std::isnan(pair.outcome_gap) ? std::string() : ", by " + with_sign(pair.outcome_gap, 2) + " in outcome") +
          ".");
  const store::Episode& shown = sides[0].episode;
  if (!shown.first_observation.empty()) add_observation(section, shown.first_observation);
  add_sides(section, sides, static_cast<std::size_t>(std::max(pair.turn, 0)));
  return {};
}

// The first evaluated episode of the chosen policy, or of the last one.
Status add_one_episode(pugi::xml_node section, store::RunStore& record) {
  IPR_ASSIGN(const std::vector<store::Policy> policies, record.policies());
  std::string chosen;
  for (const store::Policy& policy : policies) {
    if (policy.chosen) chosen = policy.name;
  }
  std::optional<store::Episode> found;
  store::EpisodeFilter filter;
  filter.stage = store::kEval;
  if (!chosen.empty()) filter.policy = chosen;
  IPR_TRY(record.for_each_episode(filter, store::Turns::kSkip, [&](const store::Episode& episode) {
    if (!found || (chosen.empty() && episode.iteration > found->iteration)) found = episode;
    return Status();
  }));
  if (!found) return {};
  std::vector<Side> sides(1);
  IPR_ASSIGN(sides[0], read_side(record, "agent", found->id));
  add(section, "p", "Task " + found->task_id + " of split " + found->split + ".");
  add_observation(section, sides[0].episode.first_observation);
  add_sides(section, sides, 0);
  return {};
}

}  // namespace

Status add_trajectories(pugi::xml_node main, store::RunStore& record) {
  IPR_ASSIGN(const std::vector<store::Pair> pairs, record.pairs());
  pugi::xml_node section = add_section(main, "trajectories", "Expert and agent side by side");
  const store::Pair* step = clearest(pairs, "step", &store::Pair::step_gap);
  const store::Pair* outcome = clearest(pairs, "outcome", &store::Pair::outcome_gap);
  if (step != nullptr) IPR_TRY(add_pair(section, record, *step, "The step pair with the widest gap"));
  if (outcome != nullptr) IPR_TRY(add_pair(section, record, *outcome, "The outcome pair with the widest gap"));
  if (step == nullptr && outcome == nullptr) {
    section.child("h2").text().set("A trajectory");
    IPR_TRY(add_one_episode(section, record));
  }
  if (section.first_child() == section.last_child()) main.remove_child(section);
  return {};
}

}  // namespace ipr::report
