#include "core/host/named_runs.h"

#include <filesystem>

#include "core/base/files.h"
#include "core/host/run_folder.h"

namespace ipr::host {
namespace fs = std::filesystem;
namespace {

// "webshop/ipr/seed-1" -> "webshop", "ipr": what stands between the environment and the seed.
void name_by_cell(const std::string& cell, report::RunSource& run) {
  const auto env = cell.find('/'), seed = cell.rfind('/');
  if (env == std::string::npos || env == seed) return;
  run.env = cell.substr(0, env);
  run.experiment = cell.substr(env + 1, seed - env - 1);
}

Result<std::vector<OpenedRun>> open_study_runs(const std::string& folder, const std::string& prefix) {
  IPR_ASSIGN(const Json plan, read_json(folder + "/plan.json"));
  std::vector<OpenedRun> runs;
  const Json cells = plan.is_object() ? plan.value("cells", Json::object()) : Json::object();
  for (const auto& [cell, planned] : cells.items()) {
    const std::string own = (fs::path(folder) / "cells" / cell).string();
    if (!fs::exists(own + "/certificate.json")) continue;
    IPR_ASSIGN(OpenedRun run, open_run(own));
    run.input.run.run = prefix + cell;
    name_by_cell(cell, run.input.run);
    runs.push_back(std::move(run));
  }
  if (runs.empty()) return bad_data(folder + ": no run of this study is finished yet; go on with `ipr-host study`");
  return runs;
}

}  // namespace

Result<std::vector<OpenedRun>> open_named_runs(const std::vector<std::string>& folders) {
  std::vector<OpenedRun> runs;
  for (const std::string& folder : folders) {
    if (fs::exists(folder + "/plan.json")) {
      const std::string prefix = folders.size() > 1 ? run_name(folder, folders) + "/" : "";
      IPR_ASSIGN(std::vector<OpenedRun> of_study, open_study_runs(folder, prefix));
      for (OpenedRun& run : of_study) runs.push_back(std::move(run));
      continue;
    }
    IPR_ASSIGN(OpenedRun run, open_run(folder));
    run.input.run.run = run_name(folder, folders);
    runs.push_back(std::move(run));
  }
  return runs;
}

}  // namespace ipr::host
