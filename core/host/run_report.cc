#include "core/host/run_report.h"

#include <algorithm>
#include <filesystem>
#include <set>

#include "core/base/files.h"
#include "core/base/strings.h"
#include "core/host/run_folder.h"
#include "core/report/run_settings.h"

namespace ipr::host {
namespace fs = std::filesystem;
namespace {

std::string text_of(const Json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

std::vector<report::Setting> settings_of(const Json& config) {
  const std::map<std::string, std::string> values = report::named_values(config.at("config"));
  const Json paper = config.value("paper", Json::object());
  std::vector<report::Setting> settings;
  for (const auto& [key, source] : config.at("origin").items()) {
    const auto value = values.find(key);
    if (value == values.end()) continue;
    settings.push_back({key, value->second, source.get<std::string>(), paper.value(key, "")});
  }
  return settings;
}

// The settings may belong to any optimizer; one that filters step pairs calls its threshold so (--threshold).
std::optional<double> tau_of(const Json& decides) {
  const Json settings = decides.at("optimizer").value("settings", Json::object());
  const auto found = settings.find("threshold");
  if (found == settings.end() || !found->is_number()) return std::nullopt;
  return found->get<double>();
}

void fill_from_config(const Json& config, OpenedRun& run) {
  const Json& decides = config.at("config");
  report::ReportInput& input = run.input;
  const auto id = [&](const char* role) { return decides.at(role).at("id").get<std::string>(); };
  input.run.env = id("env");
  input.method = config.value("method", id("optimizer"));
  input.settings = settings_of(config);
  input.tau = tau_of(decides);
  input.facts = {{"scorer", id("scorer")},
                 {"optimizer", id("optimizer")},
                 {"model", text_of(decides.at("model"))},
                 {"iterations", text_of(decides.at("iterations"))},
                 {"seed", text_of(decides.at("seed"))},
                 {"profile", text_of(decides.at("profile")) + ", preset " + text_of(decides.at("preset"))}};
  if (const std::string folder = text_of(decides.at("data")); !folder.empty()) input.facts.push_back({"data", folder});
  if (const std::string file = text_of(decides.at("expert")); !file.empty()) input.facts.push_back({"experts", file});
  if (config.contains("version")) input.facts.push_back({"version", "ipr-host " + text_of(config["version"])});
}

void fill_from_panel(const Json& panel, OpenedRun& run) {
  std::map<std::string, std::size_t> tasks;
  for (const Json& task : panel) {
    const std::string role = task.at("role"), split = task.at("split");
    std::vector<std::string>& splits = run.splits[role];
    if (std::find(splits.begin(), splits.end(), split) == splits.end()) splits.push_back(split);
    ++tasks[role];
  }
  std::string text;
  for (const char* role : {"train", "dev", "test"}) {
    text += (text.empty() ? "" : ", ") + std::to_string(tasks[role]) + " " + role;
  }
  run.input.facts.push_back({"tasks", text});
  run.input.table.splits = run.splits["test"];
  run.input.dev_splits = run.splits["dev"];
}

}  // namespace

Result<OpenedRun> open_run(const std::string& folder) {
  IPR_TRY(check_is_run(folder));
  OpenedRun run;
  IPR_ASSIGN(store::RunStore record, store::RunStore::open_to_read(folder + "/run.db"));
  run.record = std::make_unique<store::RunStore>(std::move(record));
  run.input.run.record = run.record.get();
  std::error_code error;
  run.input.run.run = fs::weakly_canonical(folder, error).filename().string();
  IPR_ASSIGN(const std::optional<std::string> hash, run.record->state("panel"));
  run.input.run.panel = hash.value_or("");
  IPR_ASSIGN(const Json config, read_json(folder + "/config.json"));
  IPR_ASSIGN(const Json panel, read_json(folder + "/panel.json"));
  try {
    fill_from_config(config, run);
    fill_from_panel(panel, run);
  } catch (const Json::exception& exception) {  // a key is not there or of another type
    return bad_data(folder + ": config.json or panel.json is not what a run writes: " + exception.what());
  }
  IPR_ASSIGN(const std::optional<std::string> finished, run.record->state("finished"));
  run.finished = finished.has_value();
  if (!run.finished) run.input.notes.emplace_back("This run is unfinished: the page shows what is recorded so far.");
  return run;
}

Result<std::vector<std::string>> splits_named(const OpenedRun& run, const std::string& name) {
  std::set<std::string> known;
  for (const auto& [role, splits] : run.splits) {
    if (name == role) return splits;
    known.insert(role);
    known.insert(splits.begin(), splits.end());
    if (std::find(splits.begin(), splits.end(), name) != splits.end()) return std::vector<std::string>{name};
  }
  return usage("unknown split \"" + name + "\"" + did_you_mean(name, {known.begin(), known.end()}));
}

Status write_report(const OpenedRun& run, const std::string& path) {
  IPR_ASSIGN(const std::string page, report::make_html_report(run.input));
  return write_file(path, page);
}

}  // namespace ipr::host
