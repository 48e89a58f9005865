#include <cstdio>
#include <filesystem>
#include <memory>
#include <thread>

#include "core/base/files.h"
#include "core/base/hash.h"
#include "core/host/commands.h"
#include "core/host/setup.h"
#include "core/loop/policy.h"
#include "core/model/kernels.h"
#include "core/train/backend.h"

namespace ipr::host {
namespace {

struct Finding {
  std::string name;
  bool ok = false;
  bool needed = true;  // for the main job
  std::string detail;
};

void find_plugins(const Options& options, std::vector<Finding>& findings) {
  const plugin::Registry registry = plugin::find_plugins(options.plugin_path);
  const auto find = [&](plugin::Kind kind, bool needed) {
    std::string ids;
    for (const plugin::Manifest& m : registry.plugins) {
      if (m.kind == kind) ids += (ids.empty() ? "" : ", ") + m.id;
    }
    findings.push_back({std::string(plugin::kind_name(kind)) + " plugins", !ids.empty(), needed,
                        ids.empty() ? "none found; build, or give --plugin-path" : ids});
  };
  find(plugin::Kind::kEnvironment, true);
  find(plugin::Kind::kScorer, true);
  find(plugin::Kind::kOptimizer, true);
  find(plugin::Kind::kPolicy, false);
  for (const std::string& warning : registry.warnings) findings.push_back({"plugin left out", false, false, warning});
}

void find_data(const std::string& folder, std::vector<Finding>& findings) {
  namespace fs = std::filesystem;
  std::error_code error;
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    if (entry.is_regular_file()) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  findings.push_back({"data folder", !error && !files.empty(), true, error ? folder + ": " + error.message() : folder});
  for (const fs::path& file : files) {
    const Result<std::string> bytes = read_file(file.string());
    findings.push_back({"  " + file.filename().string(), bytes.ok(), false,
                        bytes.ok() ? sha256_hex(*bytes).substr(0, 16) : bytes.status().message()});
  }
}

Status doctor(const Options& options) {
  std::vector<Finding> findings;
  findings.push_back(
      {"version", true, true,
       "ipr-host " IPR_VERSION ", plugin ABI " + std::to_string(IPR_ABI_MAJOR) + "." + std::to_string(IPR_ABI_MINOR)});
  findings.push_back({"cores", true, true, std::to_string(std::thread::hardware_concurrency())});
  findings.push_back(
      {"rollout kernels", true, true,
       std::string(model::best_kernels().family) + ", " + model::best_kernels(model::Width::kBf16).family});
  const auto backend = train::load_backend(loop::backend_options({}));
  findings.push_back({"trainer (LibTorch)", backend.ok(), true, backend.ok() ? "loads" : backend.status().message()});
  const auto gpu = train::load_backend(loop::backend_options({"cuda"}));
  findings.push_back({"CUDA device", gpu.ok(), false, gpu.ok() ? "usable" : gpu.status().message()});
  find_plugins(options, findings);
  if (!options.data.empty()) find_data(options.data, findings);
  bool well = true;
  Json list = Json::array();
  for (const Finding& finding : findings) {
    well = well && (finding.ok || !finding.needed);
    list.push_back(
        {{"name", finding.name}, {"ok", finding.ok}, {"needed", finding.needed}, {"detail", finding.detail}});
    if (!options.json)
      std::printf("%-4s %-24s %s\n",
                  finding.ok       ? "ok"
                  : finding.needed ? "MISS"
                                   : "-",
                  finding.name.c_str(), finding.detail.c_str());
  }
  if (options.json) std::printf("%s\n", dump_line({{"ok", well}, {"findings", list}}).c_str());
  return well ? Status()
              : failed(
                    "something the main job needs is missing: see the lines marked MISS; ./bootstrap.sh and a build "
                    "bring "
                    "what is not yours to give");
}

}  // namespace

void add_doctor(CLI::App& app, Chosen& chosen) {
  auto options = std::make_shared<Options>();  // shared with the callback, which outlives this function
  CLI::App* command =
      app.add_subcommand("doctor", "what is installed, found and missing; exit 0 only if the main job can run");
  add_flags(*command, *options, {"data", "plugin-path", "json"});
  command->callback([options, &chosen] { chosen.work = [options] { return doctor(*options); }; });
}

}  // namespace ipr::host
