#include "core/loop/stage_settings.h"

#include <algorithm>

#include "core/base/strings.h"

namespace ipr::loop {
namespace {

constexpr const char* kMaxTokens = "max_tokens";
constexpr const char* kObservationShare = "observation_share";

// Takes a number out of the JSON; 0 where it is not there.
Result<double> take_number(Json& json, const char* key, const std::string& subject) {
  const auto found = json.find(key);
  if (found == json.end()) return 0.0;
  if (!found->is_number() || found->get<double>() < 0)
    return usage(subject + ": " + key + ": expected a number of at least 0, found " + found->dump());
  const double value = found->get<double>();
  json.erase(found);
  return value;
}

// Unknown keys, among those of the trainer and of the loop.
Status check_keys(const Json& json, const std::string& subject) {
  std::vector<std::string> known = {kMaxTokens, kObservationShare};
  const Json trainer_keys = train::train_settings_to_json({});
  for (const auto& [key, value] : trainer_keys.items()) known.push_back(key);
  for (const auto& [key, value] : json.items()) {
    if (std::find(known.begin(), known.end(), key) == known.end())
      return usage(subject + ": unknown key \"" + key + "\"" + did_you_mean(key, known));
  }
  return {};
}

}  // namespace

Result<StageSettings> stage_settings_from_json(Json json, const std::string& source) {
  if (!json.is_object()) return usage(source + ": expected an object, found " + dump_line(json));
  IPR_TRY(check_keys(json, source));
  StageSettings settings;
  IPR_ASSIGN(settings.max_tokens, take_number(json, kMaxTokens, source));
  IPR_ASSIGN(settings.observation_share, take_number(json, kObservationShare, source));
  IPR_ASSIGN(settings.train, train::train_settings_from_json(json, source));
  return settings;
}

Result<StageSettings> settings_of(const OptimizerPlugin& optimizer, const PluginChoice& choice, int iteration) {
  IPR_ASSIGN(Json json, optimizer.train_defaults(static_cast<std::uint64_t>(iteration)));
  for (const auto& [key, value] : choice.train.items()) json[key] = value;
  return stage_settings_from_json(std::move(json), choice.manifest.subject() + ": training settings");
}

Status check_trains(const OptimizerPlugin& optimizer, const StageSettings& settings, train::Output wanted) {
  const bool values = settings.train.trains == train::Output::kValue;
  if (values != optimizer.needs_value() || (values && (optimizer.needs_reference() || optimizer.needs_old()))) {
    return plugin_error(optimizer.subject() + ": its loss wants " +
                        (optimizer.needs_value() ? "values, alone" : "log-probs") + ", but it trains \"" +
                        (values ? "value" : "policy") + "\"; ask its author");
  }
  if (optimizer.needs_reference() && settings.train.reference == train::Reference::kNone)
    return usage(optimizer.subject() + ": its loss compares with a reference, but train.reference is none; use base " +
                 "or previous");
  if (settings.train.trains == wanted) return {};
  return usage(optimizer.subject() + (values ? ": trains a scorer's model, not a policy; use `ipr-host train-scorer`"
                                             : ": trains a policy, not a scorer's model; use `ipr-host train`"));
}

std::int64_t bounded_epochs(const StageSettings& settings, const std::vector<train::TrainRow>& rows) {
  double tokens = 0;
  for (const train::TrainRow& row : rows) tokens += static_cast<double>(row.ids.size());
  if (settings.max_tokens == 0 || tokens == 0) return settings.train.epochs;
  return std::clamp<std::int64_t>(static_cast<std::int64_t>(settings.max_tokens / tokens), 1, settings.train.epochs);
}

void bound_observations(const StageSettings& settings, std::vector<train::TrainRow>& rows) {
  double agent = 0, others = 0;
  for (const train::TrainRow& row : rows) {
    for (std::size_t i = 0; i < row.mask.size(); ++i) (row.turn[i] >= 0 ? agent : others) += row.mask[i];
  }
  if (settings.observation_share == 0 || others <= settings.observation_share * agent) return;
  const auto scale = static_cast<float>(settings.observation_share * agent / others);
  for (train::TrainRow& row : rows) {
    for (std::size_t i = 0; i < row.mask.size(); ++i) {
      if (row.turn[i] < 0) row.mask[i] *= scale;
    }
  }
}

}  // namespace ipr::loop
