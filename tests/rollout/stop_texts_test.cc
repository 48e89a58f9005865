#include "core/rollout/stop_texts.h"

#include "core/base/rng.h"
#include "core/rollout/generator.h"
#include "tests/model/tiny_model.h"
#include "tests/support/catch.h"

using namespace ipr;
using namespace ipr::rollout;

namespace {

using Ids = std::vector<std::int32_t>;

// Learned from a few sentences, so that its tokens are bytes, pieces of words and whole words.
text::Tokenizer small_tokenizer() {
  std::vector<std::string> texts;
  for (int i = 0; i < 20; ++i)
    texts.emplace_back("Action: go\nObservation: höher, 世界! Action: stay\nObservation: ok");
  text::TrainOptions options;
  options.vocab_size = 300;
  options.special_tokens = {"<|pad|>", "<|end|>"};
  return text::Tokenizer::train(texts, options);
}

Ids first(const Ids& ids, std::size_t count) {
  return {ids.begin(), ids.begin() + static_cast<std::ptrdiff_t>(count)};
}

// How many ids a Watch takes until it says that a stop string is complete; all + 1 if it never does.
std::size_t watched(const StopTexts& stops, const Ids& ids) {
  StopTexts::Watch watch(stops);
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (watch.push(ids[i])) return i + 1;
  }
  return ids.size() + 1;
}

}  // namespace

TEST_CASE("a stop string is found wherever the tokens divide it", "[rollout][stop]") {
  const text::Tokenizer tokenizer = small_tokenizer();
  Rng rng(3);
  std::size_t inside = 0, found = 0;
  for (int round = 0; round < 2000; ++round) {
    Ids ids(1 + rng.below(30));
    for (std::int32_t& id : ids) id = static_cast<std::int32_t>(rng.below(300));
    const std::string all = tokenizer.decode(ids);
    if (all.empty()) continue;
    const std::size_t at = rng.below(all.size());
    const StopTexts stops(tokenizer, {all.substr(at, 1 + rng.below(6)), "never said"});
    // The first id with which the text holds it, by decoding everything again each time.
    std::size_t complete = 1;
    const auto holds = [&](std::size_t count) { return !stops.cut(first(ids, count)).stop.empty(); };
    while (complete < ids.size() && !holds(complete)) ++complete;
    const StopTexts::Cut cut = stops.cut(ids);
    REQUIRE_FALSE(cut.stop.empty());
    CHECK(all.starts_with(cut.text + cut.stop));
    CHECK(cut.text.find(cut.stop) == std::string::npos);
    CHECK(cut.text.starts_with(tokenizer.decode(first(ids, cut.ids))));
    // The watch may be one id late where the string ends in half a character, which nobody has said yet.
    const std::size_t seen = watched(stops, ids);
    CHECK(seen >= complete);
    if (all.find("\xEF\xBF\xBD") == std::string::npos) {
      CHECK(seen == complete);
      ++found;
      if (tokenizer.decode(first(ids, cut.ids)) != cut.text) ++inside;
    }
  }
  CHECK(found > 50);
  CHECK(inside > 10);  // the case that ids alone would miss
}

TEST_CASE("of several stop strings the first in the text counts", "[rollout][stop]") {
  const text::Tokenizer tokenizer = small_tokenizer();
  const Ids ids = tokenizer.encode("Action: go\nObservation: ok");
  const StopTexts stops(tokenizer, {"ok", "\nObs", "", "vation"});
  const StopTexts::Cut cut = stops.cut(ids);
  CHECK(cut.stop == "\nObs");
  CHECK(cut.text == "Action: go");
  CHECK(tokenizer.decode(first(ids, cut.ids)) == "Action: go");
  const StopTexts others(tokenizer, {"nothing"});
  CHECK(others.cut(ids).stop.empty());
  CHECK(others.cut(ids).ids == ids.size());
  CHECK(watched(others, ids) == ids.size() + 1);
  CHECK(StopTexts(tokenizer, {""}).empty());
}

TEST_CASE("generation ends with the id that completes a stop string", "[rollout][stop][generator]") {
  const text::Tokenizer tokenizer = small_tokenizer();
  model::LlamaConfig config = test::mini_config();
  config.vocab_size = tokenizer.vocab_size();
  const auto weights = test::tiny_weights(config, 9);
  const model::CpuEngine engine(weights, 2);
  Generator generator(engine, {});
  GenerateRequest request;
  request.max_new_tokens = 40;
  std::size_t stopped = 0;
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    request.prompt = test::random_ids(10, config.vocab_size, seed);
    request.seed = seed;
    request.stop_texts = nullptr;
    const GenerateReply free = generate_all(generator, {request}).front();
    const std::string said = tokenizer.decode(free.ids);
    const StopTexts stops(tokenizer, {said.substr(said.size() / 2, 3)});
    const std::uint64_t before = generator.counters().generated_tokens;
    request.stop_texts = &stops;
    const GenerateReply reply = generate_all(generator, {request}).front();
    CAPTURE(seed);
    if (reply.finish != Finish::kStop) {  // the string was half a character, which another byte completed
      CHECK(reply.ids == free.ids);
      continue;
    }
    ++stopped;
    const std::size_t needed = watched(stops, free.ids);
    CHECK(generator.counters().generated_tokens - before == needed);
    const StopTexts::Cut cut = stops.cut(first(free.ids, needed));
    CHECK(reply.ids == first(free.ids, cut.ids));
    CHECK(reply.logprobs ==
          std::vector<float>(free.logprobs.begin(), free.logprobs.begin() + static_cast<std::ptrdiff_t>(cut.ids)));
    CHECK(reply.text == cut.text);
    CHECK(reply.stop_text == cut.stop);
    CHECK(reply.stop_id == -1);
  }
  CHECK(stopped > 20);
}
