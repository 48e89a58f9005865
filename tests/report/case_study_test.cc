// Two records made by hand, the same tasks in both.
#include "core/report/case_study.h"

#include <algorithm>

#include "tests/report/record.h"
#include "tests/support/catch.h"

using namespace ipr;
using namespace ipr::report;
using ipr::test::must;

namespace {

struct Made {
  test::TempFolder folder;
  store::RunStore record = test::open_record(folder.file("run.db"));

  CaseSide side(const std::string& run, const std::string& policy = "") { return {{run, "shop", "", &record}, policy}; }
  void task(const std::string& id, const std::string& sha256 = "same") {
    must(record.put_task({"test", id, "find item " + id, "", "", sha256}));
  }
  void played(const std::string& task, double outcome, const std::vector<std::string>& actions,
              const std::string& policy = "sft") {
    store::Episode e;
    e.stage = store::kEval;
    e.policy = policy;
    e.iteration = policy == "sft" ? 0 : 1;
    e.split = "test";
    e.task_id = task;
    e.outcome = outcome;
    e.success = outcome > 0;
    for (const std::string& action : actions) {
      store::Turn turn;
      turn.message = action;
      turn.action = action;
      turn.observation = "after " + action;
      e.turns.push_back(turn);
    }
    must(record.add_episode(e).status());
  }
};

CaseStudy must_have(const Result<CaseStudy>& study) {
  must(study.status());
  return *study;
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("the tasks whose outcomes differ the most come first", "[report][case-study]") {
  Made a, b;
  for (const char* id : {"1", "2", "3", "4"}) {
    a.task(id);
    b.task(id);
  }
  a.played("1", 0.5, {"look"});
  b.played("1", 0.6, {"look"});
  a.played("2", 0.9, {"look"});
  b.played("2", 0.1, {"wait"});
  a.played("3", 0.2, {"look"});
  b.played("3", 0.7, {"look", "buy"});
  a.played("4", 0.0, {"look"});  // not played by b
  const CaseStudy study = must_have(make_case_study(a.side("x"), b.side("y"), {{}, "", 2}));
  CHECK(study.a == "x sft");
  CHECK(study.common == 3);
  REQUIRE(study.cases.size() == 2);
  CHECK(study.cases[0].a.task_id == "2");
  CHECK(study.cases[0].parts == std::optional<std::size_t>(0));
  CHECK(study.cases[1].a.task_id == "3");
  CHECK(study.cases[1].parts == std::optional<std::size_t>(1));  // one side goes on
  const CaseStudy one = must_have(make_case_study(a.side("x"), b.side("y"), {{}, "1", 3}));
  REQUIRE(one.cases.size() == 1);
  CHECK_FALSE(one.cases[0].parts.has_value());
}

TEST_CASE("what is the same stands once, then both sides stand beside each other", "[report][case-study]") {
  Made a, b;
  a.task("1");
  b.task("1");
  a.played("1", 0.0, {"search[red shoes]", "click[A]"});
  b.played("1", 1.0, {"search[red shoes]", "click[B]", "click[Buy Now]"});
  const CaseStudy study = must_have(make_case_study(a.side("x"), b.side("y"), {}));
  const std::string text = to_text(study);
  INFO(text);
  CHECK(text.find("1  search[red shoes]") == text.rfind("1  search[red shoes]"));
  CHECK(has(text, "find item 1"));
  const std::size_t left = text.find("2  click[A]"), right = text.find("2  click[B]");
  REQUIRE(left != std::string::npos);
  REQUIRE(right != std::string::npos);
  CHECK(text.substr(left, right - left).find('\n') == std::string::npos);  // on one line
  CHECK(has(text, "outcome 0.000, no success, 2 turns"));
  CHECK(has(text, "outcome 1.000, success, 3 turns"));
  std::size_t start = 0;
  for (std::size_t end; (end = text.find('\n', start)) != std::string::npos; start = end + 1) CHECK(end - start <= 100);
  const std::vector<Json> lines = to_json(study);
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].at("first_difference") == 1);
  CHECK(lines[0].at("a").at("turns").at(1).at("action") == "click[A]");
  CHECK(lines[0].at("b").at("outcome") == 1.0);
}

TEST_CASE("long and hostile text is wrapped and made harmless", "[report][case-study]") {
  Made a, b;
  a.task("1");
  b.task("1");
  a.played("1", 0.0, {std::string(300, 'x') + "\033[31m\nnew line"});
  b.played("1", 1.0, {"ä ö ü " + std::string(200, 'y')});
  const std::string text = to_text(must_have(make_case_study(a.side("x"), b.side("y"), {})), 60);
  CHECK_FALSE(has(text, "\033"));
  std::size_t start = 0;
  for (std::size_t end; (end = text.find('\n', start)) != std::string::npos; start = end + 1) {
    const std::string line = text.substr(start, end - start);
    const auto bytes = std::count_if(line.begin(), line.end(), [](char c) { return (c & 0xC0) != 0x80; });
    if (line.find("tasks that both") == std::string::npos) CHECK(bytes <= 60);
  }
}

TEST_CASE("the chosen policy speaks for a run, else the last; one run may compare two", "[report][case-study]") {
  Made a;
  a.task("1");
  a.played("1", 0.1, {"look"}, "sft");
  a.played("1", 0.9, {"buy"}, "iter-1");
  CHECK(must_have(make_case_study(a.side("x"), a.side("x", "sft"), {})).a == "x iter-1");
  must(a.record.put_policy({"sft", 0, "", "", true, false}));
  CHECK(must_have(make_case_study(a.side("x"), a.side("x", "iter-1"), {})).a == "x sft");
}

TEST_CASE("the same id of another world is another task", "[report][case-study]") {
  Made a, b;
  a.task("1", "here");
  b.task("1", "there");
  a.played("1", 0.0, {"look"});
  b.played("1", 1.0, {"look"});
  const auto none = make_case_study(a.side("x"), b.side("y"), {});
  REQUIRE_FALSE(none.ok());
  CHECK(none.status().code() == Code::kData);
  CHECK(has(none.status().message(), "x and y have evaluated no common task"));
}

TEST_CASE("a policy or task that is not there is refused with what there is", "[report][case-study]") {
  Made a;
  a.task("1");
  a.played("1", 0.1, {"look"});
  const auto policy = make_case_study(a.side("x", "sfd"), a.side("x"), {});
  REQUIRE_FALSE(policy.ok());
  CHECK(policy.status().code() == Code::kUsage);
  CHECK(has(policy.status().message(), "did you mean \"sft\""));
  const auto task = make_case_study(a.side("x"), a.side("x"), {{}, "77", 3});
  REQUIRE_FALSE(task.ok());
  CHECK(has(task.status().message(), "--task 77"));
  Made empty;
  const auto nothing = make_case_study(empty.side("x"), a.side("y"), {});
  REQUIRE_FALSE(nothing.ok());
  CHECK(has(nothing.status().message(), "nothing was evaluated yet"));
}
