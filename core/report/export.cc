#include "core/report/export.h"

#include <map>
#include <set>

#include "core/base/json.h"
#include "core/base/strings.h"

namespace ipr::report {
namespace {

struct FormatName {
  const char* name;
  ExportFormat format;
};
constexpr FormatName kFormats[] = {{"sharegpt", ExportFormat::kShareGpt},
                                   {"trl-dpo", ExportFormat::kTrlDpo},
                                   {"trl-sft", ExportFormat::kTrlSft},
                                   {"steps", ExportFormat::kSteps}};

struct Message {
  std::string role, content;  // role: "system", "user", "assistant"
};
using Messages = std::vector<Message>;

Json chat_json(const Messages& messages) {
  Json list = Json::array();
  for (const Message& message : messages) list.push_back({{"role", message.role}, {"content", message.content}});
  return list;
}

Json sharegpt_json(const Messages& messages) {
  Json list = Json::array();
  for (const Message& message : messages) {
    const char* from = message.role == "assistant" ? "gpt" : message.role == "system" ? "system" : "human";
    list.push_back({{"from", from}, {"value", message.content}});
  }
  return list;
}

// What the loop recorded for all tasks; or, of several environments, an object by what their task ids begin with.
const Json& part_for(const Json& recorded, const std::string& task_id) {
  const auto found = recorded.is_object() ? recorded.find(task_id.substr(0, task_id.find(':') + 1)) : recorded.end();
  return found == recorded.end() ? recorded : *found;
}

// The messages before the tasks, as the loop recorded them.
class Prompts {
 public:
  static Result<Prompts> read(store::RunStore& record) {
    IPR_ASSIGN(const std::optional<std::string> text, record.state("prompt"));
    if (!text) {
      return bad_data(
          record.path() +
          ": holds no prompt, so what the model read is not known; run again with this version of ipr-host");
    }
    Prompts prompts;
    IPR_ASSIGN(prompts.recorded_, parse_json(*text, record.path() + ": prompt"));
    return prompts;
  }

  [[nodiscard]] Messages of(const std::string& task_id) const {
    Messages prompt;
    for (const Json& message : part_for(recorded_, task_id)) {
      if (message.value("example", false)) continue;
      prompt.push_back({message.value("role", "user"), message.value("content", "")});
    }
    return prompt;
  }
  // Of several environments an id names the one that the task is of.
  [[nodiscard]] bool several() const { return recorded_.is_object(); }

 private:
  Json recorded_;
};

// Turns [from, to) as messages; without the observation that follows turn `to` - 1 unless `answered`.
// Precondition: the episode holds them.
void append_turns(const store::Episode& episode, std::size_t from, std::size_t to, bool answered, Messages& messages) {
  for (std::size_t turn = from; turn < to; ++turn) {
    messages.push_back({"assistant", episode.turns[turn].message});
    if (turn + 1 < to || answered) messages.push_back({"user", episode.turns[turn].observation});
  }
}

// What the agent has read when it speaks in `turn`.
Messages history(const Prompts& prompts, const store::Episode& episode, std::size_t turn) {
  Messages messages = prompts.of(episode.task_id);
  messages.push_back({"user", episode.first_observation});
  append_turns(episode, 0, turn, /*answered=*/true, messages);
  return messages;
}

Messages whole_episode(const Prompts& prompts, const store::Episode& episode) {
  Messages messages = history(prompts, episode, 0);
  append_turns(episode, 0, episode.turns.size(), /*answered=*/false, messages);
  return messages;
}

void put_line(const Json& row, ExportedRows& rows) {
  rows.lines += dump_line(row) + "\n";
  ++rows.count;
}

// "expert on train, sft on dev, …": what a wrong choice could have been.
std::string known_trajectories(const std::set<std::string>& known) {
  return known.empty()
             ? "; the record has none at all"
             : "; it has those of " + join({known.begin(), known.end()}, ", ") + ": choose with --policy and --split";
}

Result<ExportedRows> export_trajectories(store::RunStore& record, const Prompts& prompts, bool sharegpt,
                                         const ExportChoice& choice) {
  Json least;  // what the SFT stage asked of a demonstration
  if (choice.policy == "expert" && !choice.min_reward) {
    IPR_ASSIGN(const std::optional<std::string> recorded, record.state("expert_min_outcome"));
    IPR_ASSIGN(least, parse_json(recorded.value_or("null"), record.path() + ": expert_min_outcome"));
  }
  const std::set<std::string> splits(choice.splits.begin(), choice.splits.end());
  ExportedRows rows;
  std::set<std::string> known;
  IPR_TRY(record.for_each_episode({}, store::Turns::kLoad, [&](const store::Episode& episode) {
    if (episode.stage == store::kMonteCarlo || episode.turns.empty()) return Status();
    known.insert(episode.policy + " on " + episode.split);
    if (!choice.policy.empty() && episode.policy != choice.policy) return Status();
    if (!splits.empty() && !splits.contains(episode.split)) return Status();
    if (choice.iteration && episode.iteration != *choice.iteration) return Status();
    if (choice.min_reward && episode.outcome < *choice.min_reward) return Status();
    const Json& above = part_for(least, episode.task_id);
    if (above.is_number() && !(episode.terminated && episode.outcome > above.get<double>())) return Status();
    const Messages messages = whole_episode(prompts, episode);
    Json row = {{"id", episode.task_id},      {"split", episode.split},    {"policy", episode.policy},
                {"stage", episode.stage},     {"reward", episode.outcome}, {"iteration", episode.iteration},
                {"success", episode.success}, {"episode", episode.id},     {"prefix_turns", episode.prefix_turns}};
    if (sharegpt) {
      row["conversations"] = sharegpt_json(messages);
    } else {
      row["messages"] = chat_json(messages);
    }
    put_line(row, rows);
    return Status();
  }));
  if (rows.count > 0) return rows;
  return bad_data(record.path() + ": no such trajectory (policy " + choice.policy +
                  (choice.splits.empty() ? "" : ", split " + join(choice.splits, " or ")) + ")" +
                  known_trajectories(known));
}

Status check_side(const store::RunStore& record, const store::Pair& pair, const store::Episode& episode,
                  std::int32_t end) {
  const bool inside = episode.first_turn == 0 && pair.turn >= 0 && pair.turn < end &&
                      static_cast<std::size_t>(end) <= episode.turns.size();
  return inside ? Status()
                : bad_data(record.path() + ": pair " + std::to_string(pair.id) + " of iteration " +
                           std::to_string(pair.iteration) + " names turns that episode " + std::to_string(episode.id) +
                           " has not");
}

Result<ExportedRows> export_pairs(store::RunStore& record, const Prompts& prompts, const ExportChoice& choice) {
  IPR_ASSIGN(const std::vector<store::Pair> pairs, record.pairs(choice.iteration));
  ExportedRows rows;
  for (const store::Pair& pair : pairs) {
    if (!choice.kind.empty() && pair.kind != choice.kind) continue;
    IPR_ASSIGN(const store::Episode winner, record.episode(pair.winner_id));
    IPR_ASSIGN(const store::Episode loser, record.episode(pair.loser_id));
    IPR_TRY(check_side(record, pair, winner, pair.winner_end));
    IPR_TRY(check_side(record, pair, loser, pair.loser_end));
    const auto first = static_cast<std::size_t>(pair.turn);
    Messages chosen, rejected;
    append_turns(winner, first, static_cast<std::size_t>(pair.winner_end), /*answered=*/false, chosen);
    append_turns(loser, first, static_cast<std::size_t>(pair.loser_end), /*answered=*/false, rejected);
    put_line({{"prompt", chat_json(history(prompts, winner, first))},
              {"chosen", chat_json(chosen)},
              {"rejected", chat_json(rejected)},
              {"id", pair.task_id},
              {"kind", pair.kind},
              {"iteration", pair.iteration},
              {"turn", pair.turn},
              {"chosen_reward", winner.outcome},
              {"rejected_reward", loser.outcome},
              {"step_gap", pair.step_gap},  // null where no step was scored
              {"expert_won", pair.expert_won}},
             rows);
  }
  if (rows.count > 0) return rows;
  std::set<std::string> known;
  IPR_ASSIGN(const std::vector<store::Pair> all, record.pairs());
  for (const store::Pair& pair : all) known.insert(pair.kind + " (iteration " + std::to_string(pair.iteration) + ")");
  return bad_data(record.path() + ": no such pair" +
                  (known.empty() ? std::string("; the record has none at all")
                                 : "; it has " + join({known.begin(), known.end()}, ", ") +
                                       ": choose with --kind and --iteration"));
}

// Where and whose agent took the steps, whether its optimizer asked for scores only where they mattered, and how long a
// rollout of its scorer took; null: not recorded.
struct StepOrigin {
  Json env, model, lazy, rollout_seconds;
};
Result<StepOrigin> step_origin(store::RunStore& record) {
  IPR_ASSIGN(const std::optional<std::string> text, record.state("config"));
  IPR_ASSIGN(const Json resolved, parse_json(text.value_or("{}"), record.path() + ": config"));
  const Json config = resolved.value("config", Json::object());
  const Json settings = config.value("optimizer", Json::object()).value("settings", Json::object());
  const Json env = config.value("env", Json::object()).value("id", Json());
  IPR_ASSIGN(const std::vector<store::Cost> costs, record.costs());
  double seconds = 0, rollouts = 0;
  for (const store::Cost& cost : costs) {
    if (cost.stage != store::kMonteCarlo) continue;
    seconds += cost.seconds;
    rollouts += static_cast<double>(cost.rollouts);
  }
  return StepOrigin{env, config.value("model", Json()), settings.value("lazy", Json()),
                    rollouts > 0 ? Json(seconds / rollouts) : Json()};
}

Result<ExportedRows> export_steps(store::RunStore& record, const Prompts& prompts) {
  IPR_ASSIGN(const StepOrigin origin, step_origin(record));
  IPR_ASSIGN(const std::vector<store::StepScore> scores, record.all_scores());
  ExportedRows rows;
  store::Episode episode;
  for (const store::StepScore& score : scores) {  // by episode
    if (episode.id != score.episode_id) {
      IPR_ASSIGN(episode, record.episode(score.episode_id));
    }
    const auto turn = static_cast<std::size_t>(score.turn);
    if (episode.first_turn != 0 || turn >= episode.turns.size()) {
      return bad_data(record.path() + ": a score names turn " + std::to_string(score.turn) + " of episode " +
                      std::to_string(episode.id) + ", which it has not");
    }
    const std::string& id = episode.task_id;
    put_line({{"id", id},
              {"env", prompts.several() ? Json(id.substr(0, id.find(':'))) : origin.env},
              {"messages", chat_json(history(prompts, episode, turn))},
              {"reply", episode.turns[turn].message},
              {"action", episode.turns[turn].action},
              {"value", score.value},
              {"variance", score.variance},
              {"interval", score.low < score.high ? Json{score.low, score.high} : Json()},
              {"samples", score.samples},
              {"scorer", score.scorer},
              {"scorer_config", score.config_hash},
              {"episode", episode.id},
              {"turn", score.turn},
              {"policy", episode.policy},
              {"split", episode.split},
              {"iteration", episode.iteration},
              {"reward", episode.outcome},
              {"model", origin.model},
              {"lazy", origin.lazy},
              {"rollout_seconds", origin.rollout_seconds}},
             rows);
  }
  if (rows.count == 0) return bad_data(record.path() + ": no step was scored in this run");
  return rows;
}

}  // namespace

Result<ExportFormat> export_format_from_name(const std::string& name) {
  std::vector<std::string> known;
  for (const FormatName& format : kFormats) {
    if (name == format.name) return format.format;
    known.emplace_back(format.name);
  }
  return usage("unknown format \"" + name + "\"" + did_you_mean(name, known));
}

Result<ExportedRows> export_rows(store::RunStore& record, ExportFormat format, const ExportChoice& choice) {
  IPR_ASSIGN(const Prompts prompts, Prompts::read(record));
  switch (format) {
    case ExportFormat::kShareGpt:
      return export_trajectories(record, prompts, /*sharegpt=*/true, choice);
    case ExportFormat::kTrlSft:
      return export_trajectories(record, prompts, /*sharegpt=*/false, choice);
    case ExportFormat::kTrlDpo:
      return export_pairs(record, prompts, choice);
    case ExportFormat::kSteps:
      break;
  }
  return export_steps(record, prompts);
}

}  // namespace ipr::report
