// Learned step rewards (paper, section 4.4): one forward of a model with a scalar head in the place of N rollouts.
//
//   r_s(s_t, a_t) = v(e_{t-1}, a_t)      t < n
//   r_s(s_n, a_n) = r_o                  the last turn has no future
//
// The model is one that `ipr-host train-scorer` fitted to Monte Carlo's rewards; the host runs it.

#include <cstdio>
#include <string>
#include <vector>

#include "ipr/plugin.hpp"

namespace {

using ipr::sdk::Failure;

constexpr const char* kSchema = R"json({
  "type": "object",
  "properties": {
    "model": {"type": "string", "default": "",
              "description": "folder that `ipr-host train-scorer --scorer reward-model` wrote"}
  },
  "additionalProperties": false,
  "x-trained-by": "reward-mse"
})json";

constexpr const char* kNotTrained =
    "has no trained model; train one (`ipr-host export RUN --format steps --out steps.jsonl`, then `ipr-host "
    "train-scorer "
    "--scorer reward-model --data steps.jsonl --model CHECKPOINT --out DIR`) and name it with --set scorer.model=DIR";

// A JSON string.
std::string quoted(const std::string& text) {
  std::string json = "\"";
  for (const char c : text) {
    char escaped[8];
    std::snprintf(escaped, sizeof escaped, "\\u%04x", static_cast<unsigned>(static_cast<unsigned char>(c)));
    const bool plain = static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '\\';
    json += plain ? std::string(1, c) : std::string(escaped);
  }
  return json + "\"";
}

// Whether nothing can follow this turn: the episode ended there or was cut at its step limit.
bool is_terminal(const ipr_trajectory& trajectory, std::size_t turn) {
  constexpr std::uint32_t kOver = IPR_STEP_TERMINATED | IPR_STEP_TRUNCATED;
  return turn + 1 == trajectory.turn_count &&
         ((trajectory.flags & IPR_TRAJ_TRUNCATED) != 0 || (trajectory.turns[turn]->flags & kOver) != 0);
}

class RewardModel final : public ipr::sdk::Scorer {
 public:
  // Opens the model at once: without one a run ends before it has begun.
  RewardModel(const ipr::sdk::Host& host, std::string_view config_json) : service_(host.models()) {
    if (service_ == nullptr) return;  // only looked at: nothing will be scored here
    const std::string folder = ipr::sdk::Config(config_json).text("model");
    const std::string spec = "{\"checkpoint\":" + quoted(folder) + "}";
    ipr_error error{sizeof(ipr_error), IPR_OK, {}};
    const ipr_status status = service_->open(host.raw(), nullptr, ipr::sdk::view(spec), &model_, &error);
    if (status == IPR_OK) return;
    if (folder.empty()) throw Failure(IPR_DATA_LOSS, kNotTrained);
    throw Failure(status, error.message);
  }
  ~RewardModel() override {
    if (model_ != nullptr) service_->close(model_);
  }
  RewardModel(const RewardModel&) = delete;
  RewardModel& operator=(const RewardModel&) = delete;

  void score(const ipr_ctx* ctx, std::span<const ipr_query* const> queries, std::span<ipr_score* const> out) override {
    std::vector<const ipr_query*> asked;
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i < queries.size(); ++i) {
      const ipr_query& query = *queries[i];
      if (query.turn >= query.trajectory->turn_count) {
        throw Failure(IPR_INVALID_ARGUMENT, "query " + std::to_string(i) + ": turn " + std::to_string(query.turn) +
                                                " of a trajectory of " + std::to_string(query.trajectory->turn_count));
      }
      out[i]->samples = 0;
      out[i]->variance = 0;
      out[i]->value = query.trajectory->outcome;
      if (is_terminal(*query.trajectory, query.turn)) continue;
      asked.push_back(&query);
      places.push_back(i);
    }
    if (asked.empty()) return;
    if (model_ == nullptr) throw Failure(IPR_FAILED_PRECONDITION, "the host runs no models here");
    std::vector<double> values(asked.size());
    ipr_error error{sizeof(ipr_error), IPR_OK, {}};
    const ipr_status status = service_->value(model_, ctx, asked.size(), asked.data(), values.data(), &error);
    if (status != IPR_OK) throw Failure(status, error.message);
    for (std::size_t i = 0; i < places.size(); ++i) out[places[i]]->value = values[i];
  }

 private:
  const ipr_host_model_v1* service_;
  ipr_model* model_ = nullptr;
};

constexpr ipr::sdk::Info kInfo = {"reward-model",
                                  "Learned step rewards",
                                  "0.1.0",
                                  "Apache-2.0",
                                  "The value of a trained scalar head after the step, without rollouts",
                                  kSchema};

}  // namespace

IPR_PLUGIN_LIBRARY(ipr::sdk::scorer<RewardModel>(kInfo))
