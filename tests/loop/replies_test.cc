// Replies that end at a stop string, and chats that outgrow the model, in episodes.
#include "core/loop/mini.h"
#include "core/loop/policy.h"
#include "core/rollout/player.h"
#include "tests/loop/speech.h"
#include "tests/support/catch.h"

using namespace ipr;
using namespace ipr::rollout;
using namespace ipr::test;

namespace {

constexpr std::int64_t kNewTokens = 12;

// One greedy episode of a fresh model with a context of `positions`, asked by these rules.
Trajectory play(const Talk& talk, const ReplyRules& rules, std::int64_t positions) {
  model::LlamaConfig config = loop::mini_config(talk.speech->tokenizer, 2048);
  config.max_positions = positions;
  const auto policy = loop::make_policy("fresh", 0, model::random_weights(config, 3, 0.2), {}).value();
  const Dialogue dialogue(talk.speech->tokenizer, talk.speech->chat_template, {}, rules);
  Snapshots snapshots(*talk.environment, 0, 0, 100);
  const std::atomic<bool> stop{false};
  Player player(*talk.environment, dialogue, *policy->generator, snapshots, 0, 0, 1, stop);
  PlayRequest request;
  request.task = &talk.task;
  request.sampling = {0, 1, kNewTokens};
  const auto played = player.play_all({request}, {});
  REQUIRE(played.ok());
  return played->front();
}

}  // namespace

TEST_CASE("an agent's message ends before a stop string, and its ids say the same", "[loop][rollout][stop]") {
  const auto talk = make_talk();
  const Trajectory free = play(*talk, {}, 2048);
  REQUIRE(free.turns.size() > 1);
  const std::string& said = free.turns[0].message;
  REQUIRE(said.size() > 4);
  for (std::size_t at = 1; at + 2 < said.size(); ++at) {
    const std::string stop = said.substr(at, 2);
    if (stop.find_first_of("\xEF\xBF\xBD") != std::string::npos) continue;  // broken bytes
    CAPTURE(at, said);
    const Trajectory cut = play(*talk, {{stop}, Overflow::kEnd}, 2048);
    CHECK(cut.turns[0].message == said.substr(0, said.find(stop)));
    for (const TrajectoryTurn& turn : cut.turns) {
      CHECK(turn.message.find(stop) == std::string::npos);
      CHECK(talk->dialogue->reply_text(turn.reply_ids) == turn.message);
    }
  }
}

TEST_CASE("a chat that outgrows the context ends the episode, or is read from its tail on", "[loop][rollout]") {
  const auto talk = make_talk();
  const Trajectory whole = play(*talk, {}, 2048);
  REQUIRE(whole.turns.size() > 2);
  // The third message no longer fits.
  const std::int64_t positions = whole.turns[2].prompt_tokens + 1;
  const Trajectory ended = play(*talk, {}, positions);
  CHECK(ended.exit_status == env::ExitStatus::kContextOverflow);
  CHECK(ended.truncated);
  CHECK(ended.turns.size() < whole.turns.size());

  const Trajectory tail = play(*talk, {{}, Overflow::kKeepTail}, positions);
  CHECK(tail.exit_status == whole.exit_status);
  CHECK(tail.turns.size() == whole.turns.size());
  CHECK(tail.turns.back().prompt_tokens == positions - kNewTokens - 1);
}
