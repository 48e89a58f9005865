#include "core/loop/start_from.h"

#include <algorithm>
#include <iterator>
#include <vector>

#include "core/base/files.h"
#include "core/base/strings.h"

namespace ipr::loop {
namespace {

// What the SFT model is a function of. `preset` sets the share of the SFT epochs, `limit` the tasks of the expert;
// max_new_tokens, stop, overflow and test_families are of its evaluation, which is taken with it.
constexpr const char* kDeciding[] = {"env",   "sft",       "model",          "data",          "expert",
                                     "seed",  "max_steps", "limit",          "preset",        "device",
                                     "dtype", "lora",      "model_threads",  "chat_template", "max_new_tokens",
                                     "stop",  "overflow",  "train_families", "test_families"};

// Dotted names of the values in which two documents differ, e.g. "env.settings.world_seed".
void add_differences(const std::string& name, const Json& a, const Json& b, std::vector<std::string>& out) {
  if (a == b) return;
  if (!a.is_object() || !b.is_object()) {
    out.push_back(name + " (" + dump_line(a) + " there, " + dump_line(b) + " here)");
    return;
  }
  Json keys = a;
  keys.update(b);
  for (const auto& [key, value] : keys.items())
    add_differences(name + "." + key, a.value(key, Json()), b.value(key, Json()), out);
}

// In what the SFT model depends on, and in the parts `more` of the config; empty where there is no difference.
Result<std::string> differences_from(const std::string& folder, const Json& decides,
                                     const std::vector<const char*>& more) {
  IPR_ASSIGN(const Json file, read_json(folder + "/config.json"));
  const Json theirs = file.value("config", Json::object());
  std::vector<const char*> keys(std::begin(kDeciding), std::end(kDeciding));
  keys.insert(keys.end(), more.begin(), more.end());
  std::vector<std::string> differences;
  for (const char* key : keys) add_differences(key, theirs.value(key, Json()), decides.value(key, Json()), differences);
  return join(differences, ", ");
}

// The record of the SFT model, which is written when the stage is over.
Result<store::Policy> start_policy(const std::string& folder) {
  IPR_ASSIGN(store::RunStore record, store::RunStore::open_to_read(folder + "/run.db"));
  IPR_ASSIGN(const std::vector<store::Policy> policies, record.policies());
  const auto found =
      std::find_if(policies.begin(), policies.end(), [](const store::Policy& policy) { return policy.iteration == 0; });
  if (found == policies.end())
    return bad_data("--start-from " + folder + ": the SFT stage of this run is not complete; finish that run first");
  return *found;
}

}  // namespace

Json start_config(const Json& decides) {
  Json part = Json::object();
  for (const char* key : kDeciding) part[key] = decides.value(key, Json());
  return part;
}

Status check_start(const std::string& folder, const Json& decides) {
  IPR_ASSIGN(const std::string differences, differences_from(folder, decides, {}));
  if (!differences.empty()) {
    return usage("--start-from " + folder + ": its SFT model is another one than this run would train: " + differences +
                 "; give the same settings, or leave out --start-from");
  }
  return start_policy(folder).status();
}

Status check_scores(const std::string& folder, const Json& decides) {
  IPR_ASSIGN(const std::string differences, differences_from(folder, decides, {"scorer"}));
  if (differences.empty()) return {};
  return usage("--scores-from " + folder + ": the same steps have other scores there: " + differences +
               "; give the same settings, or leave out --scores-from");
}

Result<model::Weights> load_start(const std::string& folder, const Speech& speech, const model::Weights& start) {
  IPR_ASSIGN(const store::Policy policy, start_policy(folder));
  const std::string checkpoint = folder + "/" + policy.checkpoint;
  for (const auto& [name, text] : speech_files(speech)) {
    IPR_ASSIGN(const std::string theirs, read_file(checkpoint + "/" + name));
    if (theirs != text)
      return usage("--start-from " + folder + ": its " + name +
                   " is not this run's: the expert said something else there; leave out --start-from");
  }
  IPR_ASSIGN(model::Weights weights, load_like(start, checkpoint));
  if (weights_hash(weights) != policy.sha256)
    return bad_data(checkpoint + ": the weights are not those that the run recorded; make that run again");
  return weights;
}

Result<bool> take_evaluation(const std::string& folder, const std::set<std::string>& splits, std::size_t tasks,
                             const std::string& stage, store::RunStore& record) {
  IPR_ASSIGN(store::RunStore other, store::RunStore::open_to_read(folder + "/run.db"));
  std::vector<store::Episode> episodes;
  for (const std::string& split : splits) {
    store::EpisodeFilter filter;
    filter.stage = store::kEval;
    filter.iteration = 0;
    filter.split = split;
    IPR_ASSIGN(std::vector<store::Episode> found, other.episodes(filter));
    std::move(found.begin(), found.end(), std::back_inserter(episodes));
  }
  if (episodes.size() != tasks) return false;
  IPR_ASSIGN(store::Unit unit, record.begin());
  for (store::Episode& episode : episodes) {
    episode.id = 0;  // the record gives its own
    IPR_TRY(record.add_episode(episode).status());
  }
  IPR_TRY(record.mark_done(stage));
  IPR_TRY(unit.commit());
  return true;
}

}  // namespace ipr::loop
