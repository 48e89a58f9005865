// `ipr-host train`: the fixture's five optimizer steps through the program, and rows that cannot be trained on.
#include <cmath>
#include <filesystem>

#include "core/base/files.h"
#include "core/model/checkpoint.h"
#include "ipr/plugin.h"
#include "tests/support/catch.h"
#include "tests/support/program.h"

using namespace ipr;
using namespace ipr::test;
namespace fs = std::filesystem;

namespace {

using Words = std::vector<std::string>;

// The fixture's reference model: each parameter p[i] + 0.02 sin(0.7 i).
void save_reference(const std::string& from, const std::string& to) {
  auto weights = model::load_checkpoint(from);
  REQUIRE(weights.ok());
  for (auto& [name, tensor] : weights->tensors) {
    for (std::size_t i = 0; i < tensor.values.size(); ++i)
      tensor.values.edit()[i] += static_cast<float>(0.02 * std::sin(0.7 * static_cast<double>(i)));
  }
  REQUIRE(model::save_checkpoint(to, *weights, {}).ok());
}

// The fixture's pairs as rows in tokens.
std::string rows_of(const Json& golden) {
  std::string lines;
  for (const auto& [set, kind] : {std::pair("outcome_pairs", "outcome"), std::pair("step_pairs", "step")}) {
    for (const Json& pair : golden.at(set)) {
      lines += dump_line({{"id", std::to_string(lines.size())},
                          {"kind", kind},
                          {"prompt_ids", Json::array()},
                          {"win_ids", pair.at("chosen_ids")},
                          {"win_mask", pair.at("chosen_mask")},
                          {"lose_ids", pair.at("rejected_ids")},
                          {"lose_mask", pair.at("rejected_mask")}}) +
               "\n";
    }
  }
  return lines;
}

struct Fixture {
  std::string folder = shared_file("data/tiny-llama");
  Json golden;
  Workplace place;
  explicit Fixture() {
    if (folder.empty()) return;
    golden = load_json(folder + "/train_golden.json.gz");
    REQUIRE(write_file(place.file("pairs.jsonl"), rows_of(golden)).ok());
  }
};

void five_steps(const Fixture& fixture, const std::string& kind, const std::string& variant, const Words& settings) {
  const std::string model = fixture.folder + "/" + kind, name = kind + "-" + variant;
  if (!fs::exists(fixture.place.file(kind + "-ref"))) save_reference(model, fixture.place.file(kind + "-ref"));
  Words words = {"train",  "--optimizer", "ipr",   "--model", model,          "--reference",  kind + "-ref",
                 "--data", "pairs.jsonl", "--out", name,      "--log-losses", name + ".jsonl"};
  const Json& hyper = fixture.golden.at("hyper");
  const std::vector<std::string> numbers = {"train.epochs=5",
                                            "train.warmup=0",
                                            "train.order=emitted",
                                            "train.lr=" + hyper.at("lr").dump(),
                                            "train.weight_decay=" + hyper.at("weight_decay").dump(),
                                            "train.clip=" + hyper.at("max_grad_norm").dump()};
  for (const Words& more : {Words(numbers), settings}) {
    for (const std::string& setting : more) words.insert(words.end(), {"--set", setting});
  }
  const Ended ended = fixture.place.host(words);
  INFO(ended.err);
  REQUIRE(ended.exit_code == 0);
  const std::vector<Json> steps = json_lines(read_file(fixture.place.file(name + ".jsonl")).value());
  const Json& run = fixture.golden.at("runs").at(kind + "/" + variant + "/fp32");
  REQUIRE(steps.size() == run.size());
  for (std::size_t i = 0; i < steps.size(); ++i) {
    CAPTURE(name, i);
    const Json &step = steps[i], &wanted = run.at(i);
    CHECK(step.at("step") == wanted.at("step"));
    for (const char* key : {"total", "o_dpo", "s_dpo", "grad_norm"})
      CHECK(step.at(key).get<double>() == Approx(wanted.at(key).get<double>()).epsilon(1e-5));
    if (variant != "ipr_code") {
      const Json& sft = wanted.at(variant == "token_mean" ? "sft_token_mean" : "sft_sum");
      CHECK(step.at("sft").get<double>() == Approx(sft.get<double>()).epsilon(1e-5));
    }
    CHECK(step.at("lr") == hyper.at("lr"));
  }
  const auto trained = model::load_checkpoint(fixture.place.file(name));
  REQUIRE(trained.ok());
  const Json& after = run.back().at("params_after");
  for (const auto& [parameter, facts] : after.items()) {
    CAPTURE(parameter);
    double absolute = 0;
    for (const float value : trained->tensors.at(parameter).values) absolute += std::abs(static_cast<double>(value));
    CHECK(absolute == Approx(facts.at("abs_sum").get<double>()).epsilon(2e-6));
  }
}

// A call of train with these rows is refused with this code and words, and leaves nothing behind.
void refused(const Fixture& fixture, const std::string& rows, int code, const std::string& part,
             const Words& more = {}) {
  REQUIRE(write_file(fixture.place.file("bad.jsonl"), rows).ok());
  Words words = {"train", "--model", fixture.folder + "/untied", "--data", "bad.jsonl", "--out", "bad"};
  words.insert(words.end(), more.begin(), more.end());
  const Ended ended = fixture.place.host(words);
  INFO(rows << "\n" << ended.err);
  CHECK(ended.exit_code == code);
  REQUIRE(ended.error_lines().size() == 1);
  CHECK(contains(ended.error_lines()[0], part));
  CHECK_FALSE(fs::exists(fixture.place.file("bad")));
}

}  // namespace

TEST_CASE("five offline steps agree with the reference implementation in all three losses", "[host][train][golden]") {
  const Fixture fixture;
  if (fixture.folder.empty()) return;
  five_steps(fixture, "untied", "paper_sum", {"ipr.sft_over=outcome", "ipr.sft_reduce=sum"});
  five_steps(fixture, "tied", "paper_sum", {"ipr.sft_over=outcome", "ipr.sft_reduce=sum"});
  five_steps(fixture, "untied", "token_mean", {"ipr.sft_over=outcome", "ipr.sft_reduce=token_mean"});
  five_steps(fixture, "untied", "ipr_code", {"ipr.sft_over=all", "ipr.sft_reduce=sum", "ipr.loss=pooled"});
}

TEST_CASE("a prompt in ids of its own and masks that cover it say the same", "[host][train]") {
  const Fixture fixture;
  if (fixture.folder.empty()) return;
  const std::string apart = R"({"id":"a","kind":"outcome","prompt_ids":[5,6,7],"win_ids":[8,9],"lose_ids":[10]})",
                    together = R"({"id":"a","kind":"outcome","prompt_ids":[5,6,7],"win_ids":[8,9],"lose_ids":[10],)"
                               R"("win_mask":[0,0,0,1,1],"lose_mask":[0,0,0,1]})";
  Json hashes = Json::array();
  for (const std::string& row : {apart, together}) {
    const std::string name = "out" + std::to_string(hashes.size());
    REQUIRE(write_file(fixture.place.file("rows.jsonl"), row + "\n").ok());
    const Ended ended = fixture.place.host({"train", "--model", fixture.folder + "/untied", "--data", "rows.jsonl",
                                            "--out", name, "--json", "--set", "train.lr=0.01"});
    INFO(ended.err);
    REQUIRE(ended.exit_code == 0);
    hashes.push_back(Json::parse(ended.out).at("sha256"));
  }
  CHECK(hashes[0] == hashes[1]);
}

TEST_CASE("chat, ShareGPT and its own tokens are the same SFT row", "[host][train]") {
  const Fixture fixture;
  if (fixture.folder.empty()) return;
  const std::string model = fixture.place.file("model");
  fs::copy(fixture.folder + "/untied", model, fs::copy_options::recursive);
  fs::copy_file(fixture.folder + "/tokenizer.json", model + "/tokenizer.json");
  const std::string chat =
      R"({"id":"t","messages":[{"role":"user","content":"go to desk"},{"role":"assistant","content":"Action: look"}]})";
  const std::string sharegpt =
      R"({"id":"t","conversations":[{"from":"human","value":"go to desk"},{"from":"gpt","value":"Action: look"}]})";
  const Ended tokens = fixture.place.host({"model", "tokenize", "model"}, chat + "\n");
  REQUIRE(tokens.exit_code == 0);
  Json hashes = Json::array();
  for (const std::string& row : {chat, sharegpt, std::string(tokens.out)}) {
    const std::string name = "sft" + std::to_string(hashes.size());
    REQUIRE(write_file(fixture.place.file("rows.jsonl"), row + "\n").ok());
    const Ended ended = fixture.place.host(
        {"train", "--optimizer", "sft", "--model", "model", "--data", "rows.jsonl", "--out", name, "--json"});
    INFO(ended.err);
    REQUIRE(ended.exit_code == 0);
    CHECK(Json::parse(ended.out).at("sft_rows") == 1);
    hashes.push_back(Json::parse(ended.out).at("sha256"));
    CHECK(fs::exists(fixture.place.file(name + "/tokenizer.json")));  // the folder is a whole model again
  }
  CHECK(hashes[0] == hashes[1]);
  CHECK(hashes[0] == hashes[2]);
}

TEST_CASE("what was trained with a template that was named is played with it", "[host][train]") {
  const Fixture fixture;
  if (fixture.folder.empty()) return;
  const std::string model = fixture.place.file("model");
  fs::copy(fixture.folder + "/untied", model, fs::copy_options::recursive);
  fs::copy_file(fixture.folder + "/tokenizer.json", model + "/tokenizer.json");
  const std::string chat =
      R"({"id":"t","messages":[{"role":"user","content":"go to desk"},{"role":"assistant","content":"Action: look"}]})";
  REQUIRE(write_file(fixture.place.file("rows.jsonl"), chat + "\n").ok());
  REQUIRE(write_file(model + "/chat_template.jinja", "{{ 'a template that nobody knows' }}").ok());
  const auto ids = [&](Words words) {
    words.insert(words.begin(), {"model", "tokenize"});
    const Ended ended = fixture.place.host(words, chat);
    INFO(ended.err);
    REQUIRE(ended.exit_code == 0);
    return json_lines(ended.out).at(0);
  };
  const Ended ended = fixture.place.host({"train", "--optimizer", "sft", "--model", "model", "--data", "rows.jsonl",
                                          "--out", "tuned", "--chat-template", "qwen2"});
  INFO(ended.err);
  REQUIRE(ended.exit_code == 0);
  CHECK(ids({"tuned"}) == ids({"model", "--chat-template", "qwen2"}));
  CHECK(ids({"tuned"}) != ids({"model", "--chat-template", "chatml"}));
}

TEST_CASE("rows that cannot be trained on are refused with file and line", "[host][train]") {
  const Fixture fixture;
  if (fixture.folder.empty()) return;
  const std::string good = R"({"id":"a","kind":"outcome","win_ids":[1,2],"lose_ids":[1,3]})";
  refused(fixture, "", 3, "bad.jsonl: holds no training row");
  refused(fixture, good + "\n{\"id\":\n", 3, "bad.jsonl: line 2");
  refused(fixture, good + "\n[1]\n", 3, "bad.jsonl: line 2");
  refused(fixture, good + "\n{\"id\":\"x\",\"text\":\"hello\"}\n", 3, "neither an SFT row");
  refused(fixture, R"({"id":"a","kind":"outcom","win_ids":[1],"lose_ids":[1]})", 3, "\"kind\"");
  refused(fixture, R"({"id":"a","kind":"step","win_ids":[1,2]})", 3, "\"lose_ids\"");
  refused(fixture, R"({"id":"a","kind":"step","win_ids":[1,1024],"lose_ids":[1,2]})", 3, "token id 1024");
  refused(fixture, R"({"id":"a","kind":"step","win_ids":[1,-1],"lose_ids":[1,2]})", 3, "token id -1");
  refused(fixture, R"({"id":"a","kind":"step","win_ids":[1,"2"],"lose_ids":[1,2]})", 3, "line 1");
  refused(fixture, R"({"id":"a","kind":"step","win_ids":[1,2],"win_mask":[1,1,1],"lose_ids":[1,2]})", 3,
          "\"win_mask\"");
  refused(fixture, R"({"id":"a","kind":"step","win_ids":[1,2],"win_mask":[0,0],"lose_ids":[1,2]})", 3,
          "nothing to train");
  refused(fixture, R"({"id":"a","messages":[{"role":"user","content":"x"}]})", 3, "no tokenizer.json");
  refused(fixture, good, 2, "did you mean \"lr\"?", {"--set", "train.lrr=1"});
  refused(fixture, good, 2, "did you mean \"beta\"?", {"--set", "optimizer.betta=1"});
  refused(fixture, good, 3, "--reference nowhere", {"--reference", "nowhere"});
  model::LlamaConfig other;
  other.vocab_size = 64;
  other.hidden_size = 16;
  other.intermediate_size = 32;
  other.num_layers = 1;
  other.num_heads = other.num_kv_heads = 2;
  other.head_dim = 8;
  other.max_positions = 64;
  REQUIRE(model::save_checkpoint(fixture.place.file("other"), model::random_weights(other, 1), {}).ok());
  refused(fixture, good, 2, "vocabulary of 64", {"--reference", "other"});
}

TEST_CASE("train writes a new folder and never over another", "[host][train]") {
  const Fixture fixture;
  if (fixture.folder.empty()) return;
  fs::create_directory(fixture.place.file("mine"));
  REQUIRE(write_file(fixture.place.file("mine/notes.txt"), "keep me").ok());
  const Ended ended =
      fixture.place.host({"train", "--model", fixture.folder + "/untied", "--data", "pairs.jsonl", "--out", "mine"});
  CHECK(ended.exit_code == 2);
  CHECK(fs::exists(fixture.place.file("mine/notes.txt")));
}
