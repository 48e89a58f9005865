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
  std::string who;   // "expert", "agent"
  std::string name;  // with policy and episode
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

// How a turn stands to the other side's turn of the same number.
enum class Place { kShared, kParts, kOwn };

void add_turn(pugi::xml_node pair, const Side& side, std::size_t number, Place place) {
  const std::size_t first = static_cast<std::size_t>(side.episode.first_turn);
  if (number < first || number >= side.end()) {
    add(pair, "div", number < first ? "(as its parent episode)" : "", "soft");
    return;
  }
  const store::Turn& turn = side.episode.turns[number - first];
  const char* css_class = place == Place::kShared ? "turn shared" : place == Place::kParts ? "turn parts" : "turn";
  pugi::xml_node card = add(pair, "article", {}, css_class);
  pugi::xml_node header = add(card, "header");
  add(header, "span", side.who, "who");
  add(header, "span", "turn " + std::to_string(number + 1));
  if (place == Place::kShared) add(header, "span", "the same");
  if (place == Place::kParts) add(header, "span", "here they part", "flag");
  for (const store::StepScore& score : side.scores) {
    if (static_cast<std::size_t>(score.turn) == number) add(header, "span", score_text(score), "score");
  }
  if (!std::isnan(turn.progress)) add(header, "span", "progress " + fixed(turn.progress, 2));
  if (turn.reward != 0) add(header, "span", "reward " + fixed(turn.reward, 2));
  if (!turn.valid) add(header, "span", "not valid", "flag");
  add(card, "pre", turn.message.empty() ? turn.action : turn.message);
  add_observation(card, turn.observation);
}

// The first turn in which the sides do not say the same; the shorter one's end where it only stops earlier.
std::size_t first_difference(const Side& a, const Side& b) {
  const auto start = static_cast<std::size_t>(std::max(a.episode.first_turn, b.episode.first_turn));
  std::size_t turn = start;
  const auto message = [&](const Side& side) -> const std::string& {
    return side.episode.turns[turn - static_cast<std::size_t>(side.episode.first_turn)].message;
  };
  while (turn < a.end() && turn < b.end() && message(a) == message(b)) ++turn;
  return turn;
}

void add_sides(pugi::xml_node parent, const std::vector<Side>& sides) {
  pugi::xml_node pair = add(parent, "div", {}, sides.size() == 2 ? "pair" : "");
  std::size_t turns = 0;
  for (const Side& side : sides) {
    add(pair, "div", side.name + ": outcome " + fixed(side.episode.outcome, 2) + ", " + side.episode.exit_status,
        "side");
    turns = std::max(turns, side.end());
  }
  const std::size_t parting = sides.size() == 2 ? first_difference(sides[0], sides[1]) : 0;
  for (std::size_t turn = 0; turn < turns; ++turn) {
    Place place = turn < parting ? Place::kShared : turn == parting ? Place::kParts : Place::kOwn;
    if (sides.size() < 2) place = Place::kOwn;
    for (const Side& side : sides) add_turn(pair, side, turn, place);
  }
}

Result<Side> read_side(store::RunStore& record, const std::string& who, std::int64_t id) {
  Side side;
  IPR_ASSIGN(side.episode, record.episode(id));
  IPR_ASSIGN(side.scores, record.scores(id));
  side.who = who;
  side.name = who + " (" + side.episode.policy + ", episode " + std::to_string(id) + ")";
  return side;
}

// What makes a pair worth showing.
struct Wanted {
  const char* kind;
  bool expert_won;
  double store::Pair::*gap;
  const char* heading;
};
constexpr Wanted kWanted[] = {
    {"step", true, &store::Pair::step_gap, "Step pair that the expert wins, with the widest gap"},
    {"step", false, &store::Pair::step_gap, "Step pair that the agent wins, with the widest gap"},
    {"outcome", true, &store::Pair::outcome_gap, "Outcome pair that the expert wins, with the widest gap"},
    {"outcome", false, &store::Pair::outcome_gap, "Outcome pair that the agent wins, with the widest gap"}};

// Of the last iteration that has such pairs, the one with the widest gap; ties go to the first.
const store::Pair* clearest(const std::vector<store::Pair>& pairs, const Wanted& wanted) {
  const store::Pair* best = nullptr;
  for (const store::Pair& pair : pairs) {
    if (pair.kind != wanted.kind || pair.expert_won != wanted.expert_won) continue;
    const bool later = best != nullptr && pair.iteration > best->iteration;
    if (best == nullptr || later || pair.*wanted.gap > best->*wanted.gap) best = &pair;
  }
  return best;
}

Status add_pair(pugi::xml_node section, store::RunStore& record, const store::Pair& pair, const char* heading,
                bool open) {
  const std::int64_t expert_id = pair.expert_won ? pair.winner_id : pair.loser_id;
  const std::int64_t agent_id = pair.expert_won ? pair.loser_id : pair.winner_id;
  std::vector<Side> sides(2);
  IPR_ASSIGN(sides[0], read_side(record, "expert", expert_id));
  IPR_ASSIGN(sides[1], read_side(record, "agent", agent_id));
  pugi::xml_node details = add(section, "details", {}, "trajectories");
  if (open) details.append_attribute("open") = "open";
  add(details, "summary", heading);
  add(details, "p",
      "Task " + pair.task_id + ", iteration " + std::to_string(pair.iteration) + ": the pair begins at turn " +
          std::to_string(pair.turn + 1) + "; " + (pair.expert_won ? "the expert's" : "the agent's") +
          " side is the winner" +
          (std::isnan(pair.step_gap) ? std::string() : ", by " + with_sign(pair.step_gap, 2) + " in step reward") +
          (std::isnan(pair.outcome_gap) ? std::string() : ", by " + with_sign(pair.outcome_gap, 2) + " in outcome") +
          ".");
  const store::Episode& shown = sides[0].episode;
  if (!shown.first_observation.empty()) add_observation(details, shown.first_observation);
  add_sides(details, sides);
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
  add_sides(section, sides);
  return {};
}

}  // namespace

Status add_trajectories(pugi::xml_node main, store::RunStore& record) {
  IPR_ASSIGN(const std::vector<store::Pair> pairs, record.pairs());
  pugi::xml_node section = add_section(main, "trajectories", "Expert and agent side by side");
  bool first = true;
  for (const Wanted& wanted : kWanted) {
    const store::Pair* pair = clearest(pairs, wanted);
    if (pair == nullptr) continue;
    IPR_TRY(add_pair(section, record, *pair, wanted.heading, first));
    first = false;
  }
  if (first) {
    section.child("h2").text().set("A trajectory");
    IPR_TRY(add_one_episode(section, record));
  }
  if (section.first_child() == section.last_child()) main.remove_child(section);
  return {};
}

}  // namespace ipr::report
