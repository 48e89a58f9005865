// Rows from files: tags, roles, groups and masks by the convention of docs/plugins.md.
#include "core/loop/offline_rows.h"
#include "core/base/files.h"
#include "ipr/plugin.h"
#include "tests/loop/speech.h"
#include "tests/support/catch.h"
#include "tests/support/shared_data.h"

using namespace ipr;
using namespace ipr::test;

namespace {

Result<loop::OfflineRows> read(const std::string& text, const loop::RowTarget& target) {
  const TempFolder folder;
  REQUIRE(write_file(folder.file("rows.jsonl"), text).ok());
  return loop::read_offline_rows(folder.file("rows.jsonl"), target);
}

const loop::RowTarget kTokens{.vocab_size = 100, .max_positions = 8};

constexpr const char* kOutcome =
    R"({"id":"a","kind":"outcome","prompt_ids":[1,2],"win_ids":[3],"lose_ids":[4,5],"win_reward":1})";
constexpr const char* kStep = R"({"id":"b","kind":"step","win_ids":[1,2],"win_mask":[0,1],"lose_ids":[1,6]})";
constexpr const char* kSft = R"({"id":"c","ids":[1,2,3],"mask":[0,0,1]})";

}  // namespace

TEST_CASE("pairs are two rows of one group, tagged by their kind", "[loop][offline]") {
  const auto rows = read(std::string(kOutcome) + "\n\n" + kStep + "\n", kTokens);
  REQUIRE(rows.ok());
  REQUIRE(rows->rows.size() == 4);
  CHECK(rows->outcome_pairs == 1);
  CHECK(rows->step_pairs == 1);
  const train::TrainRow &win = rows->rows[0], &lose = rows->rows[1], &step_win = rows->rows[2],
                        &step_lose = rows->rows[3];
  CHECK(win.ids == std::vector<std::int32_t>{1, 2, 3});
  CHECK(win.mask == std::vector<float>{0, 0, 1});
  CHECK(win.turn == std::vector<std::int32_t>{-1, -1, 0});
  CHECK(win.outcome == 1);
  CHECK(lose.ids == std::vector<std::int32_t>{1, 2, 4, 5});
  CHECK(lose.mask == std::vector<float>{0, 0, 1, 1});
  CHECK(win.tag == 0);
  CHECK(step_win.tag == 1);
  CHECK(win.role == IPR_ROLE_CHOSEN);
  CHECK(lose.role == IPR_ROLE_REJECTED);
  CHECK(win.group == lose.group);
  CHECK(step_win.group == step_lose.group);
  CHECK(win.group != step_win.group);
}

TEST_CASE("preference data in TRL's names are the same pairs, of whole trajectories unless they tell",
          "[loop][offline]") {
  const auto talk = make_talk();
  const loop::RowTarget target{.speech = talk->speech.get(), .vocab_size = 1000, .max_positions = 1000};
  const auto pair = [](const std::string& kind, const std::string& winner, const std::string& loser) {
    return kind + R"("prompt":[{"role":"user","content":"task"}],")" + winner +
           R"(":[{"role":"assistant","content":"good"}],")" + loser + R"(":[{"role":"assistant","content":"bad"}],")" +
           winner + R"(_reward":1})";
  };
  const auto ours = read(pair(R"({"kind":"outcome",)", "win", "lose"), target);
  const auto theirs = read(pair("{", "chosen", "rejected"), target);
  REQUIRE(ours.ok());
  REQUIRE(theirs.ok());
  CHECK(theirs->outcome_pairs == 1);
  REQUIRE(theirs->rows.size() == 2);
  for (std::size_t side = 0; side < 2; ++side) {
    CHECK(theirs->rows[side].ids == ours->rows[side].ids);
    CHECK(theirs->rows[side].mask == ours->rows[side].mask);
    CHECK(theirs->rows[side].role == ours->rows[side].role);
    CHECK(theirs->rows[side].outcome == ours->rows[side].outcome);
  }
  CHECK(read(pair(R"({"kind":"step",)", "chosen", "rejected"), target)->step_pairs == 1);
  CHECK(read(pair(R"({"messages":[],)", "chosen", "rejected"), target)->outcome_pairs == 1);
  const auto lone = read(R"({"chosen":[{"role":"assistant","content":"good"}]})", target);
  CHECK(lone.status().message().find("a pair needs \"rejected\"") != std::string::npos);
}

TEST_CASE("SFT rows have tag 0 alone and tag 2 beside pairs", "[loop][offline]") {
  const auto alone = read(kSft, kTokens);
  REQUIRE(alone.ok());
  CHECK(alone->rows.at(0).tag == 0);
  CHECK(alone->rows.at(0).role == IPR_ROLE_PLAIN);
  const auto beside = read(std::string(kSft) + "\n" + kStep + "\n", kTokens);
  REQUIRE(beside.ok());
  CHECK(beside->rows.at(0).tag == 2);
  CHECK(beside->rows.at(1).tag == 1);
}

TEST_CASE("the first token is never trained on: nothing predicts it", "[loop][offline]") {
  const auto rows = read(R"({"id":"a","kind":"step","win_ids":[1,2],"lose_ids":[3,4]})", kTokens);
  REQUIRE(rows.ok());
  CHECK(rows->rows.at(0).mask == std::vector<float>{0, 1});
}

TEST_CASE("a row longer than the model holds is refused, not cut", "[loop][offline]") {
  const auto rows = read(R"({"id":"a","ids":[1,2,3,4,5,6,7,8,9],"mask":[0,1,1,1,1,1,1,1,1]})", kTokens);
  REQUIRE_FALSE(rows.ok());
  CHECK(rows.status().code() == Code::kData);
  CHECK(rows.status().message().find("9 tokens; the model holds 8") != std::string::npos);
}
