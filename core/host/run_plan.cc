#include "core/host/run_plan.h"

#include <filesystem>

#include "core/base/hash.h"
#include "core/base/strings.h"
#include "core/host/compute.h"
#include "core/host/known_models.h"
#include "core/host/run_folder.h"
#include "core/loop/method.h"
#include "core/loop/mini.h"
#include "core/loop/stage_settings.h"
#include "core/loop/start_from.h"

namespace ipr::host {
namespace {

constexpr const char* kStartOptimizer = "sft";  // who trains the first stage
constexpr int kIterations = 4, kMiniIterations = 3, kQuickIterations = 1, kQuickTestGoals = 100;
constexpr std::int64_t kNewTokens = 512, kMiniNewTokens = 64;
constexpr std::int64_t kQuickNewTokens = 96;

bool is_mini(const Options& options) {
  return loop::is_mini(options.model);
}

// The profiles in force, weakest first: a model from scratch needs its own values, a quick run of a pretrained one less
// work of each kind, LoRA larger steps; a named profile has the last word.
std::vector<std::string> profiles_of(const Options& options) {
  std::vector<std::string> profiles;
  if (is_mini(options)) profiles.emplace_back("mini");
  if (!is_mini(options) && options.preset == "quick") profiles.emplace_back("quick");
  if (options.lora > 0) profiles.emplace_back("lora");
  if (options.profile != "default") profiles.push_back(options.profile);
  return profiles;
}

// Flags that stand for a setting of whichever plugin has it.
plugin::SettingLayer flag_layer(const plugin::Manifest& manifest, const Options& options, const std::string& level) {
  plugin::SettingLayer layer{level, {}};
  const Json properties = manifest.schema.value("properties", Json::object());
  const auto add = [&](const char* flag, const char* key, const Json& value) {
    if (options.given(flag) && options.origin.at(flag) == level && properties.contains(key)) layer.values[key] = value;
  };
  add("samples", "samples", options.samples);
  add("threshold", "threshold", options.threshold);
  add("max-steps", "max_steps", options.max_steps);
  add("max-new-tokens", "max_new_tokens", options.max_new_tokens);
  return layer;
}

// What the paper has for each of a plugin's settings: its schema and the environment's defaults under the profile
// `paper`, and its own training defaults under the same.
struct PaperValues {
  Json settings = Json::object(), train = Json::object();
};
Result<PaperValues> paper_values(const loop::PluginChoice& choice, const EnvironmentDefaults& environment_defaults) {
  const plugin::Manifest& manifest = choice.manifest;
  const plugin::ProfileValues profile = plugin::profile_values(manifest.schema, "paper");
  IPR_ASSIGN(plugin::ResolvedSettings resolved,
             plugin::resolve_settings(
                 manifest.subject(), manifest.schema,
                 {environment_layer(manifest, environment_defaults, {}), {"profile paper", profile.settings}}));
  settle_sisters(manifest, resolved);
  PaperValues paper{resolved.values, Json::object()};
  if (manifest.kind == plugin::Kind::kOptimizer) {
    IPR_ASSIGN(auto instance, plugin::Instance::create(manifest, resolved.values, choice.services));
    IPR_ASSIGN(const auto optimizer, loop::OptimizerPlugin::make(std::move(instance)));
    IPR_ASSIGN(paper.train, optimizer->train_defaults(1));
  }
  for (const auto& [key, value] : profile.train) paper.train[key] = value;
  return paper;
}

// `paper`, where it is there and another value; numbers are compared as numbers.
std::string paper_text(const Json& paper, const std::string& key, const Json& value) {
  const auto found = paper.find(key);
  return found == paper.end() || *found == value ? std::string() : found->dump();
}

// A training setting that could not be read would end the run at its stage, perhaps an hour from now.
Status check_train(const plugin::Manifest& manifest, const Json& train) {
  const Result<loop::StageSettings> read =
      loop::stage_settings_from_json(train, manifest.subject() + ": training settings");
  return read.ok() ? Status() : read.status();
}

// Each only where it is not the default, which a config need not name.
void add_rare_settings(const Options& options, Json& decides) {
  if (!options.train_families.empty()) decides["train_families"] = options.train_families;
  if (!options.test_families.empty()) decides["test_families"] = options.test_families;
  if (!options.chat_template.empty()) decides["chat_template"] = options.chat_template;
  if (!options.stop.empty()) decides["stop"] = options.stop;
  if (options.overflow != Options().overflow) decides["overflow"] = options.overflow;
}

Status check_flags(const Options& options) {
  if (options.given("iterations") && options.iterations < 1)
    return usage("--iterations " + std::to_string(options.iterations) +
                 ": give at least 1 (SFT alone is the table's first row of any run)");
  if (options.given("samples") && options.samples < 1)
    return usage("--samples " + std::to_string(options.samples) + ": give at least 1");
  if (options.given("threshold") && options.threshold < 0)
    return usage("--threshold: give 0 or more; without the flag the environment's own is used");
  if (options.limit < 0)
    return usage("--limit " + std::to_string(options.limit) + ": give the number of tasks, or 0 for all");
  if (options.max_steps < 0)
    return usage("--max-steps " + std::to_string(options.max_steps) +
                 ": give the number of messages, or 0 for the environment's own");
  if (options.given("max-new-tokens") && options.max_new_tokens < 1)
    return usage("--max-new-tokens " + std::to_string(options.max_new_tokens) + ": give at least 1");
  if (options.threads < 0)
    return usage("--threads " + std::to_string(options.threads) +
                 ": give the number of workers, or 0 for as many as cores");
  IPR_TRY(compute_of(options).status());
  if (options.lora > 0 && is_mini(options))
    return usage("--lora " + std::to_string(options.lora) +
                 ": adapts a pretrained model; give one with --model, or leave it out");
  if (!is_mini(options) && !may_be_model(options.model)) {
    return bad_data("--model " + options.model +
                    ": is neither a checkpoint folder nor a GGUF file nor `smollm2` nor trained from scratch" +
                    did_you_mean(options.model, loop::mini_names()));
  }
  if (is_mini(options) && !options.chat_template.empty() && options.chat_template != loop::kMiniTemplate)
    return usage("--chat-template " + options.chat_template + ": the mini model speaks \"" + loop::kMiniTemplate +
                 "\"; leave it out, or give another --model");
  if (!options.expert.empty() && !std::filesystem::exists(options.expert))
    return bad_data("--expert " + options.expert + ": no such file");
  IPR_TRY(check_profile(options.profile));
  if (options.preset != "full" && options.preset != "quick")
    return usage("unknown preset \"" + options.preset + "\"; known: full, quick");
  return {};
}

}  // namespace

Result<loop::PluginChoice> choose_plugin(const plugin::Registry& registry, const PluginRole& role,
                                         const Options& options, const std::vector<SettingSource>& sources,
                                         const EnvironmentDefaults& environment_defaults,
                                         std::vector<report::Setting>& settings) {
  const std::string& id = role.id;
  loop::PluginChoice choice;
  IPR_ASSIGN(choice.manifest, plugin::find_plugin(registry, role.kind, id));
  choice.services = services_for(choice.manifest, options);
  if (environment_defaults.size() > 1) choice.services.data_folder.clear();  // each environment has its own
  std::vector<plugin::SettingLayer> layers;
  layers.push_back(environment_layer(choice.manifest, environment_defaults, layers));
  std::map<std::string, std::string> train_origin;
  for (const std::string& profile : profiles_of(options)) {
    const plugin::ProfileValues values = plugin::profile_values(choice.manifest.schema, profile);
    layers.push_back({"profile " + profile, values.settings});
    for (const auto& [key, value] : values.train) {
      choice.train[key] = value;
      train_origin[key] = "profile " + profile;
    }
    // What the environment says for this profile, e.g. {"mini": {"tasks_per_iteration": 40, "sft.train.epochs": 5}}.
    const EnvironmentDefaults special = profile_part(environment_defaults, profile);
    layers.push_back(environment_layer(choice.manifest, special, layers));
    for (const auto& [key, value] : environment_training(id, special, choice.train)) {
      choice.train[key] = value;
      train_origin[key] = "environment";
    }
  }
  for (const SettingSource& source : sources) {
    layers.push_back(flag_layer(choice.manifest, options, source.level));
    IPR_ASSIGN(plugin::SettingLayer set, override_layer(choice.manifest, role.alias, source));
    layers.push_back(std::move(set));
  }
  IPR_ASSIGN(plugin::ResolvedSettings resolved,
             plugin::resolve_settings(choice.manifest.subject(), choice.manifest.schema, layers));
  settle_sisters(choice.manifest, resolved);
  choice.settings = resolved.values;
  for (const SettingSource& source : sources) {
    for (const auto& [scope, values] : source.overrides.train) {
      if (scope != id && !(scope.empty() && role.alias == "optimizer")) continue;
      for (const auto& [key, text] : values) {
        const Json parsed = Json::parse(text, nullptr, false);
        choice.train[key] = parsed.is_discarded() ? Json(text) : parsed;
        train_origin[key] = source.origin();
      }
    }
  }
  if (role.kind == plugin::Kind::kOptimizer) IPR_TRY(check_train(choice.manifest, choice.train));
  IPR_ASSIGN(const PaperValues paper, paper_values(choice, environment_defaults));
  for (const auto& [key, value] : resolved.values.items()) {
    const std::string differs = paper_text(paper.settings, key, value);
    settings.push_back({id + "." + key, value.dump(), resolved.origin.at(key), differs});
  }
  for (const auto& [key, value] : choice.train.items()) {
    const std::string differs = paper_text(paper.train, key, value);
    settings.push_back({id + ".train." + key, value.dump(), train_origin[key], differs});
  }
  return choice;
}

Status check_profile(const std::string& profile) {
  if (profile == "default" || profile == "paper" || profile == "released") return {};
  return usage("unknown profile \"" + profile + "\"" + did_you_mean(profile, {"default", "paper", "released"}));
}

const std::vector<std::string>& run_flags() {
  static const std::vector<std::string> kFlags = {
      "env",   "scorer",        "optimizer",      "model",        "data",          "expert",
      "limit", "iterations",    "samples",        "threshold",    "max-steps",     "seed",
      "set",   "prompts",       "profile",        "preset",       "device",        "dtype",
      "lora",  "model-threads", "max-new-tokens", "split-lists",  "allow-overlap", "chat-template",
      "stop",  "overflow",      "train-families", "test-families"};
  return kFlags;
}

Result<RunPlan> plan_run(const Options& options) {
  IPR_TRY(check_flags(options));
  RunPlan plan;
  const plugin::Registry registry = registry_for(options);
  const PluginRole environment_role{plugin::Kind::kEnvironment, options.env, "env"},
      sft_role{plugin::Kind::kOptimizer, kStartOptimizer, ""},
      optimizer_role{plugin::Kind::kOptimizer, options.optimizer, "optimizer"},
      scorer_role{plugin::Kind::kScorer, options.scorer, "scorer"};
  IPR_ASSIGN(const std::vector<SettingSource> sources, setting_sources(options));
  IPR_TRY(check_scopes(sources, {environment_role, scorer_role, optimizer_role, sft_role}, registry));
  IPR_ASSIGN(plan.environment, make_environment(registry, options, is_mini(options) ? "mini" : ""));
  const env::Environment& environment = *plan.environment.environment;
  for (const auto& [env, its] : plan.environment.settings) {
    for (const auto& [key, value] : its.values.items())
      plan.settings.push_back({env + "." + key, value.dump(), its.origin.at(key), ""});
  }
  loop::RunConfig& config = plan.config;
  config.environment = &environment;
  const auto chosen = [&](const PluginRole& role) {
    return choose_plugin(registry, role, options, sources, defaults_of(environment), plan.settings);
  };
  IPR_ASSIGN(config.sft, chosen(sft_role));
  IPR_ASSIGN(config.optimizer, chosen(optimizer_role));
  IPR_ASSIGN(config.scorer, chosen(scorer_role));
  const bool quick = options.preset == "quick";
  IPR_ASSIGN(config.model, find_model(options.model));
  config.chat_template = options.chat_template;
  IPR_ASSIGN(config.replies, reply_rules(options));
  config.expert_file = options.expert;
  config.start_from = options.start_from;
  config.scores_from = options.scores_from;
  IPR_ASSIGN(config.compute,
             compute_of(options, is_mini(options) ? ModelOrigin::kMadeHere : ModelOrigin::kFile, config.model));
  config.lora = options.lora;
  config.iterations = options.given("iterations") ? options.iterations
                      : quick                     ? kQuickIterations
                      : is_mini(options)          ? kMiniIterations
                                                  : kIterations;
  config.max_steps = options.max_steps;
  config.threads = worker_count(options);
  config.tasks.limit_train = options.limit;
  config.tasks.limit_test = options.limit > 0 ? options.limit : quick ? kQuickTestGoals : 0;
  config.tasks.train_families = options.train_families;
  config.tasks.test_families = options.test_families;
  config.sft_share = quick ? 1.0 / 3 : 1.0;
  config.max_new_tokens = options.max_new_tokens > 0 ? options.max_new_tokens
                          : is_mini(options)         ? kMiniNewTokens
                          : quick                    ? kQuickNewTokens
                                                     : kNewTokens;
  config.seed = options.seed;
  config.allow_overlap = options.allow_overlap;

  const auto plugin_json = [](const loop::PluginChoice& choice) {
    return Json{{"id", choice.manifest.id},
                {"version", choice.manifest.version},
                {"settings", choice.settings},
                {"train", choice.train}};
  };
  Json decides = {{"env", {{"id", options.env}, {"settings", plan.environment.settings_json()}}},
                  {"sft", plugin_json(config.sft)},
                  {"optimizer", plugin_json(config.optimizer)},
                  {"scorer", plugin_json(config.scorer)},
                  {"model", options.model},
                  {"data", options.data},
                  {"expert", options.expert},
                  {"profile", options.profile},
                  {"preset", options.preset},
                  {"iterations", config.iterations},
                  {"max_steps", config.max_steps},
                  {"max_new_tokens", config.max_new_tokens},
                  {"limit", options.limit},
                  {"allow_overlap", config.allow_overlap},
                  {"seed", config.seed},
                  {"device", config.compute.device},
                  {"dtype", config.compute.dtype},
                  {"lora", config.lora},
                  {"model_threads", config.compute.threads}};
  add_rare_settings(options, decides);
  // Not part of what decides: the results are those of a run that trains the same model itself.
  if (!options.start_from.empty()) {
    IPR_TRY(check_is_run(options.start_from));
    IPR_TRY(loop::check_start(options.start_from, decides));
  }
  if (!options.scores_from.empty()) {
    IPR_TRY(check_is_run(options.scores_from));
    IPR_TRY(loop::check_scores(options.scores_from, decides));
  }
  plan.hash = sha256_hex(dump_line(decides)).substr(0, 8);
  const auto flag_origin = [&](const std::string& flag) {
    return options.given(flag) ? options.origin.at(flag) : std::string("default");
  };
  for (const char* flag :
       {"model", "data", "expert", "profile", "preset", "iterations", "seed", "device", "dtype", "lora"}) {
    const Json& value = decides.at(flag);
    plan.settings.push_back({flag, value.is_string() ? value.get<std::string>() : value.dump(), flag_origin(flag), ""});
  }
  plan.settings.push_back({"model-threads", std::to_string(config.compute.threads), flag_origin("model-threads"), ""});
  plan.settings.push_back({"allow-overlap", config.allow_overlap ? "true" : "false", flag_origin("allow-overlap"), ""});
  const std::pair<const char*, std::string> rare[] = {{"train-families", Json(options.train_families).dump()},
                                                      {"test-families", Json(options.test_families).dump()},
                                                      {"chat-template", options.chat_template},
                                                      {"stop", options.stop.empty() ? "" : Json(options.stop).dump()},
                                                      {"overflow", options.overflow}};
  for (const auto& [flag, value] : rare) {
    if (options.given(flag)) plan.settings.push_back({flag, value, flag_origin(flag), ""});
  }
  Json origins = Json::object(), paper = Json::object();
  for (report::Setting& setting : plan.settings) {
    if (setting.key == "iterations" && config.iterations != kIterations) setting.paper = std::to_string(kIterations);
    origins[setting.key] = setting.source;
    if (!setting.paper.empty()) paper[setting.key] = setting.paper;
  }
  config.resolved = {{"config", std::move(decides)},
                     {"origin", std::move(origins)},
                     {"paper", std::move(paper)},  // where it has another value
                     {"method", config.optimizer.manifest.name},
                     {"version", IPR_VERSION},
                     {"hash", plan.hash}};
  config.out = !options.out.empty() ? options.out
                                    : "runs/" + environment_file_name(options.env) + "-" + options.scorer + "-" +
                                          options.optimizer + "-" + plan.hash;
  return plan;
}

}  // namespace ipr::host
