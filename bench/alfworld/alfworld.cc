// ALFWorld on one core: loading, resets, steps with and without the admissible commands, forks, many live episodes, and
// what a step's cost grows with.
//
// The engine is used as the plugin uses it. Speeds are per second of processor time of the one thread. The original
// (TextWorld over Fast Downward) was measured at 12 steps/s, 0.95 s a load and as much a reset.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <fstream>
#include <functional>

#include "bench/alfworld/bigger_game.h"
#include "bench/alfworld/walks.h"
#include "bench/support/figures.h"

namespace alfworld::bench {
namespace {

using ipr::bench::Against;
using ipr::bench::Figures;
using ipr::bench::median;
using ipr::bench::thread_seconds;

struct Flags {
  std::string data;
  double seconds = 2;  // for each figure, about
  bool json = false;
};

constexpr std::size_t kWalk = 50;

// Processor seconds of one call, the median over the calls that `seconds` allow.
double timed(double seconds, const std::function<void()>& call) {
  std::vector<double> found;
  for (double spent = 0; spent < seconds || found.size() < 3;) {
    const double began = thread_seconds();
    call();
    found.push_back(thread_seconds() - began);
    spent += found.back();
  }
  return median(found);
}

// Plays the walk of one game; returns something that depends on everything, so that nothing is left out.
std::size_t play(const PlayedGame& played, bool with_list, std::string& feedback, std::vector<std::string>& list) {
  std::size_t seen = 0;
  State state(played.game);
  for (const std::string& command : played.commands) {
    seen += state.step(command, feedback) ? feedback.size() : 1;
    seen += state.won() ? 1 : 0;
    if (!with_list) continue;
    state.admissible(list);
    seen += list.size();
  }
  return seen;
}

double seconds_per_step(const std::vector<PlayedGame>& games, bool with_list, double seconds) {
  std::string feedback;
  std::vector<std::string> list;
  std::size_t seen = 0;
  const double pass = timed(seconds, [&] {
    for (const PlayedGame& played : games) seen += play(played, with_list, feedback, list);
  });
  if (seen == 0) std::abort();
  return pass / static_cast<double>(games.size() * kWalk);
}

void measure_loading(const std::vector<PlayedGame>& games, const Flags& flags, Figures& figures) {
  std::vector<double> loads;
  std::vector<double> resets;
  for (const PlayedGame& played : games) {
    const double began = thread_seconds();
    const auto game = read_game(played.text, played.path, TextVersion::kOld);
    loads.push_back(1e3 * (thread_seconds() - began));
    resets.push_back(1e6 * timed(flags.seconds / static_cast<double>(10 * games.size()), [&] {
                       if (State(played.game).intro().empty()) std::abort();
                     }));
  }
  figures.add("load a game, median", median(loads), "ms", Against{"5 ms", 5});
  figures.add("reset a loaded game with its text, median", median(resets), "us", Against{"50 us", 50});
}

void measure_steps(const std::vector<PlayedGame>& games, const Flags& flags, Figures& figures) {
  figures.add("steps, with won", 1 / seconds_per_step(games, false, flags.seconds), "1/s",
              Against{"200,000 steps/s", 200'000, 1, true});
  figures.add("steps with the admissible commands", 1 / seconds_per_step(games, true, flags.seconds), "1/s",
              Against{"50,000 steps/s", 50'000, 1, true});
}

State at_end_of_walk(const PlayedGame& played) {
  State state(played.game);
  std::string feedback;
  for (const std::string& command : played.commands) state.step(command, feedback);
  return state;
}

void measure_forks(const std::vector<PlayedGame>& games, const Flags& flags, Figures& figures) {
  std::vector<double> times;
  std::size_t most = 0;
  constexpr std::size_t kForks = 1000;
  std::vector<State> forks;
  forks.reserve(kForks);
  for (const PlayedGame& played : games) {
    const State state = at_end_of_walk(played);
    most = std::max(most, state.bytes());
    times.push_back(1e9 / kForks * timed(flags.seconds / static_cast<double>(10 * games.size()), [&] {
                      forks.clear();
                      for (std::size_t i = 0; i < kForks; ++i) forks.push_back(state);
                    }));
  }
  figures.add("fork after 50 steps and free, median", median(times), "ns", Against{"1 us", 1000});
  figures.add("bytes that a fork copies, the most", static_cast<double>(most), "B", Against{"2 KiB", 2048});
}

double resident_mib() {
  std::ifstream file("/proc/self/statm");
  std::size_t all = 0;
  std::size_t resident = 0;
  file >> all >> resident;
  return static_cast<double>(resident) * static_cast<double>(::sysconf(_SC_PAGESIZE)) / (1024 * 1024);
}

void measure_memory(const std::vector<PlayedGame>& games, Figures& figures) {
  const double before_games = resident_mib();
  std::vector<std::shared_ptr<const Game>> loaded;
  for (const PlayedGame& played : games) loaded.push_back(read_game(played.text, played.path, TextVersion::kOld));
  figures.add("resident memory of a loaded game",
              1024 * (resident_mib() - before_games) / static_cast<double>(games.size()), "KiB");
  constexpr std::size_t kEpisodes = 100'000;
  std::vector<State> live;
  live.reserve(kEpisodes);
  const double before = resident_mib();
  const PlayedGame& played = games.front();
  std::string feedback;
  for (std::size_t i = 0; i < kEpisodes; ++i) {
    live.emplace_back(played.game);
    for (const std::string& command : played.commands) live.back().step(command, feedback);
  }
  figures.add("100,000 live episodes of one game, 50 steps each", resident_mib() - before, "MiB",
              Against{"1 GiB", 1024});
}

// The same household 1, 4, 16 and 64 times: what is in sight stays, what `go to` reaches grows.
void measure_growth(const std::vector<PlayedGame>& games, const Flags& flags, Figures& figures) {
  double base = 0;
  for (const std::size_t times : {1, 4, 16, 64}) {
    std::vector<PlayedGame> bigger(1);
    bigger[0].text = bigger_game(games.front().text, times);
    bigger[0].game = read_game(bigger[0].text, "bigger game", TextVersion::kOld);
    record_walk(bigger[0], kWalk, 1);
    const std::string name = std::to_string(bigger[0].game->entities().size()) + " entities, " +
                             std::to_string(static_cast<int>(bigger[0].admissible)) + " commands: ";
    const double step = 1e6 * seconds_per_step(bigger, false, flags.seconds / 8);
    if (times == 1) base = step;
    figures.add(name + "step", step, "us", Against{"the smallest game's", base, 2});
    const double listed = 1e6 * seconds_per_step(bigger, true, flags.seconds / 8);
    figures.add(name + "step and list, per command", (listed - step) / bigger[0].admissible, "us");
  }
}

void measure(const Flags& flags, Figures& figures) {
  std::vector<PlayedGame> games = read_games(flags.data);
  for (std::size_t i = 0; i < games.size(); ++i) record_walk(games[i], kWalk, static_cast<std::uint32_t>(i));
  measure_loading(games, flags, figures);
  measure_steps(games, flags, figures);
  measure_forks(games, flags, figures);
  measure_memory(games, figures);
  measure_growth(games, flags, figures);
}

std::string default_data() {
  const char* shared = std::getenv("IPR_SHARED");
  return std::string(shared != nullptr ? shared : "../shared") + "/data/alfworld/json_2.1.1";
}

}  // namespace
}  // namespace alfworld::bench

int main(int argc, char** argv) {
  using namespace alfworld::bench;
  Flags flags;
  flags.data = default_data();
  CLI::App app("ALFWorld steps per second, loading, forks and memory");
  app.add_option("--data", flags.data, "folder with game.tw-pddl files")->capture_default_str();
  app.add_option("--seconds", flags.seconds, "time to spend on each figure, about")->capture_default_str();
  app.add_flag("--json", flags.json, "one line of JSON");
  CLI11_PARSE(app, argc, argv);
  ipr::bench::Figures figures("alfworld: ALFWorld on one core");
  measure(flags, figures);
  figures.print(flags.json);
}
