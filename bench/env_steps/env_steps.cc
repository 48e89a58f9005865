// WebShop on one core: steps per second against the original engine, loading, forks, and many live episodes.
//
// The plugin is used through core/env only, as the host uses it. Speeds are per second of processor time of the one
// thread.
#include <malloc.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>

#include "bench/env_steps/walks.h"
#include "bench/support/figures.h"
#include "bench/support/open_environment.h"
#include "core/base/rng.h"

namespace ipr::bench {
namespace {

struct Flags {
  std::string data;
  double seconds = 10;
  bool json = false;
};

// The original engine on the official 1,000 products, as measured: with IPR's dense score at each step, and without.
constexpr double kOriginalDense = 27, kOriginalSparse = 39;
constexpr std::size_t kWalks = 600;
constexpr std::uint64_t kSeed = 1;

enum class Extra { kNothing, kProgress, kProgressAndActions };

// Plays every walk once; seconds of this thread.
double play_once(const env::Environment& environment, const Walks& walks, Extra extra) {
  env::Episode episode = must(environment.new_episode());
  const double began = thread_seconds();
  for (const Walk& walk : walks.list) {
    (void)must(episode.reset(walk.task_id, 0));
    for (const std::string& action : walk.actions) {
      (void)must(episode.step(action));
      if (extra != Extra::kNothing) (void)must(episode.progress());
      if (extra == Extra::kProgressAndActions) (void)must(episode.actions());
    }
  }
  return thread_seconds() - began;
}

double steps_per_second(const env::Environment& environment, const Walks& walks, Extra extra, double seconds) {
  std::vector<double> found;
  for (double spent = 0; spent < seconds || found.size() < 3;) {
    const double took = play_once(environment, walks, extra);
    spent += took;
    found.push_back(static_cast<double>(walks.steps) / took);
  }
  return median(found);
}

std::size_t allocated_bytes() {
  const struct mallinfo2 info = ::mallinfo2();
  return info.uordblks + info.hblkhd;
}

double resident_mib() {
  std::ifstream file("/proc/self/statm");
  std::size_t all = 0, resident = 0;
  file >> all >> resident;
  return static_cast<double>(resident) * static_cast<double>(::sysconf(_SC_PAGESIZE)) / (1024 * 1024);
}

// An episode somewhere in the middle of a walk.
env::Episode part_way(const env::Environment& environment, const Walk& walk, Rng& rng) {
  env::Episode episode = must(environment.new_episode());
  (void)must(episode.reset(walk.task_id, 0));
  const std::size_t steps = walk.actions.size() < 2 ? walk.actions.size() : 1 + rng.below(walk.actions.size() - 1);
  for (std::size_t i = 0; i < steps; ++i) (void)must(episode.step(walk.actions[i]));
  return episode;
}

void measure_load(const plugin::Registry& registry, const Flags& flags, const std::string& data,
                  const std::string& where, Figures& figures) {
  std::vector<double> wall, cpu;
  for (double spent = 0; (spent < flags.seconds / 8 || wall.size() < 3) && wall.size() < 25; spent += wall.back()) {
    const double wall_began = wall_seconds(), cpu_began = process_seconds();
    const auto environment = must(open_environment(registry, "webshop", data));
    wall.push_back(wall_seconds() - wall_began);
    cpu.push_back(process_seconds() - cpu_began);
  }
  figures.add(where + ": load", median(wall), "s", Against{"0.3 s", 0.3});
  figures.add(where + ": processor time of that, all threads", median(cpu), "s");
}

void measure_steps(const env::Environment& environment, const env::Environment& fresh, const Walks& walks,
                   const Flags& flags, const std::string& where, Figures& figures) {
  const double seconds = flags.seconds / 8;
  const Against dense{"original engine, dense: 27 steps/s", kOriginalDense, 1000, true};
  const Against sparse{"original engine, sparse: 39 steps/s", kOriginalSparse, 1000, true};
  // The shop remembers answers of searches and scores of goals. `fresh` has none yet: its first pass pays for each
  // once.
  const double first = static_cast<double>(walks.steps) / play_once(fresh, walks, Extra::kProgress);
  figures.add(where + ": steps with progress, first pass, nothing remembered", first, "1/s", dense);
  figures.add(where + ": steps", steps_per_second(environment, walks, Extra::kNothing, seconds), "1/s", sparse);
  figures.add(where + ": steps with progress", steps_per_second(environment, walks, Extra::kProgress, seconds), "1/s",
              dense);
  figures.add(where + ": steps with progress and list of actions",
              steps_per_second(environment, walks, Extra::kProgressAndActions, seconds), "1/s", dense);
  for (const auto& [page, count] : walks.by_page) {
    figures.add(where + ": steps that lead to page: " + page,
                100.0 * static_cast<double>(count) / static_cast<double>(walks.steps), "%");
  }
}

void measure_forks(const env::Environment& environment, const Walks& walks, const std::string& where,
                   Figures& figures) {
  constexpr std::size_t kForks = 64;  // of one state, timed together
  Rng rng(mix(kSeed, fnv1a64("forks")));
  std::vector<double> nanoseconds, bytes;
  for (const Walk& walk : walks.list) {
    const env::Episode episode = part_way(environment, walk, rng);
    std::vector<env::Episode> forks;
    forks.reserve(kForks);
    const std::size_t before = allocated_bytes();
    const double began = thread_seconds();
    for (std::size_t i = 0; i < kForks; ++i) forks.push_back(must(episode.fork()));
    nanoseconds.push_back((thread_seconds() - began) / kForks * 1e9);
    bytes.push_back(static_cast<double>(allocated_bytes() - before) / kForks);
  }
  figures.add(where + ": fork", median(nanoseconds), "ns", Against{"1 us", 1000});
  figures.add(where + ": bytes allocated by a fork", median(bytes), "B", Against{"2 KiB", 2048});
  figures.add(where + ": most bytes allocated by a fork", *std::max_element(bytes.begin(), bytes.end()), "B");
}

void measure_live(const env::Environment& environment, const Walks& walks, const std::string& where, Figures& figures) {
  constexpr std::size_t kEpisodes = 10000;
  Rng rng(mix(kSeed, fnv1a64("live")));
  std::vector<env::Episode> live;
  live.reserve(kEpisodes);
  ::malloc_trim(0);
  const double before = resident_mib();
  for (std::size_t i = 0; i < kEpisodes; ++i)
    live.push_back(part_way(environment, walks.list[i % walks.list.size()], rng));
  figures.add(where + ": resident memory of 10,000 live episodes", resident_mib() - before, "MiB",
              Against{"1 GiB", 1024});
}

void measure(const Flags& flags, const std::string& data, const std::string& where, Figures& figures) {
  const plugin::Registry registry = plugin::find_plugins({});
  measure_load(registry, flags, data, where, figures);
  const auto environment = must(open_environment(registry, "webshop", data)),
             fresh = must(open_environment(registry, "webshop", data));
  const Walks walks = must(record_walks(*environment, kWalks, kSeed));
  if (walks.steps == 0) give_up(bad_data(where + ": no task to walk through"));
  measure_steps(*environment, *fresh, walks, flags, where, figures);
  measure_forks(*environment, walks, where, figures);
  measure_live(*environment, walks, where, figures);
}

std::string default_data() {
  const char* shared = std::getenv("IPR_SHARED");
  return std::string(shared != nullptr ? shared : "../shared") + "/data/webshop";
}

}  // namespace
}  // namespace ipr::bench

int main(int argc, char** argv) {
  using namespace ipr::bench;
  Flags flags;
  flags.data = default_data();
  CLI::App app("WebShop steps per second, loading, forks and memory");
  app.add_option("--data", flags.data, "folder of the official 1,000 products; left out where it is not there")
      ->capture_default_str();
  app.add_option("--seconds", flags.seconds, "time to spend on each shop, about")->capture_default_str();
  app.add_flag("--json", flags.json, "one line of JSON");
  CLI11_PARSE(app, argc, argv);
  Figures figures("env_steps: WebShop on one core");
  measure(flags, "", "generated", figures);
  if (std::filesystem::is_directory(flags.data)) measure(flags, flags.data, "official", figures);
  figures.print(flags.json);
}
