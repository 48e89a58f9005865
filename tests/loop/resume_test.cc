// What a run that goes on takes from its record.
#include "core/loop/resume.h"

#include "core/loop/mini.h"
#include "core/loop/policy.h"
#include "core/loop/record.h"
#include "core/rollout/service.h"
#include "tests/loop/speech.h"
#include "tests/support/catch.h"
#include "tests/support/shared_data.h"

using namespace ipr;
using namespace ipr::loop;
using namespace ipr::test;
using rollout::Trajectory;

namespace {

store::RunStore open_or_throw(const std::string& path) {
  auto record = store::RunStore::open(path);
  if (!record.ok()) throw std::runtime_error(record.status().message());
  return std::move(*record);
}

Trajectory numbered(const Trajectory& like, std::uint64_t sample) {
  Trajectory trajectory = like;
  trajectory.sample = sample;
  return trajectory;
}

}  // namespace

TEST_CASE("a recorded trajectory comes back as plugins and seeds saw it", "[loop][resume]") {
  const auto talk = make_talk();
  const TempFolder folder;
  store::RunStore record = open_or_throw(folder.file("run.db"));
  Trajectory played = talk->expert;
  played.parent_id = 0;
  played.split = "train";
  played.turns.front().reply_ids = {5, 0, -1};
  played.turns.front().info_json = "{\"a\":1}";
  const auto id = record.add_episode(to_episode(played, store::kExpert, 0, 0, "expert"));
  REQUIRE(id.ok());
  const Trajectory back = to_trajectory(record.episode(*id).value(), &talk->task);
  CHECK(back.id == static_cast<std::uint64_t>(*id));
  CHECK(back.expert == played.expert);
  CHECK(back.terminated == played.terminated);
  CHECK(back.truncated == played.truncated);
  CHECK(back.success == played.success);
  CHECK(back.outcome == played.outcome);
  CHECK(back.exit_status == played.exit_status);
  CHECK(back.first_message == played.first_message);
  CHECK(back.stats_json == played.stats_json);
  REQUIRE(back.turns.size() == played.turns.size());
  for (std::size_t i = 0; i < back.turns.size(); ++i) {
    CAPTURE(i);
    CHECK(back.turns[i].flags == played.turns[i].flags);  // a scorer sees by them that an episode is over
    CHECK(back.turns[i].message == played.turns[i].message);
    CHECK(back.turns[i].action == played.turns[i].action);
    CHECK(back.turns[i].observation == played.turns[i].observation);
    CHECK(back.turns[i].reply_ids == played.turns[i].reply_ids);
    CHECK(back.turns[i].info_json == played.turns[i].info_json);
    CHECK(back.turns[i].reward == played.turns[i].reward);
  }
  CHECK(rollout::prefix_hash(back, back.turns.size()) == rollout::prefix_hash(played, played.turns.size()));
}

TEST_CASE("a stage is recorded in order, and is done with its last item", "[loop][resume]") {
  const auto talk = make_talk();
  const auto policy =
      make_policy("fresh", 0, model::random_weights(mini_config(talk->speech->tokenizer, 256), 3), {}).value();
  const TempFolder folder;
  store::RunStore record = open_or_throw(folder.file("run.db"));
  ChunkWriter::Stage stage{stage_name(1, "explore-0"), 1, store::kExplore};
  stage.items = 5;
  const auto write = [&](const Trajectory& trajectory) {
    return record.add_episode(to_episode(trajectory, store::kExplore, 1, 0, "sft")).status();
  };
  const auto recorded = [&] { return recorded_items(record, stage.name).value(); };
  CHECK(stage.name == "iter-1/explore-0");
  CHECK(recorded() == 0);
  {
    stage.unit_seconds = 1e9;  // only close() writes
    ChunkWriter writer(record, *policy->generator, stage, write);
    REQUIRE(writer.take(std::vector<Trajectory>{numbered(talk->expert, 0), numbered(talk->expert, 1)}).ok());
    REQUIRE(writer.take(numbered(talk->expert, 2)).ok());
    CHECK(recorded() == 0);
    REQUIRE(writer.close().ok());
  }
  CHECK(recorded() == 2);
  CHECK_FALSE(record.stage_done(stage.name).value());
  CHECK(record.count_episodes({}).value() == 3);
  {
    stage.recorded = recorded();
    stage.unit_seconds = 0;  // each item is a unit
    ChunkWriter writer(record, *policy->generator, stage, write);
    for (std::uint64_t sample = 3; sample < 6; ++sample) {
      REQUIRE(writer.take(numbered(talk->expert, sample)).ok());
      CHECK(recorded() == sample);
      CHECK(record.stage_done(stage.name).value() == (sample == 5));
    }
    REQUIRE(writer.close().ok());
  }
  CHECK(record.costs().value().at(0).rollouts == 6);
}

TEST_CASE("a stage without items is done when it is closed", "[loop][resume]") {
  const auto talk = make_talk();
  const auto policy =
      make_policy("fresh", 0, model::random_weights(mini_config(talk->speech->tokenizer, 256), 3), {}).value();
  const TempFolder folder;
  store::RunStore record = open_or_throw(folder.file("run.db"));
  ChunkWriter writer(record, *policy->generator, {stage_name(2, "dev"), 2, store::kEval},
                     [](const Trajectory&) { return failed("there is none"); });
  REQUIRE(writer.close().ok());
  CHECK(record.stage_done("iter-2/dev").value());
}
