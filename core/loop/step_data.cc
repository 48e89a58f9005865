#include "core/loop/step_data.h"

#include <algorithm>
#include <cmath>

#include "core/base/hash.h"
#include "core/base/rng.h"
#include "core/loop/json_records.h"
#include "core/loop/step_rows.h"

namespace ipr::loop {
namespace {

class Reader {
 public:
  Reader(const std::string& path, const StepTarget& target, StepData& into)
      : path_(path), target_(target), into_(into) {}

  Status take(const Json& record, const std::string& where) {
    try {
      return take_checked(record, where);
    } catch (const Json::exception& exception) {  // a value of another type than the format's
      return bad_data(where + ": is no scored step: " + exception.what());
    }
  }

 private:
  Status take_checked(const Json& record, const std::string& where) {
    for (const char* key : {"id", "messages", "reply", "value"}) {
      if (!record.contains(key))
        return bad_data(where + ": a scored step needs \"" + key +
                        "\"; write such rows with `ipr-host export RUN --format steps`");
    }
    IPR_TRY(check_lazy(record, where));
    IPR_ASSIGN(std::vector<text::Message> messages, messages_from_json(record["messages"], where));
    ScoredStep step;
    step.task = record["id"].get<std::string>();
    const auto env = record.find("env");
    step.env = env != record.end() && env->is_string() ? env->get<std::string>() : "";
    // The same task in a run over several environments and in a run of its own.
    if (!step.env.empty() && step.task.starts_with(step.env + ":")) step.task.erase(0, step.env.size() + 1);
    const auto model = record.find("model");
    step.generator = model != record.end() && model->is_string() ? model->get<std::string>() : path_;
    step.history = mix(fnv1a64(step.task), fnv1a64(dump_line(record["messages"])));
    step.message = fnv1a64(record["reply"].get<std::string>());
    step.value = record["value"].get<double>();
    step.samples = record.value("samples", 1U);
    const auto seconds = record.find("rollout_seconds");
    if (seconds != record.end() && seconds->is_number()) step.rollout_seconds = seconds->get<double>();
    if (!std::isfinite(step.value)) return bad_data(where + ": \"value\" is no number");
    step.turn = static_cast<std::int32_t>(std::count_if(
        messages.begin(), messages.end(), [](const auto& said) { return said.role == text::Role::kAssistant; }));
    messages.push_back({text::Role::kAssistant, record["reply"].get<std::string>()});
    add(conversation_row(*target_.speech, messages), std::move(step));
    return {};
  }

  Status check_lazy(const Json& record, const std::string& where) {
    const auto lazy = record.find("lazy");
    if (lazy == record.end() || !lazy->is_boolean()) {
      ++into_.unknown;
      return {};
    }
    if (!lazy->get<bool>()) return {};
    if (!target_.allow_lazy) {
      return bad_data(where +
                      ": was scored lazily, only where a pair could come of it: a biased sample of an agent's steps; "
                      "run with --set optimizer.lazy=false, or say --allow-lazy");
    }
    ++into_.lazy;
    return {};
  }

  void add(train::TrainRow row, ScoredStep step) {
    if (target_.max_positions > 0 && static_cast<std::int64_t>(row.ids.size()) > target_.max_positions) {
      ++into_.too_long;
      return;
    }
    if (goes_on(row, step)) {
      for (const ScoredStep& earlier : steps_of_last_row())
        mark_turn(row, earlier.turn, static_cast<float>(earlier.value));
    } else {
      into_.rows.emplace_back();
    }
    mark_turn(row, step.turn, static_cast<float>(step.value));
    row.group = into_.rows.size();
    into_.rows.back() = std::move(row);
    step.row = into_.rows.size() - 1;
    into_.steps.push_back(std::move(step));
  }

  // Is the last row's conversation the beginning of this one?
  [[nodiscard]] bool goes_on(const train::TrainRow& row, const ScoredStep& step) const {
    if (into_.steps.empty()) return false;
    const ScoredStep& last = into_.steps.back();
    const std::vector<std::int32_t>& before = into_.rows.back().ids;
    return last.task == step.task && last.env == step.env && last.generator == step.generator &&
           last.turn < step.turn && before.size() < row.ids.size() &&
           std::equal(before.begin(), before.end(), row.ids.begin());
  }
  [[nodiscard]] std::vector<ScoredStep> steps_of_last_row() const {
    std::vector<ScoredStep> steps;
    for (auto step = into_.steps.rbegin(); step != into_.steps.rend() && step->row + 1 == into_.rows.size(); ++step)
      steps.push_back(*step);
    return steps;
  }

  const std::string& path_;
  const StepTarget& target_;
  StepData& into_;
};

}  // namespace

Status read_steps(const std::string& path, const StepTarget& target, StepData& into) {
  Reader reader(path, target, into);
  const std::size_t before = into.steps.size(), too_long = into.too_long;
  IPR_TRY(each_record(path, [&](const Json& record, const std::string& where) { return reader.take(record, where); }));
  if (into.steps.size() > before) return {};
  return bad_data(path + (into.too_long > too_long ? ": every step is longer than the model's " +
                                                         std::to_string(target.max_positions) + " tokens"
                                                   : ": holds no scored step"));
}

StepData part_of(const StepData& all, const std::function<bool(const ScoredStep&)>& wanted) {
  StepData part;
  std::size_t row = all.rows.size();  // the last one taken
  for (ScoredStep step : all.steps) {
    if (!wanted(step)) continue;
    if (step.row != row) {
      row = step.row;
      part.rows.push_back(all.rows[row]);
    }
    step.row = part.rows.size() - 1;
    part.steps.push_back(std::move(step));
  }
  return part;
}

}  // namespace ipr::loop
