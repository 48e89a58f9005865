// A million visits of the shop in one process, through the environment layer of the host: nothing grows.
//
// IPR_ENDURANCE_EPISODES: how many (default 50000; the whole promise: 1000000). The first tenth warms caches and
// allocator.
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "core/base/rng.h"
#include "core/env/session.h"
#include "core/plugin/registry.h"
#include "core/plugin/schema.h"
#include "tests/support/catch.h"

using namespace ipr;

namespace {

// Fails the test with the message of an error.
template <typename T>
T must(Result<T> result) {
  if (!result.ok()) FAIL(result.status().message());
  return std::move(result).value();
}

std::unique_ptr<env::Environment> open_shop() {
  const plugin::Registry registry = plugin::find_plugins({IPR_PLUGIN_FOLDER});
  const plugin::Manifest manifest = must(plugin::find_plugin(registry, plugin::Kind::kEnvironment, "webshop"));
  const plugin::ResolvedSettings settings = must(plugin::resolve_settings(manifest.subject(), manifest.schema, {}));
  plugin::HostServices services;
  services.threads = 1;
  services.log = [](int, std::string_view) {};
  services.metric = [](std::string_view, double) {};
  return must(env::Environment::make(must(plugin::Instance::create(manifest, settings.values, std::move(services)))));
}

std::size_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  std::size_t all = 0, resident = 0;
  statm >> all >> resident;
  return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

std::size_t open_descriptors() {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) ++count;
  return count;
}

// A random action, or the first of the list where there is one.
std::string choose_action(env::Episode& episode, bool first, std::uint64_t seed) {
  if (first) {
    const auto actions = must(episode.actions());
    if (actions && !actions->empty()) return actions->front();
  }
  return must(episode.sample_action(seed));
}

void play_on(env::Session& session, std::vector<env::Turn>& turns, bool first, std::uint64_t seed, int steps) {
  for (int i = 0; i < steps && !session.finished(); ++i) {
    const std::string action = choose_action(session.episode(), first, mix(seed, static_cast<std::uint64_t>(i)));
    turns.push_back(must(session.say(must(session.compose(action)))));
  }
}

// Two episodes: one to its end, and a fork of it from somewhere on the way.
void play_and_fork(const env::Environment& shop, const env::Task& task, std::uint64_t seed) {
  constexpr int kMaxSteps = 10;
  const bool first = seed % 4 == 0;
  Rng rng(seed);
  std::vector<env::Turn> turns;
  env::Session session = must(env::Session::start(shop, task, 0, kMaxSteps));
  play_on(session, turns, first, rng.next(), static_cast<int>(rng.below(kMaxSteps)));
  env::Session fork = must(session.fork(turns));
  std::vector<env::Turn> other_turns = turns;
  play_on(session, turns, first, rng.next(), kMaxSteps);
  play_on(fork, other_turns, false, rng.next(), kMaxSteps);
  CHECK((session.finished() && fork.finished()));
}

}  // namespace

TEST_CASE("memory and descriptors stay as they are over many episodes", "[endurance]") {
  const char* asked = std::getenv("IPR_ENDURANCE_EPISODES");
  const std::size_t episodes = asked != nullptr ? std::strtoul(asked, nullptr, 10) : 200000;
  const std::size_t warm_up = std::min<std::size_t>(100000, episodes / 2);  // until the bounded caches are full
  const std::unique_ptr<env::Environment> shop = open_shop();
  const std::vector<env::Task> tasks = must(shop->tasks_of_role(IPR_SPLIT_TRAIN));
  std::size_t played = 0;
  const auto play_until = [&](std::size_t end) {
    for (; played < end; played += 2) play_and_fork(*shop, tasks[played / 2 % tasks.size()], played);
  };
  play_until(warm_up);
  const std::size_t resident = resident_bytes(), descriptors = open_descriptors();
  play_until(episodes);
  std::cout << "resident " << resident / 1024 << " KiB after " << warm_up << " episodes, " << resident_bytes() / 1024
            << " KiB after " << episodes << "; open descriptors " << descriptors << " and " << open_descriptors()
            << "\n";
  CHECK(static_cast<double>(resident_bytes()) <= 1.02 * static_cast<double>(resident));
  CHECK(open_descriptors() == descriptors);
}
