#include "core/report/export.h"

#include <sstream>

#include "core/base/json.h"
#include "tests/report/small_export.h"
#include "tests/support/catch.h"

using namespace ipr;
using namespace ipr::report;
using ipr::test::must;
using ipr::test::open_record;

namespace {

std::vector<Json> rows(const Result<ExportedRows>& exported) {
  must(exported.status());
  std::vector<Json> lines;
  std::istringstream stream(exported->lines);
  for (std::string line; std::getline(stream, line);) lines.push_back(Json::parse(line));
  CHECK(static_cast<std::int64_t>(lines.size()) == exported->count);
  return lines;
}

// "user: text | assistant: text | …"
std::string chat(const Json& messages, const char* role = "role", const char* content = "content") {
  std::string text;
  for (const Json& message : messages) {
    text += (text.empty() ? "" : " | ") + message.at(role).get<std::string>() + ": " +
            message.at(content).get<std::string>();
  }
  return text;
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

const ExportChoice kExpertOnTrain{"expert", {"train"}, {}, "", {}};

}  // namespace

TEST_CASE("trajectories are exported as the messages that training saw", "[report][export]") {
  const test::TempFolder folder;
  store::RunStore record = open_record(folder.file("run.db"));
  test::fill_for_export(record);
  const auto sharegpt = rows(export_rows(record, ExportFormat::kShareGpt, kExpertOnTrain));
  REQUIRE(sharegpt.size() == 1);  // not the one below the expert's least outcome, not the unfinished one
  CHECK(sharegpt[0].at("id") == "task-a");
  CHECK(sharegpt[0].at("reward") == 1.0);
  // The prompt without its in-context example; nothing after the last reply.
  CHECK(chat(sharegpt[0].at("conversations"), "from", "value") ==
        "human: Do the task. | gpt: OK | human: task a | gpt: one | human: seen one | gpt: two");
  const auto sft = rows(export_rows(record, ExportFormat::kTrlSft, kExpertOnTrain));
  CHECK(chat(sft[0].at("messages")) ==
        "user: Do the task. | assistant: OK | user: task a | assistant: one | user: seen one | assistant: two");
}

TEST_CASE("trajectories are chosen by policy, split, reward and iteration", "[report][export]") {
  const test::TempFolder folder;
  store::RunStore record = open_record(folder.file("run.db"));
  test::fill_for_export(record);
  ExportChoice choice = kExpertOnTrain;
  choice.min_reward = -1;
  CHECK(rows(export_rows(record, ExportFormat::kShareGpt, choice)).size() == 3);  // now all
  choice.min_reward = 0.9;
  CHECK(rows(export_rows(record, ExportFormat::kShareGpt, choice)).size() == 2);
  choice = {"sft", {}, {}, "", {}};
  const auto agent = rows(export_rows(record, ExportFormat::kTrlSft, choice));
  REQUIRE(agent.size() == 2);  // explored and evaluated, no Monte Carlo rollout
  CHECK(agent[0].at("stage") == "explore");
  CHECK(agent[1].at("stage") == "eval");
  choice.splits = {"test"};
  CHECK(rows(export_rows(record, ExportFormat::kTrlSft, choice)).size() == 1);
  choice.iteration = 7;
  const auto none = export_rows(record, ExportFormat::kTrlSft, choice);
  REQUIRE_FALSE(none.ok());
  CHECK(none.status().code() == Code::kData);
  CHECK(contains(none.status().message(), "sft on test"));  // what there is
}

TEST_CASE("pairs are exported as prompt, chosen and rejected messages", "[report][export]") {
  const test::TempFolder folder;
  store::RunStore record = open_record(folder.file("run.db"));
  test::fill_for_export(record);
  const auto pairs = rows(export_rows(record, ExportFormat::kTrlDpo, {}));
  REQUIRE(pairs.size() == 2);
  CHECK(pairs[0].at("kind") == "outcome");
  CHECK(chat(pairs[0].at("prompt")) == "user: Do the task. | assistant: OK | user: task a");
  CHECK(chat(pairs[0].at("chosen")) == "assistant: one | user: seen one | assistant: two");
  CHECK(chat(pairs[0].at("rejected")) == "assistant: one | user: seen one | assistant: wrong");
  CHECK(pairs[0].at("step_gap").is_null());
  CHECK(pairs[1].at("turn") == 1);
  CHECK(chat(pairs[1].at("prompt")) ==
        "user: Do the task. | assistant: OK | user: task a | assistant: one | user: seen one");
  CHECK(chat(pairs[1].at("chosen")) == "assistant: two");
  CHECK(chat(pairs[1].at("rejected")) == "assistant: wrong");
  CHECK(pairs[1].at("step_gap") == Approx(0.5));
  ExportChoice steps;
  steps.kind = "step";
  CHECK(rows(export_rows(record, ExportFormat::kTrlDpo, steps)).size() == 1);
  steps.iteration = 2;
  const auto none = export_rows(record, ExportFormat::kTrlDpo, steps);
  REQUIRE_FALSE(none.ok());
  CHECK(contains(none.status().message(), "outcome (iteration 1), step (iteration 1)"));
}

TEST_CASE("scored steps are exported with what led to them", "[report][export]") {
  const test::TempFolder folder;
  store::RunStore record = open_record(folder.file("run.db"));
  test::fill_for_export(record);
  const auto steps = rows(export_rows(record, ExportFormat::kSteps, {}));
  REQUIRE(steps.size() == 2);
  CHECK(chat(steps[1].at("messages")) ==
        "user: Do the task. | assistant: OK | user: task a | assistant: one | user: seen one");
  CHECK(steps[1].at("reply") == "wrong");
  CHECK(steps[1].at("action") == "do wrong");
  CHECK(steps[1].at("value") == Approx(0.4));
  CHECK(steps[1].at("variance") == Approx(0.3));
  CHECK(steps[1].at("samples") == 5);
  CHECK(steps[0].at("interval").is_null());
  CHECK(steps[1].at("interval") == Json{0.1, 0.7});
  CHECK(steps[1].at("rollout_seconds").is_null());  // no scoring is on record
  CHECK(steps[1].at("scorer") == "mc");
  CHECK(steps[0].at("samples") == 0);
}

TEST_CASE("the same record gives the same bytes", "[report][export]") {
  const test::TempFolder folder;
  store::RunStore record = open_record(folder.file("run.db"));
  test::fill_for_export(record);
  for (const ExportFormat format : {ExportFormat::kShareGpt, ExportFormat::kTrlDpo, ExportFormat::kSteps})
    CHECK(export_rows(record, format, {})->lines == export_rows(record, format, {})->lines);
}

TEST_CASE("a record without rows, or without its prompt, says so", "[report][export]") {
  const test::TempFolder folder;
  store::RunStore record = open_record(folder.file("run.db"));
  CHECK(contains(export_rows(record, ExportFormat::kSteps, {}).status().message(), "no prompt"));
  must(record.set_state("prompt", "[]"));
  CHECK(contains(export_rows(record, ExportFormat::kShareGpt, {}).status().message(), "none at all"));
  CHECK(contains(export_rows(record, ExportFormat::kTrlDpo, {}).status().message(), "none at all"));
  CHECK(contains(export_rows(record, ExportFormat::kSteps, {}).status().message(), "no step was scored"));
}

TEST_CASE("a pair that names turns its episodes have not is refused", "[report][export]") {
  const test::TempFolder folder;
  store::RunStore record = open_record(folder.file("run.db"));
  test::fill_for_export(record);
  auto pairs = record.pairs();
  (*pairs)[0].loser_end = 9;
  must(record.replace_pairs(1, *pairs));
  CHECK(export_rows(record, ExportFormat::kTrlDpo, {}).status().code() == Code::kData);
}

TEST_CASE("a misspelt format is answered with the nearest one", "[report][export]") {
  CHECK(*export_format_from_name("trl-sft") == ExportFormat::kTrlSft);
  const auto wrong = export_format_from_name("share-gpt");
  REQUIRE_FALSE(wrong.ok());
  CHECK(wrong.status().code() == Code::kUsage);
  CHECK(contains(wrong.status().message(), "did you mean \"sharegpt\""));
}
