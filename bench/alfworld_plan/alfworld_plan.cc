// ALFWorld's planner on one core: games solved from the start and from random states in the middle, milliseconds per
// plan, plan length against the walkthrough's, and the expert's advice on its path.
//
// Links the engine, not the plugin: the planner has no table of its own. Milliseconds are processor time.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

#include "bench/support/figures.h"
#include "plan/expert.h"
#include "plan/planner.h"

namespace ipr::bench {
namespace {

struct Flags {
  std::string data;
  std::size_t states = 4;  // in the middle, per game
  bool json = false;
};

std::vector<std::string> find_games(const std::string& data) {
  std::vector<std::string> paths;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(data)) {
    const std::string path = entry.path();
    const bool offered = path.find("movable") == std::string::npos && path.find("Sliced") == std::string::npos;
    if (entry.path().filename() == "game.tw-pddl" && offered) paths.push_back(path);
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

// 0 to 15 random admissible commands.
alfworld::State wander(const std::shared_ptr<const alfworld::Game>& game, std::mt19937& random) {
  alfworld::State state(game);
  std::vector<std::string> commands;
  std::string feedback;
  for (std::size_t left = random() % 16; left > 0; --left) {
    state.admissible(commands);
    state.step(commands[random() % commands.size()], feedback);
  }
  return state;
}

struct Plans {
  std::size_t asked = 0, solved = 0;
  std::vector<double> milliseconds, lengths, ratios;

  void add(const alfworld::State& state, bool from_start) {
    ++asked;
    const double began = thread_seconds();
    const auto found = alfworld::find_plan(state);
    milliseconds.push_back(1000 * (thread_seconds() - began));
    if (!found) return;
    ++solved;
    const auto length = static_cast<double>(found->size());
    lengths.push_back(length);
    const auto walkthrough = static_cast<double>(state.game().walkthrough().size());
    if (from_start && walkthrough > 0) ratios.push_back(length / walkthrough);
  }
};

double mean(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return values.empty() ? 0 : sum / static_cast<double>(values.size());
}

double quantile(std::vector<double> values, double share) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  return values[static_cast<std::size_t>(share * static_cast<double>(values.size() - 1))];
}

void report(const Plans& plans, const std::string& where, Figures& figures) {
  const double solved =
      plans.asked > 0 ? 100.0 * static_cast<double>(plans.solved) / static_cast<double>(plans.asked) : 0;
  figures.add(where + ": states", static_cast<double>(plans.asked), "");
  figures.add(where + ": solved", solved, "%", Against{"99 %", 99, 1, true});
  figures.add(where + ": median", median(plans.milliseconds), "ms", Against{"50 ms", 50});
  figures.add(where + ": 95 %", quantile(plans.milliseconds, 0.95), "ms");
  figures.add(where + ": longest", quantile(plans.milliseconds, 1), "ms");
  figures.add(where + ": mean length", mean(plans.lengths), "steps");
  if (plans.ratios.empty()) return;
  figures.add(where + ": mean of length / walkthrough", mean(plans.ratios), "", Against{"1.5", 1.5});
  figures.add(where + ": largest of these", quantile(plans.ratios, 1), "");
}

// Advice at every step of the walkthrough, thoughts included.
void follow(const std::shared_ptr<const alfworld::Game>& game, std::vector<double>& microseconds) {
  alfworld::State state(game);
  alfworld::ExpertMemory memory;
  std::string action, thought, feedback;
  for (std::size_t i = 0; i < game->walkthrough().size(); ++i) {
    const double began = thread_seconds();
    if (!alfworld::expert_advice(state, memory, action, thought)) return;
    microseconds.push_back(1e6 * (thread_seconds() - began));
    state.step(action, feedback);
  }
}

void measure(const Flags& flags, Figures& figures) {
  Plans start, middle;
  std::vector<double> advice;
  std::mt19937 random(1);
  for (const std::string& path : find_games(flags.data)) {
    std::ifstream file(path);
    std::stringstream text;
    text << file.rdbuf();
    const auto game = alfworld::read_game(text.str(), path, alfworld::TextVersion::kOld);
    if (!game->solvable()) continue;
    start.add(alfworld::State(game), true);
    for (std::size_t i = 0; i < flags.states; ++i) middle.add(wander(game, random), false);
    follow(game, advice);
  }
  report(start, "from the start", figures);
  report(middle, "after 0-15 random commands", figures);
  figures.add("advice on the walkthrough, median", median(advice), "us");
}

std::string default_data() {
  const char* shared = std::getenv("IPR_SHARED");
  return std::string(shared != nullptr ? shared : "../shared") + "/data/alfworld";
}

}  // namespace
}  // namespace ipr::bench

int main(int argc, char** argv) {
  using namespace ipr::bench;
  Flags flags;
  flags.data = default_data();
  CLI::App app("ALFWorld's planner: share solved, milliseconds, plan lengths");
  app.add_option("--data", flags.data, "a folder with game.tw-pddl files")->capture_default_str();
  app.add_option("--states", flags.states, "random states in the middle, per game")->capture_default_str();
  app.add_flag("--json", flags.json, "one line of JSON");
  CLI11_PARSE(app, argc, argv);
  Figures figures("alfworld_plan: the planner on one core");
  measure(flags, figures);
  figures.print(flags.json);
  return 0;
}
