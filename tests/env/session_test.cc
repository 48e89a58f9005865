#include "core/env/session.h"

#include "core/env/replay.h"
#include "tests/env/counter.h"
#include "tests/support/catch.h"

using namespace ipr;
using namespace ipr::env;
using namespace ipr::test;

namespace {

constexpr const char* kGo = "Thought: on\nAction: go";
constexpr const char* kBack = "Action: back";

Session start(const Environment& environment, int max_steps = 0) {
  Result<Session> session = Session::start(environment, environment.task_by_id("a").value(), 0, max_steps);
  REQUIRE(session.ok());
  return std::move(session).value();
}

// Says the messages in order; the session must take them all.
std::vector<Turn> say(Session& session, const std::vector<std::string>& messages) {
  std::vector<Turn> turns;
  for (const std::string& message : messages) {
    REQUIRE_FALSE(session.finished());
    Result<Turn> turn = session.say(message);
    REQUIRE(turn.ok());
    turns.push_back(std::move(turn).value());
  }
  return turns;
}

}  // namespace

TEST_CASE("success on the last step is a success", "[env][session]") {
  const auto environment = make_counter(Counter::kForks);
  Session session = start(*environment, 3);
  const auto turns = say(session, {kGo, kGo, kGo});
  CHECK(session.finished());
  CHECK(session.terminated());
  CHECK(session.success());
  CHECK_FALSE(session.truncated());
  CHECK(session.exit_status() == ExitStatus::kOk);
  CHECK(session.outcome() == 1);
  CHECK(turns[2].reward == 1);
  CHECK(turns[0].observation == "Observation: The count is 1");
  CHECK(turns[0].action == "go");
}

TEST_CASE("every message uses up a step, also one that is not understood", "[env][session]") {
  const auto environment = make_counter(Counter::kForks);
  Session idle = start(*environment);  // the environment's own five
  say(idle, {kBack, "hm", kBack, "hm", kBack});
  CHECK(idle.finished());
  CHECK(idle.truncated());
  CHECK(idle.exit_status() == ExitStatus::kMaxSteps);
  CHECK(idle.outcome() == 0);
  Session mute = start(*environment, 2);
  const auto turns = say(mute, {kGo, "hm"});
  CHECK(mute.exit_status() == ExitStatus::kInvalidFormat);
  CHECK_FALSE(turns[1].parsed);
  CHECK(turns[1].action.empty());
  CHECK((turns[1].flags & IPR_STEP_INVALID) != 0);
  CHECK(turns[1].observation.find("Invalid format") != std::string::npos);
}

TEST_CASE("what an agent says is valid UTF-8 from then on", "[env][session]") {
  const auto environment = make_counter(Counter::kForks);
  Session session = start(*environment);
  const auto turns = say(session, {"Action: g\xFFo"});
  CHECK(turns[0].message == "Action: g\xEF\xBF\xBDo");
  CHECK((turns[0].flags & IPR_STEP_INVALID) != 0);
}

TEST_CASE("a copy plays on by itself, forked or replayed", "[env][session]") {
  for (const Counter kind : {Counter::kForks, Counter::kReplays}) {
    const auto environment = make_counter(kind);
    CHECK(environment->can_fork() == (kind == Counter::kForks));
    Session session = start(*environment);
    const auto turns = say(session, {kGo, "hm", kGo});
    Result<Session> copy = session.fork(turns);
    REQUIRE(copy.ok());
    CHECK(copy->steps() == 3);
    CHECK(copy->first_message() == session.first_message());
    say(*copy, {kGo});
    CHECK(copy->success());
    CHECK_FALSE(session.finished());
    const auto others = say(session, {kBack});
    CHECK(others[0].observation == "Observation: The count is 1");
  }
}

TEST_CASE("a replay that differs is an error of the data", "[env][session]") {
  const auto honest = make_counter(Counter::kReplays);
  Session session = start(*honest);
  auto turns = say(session, {kGo, kGo});
  turns[1].observation = "Observation: something else";
  const Result<Session> copy = session.fork(turns);
  CHECK(copy.status().code() == Code::kData);
  CHECK(copy.status().message().find("turn 2") != std::string::npos);
  const auto forgets = make_counter(Counter::kForgets);
  Session moody = start(*forgets);
  const auto seen = say(moody, {kGo});
  CHECK(moody.fork(seen).status().code() == Code::kData);
}

TEST_CASE("the expert speaks in messages, and only where there is one", "[env][session]") {
  const auto with = make_counter(Counter::kForks);
  Session session = start(*with);
  CHECK(session.expert_message().value() == kGo);
  CHECK(session.compose("back").value() == kBack);
  const auto without = make_counter(Counter::kReplays);
  CHECK_FALSE(without->has_expert());
  Session alone = start(*without);
  CHECK(alone.expert_message().value().empty());
}

TEST_CASE("tasks are found by id, place and role", "[env]") {
  const auto environment = make_counter(Counter::kForks);
  CHECK(environment->splits().size() == 3);
  CHECK(environment->split_named("dev").value() == 1);
  CHECK(environment->split_named("tst").status().message().find("did you mean \"test\"?") != std::string::npos);
  CHECK(environment->task_at(2, 1).value().id == "f");
  CHECK(environment->task_at(2, 2).status().code() == Code::kUsage);
  CHECK(environment->task_at(7, 0).status().code() == Code::kUsage);
  CHECK(environment->task_by_id("z").status().code() == Code::kUsage);
  CHECK(environment->tasks_of_role(IPR_SPLIT_TRAIN).value().size() == 2);
  CHECK(resolve_task(*environment, Json::parse(R"({"split":"dev","index":1})")).value().id == "d");
  CHECK_FALSE(resolve_task(*environment, Json(1.5)).ok());
  CHECK_FALSE(resolve_task(*environment, Json::parse(R"({"split":"dev","index":-1})")).ok());
}

TEST_CASE("several environments are one, each under its name", "[env]") {
  std::vector<std::unique_ptr<Environment>> members;
  members.push_back(make_member(Counter::kForks));
  members.push_back(make_member(Counter::kReplays));
  const std::string first = members[0]->id(), second = members[1]->id();
  REQUIRE(first != second);
  const auto both = Environment::join(std::move(members));
  CHECK(both->id() == first + "," + second);
  REQUIRE(both->splits().size() == 6);
  CHECK(both->splits()[0].name == first + "/train");
  CHECK(both->splits()[5].name == second + "/test");
  CHECK(both->task_at(5, 1).value().id == second + ":f");
  CHECK(both->task_by_id(first + ":c").value().id == first + ":c");
  CHECK(both->task_by_id("c").status().code() == Code::kUsage);
  CHECK(both->has_expert());
  const Task forks = both->task_by_id(first + ":a").value(), replays = both->task_by_id(second + ":a").value();
  CHECK(&both->home(forks.id) == both->members()[0]);
  for (const Task& task : {forks, replays}) {
    Session session = Session::start(*both, task, 0, 0).value();
    CHECK(session.environment().id() == (task.id == forks.id ? first : second));
    CHECK(session.expert_message().value().empty() == (task.id == replays.id));
    const auto seen = say(session, {kGo});
    CHECK(session.fork(seen).value().steps() == 1);
  }
}

TEST_CASE("each of several environments has its own prompt", "[env]") {
  const Prompts one(std::vector<PromptMessage>{{1, "hello", false}});
  CHECK(one.of("any:id").at(0).text == "hello");
  std::map<std::string, std::vector<PromptMessage>, std::less<>> by_prefix;
  by_prefix["a:"] = {{1, "of a", false}};
  by_prefix["b:"] = {};
  const Prompts two(std::move(by_prefix));
  CHECK(two.of("a:b:7").at(0).text == "of a");
  CHECK(two.of("b:7").empty());
}

TEST_CASE("exit statuses go to names and back", "[env]") {
  for (int i = 0; i < 7; ++i) {
    const auto status = static_cast<ExitStatus>(i);
    CHECK(exit_status_from_name(exit_status_name(status)).value() == status);
  }
  CHECK(exit_status_from_name("fine").status().code() == Code::kData);
}
