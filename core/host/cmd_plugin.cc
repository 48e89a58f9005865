#include <cstdio>
#include <memory>

#include "core/base/strings.h"
#include "core/check/check.h"
#include "core/env/session.h"
#include "core/host/commands.h"
#include "core/host/setup.h"
#include "core/loop/method.h"
#include "core/plugin/instance.h"
#include "core/plugin/schema.h"

namespace ipr::host {
namespace {

struct PluginCommand {
  Options options;
  std::string id, file;
  check::CheckOptions check;
};

Json public_manifest(const plugin::Manifest& m) {
  return {{"kind", plugin::kind_name(m.kind)},
          {"id", m.id},
          {"name", m.name},
          {"version", m.version},
          {"license", m.license},
          {"summary", m.summary},
          {"schema", m.schema},
          {"path", m.path}};
}

Status list(const Options& options) {
  const plugin::Registry registry = plugin::find_plugins(options.plugin_path);
  if (options.json) {
    Json plugins = Json::array();
    for (const plugin::Manifest& m : registry.plugins) plugins.push_back(public_manifest(m));
    std::printf("%s\n", dump_line({{"plugins", plugins}, {"warnings", registry.warnings}}).c_str());
    return {};
  }
  for (const plugin::Manifest& m : registry.plugins) {
    std::printf("%-12s %-14s %-8s %s\n", plugin::kind_name(m.kind), m.id.c_str(), m.version.c_str(), m.summary.c_str());
  }
  for (const std::string& warning : registry.warnings) std::fprintf(stderr, "ipr-host: warning: %s\n", warning.c_str());
  return {};
}

// Length of the longest expert episode among the first tasks of a split; 0 without an expert.
Result<int> longest_expert(const env::Environment& environment, std::size_t split, int max_steps) {
  constexpr std::uint64_t kLooked = 200;
  int longest = 0;
  if (!environment.has_expert()) return longest;
  for (std::uint64_t i = 0; i < std::min(kLooked, environment.splits()[split].task_count); ++i) {
    IPR_ASSIGN(const env::Task task, environment.task_at(split, i));
    IPR_ASSIGN(env::Session session, env::Session::start(environment, task, 0, max_steps));
    while (!session.finished()) {
      IPR_ASSIGN(const std::string message, session.expert_message());
      if (message.empty()) break;
      IPR_ASSIGN(const env::Turn turn, session.say(message));
    }
    longest = std::max(longest, session.steps());
  }
  return longest;
}

Result<Json> describe_environment(const plugin::Registry& registry, Options options, const std::string& id) {
  options.env = id;
  IPR_ASSIGN(const MadeEnvironment made, make_environment(registry, options));
  const env::Environment& environment = *made.environment;
  Json splits = Json::array();
  constexpr const char* kRoles[] = {"", "train", "dev", "test"};
  for (std::size_t i = 0; i < environment.splits().size(); ++i) {
    const env::Split& split = environment.splits()[i];
    IPR_ASSIGN(const int longest, longest_expert(environment, i, options.max_steps));
    splits.push_back({{"name", split.name},
                      {"role", kRoles[split.role % 4]},
                      {"tasks", split.task_count},
                      {"longest_expert", longest}});
  }
  return Json{{"splits", splits},
              {"actions", {{"listed", environment.lists_actions()}, {"sampled", environment.samples_actions()}}},
              {"fork", environment.can_fork()},
              {"expert", environment.has_expert()},
              {"progress", environment.has_progress()},
              {"outcome", {environment.outcome_min(), environment.outcome_max()}},
              {"defaults", environment.defaults().all},
              {"settings", made.settings_json()}};
}

// What the plugin trains with unless told otherwise, in the first iteration and with its schema's own settings.
Result<Json> train_defaults(const plugin::Manifest& m) {
  IPR_ASSIGN(const plugin::ResolvedSettings settings, plugin::resolve_settings(m.subject(), m.schema, {}));
  plugin::HostServices services;
  services.metric = [](std::string_view, double) {};
  IPR_ASSIGN(auto instance, plugin::Instance::create(m, settings.values, std::move(services)));
  IPR_ASSIGN(const auto optimizer, loop::OptimizerPlugin::make(std::move(instance)));
  return optimizer->train_defaults(1);
}

// " (text, text_rich, url)", " (0 to 1)", " (at least 1)".
std::string allowed_values(const Json& property) {
  if (property.contains("enum")) {
    std::vector<std::string> values;
    for (const Json& value : property["enum"])
      values.push_back(value.is_string() ? value.get<std::string>() : value.dump());
    return " (" + join(values, ", ") + ")";
  }
  const bool least = property.contains("minimum"), most = property.contains("maximum");
  if (least && most) return " (" + property["minimum"].dump() + " to " + property["maximum"].dump() + ")";
  if (least) return " (at least " + property["minimum"].dump() + ")";
  return most ? " (at most " + property["maximum"].dump() + ")" : "";
}

// "lr 1e-05, epochs 4"; texts without quotes.
std::string words_of(const Json& values) {
  std::vector<std::string> words;
  for (const auto& [key, value] : values.items())
    words.push_back(key + " " + (value.is_string() ? value.get<std::string>() : value.dump()));
  return join(words, ", ");
}

// What other profiles set; when each is in force is in its heading.
void print_profiles(const Json& schema) {
  const Json profiles = schema.value("x-profiles", Json::object());
  if (profiles.empty()) return;
  std::printf(
      "\nprofiles (`mini` with such a model, `lora` and `quick` with --lora and --preset quick, others by "
      "--profile)\n");
  for (const auto& [name, values] : profiles.items())
    std::printf("  %-22s %s\n", name.c_str(), words_of(values).c_str());
}

void print_description(const plugin::Manifest& m, const Json& training, const Json& environment) {
  std::printf("%s %s, version %s, %s\n%s\n%s\n\n", plugin::kind_name(m.kind), m.id.c_str(), m.version.c_str(),
              m.license.c_str(), m.summary.c_str(), m.path.c_str());
  std::printf("settings\n");
  const Json properties = m.schema.value("properties", Json::object());
  for (const auto& [key, property] : properties.items()) {
    std::printf("  %-22s %-8s default %-10s %s%s\n", key.c_str(), property.value("type", "").c_str(),
                property.value("default", Json()).dump().c_str(), property.value("description", "").c_str(),
                allowed_values(property).c_str());
  }
  if (!training.is_null()) std::printf("\ntraining (--set train.KEY)\n  %s\n", words_of(training).c_str());
  print_profiles(m.schema);
  if (environment.is_null()) return;
  std::printf("\ntasks\n");
  for (const Json& split : environment["splits"]) {
    std::printf("  %-12s role %-6s %6llu tasks, longest expert %d steps\n", split["name"].get<std::string>().c_str(),
                split["role"].get<std::string>().c_str(),
                static_cast<unsigned long long>(split["tasks"].get<std::uint64_t>()),
                split["longest_expert"].get<int>());
  }
  std::printf("\nactions: %s; fork: %s; expert: %s; progress: %s\n",
              environment["actions"]["listed"].get<bool>() ? "listed" : "open",
              environment["fork"].get<bool>() ? "yes" : "no", environment["expert"].get<bool>() ? "yes" : "no",
              environment["progress"].get<bool>() ? "yes" : "no");
}

Status describe(const Options& options, const std::string& id) {
  const plugin::Registry registry = registry_for(options);
  bool found = false;
  for (const plugin::Manifest& m : registry.plugins) {
    if (m.id != id) continue;
    found = true;
    Json environment, training;
    if (m.kind == plugin::Kind::kOptimizer) {
      Result<Json> made = train_defaults(m);
      if (!made.ok())
        std::fprintf(stderr, "ipr-host: what it trains with is not known: %s\n", made.status().message().c_str());
      if (made.ok()) training = std::move(*made);
    }
    if (m.kind == plugin::Kind::kEnvironment) {
      IPR_ASSIGN(environment, describe_environment(registry, options, id));
    }
    if (options.json) {
      Json out = public_manifest(m);
      if (!environment.is_null()) out["environment"] = environment;
      if (!training.is_null()) out["training"] = training;
      std::printf("%s\n", dump_line(out).c_str());
    } else {
      print_description(m, training, environment);
    }
  }
  if (found) return {};
  std::vector<std::string> known;
  for (const plugin::Manifest& m : registry.plugins) known.push_back(m.id);
  return usage("unknown plugin \"" + id + "\"" + did_you_mean(id, known));
}

}  // namespace

void add_plugin(CLI::App& app, Chosen& chosen) {
  auto state = std::make_shared<PluginCommand>();  // shared with the callbacks, which outlive this function
  CLI::App* group = app.add_subcommand("plugin", "list, describe and check plugins");
  group->require_subcommand(1);

  CLI::App* list_command = group->add_subcommand("list", "all plugins that are found");
  add_flags(*list_command, state->options, {"plugin-path", "json"});
  list_command->callback([state, &chosen] { chosen.work = [state] { return list(state->options); }; });

  CLI::App* describe_command =
      group->add_subcommand("describe", "a plugin's settings; an environment's tasks, actions and longest expert");
  describe_command->add_option("ID", state->id, "plugin id")->required();
  add_flags(*describe_command, state->options, {"data", "set", "prompts", "plugin-path", "max-steps", "json"});
  describe_command->callback(
      [state, &chosen] { chosen.work = [state] { return describe(state->options, state->id); }; });

  CLI::App* check_command = group->add_subcommand("check", "the conformance suite, each case in a process of its own");
  check_command->add_option("FILE", state->file, "the plugin's library")->required();
  check_command->add_option("--only", state->check.only, "run the cases that match this regular expression");
  check_command->add_option("--skip", state->check.skip, "leave out the cases that match");
  check_command->add_option("--quirks", state->check.quirks_file, "JSON file that names what is legitimately absent");
  check_command->add_flag("--in-process", state->check.in_process, "all cases in this process, for a debugger");
  add_flags(*check_command, state->options, {"data", "seed", "json"});
  check_command->callback([state, &chosen] {
    chosen.work = [state]() -> Status {
      state->check.data_folder = state->options.data;
      state->check.seed = state->options.seed;
      state->check.json = state->options.json;
      return check::check_library(state->file, state->check);
    };
  });
}

}  // namespace ipr::host
