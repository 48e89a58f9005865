#include <deque>

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
  int opened = 0, closed = 0;
};
FakeQueue queue;

double outcome_of(std::size_t keep, std::uint64_t sample) {
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
    queue.results[*n].outcome = outcome_of(request.keep_turns, request.sample);
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
const ipr_host_rollouts_v1 kRollouts = {sizeof(ipr_host_rollouts_v1), 0, open_queue, submit, wait, close_queue};

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
    std::vector<ipr_query> queries(turns.size());
    std::vector<const ipr_query*> asked;
    Answer answer;
    answer.scores.resize(turns.size());
    std::vector<ipr_score*> out;
    for (std::size_t i = 0; i < turns.size(); ++i) {
      queries[i] = {sizeof(ipr_query), 0, &track.trajectory, turns[i]};
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
