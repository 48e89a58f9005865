#include "core/loop/examples.h"

#include "tests/loop/speech.h"
#include "tests/support/catch.h"

using namespace ipr;
using namespace ipr::loop;
using namespace ipr::test;

namespace {

Example example(std::uint32_t role, std::size_t first, std::size_t last) {
  Example made;
  made.trajectory_id = 1;
  made.tag = 2;
  made.role = role;
  made.group = 5;
  made.first_turn = first;
  made.last_turn = last;
  made.weight = 0.5;
  return made;
}

// The ids with mask 1, per turn, without the end of turn.
std::map<std::int32_t, std::vector<std::int32_t>> trained(const train::TrainRow& row, std::int32_t end_of_turn) {
  std::map<std::int32_t, std::vector<std::int32_t>> found;
  for (std::size_t i = 0; i < row.ids.size(); ++i) {
    if (row.mask[i] == 1.0F && row.ids[i] != end_of_turn) found[row.turn[i]].push_back(row.ids[i]);
  }
  return found;
}

}  // namespace

TEST_CASE("a row trains on the replies of its turns and on nothing else", "[loop][examples]") {
  const auto talk = make_talk();
  const train::TrainRow row = make_row(example(IPR_ROLE_CHOSEN, 1, 3), talk->expert, *talk->dialogue, 0);
  REQUIRE(row.ids.size() == row.mask.size());
  REQUIRE(row.ids.size() == row.turn.size());
  CHECK(row.tag == 2);
  CHECK(row.role == IPR_ROLE_CHOSEN);
  CHECK(row.group == 5);
  CHECK(row.weight == 0.5);
  CHECK(row.outcome == talk->expert.outcome);
  const auto found = trained(row, talk->dialogue->end_of_turn());
  REQUIRE(found.size() == 2);
  CHECK(found.at(1) == talk->expert.turns[1].reply_ids);
  CHECK(found.at(2) == talk->expert.turns[2].reply_ids);
  CHECK(row.mask[0] == 0);
  CHECK(row.mask.back() == 1);  // nothing stands behind the last reply and its end of turn
  CHECK(row.ids.back() == talk->dialogue->end_of_turn());
  for (std::size_t i = 0; i < row.ids.size(); ++i) {
    if (row.mask[i] != 0) CHECK(row.turn[i] >= 1);
  }
}

TEST_CASE("the tokens of a row are those that a rollout would read", "[loop][examples]") {
  const auto talk = make_talk();
  const train::TrainRow row = make_row(example(IPR_ROLE_PLAIN, 0, 3), talk->expert, *talk->dialogue, 0);
  text::TokenizedChat chat = talk->dialogue->history(talk->expert, 2, /*examples=*/false);
  talk->dialogue->append_generation_prompt(chat);
  talk->dialogue->append_reply(talk->expert.turns[2].reply_ids, chat);
  CHECK(row.ids == chat.ids);
  const train::TrainRow cut = make_row(example(IPR_ROLE_PLAIN, 0, 1), talk->expert, *talk->dialogue, 0);
  REQUIRE(cut.ids.size() < row.ids.size());
  CHECK(std::equal(cut.ids.begin(), cut.ids.end(), row.ids.begin()));
}

TEST_CASE("observations count by observation_loss, in plain rows only", "[loop][examples]") {
  const auto talk = make_talk();
  const train::TrainRow plain = make_row(example(IPR_ROLE_PLAIN, 0, 2), talk->expert, *talk->dialogue, 0.25);
  CHECK(plain.mask[0] == 0);  // the first token has no prediction
  for (std::size_t i = 1; i < plain.ids.size(); ++i) CHECK(plain.mask[i] == (plain.turn[i] >= 0 ? 1.0F : 0.25F));
  const train::TrainRow chosen = make_row(example(IPR_ROLE_CHOSEN, 0, 2), talk->expert, *talk->dialogue, 0.25);
  for (std::size_t i = 0; i < chosen.ids.size(); ++i) CHECK(chosen.mask[i] == (chosen.turn[i] >= 0 ? 1.0F : 0.0F));
}

TEST_CASE("an optimizer that emits what is not there is told so", "[loop][examples]") {
  const auto talk = make_talk();
  rollout::TrajectoryBook book;
  book[1] = std::make_unique<rollout::Trajectory>(talk->expert);
  CHECK(make_rows({example(IPR_ROLE_PLAIN, 0, 3)}, book, *talk->dialogue, 0).ok());
  CHECK(make_rows({example(IPR_ROLE_PLAIN, 0, 4)}, book, *talk->dialogue, 0).status().code() == Code::kPlugin);
  Example stranger = example(IPR_ROLE_PLAIN, 0, 1);
  stranger.trajectory_id = 9;
  CHECK(make_rows({stranger}, book, *talk->dialogue, 0).status().code() == Code::kPlugin);
}

TEST_CASE("a row longer than the model takes is cut on the right, shorter ones stay", "[loop][examples]") {
  std::vector<train::TrainRow> rows(2);
  rows[0].ids = {1, 2, 3, 4};
  rows[0].mask = {0, 0, 1, 1};
  rows[0].turn = {-1, -1, 0, 0};
  rows[1] = rows[0];
  rows[1].ids.resize(2);
  rows[1].mask.resize(2);
  rows[1].turn.resize(2);
  cut_rows(rows, 3);
  CHECK(rows[0].ids == std::vector<std::int32_t>{1, 2, 3});
  CHECK(rows[0].mask == std::vector<float>{0, 0, 1});
  CHECK(rows[0].turn.size() == 3);
  CHECK(rows[1].ids.size() == 2);
}
