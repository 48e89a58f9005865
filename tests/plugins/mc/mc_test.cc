#include <cmath>
#include <deque>
#include <functional>

#include "tests/plugins/support/fake_host.h"
#include "tests/support/catch.h"

using namespace ipr;
using test::FakeHost;

namespace {

// Rollouts of a policy whose outcome depends on (kept turns, sample) alone; results arrive in an order of the test's.
struct FakeQueue {
  std::size_t capacity = 1000;
  bool last_first = false;        // order of arrival
  std::uint64_t failing = ~0ull;  // this tag fails
  bool stuck = false;             // nothing ever arrives
  std::vector<ipr_rollout_req> asked;
  std::vector<ipr_sampling> sampled;
  std::deque<ipr_rollout_req> open;
  std::vector<ipr_trajectory> results;  // E: until the next call
  ipr_turn turn{};
  std::vector<const ipr_turn*> turns;
  int opened = 0, closed = 0;
  std::function<double(std::size_t keep, std::uint64_t sample)> outcomes;  // instead of the usual ones
  std::size_t turns_after = 0;                                             // of each rollout
  double progress = std::nan("");                                          // after each of them
};
FakeQueue queue;

double outcome_of(std::size_t keep, std::uint64_t sample) {
  if (queue.outcomes) return queue.outcomes(keep, sample);
  constexpr double kOutcomes[] = {1, 0.5, 0.5, 0, 0.5, 0.1, 0.7};
  return kOutcomes[(keep + sample) % 7];
}

ipr_status open_queue(const ipr_host*, const ipr_ctx*, ipr_queue** out, ipr_error*) {
  ++queue.opened;
  *out = reinterpret_cast<ipr_queue*>(&queue);
  return IPR_OK;
}
ipr_status submit(ipr_queue*, const ipr_rollout_req* request, ipr_error*) {
  if (queue.open.size() >= queue.capacity) return IPR_RESOURCE_EXHAUSTED;
  queue.open.push_back(*request);
  queue.asked.push_back(*request);
  queue.sampled.push_back(*request->sampling);
  return IPR_OK;
}
ipr_status wait(ipr_queue*, ipr_rollout_res* const* out, std::size_t max, std::size_t* n, std::uint64_t, ipr_error*) {
  *n = 0;
  if (queue.stuck) return IPR_DEADLINE_EXCEEDED;
  queue.results.assign(max, ipr_trajectory{});
  while (*n < max && !queue.open.empty()) {
    const ipr_rollout_req request = queue.last_first ? queue.open.back() : queue.open.front();
    queue.last_first ? queue.open.pop_back() : queue.open.pop_front();
    ipr_rollout_res& result = *out[*n];
    REQUIRE(IPR_HAS(&result, ipr_rollout_res, trajectory));
    ipr_trajectory& played = queue.results[*n];
    played.outcome = outcome_of(request.keep_turns, request.sample);
    played.turn_count = request.keep_turns + queue.turns_after;
    queue.turn.progress = queue.progress;
    queue.turns.assign(played.turn_count, &queue.turn);
    played.turns = queue.turns.data();
    result.tag = request.tag;
    result.status = request.tag == queue.failing ? IPR_UNAVAILABLE : IPR_OK;
    result.trajectory = result.status == IPR_OK ? &queue.results[*n] : nullptr;
    ++*n;
  }
  return IPR_OK;
}
void close_queue(ipr_queue*) {
  ++queue.closed;
}
std::string used;  // the checkpoint that was named, if any
ipr_status use(const ipr_host*, ipr_str checkpoint, ipr_error* error) {
  used.assign(checkpoint.data, checkpoint.size);
  if (used != "nowhere") return IPR_OK;
  std::strncpy(error->message, "nowhere: no such folder", sizeof error->message - 1);
  return IPR_DATA_LOSS;
}
const ipr_host_rollouts_v1 kRollouts = {sizeof(ipr_host_rollouts_v1), 0, open_queue, submit, wait, close_queue, use};

// A trajectory of n turns that ended.
struct Track {
  explicit Track(std::size_t n, double outcome) : turns(n), pointers(n) {
    for (std::size_t i = 0; i < n; ++i) {
      turns[i].struct_size = sizeof(ipr_turn);
      pointers[i] = &turns[i];
    }
    turns.back().flags = IPR_STEP_TERMINATED;
    trajectory.struct_size = sizeof trajectory;
    trajectory.id = 1;
    trajectory.turns = pointers.data();
    trajectory.turn_count = n;
    trajectory.outcome = outcome;
  }
  std::vector<ipr_turn> turns;
  std::vector<const ipr_turn*> pointers;
  ipr_trajectory trajectory{};
};

struct Answer {
  ipr_status status = IPR_OK;
  std::string message;
  std::vector<ipr_score> scores;
};

class Scoring {
 public:
  explicit Scoring(const Json& changes = Json::object(), const std::string& profile = "", bool offer = true) {
    queue = FakeQueue();
    if (offer) host_.offer(IPR_HOST_ROLLOUTS_V1, &kRollouts);
    instance_.emplace(host_, profile, changes);
  }
  Answer score(const Track& track, const std::vector<std::size_t>& turns, const ipr_ctx& ctx = test::context()) {
    std::vector<ipr_query> queries;
    for (const std::size_t turn : turns)
      queries.push_back({sizeof(ipr_query), 0, &track.trajectory, turn, SIZE_MAX, 0});
    return score(queries, ctx);
  }
  Answer score(const std::vector<ipr_query>& queries, const ipr_ctx& ctx = test::context()) {
    std::vector<const ipr_query*> asked;
    Answer answer;
    answer.scores.resize(queries.size());
    std::vector<ipr_score*> out;
    for (std::size_t i = 0; i < queries.size(); ++i) {
      answer.scores[i].struct_size = sizeof(ipr_score);
      asked.push_back(&queries[i]);
      out.push_back(&answer.scores[i]);
    }
    ipr_error error = test::fresh_error();
    answer.status = instance_->table<ipr_scorer_v1>(IPR_SCORER_V1)
                        .score(instance_->self(), &ctx, asked.size(), asked.data(), out.data(), &error);
    answer.message = error.message;
    return answer;
  }

 private:
  FakeHost host_;
  std::optional<test::Instance> instance_;
};

}  // namespace

TEST_CASE("a step reward is the mean outcome of N rollouts that start after the step", "[mc]") {
  Scoring scoring;
  const Track track(4, 0.75);
  const Answer answer = scoring.score(track, {1});
  REQUIRE(answer.status == IPR_OK);
  REQUIRE(queue.asked.size() == 5);
  for (std::size_t i = 0; i < 5; ++i) {
    CHECK(queue.asked[i].from == &track.trajectory);
    CHECK(queue.asked[i].keep_turns == 2);
    CHECK(queue.asked[i].policy == IPR_POLICY_BASE);
    CHECK(queue.asked[i].max_steps == 0);
    CHECK(queue.asked[i].sample == i);
    CHECK(queue.sampled[i].temperature == 1);
    CHECK(queue.sampled[i].top_p == 1);
    CHECK(queue.sampled[i].top_k == 0);
    CHECK(queue.sampled[i].max_new_tokens == 512);
  }
  // keep 2: 0.5 0 0.5 0.1 0.7
  CHECK(answer.scores[0].samples == 5);
  CHECK(answer.scores[0].value == Approx(0.36));
  CHECK(answer.scores[0].variance == Approx(0.088));  // divided by n - 1
  CHECK(queue.opened == 1);
  CHECK(queue.closed == 1);
}

TEST_CASE("rollouts are sampled as the settings say", "[mc]") {
  Scoring scoring({{"temperature", 0.5}, {"top_p", 0.9}, {"top_k", 7}, {"samples", 2}});
  CHECK(scoring.score(Track(3, 1), {0}).status == IPR_OK);
  REQUIRE(queue.sampled.size() == 2);
  for (const ipr_sampling& sampling : queue.sampled) {
    CHECK(sampling.temperature == 0.5);
    CHECK(sampling.top_p == 0.9);
    CHECK(sampling.top_k == 7);
  }
}

TEST_CASE("the last turn of an ended or cut episode is its true outcome, unsampled", "[mc]") {
  Scoring scoring(Json::object(), "", /*offer=*/false);  // no rollouts are needed, so none need be offered
  Track track(4, 0.75);
  Answer answer = scoring.score(track, {3});
  REQUIRE(answer.status == IPR_OK);
  CHECK(answer.scores[0].samples == 0);
  CHECK(answer.scores[0].value == 0.75);
  CHECK(answer.scores[0].variance == 0);

  track.turns[3].flags = 0;
  track.trajectory.flags = IPR_TRAJ_TRUNCATED;
  track.trajectory.outcome = 0;
  answer = scoring.score(track, {3});
  REQUIRE(answer.status == IPR_OK);
  CHECK(answer.scores[0].samples == 0);
  CHECK(answer.scores[0].value == 0);
}

TEST_CASE("the last turn of an episode that could go on is sampled", "[mc]") {
  Scoring scoring;
  Track track(4, 0.75);
  track.turns[3].flags = 0;
  const Answer answer = scoring.score(track, {3});
  REQUIRE(answer.status == IPR_OK);
  CHECK(answer.scores[0].samples == 5);
  CHECK(queue.asked[0].keep_turns == 4);
}

TEST_CASE("scores are the same bits whatever the order of arrival and the width of the queue", "[mc]") {
  const Track track(6, 1);
  Scoring forward(Json{{"samples", 7}});
  const Answer expected = forward.score(track, {0, 3, 5, 1});
  for (const std::size_t capacity : {1, 3, 100}) {
    CAPTURE(capacity);
    Scoring backward(Json{{"samples", 7}});
    queue.last_first = true;
    queue.capacity = capacity;
    const Answer answer = backward.score(track, {0, 3, 5, 1});
    REQUIRE(answer.status == IPR_OK);
    CHECK(queue.asked.size() == 21);
    for (std::size_t i = 0; i < 4; ++i) {
      CHECK(answer.scores[i].value == expected.scores[i].value);
      CHECK(answer.scores[i].variance == expected.scores[i].variance);
    }
  }
}

TEST_CASE("the same step asked twice in one call gets the same value twice", "[mc]") {
  Scoring scoring;
  const Answer answer = scoring.score(Track(4, 1), {2, 0, 2});
  REQUIRE(answer.status == IPR_OK);
  CHECK(answer.scores[0].value == answer.scores[2].value);
  CHECK(answer.scores[0].value != answer.scores[1].value);
}

TEST_CASE("one sample has no variance", "[mc]") {
  Scoring scoring(Json{{"samples", 1}});
  const Answer answer = scoring.score(Track(4, 1), {0});
  CHECK(answer.scores[0].value == 0.5);
  CHECK(answer.scores[0].variance == 0);
}

TEST_CASE("a failed rollout fails the call and says how many failed", "[mc]") {
  Scoring scoring;
  queue.failing = 3;
  const Answer answer = scoring.score(Track(4, 1), {0, 1});
  CHECK(answer.status == IPR_UNAVAILABLE);
  CHECK(answer.message.find("1 of 10 rollouts failed") != std::string::npos);
  CHECK(queue.closed == 1);
}

TEST_CASE("a cancelled call returns although nothing arrives, and closes its queue", "[mc]") {
  Scoring scoring;
  queue.stuck = true;
  ipr_ctx ctx = test::context();
  int polls = 0;
  ctx.impl = &polls;
  ctx.cancelled = [](const ipr_ctx* self) { return ++*static_cast<int*>(self->impl) > 12 ? 1 : 0; };
  CHECK(scoring.score(Track(4, 1), {0}, ctx).status == IPR_CANCELLED);
  CHECK(queue.closed == 1);
}

TEST_CASE("what cannot be scored is refused with a reason", "[mc]") {
  Scoring without(Json::object(), "", /*offer=*/false);
  CHECK(without.score(Track(4, 1), {0}).status == IPR_FAILED_PRECONDITION);
  Scoring scoring;
  const Answer answer = scoring.score(Track(4, 1), {4});
  CHECK(answer.status == IPR_INVALID_ARGUMENT);
  CHECK(answer.message.find("turn 4 of a trajectory of 4") != std::string::npos);
}

TEST_CASE("the profile mini asks for short messages", "[mc]") {
  Scoring scoring(Json::object(), "mini");
  REQUIRE(scoring.score(Track(4, 1), {0}).status == IPR_OK);
  CHECK(queue.sampled[0].max_new_tokens == 64);
}

namespace {

// Two steps of one trajectory, the first ahead by margin or not; each is the other's rival.
std::vector<ipr_query> duel(const Track& track, std::size_t ahead, std::size_t behind, double margin) {
  return {{sizeof(ipr_query), 0, &track.trajectory, ahead, 1, margin},
          {sizeof(ipr_query), IPR_QUERY_BEHIND, &track.trajectory, behind, 0, margin}};
}
const Json kAdaptive = {{"adaptive", true}};

}  // namespace

TEST_CASE("adaptive: what is clear is decided after a few rounds, on both sides alike", "[mc][adaptive]") {
  Scoring scoring(kAdaptive);
  queue.outcomes = [](std::size_t keep, std::uint64_t) { return keep == 1 ? 1.0 : 0.0; };
  const Track track(4, 1);
  for (const bool turned : {false, true}) {
    CAPTURE(turned);
    queue.asked.clear();
    const Answer answer = scoring.score(turned ? duel(track, 1, 0, 0.1) : duel(track, 0, 1, 0.1));
    REQUIRE(answer.status == IPR_OK);
    CHECK(answer.scores[0].samples == answer.scores[1].samples);
    CHECK(answer.scores[0].samples <= 4);
    CHECK(queue.asked.size() == 2 * answer.scores[0].samples);
    CHECK(answer.scores[0].value == (turned ? 0 : 1));
    CHECK(answer.scores[0].low < answer.scores[0].value);
    CHECK(answer.scores[0].high > answer.scores[0].value);
  }
}

TEST_CASE("adaptive: what stays open gets as many samples as the cap, and the value that a fixed N has",
          "[mc][adaptive]") {
  const auto alternating = [](std::size_t keep, std::uint64_t sample) { return (keep + sample) % 2 == 0 ? 1.0 : 0.0; };
  const Track track(4, 1);
  Scoring fixed(Json{{"samples", 20}});
  queue.outcomes = alternating;
  const Answer expected = fixed.score(track, {0, 1});
  Scoring scoring(kAdaptive);
  queue.outcomes = alternating;
  const Answer answer = scoring.score(duel(track, 0, 1, 0.01));
  REQUIRE(answer.status == IPR_OK);
  for (std::size_t i = 0; i < 2; ++i) {
    CHECK(answer.scores[i].samples == 20);
    CHECK(answer.scores[i].value == expected.scores[i].value);
    CHECK(answer.scores[i].variance == expected.scores[i].variance);
    CHECK(answer.scores[i].low == expected.scores[i].low);
  }
  CHECK(queue.asked.size() == 40);
}

TEST_CASE("adaptive: a step's score depends on its rival and on nothing else of the call", "[mc][adaptive]") {
  const Track track(6, 1);
  Scoring alone(kAdaptive);
  const Answer expected = alone.score(duel(track, 1, 3, 0.05));
  Scoring together(kAdaptive);
  queue.last_first = true;
  queue.capacity = 3;
  std::vector<ipr_query> queries = duel(track, 1, 3, 0.05);
  queries.push_back({sizeof(ipr_query), 0, &track.trajectory, 3, 0, -2});        // decided at once
  queries.push_back({sizeof(ipr_query), 0, &track.trajectory, 0, SIZE_MAX, 0});  // compared with none
  const Answer answer = together.score(queries);
  REQUIRE(answer.status == IPR_OK);
  for (std::size_t i = 0; i < 2; ++i) {
    CHECK(answer.scores[i].samples == expected.scores[i].samples);
    CHECK(answer.scores[i].value == expected.scores[i].value);
  }
  CHECK(answer.scores[2].samples < answer.scores[1].samples);
  CHECK(answer.scores[3].samples == 5);
}

TEST_CASE("adaptive: a rival whose outcome is known takes no samples", "[mc][adaptive]") {
  Scoring scoring(kAdaptive);
  const Track track(4, 0);  // the last turn is worth 0
  queue.outcomes = [](std::size_t, std::uint64_t) { return 1.0; };
  const Answer answer = scoring.score(duel(track, 1, 3, 0.1));
  REQUIRE(answer.status == IPR_OK);
  CHECK(answer.scores[0].samples >= 2);
  CHECK(answer.scores[0].samples < 20);
  CHECK(answer.scores[1].samples == 0);
  CHECK(queue.asked.size() == answer.scores[0].samples);
}

TEST_CASE("only an adaptive scorer says that it reads rivals", "[mc][adaptive]") {
  test::FakeHost host;
  const test::Instance plain(host), adaptive(host, "", kAdaptive);
  CHECK(plain.table<ipr_scorer_v1>(IPR_SCORER_V1).flags == 0);
  CHECK(adaptive.table<ipr_scorer_v1>(IPR_SCORER_V1).flags == IPR_SCORER_RIVALS);
  CHECK_THROWS(test::Instance(host, "", Json{{"adaptive", true}, {"start", 30}}));
}

TEST_CASE("another policy than the SFT agent is named while the scorer is created, or not at all", "[mc]") {
  used.clear();
  const Scoring plain;
  CHECK(used.empty());
  const Scoring other(Json{{"policy", "runs/a/checkpoints/iter-2"}});
  CHECK(used == "runs/a/checkpoints/iter-2");
  CHECK_THROWS_WITH(Scoring(Json{{"policy", "nowhere"}}), Catch::Matchers::Contains("nowhere: no such folder"));
}

TEST_CASE("a rollout counts its outcome, whether it is good enough, what is left of it, or progress too",
          "[mc][worth]") {
  Track track(4, 0.8);
  for (ipr_turn& turn : track.turns) turn.progress = 0.5;
  const auto values = [&track](const Json& settings) {
    Scoring scoring(settings);
    queue.outcomes = [](std::size_t, std::uint64_t sample) { return sample % 2 == 0 ? 1.0 : 0.4; };
    queue.turns_after = 3;
    queue.progress = 0.25;
    const Answer answer = scoring.score(track, {1, 3});
    REQUIRE(answer.status == IPR_OK);
    return std::pair(answer.scores[0].value, answer.scores[1].value);
  };
  CHECK(values({{"samples", 2}}).first == Approx(0.7));
  const auto binary = values({{"samples", 2}, {"worth", "binary"}, {"binary_from", 0.9}});
  CHECK(binary.first == Approx(0.5));
  CHECK(binary.second == 0);
  const auto discounted = values({{"samples", 2}, {"worth", "discounted"}, {"discount", 0.5}});
  CHECK(discounted.first == Approx(0.7 / 8));
  CHECK(discounted.second == Approx(0.8));
  const auto shaped = values({{"samples", 2}, {"worth", "progress"}, {"progress_weight", 0.4}});
  CHECK(shaped.first == Approx(0.6 * 0.7 + 0.4 * 0.25));
  CHECK(shaped.second == Approx(0.6 * 0.8 + 0.4 * 0.5));
}

TEST_CASE("progress that the environment does not tell is asked for in vain", "[mc][worth]") {
  Track track(4, 0.8);
  for (ipr_turn& turn : track.turns) turn.progress = std::nan("");
  Scoring scoring(Json{{"worth", "progress"}});
  const Answer answer = scoring.score(track, {1});
  CHECK(answer.status == IPR_FAILED_PRECONDITION);
  CHECK(answer.message.find("tells no progress") != std::string::npos);
}
