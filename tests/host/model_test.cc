// `ipr-host model …` on a checkpoint that a run has made.
#include <cmath>

#include "tests/host/small_run.h"
#include "tests/support/catch.h"

using namespace ipr;
using namespace ipr::test;

namespace {

std::vector<Json> ask(const std::string& command, const std::string& input) {
  const SmallRun& run = small_run();
  const Ended ended = run.place.host({"model", command, run.checkpoint()}, input);
  INFO(ended.err);
  REQUIRE(ended.exit_code == 0);
  CHECK(ended.err.empty());
  return json_lines(ended.out);
}

}  // namespace

TEST_CASE("model inspect tells shape, size and tensors", "[host][model]") {
  const SmallRun& run = small_run();
  const Ended ended = run.place.host({"model", "inspect", run.checkpoint(), "--json"});
  REQUIRE(ended.exit_code == 0);
  const Json answer = Json::parse(ended.out);
  CHECK(answer.at("config").at("model_type") == "llama");
  std::int64_t numbers = 0;
  for (const auto& [name, shape] : answer.at("tensors").items()) {
    std::int64_t size = 1;
    for (const Json& extent : shape) size *= extent.get<std::int64_t>();
    numbers += size;
  }
  CHECK(answer.at("parameters") == Json(numbers));
  CHECK(answer.at("sha256").get<std::string>().size() == 64);
}

TEST_CASE("model tokenize gives ids, and the mask of what is trained on", "[host][model]") {
  const auto answers = ask("tokenize", R"({"id":"t","text":"Action: up<|end|>"}
{"id":"m","messages":[{"role":"user","content":"Where?"},{"role":"assistant","content":"Action: up"}]}
not JSON
{"id":"n"}
)");
  REQUIRE(answers.size() == 4);
  CHECK(answers[0].at("id") == "t");
  CHECK(answers[0].at("ids").size() == answers[0].at("mask").size());
  const std::int64_t end = answers[0].at("ids").back();  // control tokens in a text are recognized
  const Json& mask = answers[1].at("mask");
  CHECK(mask.size() == answers[1].at("ids").size());
  CHECK(mask.front() == Json(0));
  CHECK(mask.back() == Json(1));  // the end of the assistant's turn is trained on
  CHECK(answers[1].at("ids").back() == Json(end));
  CHECK(answers[2].contains("error"));
  CHECK(answers[3].at("id") == "n");
  CHECK(answers[3].contains("error"));
}

TEST_CASE("model logprobs: texts and ids agree, and the total is the sum", "[host][model]") {
  const auto ids = ask("tokenize", "{\"id\":1,\"text\":\"At 1 1, goal 2 2.\"}\n{\"id\":2,\"text\":\" Ways\"}\n");
  const Json by_ids = {
      {"id", "ids"}, {"prompt_ids", ids[0].at("ids")}, {"continuation_ids", ids[1].at("ids")}, {"top", 20}};
  const auto answers = ask("logprobs", R"({"id":"text","prompt":"At 1 1, goal 2 2.","continuation":" Ways","top":20})"
                                       "\n" +
                                           by_ids.dump() + "\n" +
                                           R"({"id":"bad","prompt_ids":[9999999],"continuation_ids":[1]})"
                                           "\n");
  REQUIRE(answers.size() == 3);
  CHECK(answers[0].at("token_logprobs") == answers[1].at("token_logprobs"));
  double sum = 0;
  for (const Json& one : answers[0].at("token_logprobs")) {
    CHECK(one.get<double>() <= 0);
    sum += one.get<double>();
  }
  CHECK(answers[0].at("total").get<double>() == Approx(sum));
  REQUIRE(answers[0].at("top_ids").size() == 20);
  const auto logits = answers[0].at("top_logits").get<std::vector<double>>();
  for (std::size_t i = 1; i < logits.size(); ++i) CHECK(logits[i] <= logits[i - 1]);
  CHECK(answers[2].contains("error"));
}

TEST_CASE("model generate repeats itself for one seed and stops where it is told to", "[host][model]") {
  const std::string line =
      R"({"id":1,"messages":[{"role":"user","content":"At 1 1, goal 1 3. Ways: right"}],"max_tokens":12,"temperature":1,"seed":5})";
  const auto first = ask("generate", line + "\n" + line + "\n");
  REQUIRE(first.size() == 2);
  CHECK(first[0] == first[1]);
  CHECK(first[0] == ask("generate", line).at(0));
  CHECK(first[0].at("ids").size() <= 12);
  const auto short_answers = ask("generate", R"({"id":1,"prompt":"At","max_tokens":3,"temperature":0})");
  CHECK((short_answers[0].at("finish") == "length" || short_answers[0].at("finish") == "stop"));
  CHECK(short_answers[0].at("ids").size() <= 3);

  // What it says at temperature 0 is the most likely continuation that logprobs knows.
  const auto greedy = ask("generate", R"({"id":1,"prompt":"At 1 1,","max_tokens":1,"temperature":0})").at(0);
  const auto scored = ask("logprobs", R"({"id":1,"prompt":"At 1 1,","top":1})").at(0);
  if (!greedy.at("ids").empty()) CHECK(greedy.at("ids").at(0) == scored.at("top_ids").at(0));

  // A stop string cuts the text before it.
  const std::string text = first[0].at("text");
  if (text.size() < 4) return;
  Json request = Json::parse(line);
  request["stop"] = {text.substr(2, 2)};
  const Json cut = ask("generate", request.dump()).at(0);
  CHECK(cut.at("finish") == "stop");
  CHECK(text.starts_with(cut.at("text").get<std::string>()));
  CHECK_FALSE(contains(cut.at("text"), text.substr(2, 2)));
}

TEST_CASE("a checkpoint of the run plays as a policy", "[host][model]") {
  const SmallRun& run = small_run();
  const Ended ended = run.place.host(
      {"eval", "--env", "gridworld", "--policy", run.checkpoint(), "--limit", "4", "--max-new-tokens", "16", "--json"});
  INFO(ended.err);
  REQUIRE(ended.exit_code == 0);
  CHECK(Json::parse(ended.out).at("rows").at(0).at("n") == Json(4));
}
