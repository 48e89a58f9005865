// What the record holds after something broke underneath it, at any of its writes.
#include <algorithm>

#include "core/store/run_store.h"
#include "tests/store/faulty_vfs.h"
#include "tests/support/catch.h"
#include "tests/support/shared_data.h"

using namespace ipr;
using namespace ipr::store;
using namespace ipr::test;

namespace {

constexpr int kUnits = 6, kEpisodes = 2, kTurns = 2;
constexpr std::uint64_t kMostSteps = 300;

Episode episode_of(int unit, int number) {
  Episode episode;
  episode.stage = kExplore;
  episode.policy = "sft";
  episode.task_id = std::to_string(unit) + "/" + std::to_string(number);
  episode.first_observation = std::string(300, 'o');
  episode.turns.resize(kTurns);
  return episode;
}

// One chunk of a stage, as the loop writes it: episodes, cost, how far the stage is.
Status write_unit(RunStore& record, int number) {
  IPR_ASSIGN(Unit unit, record.begin());
  for (int i = 0; i < kEpisodes; ++i) IPR_TRY(record.add_episode(episode_of(number, i)).status());
  Cost cost;
  cost.stage = kExplore;
  cost.rollouts = kEpisodes;
  IPR_TRY(record.add_cost(cost));
  IPR_TRY(record.set_state("recorded/explore", std::to_string(number + 1)));
  return unit.commit();
}

// A whole run of the store; `committed` counts the units whose commit has said yes.
Status script(const std::string& path, int& committed) {
  IPR_ASSIGN(RunStore record, RunStore::open(path));
  for (int i = 0; i < kUnits; ++i) {
    IPR_TRY(write_unit(record, i));
    ++committed;
    if (i % 3 == 2) IPR_TRY(record.flush());
  }
  IPR_TRY(record.mark_done("explore"));
  return record.flush();
}

// The number of units the record holds, each whole, one after the other from the first.
int whole_units(const std::string& path) {
  const FaultyVfs sound;  // without faults: an ordinary disk
  auto record = RunStore::open(path);
  INFO(record.status().message());
  REQUIRE(record.ok());
  const auto episodes = record->episodes({}).value();
  REQUIRE(episodes.size() % kEpisodes == 0);
  const int units = static_cast<int>(episodes.size()) / kEpisodes;
  for (std::size_t i = 0; i < episodes.size(); ++i) {
    const int number = static_cast<int>(i);
    CHECK(episodes[i].task_id == episode_of(number / kEpisodes, number % kEpisodes).task_id);
    CHECK(episodes[i].turns.size() == kTurns);
  }
  const auto costs = record->costs().value();
  CHECK((units == 0 ? 0 : costs.at(0).rollouts) == units * kEpisodes);
  CHECK(record->state("recorded/explore").value().value_or("0") == std::to_string(units));
  if (record->stage_done("explore").value()) CHECK(units == kUnits);
  return units;
}

void breaks_at_every_step(Fault fault, bool for_good) {
  for (std::uint64_t k = 1;; ++k) {
    REQUIRE(k <= kMostSteps);
    CAPTURE(k);
    const TempFolder folder;
    const std::string path = folder.file("run.db");
    int committed = 0;
    bool reached = false;
    {
      FaultyVfs vfs;
      vfs.fail_at(k, fault, for_good);
      const Status status = script(path, committed);
      reached = vfs.steps() >= k;
      if (!status.ok()) {
        CHECK(status.code() == Code::kFailed);
        CHECK(status.message().find("run.db") != std::string::npos);
      }
    }
    const int units = whole_units(path);
    // A commit that failed at its sync may be there or not; one that said yes is.
    CHECK(units >= committed);
    CHECK(units <= committed + 1);
    if (!reached) {
      CHECK(units == kUnits);
      return;
    }
  }
}

}  // namespace

TEST_CASE("a full disk at any write leaves whole units", "[store][durability]") {
  breaks_at_every_step(Fault::kDiskFull, /*for_good=*/true);
}

TEST_CASE("an I/O error at any write leaves whole units", "[store][durability]") {
  breaks_at_every_step(Fault::kIoError, /*for_good=*/true);
}

TEST_CASE("a single I/O error at any write leaves whole units", "[store][durability]") {
  breaks_at_every_step(Fault::kIoError, /*for_good=*/false);
}

TEST_CASE("a power cut at any moment leaves all units that were committed", "[store][durability]") {
  const TempFolder folder;
  FaultyVfs vfs;
  vfs.watch_power();
  std::vector<std::size_t> committed_at;  // moments: by then so many units had said yes
  {
    auto record = RunStore::open(folder.file("run.db"));
    REQUIRE(record.ok());
    for (int i = 0; i < kUnits; ++i) {
      REQUIRE(write_unit(*record, i).ok());
      committed_at.push_back(vfs.cuts() - 1);
      if (i % 3 == 2) REQUIRE(record->flush().ok());
    }
  }
  REQUIRE(vfs.cuts() <= 2 * kMostSteps);
  for (std::size_t cut = 0; cut < vfs.cuts(); ++cut) {
    for (const std::uint64_t seed : {0, 1, 2}) {  // 0: nothing unsynced stays; else a random part of it
      CAPTURE(cut, seed);
      const TempFolder after;
      vfs.after_cut(cut, after.path(), seed + (seed > 0 ? 10 * cut : 0));
      const auto promised =
          std::count_if(committed_at.begin(), committed_at.end(), [&](std::size_t moment) { return moment <= cut; });
      const int units = whole_units(after.file("run.db"));
      CHECK(units >= promised);
      CHECK(units <= promised + 1);
    }
  }
}
