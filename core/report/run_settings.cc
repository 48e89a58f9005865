#include "core/report/run_settings.h"

#include <algorithm>
#include <set>

#include "core/base/strings.h"

namespace ipr::report {
namespace {

using Values = std::map<std::string, std::string>;

std::string text_of(const Json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

// The environment's settings that have one value for each seed, and several in all.
std::set<std::string> settings_of_seed(const std::vector<const RunSettings*>& runs) {
  std::map<std::string, std::map<std::uint64_t, std::set<std::string>>> by_seed;
  for (const RunSettings* run : runs) {
    for (const auto& [key, value] : run->values) {
      if (key.starts_with(run->env + ".")) by_seed[key][run->seed].insert(value);
    }
  }
  std::set<std::string> found;
  for (const auto& [key, seeds] : by_seed) {
    std::set<std::string> all;
    for (const auto& [seed, values] : seeds) all.insert(values.begin(), values.end());
    const bool one_each =
        std::all_of(seeds.begin(), seeds.end(), [](const auto& seed) { return seed.second.size() == 1; });
    if (one_each && all.size() > 1) found.insert(key);
  }
  return found;
}

// What of a setting has to be said: nothing where all experiments agree, else every value but one that most of them
// have.
class Distinct {
 public:
  explicit Distinct(const std::set<Values>& experiments) {
    for (const Values& values : experiments) {
      for (const auto& [key, value] : values) ++counts_[key][value];
    }
  }
  [[nodiscard]] bool says(const std::string& key, const std::string& value) const {
    const std::map<std::string, std::size_t>& counts = counts_.at(key);
    std::size_t all = 0;
    for (const auto& [other, count] : counts) all += count;
    return counts.size() > 1 && 2 * counts.at(value) <= all;
  }

 private:
  std::map<std::string, std::map<std::string, std::size_t>> counts_;  // key -> value -> experiments
};

// Of the runs of one environment, in their order.
std::vector<std::string> names_in_environment(const std::vector<const RunSettings*>& runs) {
  const std::set<std::string> of_seed = settings_of_seed(runs);
  std::map<std::string, std::set<Values>> experiments;  // by optimizer
  std::vector<Values> kept;
  for (const RunSettings* run : runs) {
    Values values = run->values;
    for (const std::string& key : of_seed) values.erase(key);
    experiments[run->optimizer].insert(values);
    kept.push_back(std::move(values));
  }
  std::vector<std::string> names;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const Distinct distinct(experiments.at(runs[i]->optimizer));
    std::vector<std::string> parts;
    if (experiments.size() > 1) parts.push_back(runs[i]->optimizer);
    for (const auto& [key, value] : kept[i]) {
      if (distinct.says(key, value)) parts.push_back(key + "=" + value);
    }
    names.push_back(parts.empty() ? runs[i]->optimizer : join(parts, ", "));
  }
  return names;
}

}  // namespace

std::map<std::string, std::string> named_values(const Json& decides) {
  std::map<std::string, std::string> values;
  for (const auto& [key, value] : decides.items()) {
    std::string flag = key;
    std::replace(flag.begin(), flag.end(), '_', '-');
    if (!value.is_object()) values[flag] = text_of(value);
    if (!value.is_object() || !value.contains("id")) continue;
    const std::string id = value["id"].get<std::string>() + ".";
    const Json settings = value.value("settings", Json::object()), train = value.value("train", Json::object());
    for (const auto& [name, setting] : settings.items()) {
      values[id + name] = setting.dump();
      if (key != "env" || !setting.is_object()) continue;  // of one of several environments
      for (const auto& [own_name, own] : setting.items()) values[name + "." + own_name] = own.dump();
    }
    for (const auto& [name, setting] : train.items()) values[id + "train." + name] = setting.dump();
  }
  return values;
}

Result<RunSettings> read_settings(store::RunStore& record) {
  IPR_ASSIGN(const std::optional<std::string> text, record.state("config"));
  IPR_ASSIGN(const Json resolved, parse_json(text.value_or("{}"), record.path() + ": config"));
  RunSettings run;
  try {
    const Json& decides = resolved.at("config");
    const auto id = [&](const char* role) { return decides.at(role).at("id").get<std::string>(); };
    run.env = id("env");
    run.optimizer = id("optimizer");
    run.seed = decides.at("seed").get<std::uint64_t>();
    run.values = named_values(decides);
    run.values.erase("seed");
    run.values["scorer"] = id("scorer");
  } catch (const Json::exception& exception) {  // a key is not there or of another type
    return bad_data(record.path() + ": config: is not what a run writes: " + exception.what());
  }
  return run;
}

std::vector<std::string> names_by_settings(const std::vector<RunSettings>& runs) {
  std::map<std::string, std::vector<std::size_t>> by_env;
  for (std::size_t i = 0; i < runs.size(); ++i) by_env[runs[i].env].push_back(i);
  std::vector<std::string> names(runs.size());
  for (const auto& [env, places] : by_env) {
    std::vector<const RunSettings*> of_env;
    for (const std::size_t place : places) of_env.push_back(&runs[place]);
    const std::vector<std::string> found = names_in_environment(of_env);
    for (std::size_t i = 0; i < places.size(); ++i) names[places[i]] = found[i];
  }
  return names;
}

}  // namespace ipr::report
