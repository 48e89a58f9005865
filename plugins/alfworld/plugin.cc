// The ALFWorld environment as a plugin: settings, tasks, episodes and their texts around engine/, data/, adapter/,
// plan/ and world/.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "adapter/prompts.h"
#include "adapter/wrapper.h"
#include "data/checked_games.h"
#include "data/file_text.h"
#include "data/game_cache.h"
#include "data/listing.h"
#include "engine/state.h"
#include "engine/white_space.h"
#include "ipr/plugin.hpp"
#include "plan/expert.h"
#include "world/defaults.h"
#include "world/expert.h"
#include "world/memory.h"
#include "world/world.h"

namespace alfworld {
namespace {

using namespace ipr::sdk;

constexpr std::size_t kMostLoadedGames = 256;

struct Settings {
  TextVersion text_version = TextVersion::kOld;
  Wrapper wrapper = Wrapper::kIpr;
  bool strip_arrival = true, prompt_first = false, generated = false, tiny = false;
  std::uint64_t world_seed = 1;
  std::string prompt_in_one;  // format first: what stands before the task
};

Settings read_settings(const Config& config) {
  Settings settings;
  if (config.text("text_version") == "new") settings.text_version = TextVersion::kNew;
  if (config.text("wrapper") == "eto") settings.wrapper = Wrapper::kEto;
  settings.strip_arrival = config.flag("strip_arrival");
  settings.prompt_first = config.text("prompt_format") == "first";
  settings.tiny = config.text("world_size") == "tiny";
  settings.world_seed = static_cast<std::uint64_t>(config.integer("world_seed"));
  return settings;
}

std::set<std::string> read_task_types(const std::string& list) {
  std::set<std::string> types;
  for (std::size_t begin = 0; begin < list.size();) {
    const auto end = std::min(list.find(',', begin), list.size());
    const std::string type(engine::stripped(std::string_view(list).substr(begin, end - begin)));
    if (!is_task_type(type)) {
      throw Failure(IPR_INVALID_ARGUMENT, "setting \"task_types\": unknown type \"" + type + "\"; give some of " +
                                              task_types() + ", separated by commas");
    }
    types.insert(type);
    begin = end + 1;
  }
  return types;
}

DataSettings read_data_settings(const Config& config) {
  DataSettings settings;
  settings.generation = config.text("generation");
  settings.task_types = read_task_types(config.text("task_types"));
  settings.valid_train_is_dev = config.text("dev") == "valid_train";
  settings.split_seed = static_cast<std::uint64_t>(config.integer("split_seed"));
  return settings;
}

// Generated games need no words: their small model learns the form from demonstrations.
std::vector<PromptMessage> choose_prompt(const std::string& prompts, int examples, const Settings& settings) {
  if (prompts == "none" || (prompts.empty() && settings.generated)) return {};
  if (prompts.empty() || prompts == "own") {
    return own_prompt(settings.text_version == TextVersion::kOld ? "put {thing} in/on {place}"
                                                                 : "move {thing} to {place}");
  }
  return published_prompt(prompts, settings.wrapper, examples);
}

// What all episodes share.
struct Games {
  std::unique_ptr<const DataFolder> folder;  // null: the games are generated
  World world;
  TaskSet made;   // world's tasks, numbered alike
  Habits habits;  // of the expert of generated games
  std::unique_ptr<GameCache> cache;

  [[nodiscard]] const TaskSet& tasks() const { return folder ? folder->tasks() : made; }
  [[nodiscard]] const GameTask* find(std::string_view id) const { return folder ? folder->find(id) : made.find(id); }
};

class Visit final : public Episode {
 public:
  Visit(const Games& games, const Settings& settings) : games_(&games), settings_(&settings) {}

  void reset(std::string_view task_id, std::uint64_t /*seed*/, Step& out) override {
    const GameTask* task = games_->find(task_id);
    if (task == nullptr) throw Failure(IPR_NOT_FOUND, "no task \"" + std::string(task_id) + "\"");
    const std::shared_ptr<const LoadedGame> loaded = games_->cache->get(*task);
    task_ = task;
    state_.emplace(loaded->game);
    steps_ = refused_ = 0;
    planned_ = {};
    out.observation = state_->intro();
    if (settings_->generated) seen_.emplace(out.observation);
    out.info_json = "{" + loaded->intro_json;
    show(out);
  }

  void step(std::string_view action, Step& out) override {
    const std::string_view command = engine::stripped(action);
    out.invalid = !state().step(command, out.observation);
    ++steps_;
    if (out.invalid) ++refused_;
    planned_.refused = out.invalid;
    if (seen_) seen_->note(command, out.observation);
    // A reset's list of entities is long; an episode that goes on does not carry its memory along.
    if (out.info_json.capacity() > kLongInfo) std::string().swap(out.info_json);
    out.info_json = '{';
    show(out);
  }

  std::unique_ptr<Episode> fork() const override { return std::make_unique<Visit>(*this); }
  std::uint64_t fingerprint() const override { return state_ ? state_->fingerprint() : 0; }

  void actions(std::vector<std::string>& out) override { state().admissible(out); }

  std::string sample_action(std::uint64_t seed) override {
    std::vector<std::string> admissible;
    state().admissible(admissible);
    return admissible.empty() ? "look" : admissible[ipr_mix64(seed, 0) % admissible.size()];
  }

  // On real games one that knows where everything is; on generated ones an imperfect one that reads the texts alone.
  bool expert(std::string& action, std::string& thought) override {
    if (!seen_) return expert_advice(state(), planned_, action, thought);
    if (state().won()) return false;
    auto advice =
        expert_advice(*seen_, settings_->text_version, Draws(settings_->world_seed, task_->id), games_->habits);
    if (!advice) return false;
    action = std::move(advice->action);
    thought = std::move(advice->thought);
    return true;
  }

  void parse(std::string_view /*dialect*/, std::string_view message, Parsed& out) override {
    const auto command = parse_message(message);
    out.valid = command.has_value();
    if (out.valid) {
      out.action = *command;
    } else {
      out.feedback = error_message();
    }
  }
  void render(std::string_view /*dialect*/, std::string_view observation, bool first, std::string& out) override {
    out = first ? settings_->prompt_in_one + task_message(observation)
                : step_message(observation, settings_->strip_arrival);
  }

 private:
  static constexpr std::size_t kLongInfo = 256;

  State& state() {
    if (!state_) throw Failure(IPR_FAILED_PRECONDITION, "the episode has not been reset");
    return *state_;
  }

  // Everything but the observation. `info_json` is open: "{" or "{" and members.
  void show(Step& out) const {
    const bool won = state_->won();
    if (out.info_json.size() > 1) out.info_json += ',';
    out.info_json += won ? "\"won\":true,\"score\":1}" : "\"won\":false,\"score\":0}";
    out.stats_json = std::string("{\"won\":") + (won ? '1' : '0') + ",\"steps\":" + std::to_string(steps_) +
                     ",\"nothing_happens\":" + std::to_string(refused_) + "}";
    out.terminated = out.success = won;
    out.reward = out.outcome = won ? 1 : 0;
  }

  const Games* games_;
  const Settings* settings_;
  const GameTask* task_ = nullptr;
  std::optional<State> state_;  // empty until the first reset
  std::size_t steps_ = 0, refused_ = 0;
  ExpertMemory planned_;
  std::optional<Memory> seen_;  // of generated games
};

class AlfWorld final : public Environment {
 public:
  AlfWorld(const Host& host, std::string_view config_json) {
    const Config config(config_json);
    settings_ = read_settings(config);
    const std::string folder = host.data_folder();
    settings_.generated = folder.empty();
    if (settings_.generated) {
      generate();
    } else {
      open(folder, read_data_settings(config), host);
    }
    prompt_ = choose_prompt(config.text("prompts"), static_cast<int>(config.integer("icl")), settings_);
    if (settings_.prompt_first) settings_.prompt_in_one = prompt_in_one(prompt_);
    defaults_ = std::string(R"({"threshold":0.5,"expert_min_outcome":0,"dialect":"react","max_steps":)") +
                (settings_.wrapper == Wrapper::kEto ? "40" : "20");
    if (settings_.generated) defaults_ += "," + generated_defaults(size());
    defaults_ += '}';
  }

  std::uint32_t capabilities() const override { return kFork | kActions | kSample | kExpert | kDialect; }
  std::string_view defaults_json() const override { return defaults_; }

  std::size_t split_count() const override { return tasks().splits().size(); }
  Split split(std::size_t i) const override {
    const TaskSplit& split = tasks().splits().at(i);
    return {split.name, split.role, split.tasks.size()};
  }
  Task task_at(std::size_t split, std::uint64_t index) const override {
    return to_task(tasks().tasks()[tasks().splits().at(split).tasks.at(index)]);
  }
  bool task_by_id(std::string_view id, Task& out) const override {
    const GameTask* found = games_.find(id);
    if (found != nullptr) out = to_task(*found);
    return found != nullptr;
  }

  std::unique_ptr<Episode> new_episode() const override { return std::make_unique<Visit>(games_, settings_); }

  bool prompt(std::string_view /*dialect*/, std::size_t i, Message& out) const override {
    if (settings_.prompt_first || i >= prompt_.size()) return false;
    out = {prompt_[i].assistant ? 2u : 1u, prompt_[i].text, prompt_[i].example};
    return true;
  }

 private:
  void open(const std::string& folder, DataSettings settings, const Host& host) {
    CheckedGames checked(host.cache_folder());
    settings.check = [&checked](std::string_view text, const std::string& path) { checked.check(text, path); };
    games_.folder = std::make_unique<DataFolder>(folder, settings, host);
    checked.save();
    games_.cache = std::make_unique<GameCache>(
        [version = settings_.text_version](const GameTask& task) {
          return read_game(read_text(task.path), task.path, version);
        },
        kMostLoadedGames);
  }
  void generate() {
    games_.world = generate_world(settings_.world_seed, size());
    for (const MadeTask& task : games_.world.tasks) games_.made.add(make_task(task));
    for (MadeSplit& split : games_.world.splits)
      games_.made.add_split({std::move(split.name), split.role, std::move(split.tasks)});
    games_.habits = world_habits(settings_.world_seed);
    games_.cache = std::make_unique<GameCache>(
        [this](const GameTask& task) {
          return read_game(game_text(games_.world, games_.world.tasks[task.number]), task.id, settings_.text_version);
        },
        kMostLoadedGames);
  }
  static GameTask make_task(const MadeTask& made) {
    const GamePath name = game_path("", made.id).value();
    return {made.id, "", sentence(goal_of(made.goal), made.wording),
            meta_json(name.family, name.floor_plan, name.trial), 0};
  }
  [[nodiscard]] WorldSize size() const { return settings_.tiny ? WorldSize::kTiny : WorldSize::kNormal; }
  [[nodiscard]] const TaskSet& tasks() const { return games_.tasks(); }
  static Task to_task(const GameTask& task) { return {task.id, task.instruction, task.meta_json, 0}; }

  Settings settings_;
  Games games_;
  std::vector<PromptMessage> prompt_;
  std::string defaults_;
};

constexpr Info kInfo = {
    "alfworld", "ALFWorld", "0.1.0", "Apache-2.0", "Find, treat and place things in a household, by text commands",
    R"json({
  "type": "object",
  "properties": {
    "text_version": {"type": "string", "enum": ["old", "new"], "default": "old",
                     "description": "commands and answers of ALFWorld before 0.4 (put X in/on Y), as IPR and ETO use them, or of today (move X to Y); files are converted"},
    "strip_arrival": {"type": "boolean", "default": true,
                      "description": "agents do not see `You arrive at ….`, as in IPR and ETO"},
    "wrapper": {"type": "string", "enum": ["ipr", "eto"], "default": "ipr",
                "description": "whose steps (20 or 40) and published instruction"},
    "generation": {"type": "string", "enum": ["", "json_2.1.1", "json_2.1.2", "json_2.1.3"], "default": "",
                   "description": "folder of games where --data holds several; empty: json_2.1.3 before others"},
    "task_types": {"type": "string", "default": "",
                   "description": "of the splits' games, separated by commas; empty: all six"},
    "dev": {"type": "string", "enum": ["held_out", "valid_train"], "default": "held_out",
            "description": "dev games: a tenth of train by task folder (at most 140), or the split valid_train"},
    "world_seed": {"type": "integer", "default": 1, "minimum": 0, "description": "of the generated games"},
    "world_size": {"type": "string", "enum": ["normal", "tiny"], "default": "normal",
                   "description": "of the generated games; tiny is for tests"},
    "split_seed": {"type": "integer", "default": 1, "minimum": 0, "description": "of the held-out dev games"},
    "prompts": {"type": "string", "default": "",
                "description": "folder of the published prompts, or own, or none; empty: none with generated games, else own"},
    "prompt_format": {"type": "string", "enum": ["conversation", "first"], "default": "conversation",
                      "description": "the prompt as messages, or all of it in the first one"},
    "icl": {"type": "integer", "default": 1, "minimum": 0, "description": "in-context examples shown from the prompts folder"}
  },
  "additionalProperties": false,
  "x-profiles": {"mini": {"prompts": "none"}}
})json"};

}  // namespace
}  // namespace alfworld

IPR_PLUGIN_LIBRARY(ipr::sdk::environment<alfworld::AlfWorld>(alfworld::kInfo))
