#include "core/loop/model_service.h"

#include <algorithm>

#include "core/loop/step_rows.h"
#include "core/loop/value_model.h"

namespace ipr::loop {
namespace {

constexpr std::size_t kPiece = 64;  // rows of one call of the model
constexpr float kAsked = 0;         // in the place of a score that nobody knows

// The conversation up to the message of `turn`: what `export --format steps` calls "messages" and "reply".
std::vector<text::Message> conversation(const std::vector<env::PromptMessage>& prompt,
                                        const rollout::Trajectory& trajectory, std::size_t turn) {
  std::vector<text::Message> messages;
  for (const env::PromptMessage& message : prompt) {
    if (!message.example) messages.push_back({static_cast<text::Role>(std::min(message.role, 2U)), message.text});
  }
  messages.push_back({text::Role::kUser, trajectory.first_message});
  for (std::size_t t = 0; t <= turn; ++t) {
    if (t > 0) messages.push_back({text::Role::kUser, trajectory.turns[t - 1].observation});
    messages.push_back({text::Role::kAssistant, trajectory.turns[t].message});
  }
  return messages;
}

}  // namespace

class ModelService::Opened final : public plugin::StepModel {
 public:
  Opened(const ModelService& service, std::unique_ptr<ValueModel> model, env::Prompts prompts)
      : service_(service), model_(std::move(model)), prompts_(std::move(prompts)) {}

  // A row for each query, also of one trajectory: its number is then the same whatever else is asked.
  Result<std::vector<double>> values(std::span<const ipr_query* const> queries) override {
    std::vector<double> found;
    for (std::size_t first = 0; first < queries.size(); first += kPiece) {
      const auto piece = queries.subspan(first, std::min(kPiece, queries.size() - first));
      std::vector<train::TrainRow> rows;
      std::vector<std::int32_t> turns;
      for (const ipr_query* query : piece) {
        IPR_ASSIGN(const rollout::Trajectory* const trajectory, trajectory_of(*query));
        const std::vector<env::PromptMessage>& prompt = prompts_.of(rollout::task_id(*trajectory));
        rows.push_back(conversation_row(model_->speech(), conversation(prompt, *trajectory, query->turn)));
        turns.push_back(*std::max_element(rows.back().turn.begin(), rows.back().turn.end()));
        mark_turn(rows.back(), turns.back(), kAsked);
        IPR_TRY(check_length(rows.back()));
      }
      IPR_ASSIGN(const std::vector<std::vector<float>> values, model_->values(rows));
      for (std::size_t i = 0; i < rows.size(); ++i) found.push_back(turn_value(rows[i], values[i], turns[i]));
    }
    return found;
  }

 private:
  [[nodiscard]] Result<const rollout::Trajectory*> trajectory_of(const ipr_query& query) const {
    if (service_.book_ == nullptr) return failed("a step-reward model is only there while the scorer is asked");
    const auto found = query.trajectory == nullptr ? service_.book_->end() : service_.book_->find(query.trajectory->id);
    if (found == service_.book_->end()) return usage("values are of the host's own trajectories, named by id");
    if (query.turn >= found->second->turns.size()) return usage("a query's turn is beyond the trajectory's end");
    return found->second.get();
  }

  [[nodiscard]] Status check_length(const train::TrainRow& row) const {
    const std::int64_t most = model_->max_positions();
    if (most == 0 || static_cast<std::int64_t>(row.ids.size()) <= most) return {};
    return bad_data("a step to be scored has " + std::to_string(row.ids.size()) +
                    " tokens, but the step-reward model takes " + std::to_string(most) +
                    "; train one on a checkpoint with a longer context");
  }

  const ModelService& service_;
  const std::unique_ptr<ValueModel> model_;
  const env::Prompts prompts_;
};

Result<std::unique_ptr<plugin::StepModel>> ModelService::open(std::string_view spec) {
  IPR_ASSIGN(const Json json, parse_json(spec, "ipr.host.model/1: spec"));
  const auto checkpoint = json.find("checkpoint");
  if (checkpoint == json.end() || !checkpoint->is_string())
    return usage("ipr.host.model/1: a spec is {\"checkpoint\":\"FOLDER\"}");
  IPR_ASSIGN(std::unique_ptr<ValueModel> model, ValueModel::load(checkpoint->get<std::string>(), compute_));
  models_ += (models_.empty() ? "" : ",") + model->sha256();
  IPR_ASSIGN(env::Prompts prompts, environment_.prompts());
  return std::unique_ptr<plugin::StepModel>(std::make_unique<Opened>(*this, std::move(model), std::move(prompts)));
}

}  // namespace ipr::loop
