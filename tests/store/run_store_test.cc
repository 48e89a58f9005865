#include "core/store/run_store.h"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>

#include "core/base/rng.h"
#include "tests/support/catch.h"
#include "tests/support/shared_data.h"

using namespace ipr;
using namespace ipr::store;

namespace {

bool same(double a, double b) {
  return a == b || (std::isnan(a) && std::isnan(b));
}

bool same(const Turn& a, const Turn& b) {
  return a.message == b.message && a.action == b.action && a.observation == b.observation && same(a.reward, b.reward) &&
         same(a.progress, b.progress) && same(a.outcome, b.outcome) && a.valid == b.valid && a.flags == b.flags &&
         a.token_ids == b.token_ids && a.prompt_tokens == b.prompt_tokens && a.info_json == b.info_json;
}

bool same(const Episode& a, const Episode& b) {
  return a.id == b.id && a.stage == b.stage && a.iteration == b.iteration && a.plan == b.plan && a.policy == b.policy &&
         a.split == b.split && a.task_id == b.task_id && a.sample == b.sample && a.seed == b.seed &&
         a.parent_id == b.parent_id && a.prefix_turns == b.prefix_turns && a.first_turn == b.first_turn &&
         a.first_observation == b.first_observation && a.outcome == b.outcome && a.terminated == b.terminated &&
         a.truncated == b.truncated && a.success == b.success && a.exit_status == b.exit_status &&
         a.attempts == b.attempts && a.seconds == b.seconds && a.extra_json == b.extra_json &&
         std::equal(a.turns.begin(), a.turns.end(), b.turns.begin(), b.turns.end(),
                    [](const Turn& x, const Turn& y) { return same(x, y); });
}

std::string random_text(Rng& rng) {
  std::string text(rng.below(40), '\0');
  for (char& c : text) c = static_cast<char>(rng.below(256));
  return text;
}

Turn random_turn(Rng& rng) {
  Turn turn;
  turn.message = random_text(rng);
  turn.action = random_text(rng);
  turn.observation = random_text(rng);
  turn.reward = rng.uniform();
  turn.progress = rng.below(2) == 0 ? kNone : rng.uniform();
  turn.outcome = rng.below(2) == 0 ? kNone : rng.uniform();
  turn.valid = rng.below(2) == 0;
  turn.flags = static_cast<std::uint32_t>(rng.below(16));
  for (std::uint64_t i = rng.below(30); i > 0; --i) turn.token_ids.push_back(static_cast<std::int32_t>(rng.next()));
  turn.prompt_tokens = static_cast<std::int64_t>(rng.below(4096));
  turn.info_json = random_text(rng);
  return turn;
}

Episode random_episode(Rng& rng) {
  Episode e;
  e.stage = kExplore;
  e.iteration = static_cast<std::int32_t>(rng.below(4));
  e.plan = static_cast<std::int32_t>(rng.below(3));
  e.policy = "iter-1";
  e.split = "train";
  e.task_id = random_text(rng);
  e.sample = static_cast<std::int64_t>(rng.next() >> 1);  // unique enough
  e.seed = rng.next();
  e.parent_id = static_cast<std::int64_t>(rng.below(5));
  e.prefix_turns = static_cast<std::int32_t>(rng.below(5));
  e.first_turn = static_cast<std::int32_t>(rng.below(3));
  e.first_observation = random_text(rng);
  e.outcome = rng.uniform();
  e.terminated = rng.below(2) == 0;
  e.truncated = rng.below(2) == 0;
  e.success = rng.below(2) == 0;
  e.exit_status = "max_steps";
  e.attempts = 2;
  e.seconds = rng.uniform();
  e.extra_json = "{\"options\":2}";
  for (std::uint64_t i = rng.below(6); i > 0; --i) e.turns.push_back(random_turn(rng));
  return e;
}

Episode evaluated(const std::string& policy, int iteration, const std::string& task, double outcome, int sample = 0) {
  Episode e;
  e.stage = kEval;
  e.policy = policy;
  e.iteration = iteration;
  e.split = "test";
  e.task_id = task;
  e.sample = sample;
  e.outcome = outcome;
  e.success = outcome == 1;
  return e;
}

RunStore open_or_throw(const std::string& path) {
  auto record = RunStore::open(path);
  if (!record.ok()) throw std::runtime_error(record.status().message());
  return std::move(*record);
}

}  // namespace

TEST_CASE("episodes read back byte for byte, whatever is in them", "[store]") {
  const test::TempFolder folder;
  Rng rng(11);
  std::vector<Episode> written;
  {
    RunStore record = open_or_throw(folder.file("run.db"));
    for (int i = 0; i < 60; ++i) {
      Episode episode = random_episode(rng);
      episode.id = record.add_episode(episode).value();
      written.push_back(episode);
    }
  }
  auto record = RunStore::open_to_read(folder.file("run.db"));
  REQUIRE(record.ok());
  const auto read = record->episodes({}).value();
  REQUIRE(read.size() == written.size());
  for (std::size_t i = 0; i < read.size(); ++i) {
    CAPTURE(i);
    CHECK(same(read[i], written[i]));
    CHECK(same(record->episode(written[i].id).value(), written[i]));
  }
  CHECK(record->episode(1000).status().code() == Code::kData);
  CHECK(record->episodes({}, Turns::kSkip).value()[0].turns.empty());
}

TEST_CASE("a filter gives the episodes that match all its fields", "[store]") {
  const test::TempFolder folder;
  RunStore record = open_or_throw(folder.file("run.db"));
  const auto expert_id = record
                             .add_episode([] {
                               Episode e = evaluated("expert", 0, "a", 1);
                               e.stage = kExpert;
                               return e;
                             }())
                             .value();
  Episode rollout = evaluated("sft", 1, "a", 0);
  rollout.stage = kMonteCarlo;
  rollout.parent_id = expert_id;
  for (rollout.sample = 0; rollout.sample < 5; ++rollout.sample) REQUIRE(record.add_episode(rollout).ok());
  REQUIRE(record.add_episode(evaluated("sft", 0, "a", 0)).ok());
  REQUIRE(record.add_episode(evaluated("iter-1", 1, "b", 0)).ok());
  const auto count = [&](const EpisodeFilter& filter) { return record.count_episodes(filter).value(); };
  CHECK(count({}) == 8);
  CHECK(count({.stage = kEval}) == 2);
  CHECK(count({.parent_id = expert_id}) == 5);
  CHECK(count({.stage = kEval, .policy = "iter-1", .split = "test", .task_id = "b", .iteration = 1}) == 1);
  CHECK(count({.stage = kEval, .policy = "iter-1", .task_id = "a"}) == 0);
  CHECK(record.episodes({.stage = kMonteCarlo, .iteration = 1}).value().size() == 5);
}

TEST_CASE("the same episode twice is refused and leaves nothing of it", "[store]") {
  const test::TempFolder folder;
  RunStore record = open_or_throw(folder.file("run.db"));
  auto unit = record.begin();
  REQUIRE(unit.ok());
  REQUIRE(record.add_episode(evaluated("sft", 0, "a", 1)).ok());
  const auto again = record.add_episode(evaluated("sft", 0, "a", 0));
  CHECK(again.status().code() == Code::kFailed);
  CHECK(again.status().message().find("task \"a\"") != std::string::npos);
  Episode bad = evaluated("sft", 0, "b", 1);
  bad.turns.resize(3);
  bad.turns[2].reward = kNone;  // the record wants a number here: fails after two turns are in
  CHECK_FALSE(record.add_episode(bad).ok());
  REQUIRE(record.add_episode(evaluated("sft", 0, "c", 1)).ok());
  REQUIRE(unit->commit().ok());
  CHECK(record.count_episodes({}).value() == 2);
  CHECK(record.count_episodes({.task_id = "b"}).value() == 0);
}

TEST_CASE("a unit without commit leaves no trace", "[store]") {
  const test::TempFolder folder;
  RunStore record = open_or_throw(folder.file("run.db"));
  {
    auto unit = record.begin();
    REQUIRE(unit.ok());
    REQUIRE(record.add_episode(evaluated("sft", 0, "a", 1)).ok());
    REQUIRE(record.mark_done("sft").ok());
    CHECK_FALSE(record.begin().ok());  // one at a time
  }
  CHECK(record.count_episodes({}).value() == 0);
  CHECK_FALSE(record.stage_done("sft").value());
  auto unit = record.begin();
  REQUIRE(record.add_episode(evaluated("sft", 0, "a", 1)).ok());
  REQUIRE(record.mark_done("sft").ok());
  REQUIRE(unit->commit().ok());
  CHECK_FALSE(unit->commit().ok());
  CHECK(record.count_episodes({}).value() == 1);
  CHECK(record.stage_done("sft").value());
}

TEST_CASE("a killed process leaves whole units only, and the next one goes on", "[store]") {
  const test::TempFolder folder;
  const std::string path = folder.file("run.db");
  int written[2];
  REQUIRE(::pipe(written) == 0);
  const pid_t child = ::fork();
  if (child == 0) {
    auto record = RunStore::open(path);
    for (int chunk = 0;; ++chunk) {
      auto unit = record->begin();
      for (int i = 0; i < 7; ++i) {
        Episode e = evaluated("sft", 0, std::to_string(chunk) + "/" + std::to_string(i), 1);
        e.turns.resize(3);
        if (!record->add_episode(e).ok()) ::_exit(1);
        if (chunk == 3 && i == 4) {  // in the middle of a unit
          (void)!::write(written[1], "x", 1);
          for (;;) ::pause();
        }
      }
      Cost cost;
      cost.stage = kMonteCarlo;
      cost.rollouts = 7;
      if (!record->add_cost(cost).ok() || !unit->commit().ok()) ::_exit(1);
    }
  }
  char byte = 0;
  REQUIRE(::read(written[0], &byte, 1) == 1);
  REQUIRE(::kill(child, SIGKILL) == 0);
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  ::close(written[0]);
  ::close(written[1]);
  CHECK(WIFSIGNALED(status));

  RunStore record = open_or_throw(path);
  const auto episodes = record.episodes({}).value();
  CHECK(episodes.size() == 21);
  for (const Episode& e : episodes) CHECK(e.turns.size() == 3);
  CHECK(record.costs().value()[0].rollouts == 21);
  CHECK(record.next_episode_id().value() == 22);
  CHECK(record.add_episode(evaluated("sft", 0, "3/0", 1)).ok());
}

TEST_CASE("a full disk undoes the unit, keeps the ones before and says what to do", "[store]") {
  const test::TempFolder folder;
  RunStore record = open_or_throw(folder.file("run.db"));
  REQUIRE(record.add_episode(evaluated("sft", 0, "before", 1)).ok());
  rlimit before{};
  ::getrlimit(RLIMIT_FSIZE, &before);
  const auto old_handler = std::signal(SIGXFSZ, SIG_IGN);  // a file size limit plays the full disk
  rlimit tight = before;
  tight.rlim_cur = 400000;
  ::setrlimit(RLIMIT_FSIZE, &tight);
  Status status;
  {
    auto unit = record.begin();
    Episode e = evaluated("sft", 0, "", 1);
    e.first_observation = std::string(20000, 'x');
    for (int i = 0; i < 200 && status.ok(); ++i) {
      e.task_id = std::to_string(i);
      status = record.add_episode(e).status();
    }
    if (status.ok()) status = unit->commit();
  }
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, old_handler);
  CHECK(status.code() == Code::kFailed);
  CHECK(status.message().find("run.db") != std::string::npos);
  CHECK(status.message().find("run again to resume") != std::string::npos);
  CHECK(record.count_episodes({}).value() == 1);
  CHECK(record.add_episode(evaluated("sft", 0, "after", 1)).ok());
}

TEST_CASE("another reader sees what is committed while a unit is being written", "[store]") {
  const test::TempFolder folder;
  RunStore record = open_or_throw(folder.file("run.db"));
  REQUIRE(record.add_episode(evaluated("sft", 0, "a", 1)).ok());
  auto reader = RunStore::open_to_read(folder.file("run.db"));
  REQUIRE(reader.ok());
  auto unit = record.begin();
  REQUIRE(record.add_episode(evaluated("sft", 0, "b", 1)).ok());
  CHECK(reader->count_episodes({}).value() == 1);
  REQUIRE(unit->commit().ok());
  CHECK(reader->count_episodes({}).value() == 2);
  const Status refused = reader->set_state("key", "value");
  CHECK(refused.code() == Code::kFailed);
  CHECK(record.flush().ok());
}

TEST_CASE("scores, pairs, metrics, costs, tasks and policies come back under their keys", "[store]") {
  const test::TempFolder folder;
  RunStore record = open_or_throw(folder.file("run.db"));
  const auto first = record.add_episode(evaluated("sft", 0, "a", 1)).value();
  const auto second = record.add_episode(evaluated("iter-1", 1, "a", 0)).value();

  const StepScore score{first, 2, "mc", "hash", 0.6, 0.3, 5};
  REQUIRE(record.put_score({first, 2, "mc", "hash", 0.1, 0.1, 2}).ok());
  REQUIRE(record.put_score(score).ok());  // the later one counts
  REQUIRE(record.put_score({second, 0, "mc", "hash", 0, 0, 0}).ok());
  CHECK(record.scores(first).value() == std::vector{score});
  CHECK(record.score(first, 2, "mc", "hash").value() == score);
  CHECK_FALSE(record.score(first, 2, "mc", "other").value().has_value());
  CHECK(record.all_scores().value().size() == 2);
  CHECK(record.all_scores(1).value().size() == 1);
  CHECK_FALSE(record.put_score({99, 0, "mc", "hash", 0, 0, 0}).ok());  // of no episode

  Pair pair;
  pair.kind = "step";
  pair.task_id = "a";
  pair.turn = 1;
  pair.winner_id = first;
  pair.loser_id = second;
  pair.winner_end = 4;
  pair.loser_end = 3;
  pair.outcome_gap = 0.5;
  REQUIRE(record.replace_pairs(1, {pair, pair, pair}).ok());
  REQUIRE(record.replace_pairs(1, {pair, pair}).ok());
  REQUIRE(record.replace_pairs(2, {pair}).ok());
  const auto pairs = record.pairs(1).value();
  REQUIRE(pairs.size() == 2);
  CHECK(pairs[1].id == 1);
  CHECK(pairs[1].iteration == 1);
  CHECK(pairs[1].kind == "step");
  CHECK(pairs[1].winner_id == first);
  CHECK(pairs[1].loser_end == 3);
  CHECK(pairs[1].outcome_gap == 0.5);
  CHECK(std::isnan(pairs[1].step_gap));
  CHECK(record.pairs().value().size() == 3);
  pair.loser_id = 99;
  CHECK_FALSE(record.replace_pairs(1, {pair}).ok());
  CHECK(record.pairs(1).value().size() == 2);  // the old ones stay

  REQUIRE(record.put_metric({1, "train", 2, "loss", 0.5}).ok());
  REQUIRE(record.put_metric({1, "train", 1, "loss", 0.7}).ok());
  REQUIRE(record.put_metric({1, "train", 2, "loss", 0.4}).ok());
  REQUIRE(record.put_metric({0, "sft", 1, "loss", 3}).ok());
  CHECK(record.metrics("train", "loss").value() ==
        std::vector<Metric>{{1, "train", 1, "loss", 0.7}, {1, "train", 2, "loss", 0.4}});
  CHECK(record.metric_names().value() ==
        std::vector<std::pair<std::string, std::string>>{{"sft", "loss"}, {"train", "loss"}});

  REQUIRE(record.add_cost({1, "mc", 10, 100, 50, 5, 7, 0.5}).ok());
  REQUIRE(record.add_cost({1, "mc", 1, 2, 3, 4, 5, 0.25}).ok());
  CHECK(record.costs().value() == std::vector<Cost>{{1, "mc", 11, 102, 53, 9, 12, 0.75}});

  const Task task{"test", "a", "buy red shoes", "shoes", "easy", "hash"};
  REQUIRE(record.put_task(task).ok());
  CHECK(record.tasks("test").value() == std::vector{task});
  CHECK(record.tasks("dev").value().empty());

  REQUIRE(record.put_policy({"iter-1", 1, "checkpoints/iter-1", "hash", false, false}).ok());
  REQUIRE(record.put_policy({"sft", 0, "checkpoints/sft", "hash", false, false}).ok());
  REQUIRE(record.put_policy({"iter-1", 1, "checkpoints/iter-1", "hash", true, false}).ok());
  CHECK(record.policies().value()[1].chosen);

  REQUIRE(record.set_state("chosen", "sft").ok());
  REQUIRE(record.set_state("chosen", "iter-1").ok());
  CHECK(record.state("chosen").value() == "iter-1");
  CHECK_FALSE(record.state("nothing").value().has_value());
}

TEST_CASE("an evaluation is the mean over tasks, with infrastructure errors counted", "[store]") {
  const test::TempFolder folder;
  RunStore record = open_or_throw(folder.file("run.db"));
  REQUIRE(record.add_episode(evaluated("sft", 0, "a", 1, 0)).ok());
  REQUIRE(record.add_episode(evaluated("sft", 0, "a", 0.5, 1)).ok());
  REQUIRE(record.add_episode(evaluated("sft", 0, "a", 0, 2)).ok());
  Episode lost = evaluated("sft", 0, "b", 0);
  lost.exit_status = "env_error";
  REQUIRE(record.add_episode(lost).ok());
  REQUIRE(record.add_episode(evaluated("iter-1", 1, "a", 1)).ok());
  const auto evaluations = record.evaluations().value();
  REQUIRE(evaluations.size() == 2);
  CHECK(evaluations[0].policy == "sft");
  CHECK(evaluations[0].tasks == 2);
  CHECK(evaluations[0].episodes == 4);
  CHECK(evaluations[0].mean == Approx(0.25));
  CHECK(evaluations[0].success == Approx(0.25));
  CHECK(evaluations[0].infrastructure_errors == 1);
  CHECK(evaluations[1].mean == 1);
}
