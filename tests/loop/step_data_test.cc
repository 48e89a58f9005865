// Scored steps from files: rows, marks, who continues whom, and what is refused.
#include "core/loop/step_data.h"

#include <cmath>

#include "core/base/files.h"
#include "core/loop/step_rows.h"
#include "tests/loop/speech.h"
#include "tests/support/catch.h"
#include "tests/support/shared_data.h"

using namespace ipr;
using namespace ipr::test;
using namespace ipr::loop;

namespace {

// The row of turn `turn` of an episode in which the agent says a, b, c.
Json step(std::size_t turn, double value, const std::string& task = "t") {
  Json messages = {{{"role", "user"}, {"content", "count"}}};
  const std::string said = "abc";
  for (std::size_t t = 0; t < turn; ++t) {
    messages.push_back({{"role", "assistant"}, {"content", said.substr(t, 1)}});
    messages.push_back({{"role", "user"}, {"content", "go on"}});
  }
  return {{"id", task},   {"messages", messages}, {"reply", said.substr(turn, 1)}, {"value", value}, {"samples", 5},
          {"model", "m"}, {"lazy", false}};
}

struct Read {
  Status status;
  StepData data;
};
Read read(const std::vector<Json>& lines, StepTarget target = {}) {
  static const auto talk = make_talk();
  const TempFolder folder;
  std::string text;
  for (const Json& line : lines) text += line.dump() + "\n";
  REQUIRE(write_file(folder.file("steps.jsonl"), text).ok());
  target.speech = talk->speech.get();
  Read read;
  read.status = read_steps(folder.file("steps.jsonl"), target, read.data);
  return read;
}

std::string refusal(const std::vector<Json>& lines) {
  const Read refused = read(lines);
  REQUIRE_FALSE(refused.status.ok());
  CHECK(refused.status.code() == Code::kData);
  return refused.status.message();
}

}  // namespace

TEST_CASE("steps of an episode share a row, each marked with its reward", "[loop][value]") {
  const Read found = read({step(0, 0.25), step(2, 0.75), step(1, 0.5, "other")});
  REQUIRE(found.status.ok());
  REQUIRE(found.data.rows.size() == 2);
  REQUIRE(found.data.steps.size() == 3);
  CHECK(found.data.steps[1].row == 0);
  CHECK(found.data.steps[1].turn == 2);
  CHECK(found.data.steps[2].row == 1);
  const train::TrainRow& row = found.data.rows[0];
  CHECK(row.weight == 2);
  REQUIRE(row.turn_score.size() == 3);
  CHECK(row.turn_score[0] == 0.25f);
  CHECK(std::isnan(row.turn_score[1]));
  CHECK(row.turn_score[2] == 0.75f);
  for (std::size_t t = 0; t < row.ids.size(); ++t) {
    CHECK((row.mask[t] == 1) == (row.turn[t] == 0 || row.turn[t] == 2));
  }
  CHECK(row.group != found.data.rows[1].group);
}

TEST_CASE("what does not continue a conversation begins a row", "[loop][value]") {
  Json elsewhere = step(1, 0.5);
  elsewhere["model"] = "another";
  // The same step again, an earlier one, and one of another agent.
  const Read found = read({step(1, 0.5), step(1, 0.25), step(0, 0.5), elsewhere});
  REQUIRE(found.status.ok());
  CHECK(found.data.rows.size() == 4);
  CHECK(found.data.steps[0].history == found.data.steps[1].history);
  CHECK(found.data.steps[0].history != found.data.steps[2].history);
}

TEST_CASE("the value of a turn is that of its last token", "[loop][value]") {
  const Read found = read({step(0, 0.25), step(1, 0.5)});
  REQUIRE(found.status.ok());
  const train::TrainRow& row = found.data.rows[0];
  std::vector<float> values(row.ids.size());
  std::size_t last[2] = {0, 0};
  for (std::size_t t = 0; t < values.size(); ++t) {
    values[t] = static_cast<float>(t);
    if (row.turn[t] >= 0) last[row.turn[t]] = t;
  }
  for (const std::int32_t turn : {0, 1}) CHECK(turn_value(row, values, turn) == static_cast<double>(last[turn]));
}

TEST_CASE("lazily scored steps are refused unless allowed, unknown ones counted", "[loop][value]") {
  Json lazy = step(0, 0.5), unknown = step(1, 0.5);
  lazy["lazy"] = true;
  unknown.erase("lazy");
  unknown["model"] = nullptr;
  const std::string why = refusal({lazy});
  CHECK(why.find("line 1") != std::string::npos);
  CHECK(why.find("optimizer.lazy=false") != std::string::npos);
  const Read allowed = read({lazy, unknown}, {.allow_lazy = true});
  REQUIRE(allowed.status.ok());
  CHECK(allowed.data.lazy == 1);
  CHECK(allowed.data.unknown == 1);
  CHECK(allowed.data.steps[1].generator.find("steps.jsonl") != std::string::npos);  // named by its file
}

TEST_CASE("a file that holds no scored step says what is wrong", "[loop][value]") {
  CHECK(refusal({Json{{"id", "t"}, {"messages", Json::array()}}}).find("\"reply\"") != std::string::npos);
  Json typed = step(0, 0.5);
  typed["value"] = "high";
  CHECK(refusal({typed}).find("no scored step") != std::string::npos);
  CHECK(refusal({}).find("no scored step") != std::string::npos);
  const Read cut = read({step(2, 0.5)}, {.max_positions = 3});
  CHECK(cut.status.message().find("longer than the model's 3 tokens") != std::string::npos);
}

TEST_CASE("a part of the steps has its own rows", "[loop][value]") {
  const Read found = read({step(0, 0.25), step(1, 0.5), step(0, 0.75, "other")});
  REQUIRE(found.status.ok());
  const StepData part = part_of(found.data, [](const ScoredStep& one) { return one.task == "other"; });
  REQUIRE(part.rows.size() == 1);
  REQUIRE(part.steps.size() == 1);
  CHECK(part.steps[0].row == 0);
  CHECK(part.rows[0].turn_score == std::vector<float>{0.75f});
}
