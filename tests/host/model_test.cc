// `ipr-host model …` on a checkpoint that a run has made.
#include <algorithm>
#include <cmath>

#include "core/base/files.h"
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

TEST_CASE("model generate takes top-k, several stop strings, and what the flags say for all lines", "[host][model]") {
  const SmallRun& run = small_run();
  const Json line = {{"id", 1},
                     {"messages", {{{"role", "user"}, {"content", "At 1 1, goal 1 3. Ways: right"}}}},
                     {"max_tokens", 12},
                     {"seed", 5}};
  const auto with = [&](const Json& more) {
    Json asked = line;
    asked.update(more);
    return ask("generate", asked.dump()).at(0);
  };
  const auto flags = [&](std::vector<std::string> words) {
    words.insert(words.begin(), {"model", "generate", run.checkpoint()});
    const Ended ended = run.place.host(words, line.dump());
    INFO(ended.err);
    REQUIRE(ended.exit_code == 0);
    return json_lines(ended.out).at(0);
  };
  const Json greedy = with({{"temperature", 0}});
  CHECK(with({{"top_k", 1}}) == greedy);  // at temperature 1
  CHECK(flags({"--top-k", "1"}) == greedy);
  CHECK(flags({"--temperature", "0"}) == greedy);
  CHECK(flags({"--temperature", "0", "--max-tokens", "1"}) == greedy);  // the line has the last word

  const std::string text = greedy.at("text");
  REQUIRE(text.size() > 4);
  for (std::size_t at = 0; at + 2 <= text.size(); ++at) {
    const std::string stop = text.substr(at, 2);
    if (stop.find_first_of("\xEF\xBF\xBD") != std::string::npos) continue;  // broken bytes
    CAPTURE(text, stop);
    const Json cut = with({{"temperature", 0}, {"stop", {"never", stop}}});
    CHECK(cut.at("finish") == "stop");
    CHECK(cut.at("text") == Json(text.substr(0, text.find(stop))));
    // Ids of the same reply, none of which says more than the text.
    const auto ids = cut.at("ids").get<std::vector<int>>();
    const auto whole = greedy.at("ids").get<std::vector<int>>();
    REQUIRE(ids.size() <= whole.size());
    CHECK(std::equal(ids.begin(), ids.end(), whole.begin()));
    CHECK(with({{"temperature", 0}, {"stop", stop}}) == cut);
    CHECK(flags({"--temperature", "0", "--stop", "never", "--stop", stop}) == cut);
  }
}

TEST_CASE("model generate tells log-probs, and what becomes of a prompt that is too long", "[host][model]") {
  const Json prompt = ask("tokenize", R"({"id":1,"text":"At 1 1, goal 1 3."})").at(0).at("ids");
  const Json request = {{"id", 1}, {"prompt_ids", prompt}, {"max_tokens", 6}, {"seed", 3}, {"logprobs", true}};
  const Json said = ask("generate", request.dump()).at(0);
  const Json scored =
      ask("logprobs", Json({{"id", 1}, {"prompt_ids", prompt}, {"continuation_ids", said.at("ids")}}).dump()).at(0);
  CHECK(said.at("token_logprobs") == scored.at("token_logprobs"));

  std::vector<int> endless;
  for (int i = 0; i < 40000; ++i) endless.push_back(prompt[static_cast<std::size_t>(i) % prompt.size()]);
  Json too_long = {{"id", 1}, {"prompt_ids", endless}, {"max_tokens", 2}, {"temperature", 0}};
  const Json refused = ask("generate", too_long.dump()).at(0);
  CHECK(refused.at("finish") == "context_overflow");
  CHECK(refused.at("ids").empty());
  too_long["overflow"] = "keep-tail";
  const Json kept = ask("generate", too_long.dump()).at(0);
  CHECK(kept.at("finish") != "context_overflow");
  too_long["overflow"] = "drop";
  CHECK(contains(ask("generate", too_long.dump()).at(0).at("error"), "use end or keep-tail"));
}

TEST_CASE("a policy's replies end at --stop, and its template may be named", "[host][model]") {
  const SmallRun& run = small_run();
  const auto collect = [&](std::vector<std::string> more) {
    std::vector<std::string> words = {"collect",     "--env", "gridworld",        "--policy", run.checkpoint(),
                                      "--limit",     "3",     "--max-new-tokens", "16",       "--out",
                                      "played.jsonl"};
    words.insert(words.end(), more.begin(), more.end());
    const Ended ended = run.place.host(words);
    INFO(ended.err);
    REQUIRE(ended.exit_code == 0);
    std::vector<std::string> replies;
    for (const Json& line : json_lines(read_file(run.place.file("played.jsonl")).value())) {
      for (const Json& message : line.at("messages"))
        if (message.at("role") == "assistant") replies.push_back(message.at("content"));
    }
    return replies;
  };
  const auto free = collect({});
  CHECK(std::any_of(free.begin(), free.end(), [](const std::string& said) { return contains(said, "ion:"); }));
  const auto stopped = collect({"--stop", "ion:"});
  REQUIRE_FALSE(stopped.empty());
  for (const std::string& said : stopped) CHECK_FALSE(contains(said, "ion:"));
  CHECK(collect({"--chat-template", "plain"}) == free);
  CHECK(collect({"--top-k", "1", "--temperature", "1"}) == free);
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"eval", "--env", "gridworld", "--policy", run.checkpoint(), "--limit", "1"},
        {"score", "--env", "gridworld", "--policy", run.checkpoint(), "--data", "played.jsonl"},
        {"model", "tokenize", run.checkpoint()}}) {
    std::vector<std::string> wrong = words;
    wrong.insert(wrong.end(), {"--chat-template", "lama-3"});
    const Ended ended = run.place.host(wrong);
    INFO(ended.err);
    CHECK(ended.exit_code == 2);
    REQUIRE(ended.error_lines().size() == 1);
    CHECK(contains(ended.error_lines()[0], "did you mean \"llama-3\"?"));
  }
}

TEST_CASE("a checkpoint of the run plays as a policy", "[host][model]") {
  const SmallRun& run = small_run();
  const Ended ended = run.place.host(
      {"eval", "--env", "gridworld", "--policy", run.checkpoint(), "--limit", "4", "--max-new-tokens", "16", "--json"});
  INFO(ended.err);
  REQUIRE(ended.exit_code == 0);
  CHECK(Json::parse(ended.out).at("rows").at(0).at("n") == Json(4));
}
