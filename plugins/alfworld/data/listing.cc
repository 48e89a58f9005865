#include "data/listing.h"

#include <algorithm>
#include <filesystem>

#include "data/file_text.h"
#include "data/left_out.h"
#include "data/scan.h"
#include "engine/game.h"

namespace alfworld {
namespace {

namespace fs = std::filesystem;
using ipr::sdk::Failure;
using ipr::sdk::Host;

constexpr int kWarning = 2;
constexpr std::size_t kMostDev = 140;  // games; what IPR's loader takes for dev
constexpr const char* kTrain = "train";
constexpr const char* kValidTrain = "valid_train";

const char* reason_to_skip(GameFacts::Solvable solvable) {
  if (solvable == GameFacts::Solvable::kNo) return "not solvable";
  return solvable == GameFacts::Solvable::kNotSaid ? "without the key \"solvable\"" : nullptr;
}

// The game's facts, its task in any case. Throws sdk::Failure.
GameFacts look_into(const GamePath& game, const DataSettings& settings) {
  const std::string text = read_text(game.path);
  GameFacts facts = scan_game(text, game.path);
  if (reason_to_skip(facts.solvable) != nullptr) return facts;
  if (facts.task.empty()) {
    facts.task = read_game(text, game.path, TextVersion::kOld)->task();
  } else if (settings.check) {
    settings.check(text, game.path);
  }
  return facts;
}

GameTask make_task(const GamePath& game, const std::string& instruction) {
  return {game.id, game.path, instruction, meta_json(game.family, game.floor_plan, game.trial), 0};
}

// A game that is asked for by name.
std::unique_ptr<const GameTask> open_task(const GamePath& game) {
  const GameFacts facts = look_into(game, {});
  if (facts.solvable != GameFacts::Solvable::kYes) {
    throw Failure(IPR_DATA_LOSS, game.path + ": key \"solvable\" is " +
                                     (facts.solvable == GameFacts::Solvable::kNo ? "false" : "missing") +
                                     "; only games that are known to have a solution are played");
  }
  return std::make_unique<GameTask>(make_task(game, facts.task));
}

std::uint64_t fnv1a(std::string_view text) {
  std::uint64_t hash = UINT64_C(0xcbf29ce484222325);
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * UINT64_C(0x100000001b3);
  return hash;
}

std::string folder_of(const GamePath& game) {
  return game.id.substr(0, game.id.rfind('/'));
}

bool by_id(const GamePath& a, const GamePath& b) {
  return a.id < b.id;
}

// Reads the splits of one generation folder into a TaskSet.
class Lister {
 public:
  Lister(const std::string& folder, const DataSettings& settings, const Host& host, TaskSet& tasks)
      : folder_(folder), settings_(settings), host_(host), tasks_(tasks) {}

  void list() {
    const bool has_train = has_split(folder_, kTrain);
    if (!has_train && settings_.valid_train_is_dev) {
      throw Failure(IPR_INVALID_ARGUMENT, folder_ +
                                              ": has no train/, so valid_train/ is the train split and cannot be " +
                                              "dev; leave env.dev at held_out");
    }
    if (!has_train && has_split(folder_, kValidTrain))
      host_.log(kWarning, folder_ + ": has no train/; valid_train/ is the train split");
    std::vector<GamePath> train = offered(has_train ? kTrain : kValidTrain);
    if (settings_.valid_train_is_dev) {
      add(kTrain, IPR_SPLIT_TRAIN, std::move(train));
      add("dev", IPR_SPLIT_DEV, offered(kValidTrain));
    } else {
      const std::size_t most = std::min(train.size() / 10, kMostDev);
      HeldOut parts = hold_out(std::move(train), most, settings_.split_seed);
      add(kTrain, IPR_SPLIT_TRAIN, std::move(parts.train));
      add("dev", IPR_SPLIT_DEV, std::move(parts.dev));
    }
    for (const char* split : {"valid_seen", "valid_unseen"}) add(split, IPR_SPLIT_TEST, offered(split));
    for (const std::string& line : left_out_.lines(folder_)) host_.log(kWarning, line);
    if (tasks_.tasks().empty()) throw Failure(IPR_DATA_LOSS, folder_ + ": holds no game that can be offered" + hint());
  }

 private:
  // The games of a split that count; the others go to left_out_.
  std::vector<GamePath> offered(const std::string& split) {
    if (!has_split(folder_, split)) return {};
    std::vector<std::string> problems;
    std::vector<GamePath> games = list_games(folder_, split, problems);
    for (std::string& problem : problems) left_out_.add_fault(std::move(problem));
    std::erase_if(games, [&](const GamePath& game) {
      const char* reason = alfworld::reason_to_skip(game);
      if (reason != nullptr) left_out_.add(reason, game.id);
      return reason != nullptr || (!settings_.task_types.empty() && settings_.task_types.count(game.family) == 0);
    });
    return solvable(std::move(games));
  }

  std::vector<GamePath> solvable(std::vector<GamePath> games) {
    struct Found {
      GameFacts facts;
      std::string fault;
    };
    std::vector<Found> found(games.size());
    host_.parallel_for(games.size(), [&](std::size_t i) {
      try {
        found[i].facts = look_into(games[i], settings_);
      } catch (const std::exception& exception) {
        found[i].fault = exception.what();
      }
    });
    std::vector<GamePath> kept;
    for (std::size_t i = 0; i < games.size(); ++i) {
      const char* reason = found[i].fault.empty() ? reason_to_skip(found[i].facts.solvable) : nullptr;
      if (!found[i].fault.empty()) {
        left_out_.add_fault(std::move(found[i].fault));
      } else if (reason != nullptr) {
        left_out_.add(reason, games[i].id);
      } else {
        instructions_[games[i].id] = std::move(found[i].facts.task);
        kept.push_back(std::move(games[i]));
      }
    }
    return kept;
  }

  void add(const std::string& name, std::uint32_t role, std::vector<GamePath> games) {
    if (games.empty()) return;
    TaskSplit split{name, role, {}};
    for (const GamePath& game : games) split.tasks.push_back(tasks_.add(make_task(game, instructions_.at(game.id))));
    tasks_.add_split(std::move(split));
  }

  [[nodiscard]] std::string hint() const {
    return settings_.task_types.empty() ? "" : " with env.task_types; choose others, or none";
  }

  const std::string& folder_;
  const DataSettings& settings_;
  const Host& host_;
  TaskSet& tasks_;
  LeftOut left_out_;
  std::map<std::string, std::string> instructions_;  // by id
};

}  // namespace

HeldOut hold_out(std::vector<GamePath> games, std::size_t most, std::uint64_t seed) {
  std::map<std::pair<std::uint64_t, std::string>, std::vector<GamePath>> folders;
  for (GamePath& game : games) {
    std::string folder = folder_of(game);
    const std::uint64_t draw = ipr_mix64(seed, fnv1a(folder));
    folders[{draw, std::move(folder)}].push_back(std::move(game));
  }
  HeldOut parts;
  for (auto& [key, members] : folders) {
    auto& into = parts.dev.size() + members.size() <= most ? parts.dev : parts.train;
    std::move(members.begin(), members.end(), std::back_inserter(into));
  }
  std::sort(parts.dev.begin(), parts.dev.end(), by_id);
  std::sort(parts.train.begin(), parts.train.end(), by_id);
  return parts;
}

DataFolder::DataFolder(const std::string& data, const DataSettings& settings, const Host& host)
    : generations_(generation_folders(data, settings.generation)) {
  Lister(generations_.front(), settings, host, tasks_).list();
}

std::optional<GamePath> DataFolder::locate(std::string_view id) const {
  constexpr std::string_view kFile = "/game.tw-pddl";
  if (id.ends_with(kFile)) id.remove_suffix(kFile.size());
  std::size_t begin = id.size();
  for (int parts = 0; parts < 3 && begin != std::string_view::npos; ++parts)
    begin = begin == 0 ? std::string_view::npos : id.rfind('/', begin - 1);
  const std::string_view before = begin == std::string_view::npos ? std::string_view() : id.substr(0, begin);
  const std::string_view named = before.substr(before.rfind('/') + 1);
  if (begin != std::string_view::npos) id.remove_prefix(begin + 1);

  const auto there = [id](const std::string& generation) -> std::optional<GamePath> {
    std::optional<GamePath> game = game_path(generation, id);
    std::error_code error;
    return game && fs::exists(game->path, error) ? game : std::nullopt;
  };
  std::optional<GamePath> first, wanted;
  for (const std::string& generation : generations_) {
    std::optional<GamePath> game = there(generation);
    if (game && fs::path(generation).filename() == named) wanted = game;
    if (!first) first = std::move(game);
  }
  if (!wanted || wanted->path == first->path) return first;
  wanted->id = std::string(named) + "/" + wanted->id;  // the bare id is another generation's
  return wanted;
}

const GameTask* DataFolder::find(std::string_view id) const {
  if (const GameTask* listed = tasks_.find(id)) return listed;
  const std::optional<GamePath> game = locate(id);
  if (!game) return nullptr;
  const GameTask* listed = tasks_.find(game->id);
  if (listed != nullptr) return listed;
  const std::lock_guard lock(mutex_);
  std::unique_ptr<const GameTask>& task = others_[game->id];
  if (!task) task = open_task(*game);
  return task.get();
}

}  // namespace alfworld
