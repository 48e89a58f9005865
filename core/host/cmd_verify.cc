#include <cstdio>
#include <memory>

#include "core/base/files.h"
#include "core/host/commands.h"
#include "core/host/interrupt.h"
#include "core/host/run_folder.h"
#include "core/host/setup.h"
#include "core/loop/run.h"
#include "core/loop/verify.h"

namespace ipr::host {
namespace {

constexpr std::size_t kShown = 20;  // differences, and characters before the first one of a long text

// One environment with the settings that the run had.
Result<std::unique_ptr<plugin::Instance>> recorded_instance(const plugin::Registry& registry, const std::string& id,
                                                            const Json& recorded, const Options& options) {
  Options own = options;
  IPR_ASSIGN(own.data, data_for(options, id));
  IPR_ASSIGN(const plugin::Manifest manifest, plugin::find_plugin(registry, plugin::Kind::kEnvironment, id));
  IPR_ASSIGN(const plugin::ResolvedSettings settings,
             plugin::resolve_settings(manifest.subject(), manifest.schema, {{"config.json", recorded}}));
  return plugin::Instance::create(manifest, settings.values, services_for(manifest, own));
}

// The environment as the run had it: settings and data of its config.json.
Result<std::unique_ptr<env::Environment>> recorded_environment(const plugin::Registry& registry, const Json& config,
                                                               Options options) {
  options.env = config.at("env").at("id").get<std::string>();
  if (options.data.empty()) options.data = config.at("data").get<std::string>();
  const Json& settings = config.at("env").at("settings");
  const std::vector<std::string> ids = environment_ids(options.env);
  std::vector<std::unique_ptr<env::Environment>> members;
  for (const std::string& id : ids) {
    IPR_ASSIGN(auto instance, recorded_instance(registry, id, ids.size() == 1 ? settings : settings.at(id), options));
    if (ids.size() == 1) return env::Environment::make(std::move(instance));
    IPR_ASSIGN(auto member, env::Environment::make_member(std::move(instance)));
    members.push_back(std::move(member));
  }
  return env::Environment::join(std::move(members));
}

// A long text from a little before the place where it differs from `other`.
std::string clipped(const std::string& text, const std::string& other) {
  std::size_t same = 0;
  while (same < text.size() && same < other.size() && text[same] == other[same]) ++same;
  const std::size_t from = same > kShown ? same - kShown : 0;
  std::string part =
      (from > 0 ? "…" : "") + text.substr(from, 4 * kShown) + (text.size() > from + 4 * kShown ? "…" : "");
  return dump_line(part);
}

void print(const loop::Difference& difference) {
  std::string line;
  if (difference.episode > 0) line += "episode " + std::to_string(difference.episode) + ", ";
  if (!difference.task.empty()) line += "task " + difference.task + ", ";
  if (difference.turn >= 0) line += "turn " + std::to_string(difference.turn) + ", ";
  std::printf("%s%s: recorded %s, now %s\n", line.c_str(), difference.what.c_str(),
              clipped(difference.recorded, difference.now).c_str(),
              clipped(difference.now, difference.recorded).c_str());
}

void print_json(const std::string& run, const loop::Verification& found) {
  Json differences = Json::array();
  for (const loop::Difference& d : found.differences) {
    differences.push_back({{"what", d.what},
                           {"episode", d.episode > 0 ? Json(d.episode) : Json(nullptr)},
                           {"task", d.task.empty() ? Json(nullptr) : Json(d.task)},
                           {"turn", d.turn >= 0 ? Json(d.turn) : Json(nullptr)},
                           {"recorded", d.recorded},
                           {"now", d.now}});
  }
  const Json answer = {{"run", run},
                       {"episodes", found.episodes},
                       {"turns", found.turns},
                       {"not_played", found.not_played},
                       {"finished", found.finished},
                       {"difference_count", found.difference_count},
                       {"differences", std::move(differences)}};
  std::printf("%s\n", dump_line(answer).c_str());
}

void print_text(const loop::Verification& found) {
  for (std::size_t i = 0; i < found.differences.size() && i < kShown; ++i) print(found.differences[i]);
  if (found.difference_count > kShown) std::printf("and %zu more\n", found.difference_count - kShown);
  std::printf("%lld episodes, %lld turns played again", static_cast<long long>(found.episodes),
              static_cast<long long>(found.turns));
  if (found.not_played > 0)
    std::printf("; %lld ended by an infrastructure failure", static_cast<long long>(found.not_played));
  std::printf("; %s\n", found.finished ? "certificate checked" : "no certificate: the run is not finished");
}

Status verify(const std::string& run, const Options& options) {
  const std::atomic<bool>& stop = stop_on_signals();
  IPR_TRY(check_is_run(run));
  IPR_ASSIGN(const Json file, read_json(run + "/config.json"));
  IPR_ASSIGN(store::RunStore record, store::RunStore::open_to_read(run + "/run.db"));
  const plugin::Registry registry = registry_for(options);
  loop::Verification found;
  loop::ProgressLine progress(false);
  try {
    const Json& config = file.at("config");
    IPR_ASSIGN(const std::unique_ptr<env::Environment> environment, recorded_environment(registry, config, options));
    const std::uint64_t env_seed = loop::environment_seed(config.at("seed").get<std::uint64_t>());
    const int max_steps = config.at("max_steps").get<int>();
    IPR_TRY(loop::verify_episodes(record, *environment, env_seed, max_steps, progress, stop, found));
    IPR_TRY(loop::verify_certificate(run, record, *environment, registry, found));
  } catch (const Json::exception& exception) {
    return bad_data(run + "/config.json: is no config of a run: " + exception.what());
  }
  const std::string count =
      std::to_string(found.difference_count) + " difference" + (found.difference_count == 1 ? "" : "s");
  progress.finish(count);
  if (options.json) {
    print_json(run, found);
  } else {
    print_text(found);
  }
  if (found.difference_count == 0) return {};
  return failed(run + ": " + count + "; the record, a file beside it, the data or a plugin has changed since the run");
}

}  // namespace

void add_verify(CLI::App& app, Chosen& chosen) {
  auto options = std::make_shared<Options>();  // shared with the callback, which outlives this function
  auto run = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand(
      "verify", "plays a run's recorded episodes again, recomputes rewards and hashes, says what differs");
  command->add_option("RUN", *run, "folder of the run")->required();
  add_flags(*command, *options, {"data", "plugin-path", "json", "verbose"});
  command->callback([options, run, command, &chosen] {
    chosen.work = [options, run, command]() -> Status {
      IPR_TRY(finish_options(*command, *options));
      return verify(*run, *options);
    };
  });
}

}  // namespace ipr::host
