#include "core/model/engine.h"

#include <algorithm>
#include <cstring>

#include "tests/model/kv_memory.h"
#include "tests/model/reference.h"
#include "tests/model/tiny_model.h"
#include "tests/support/catch.h"

using namespace ipr;
using namespace ipr::model;

namespace {

// Wide enough that the work is shared by columns.
LlamaConfig wide_config() {
  LlamaConfig config;
  config.vocab_size = 50;
  config.hidden_size = 260;
  config.intermediate_size = 520;
  config.num_layers = 2;
  config.num_heads = 6;
  config.num_kv_heads = 3;
  config.head_dim = 40;
  config.max_positions = 128;
  return config;
}

std::vector<LlamaConfig> all_configs() {
  std::vector<LlamaConfig> configs = {test::odd_config(), test::mini_config(), wide_config()};
  for (LlamaConfig& config : test::family_configs()) configs.push_back(std::move(config));
  configs.push_back(wide_config());  // shared by columns, with all that the families add
  LlamaConfig& wide = configs.back();
  wide.qkv_bias = wide.output_bias = wide.mlp_bias = wide.qk_norm = true;
  wide.sliding_window = 33;
  return configs;
}

std::vector<const Kernels*> all_kernels() {
  std::vector<const Kernels*> all;
  for (const Width width : {Width::kF32, Width::kBf16}) {
    const auto kernels = available_kernels(width);
    all.insert(all.end(), kernels.begin(), kernels.end());
  }
  return all;
}

// A few sequences of different lengths, run together with different splits into steps; logits of every position.
std::vector<std::vector<float>> logits_in_company(const Engine& engine,
                                                  const std::vector<std::vector<std::int32_t>>& sequences,
                                                  std::size_t stride) {
  const auto vocab = static_cast<std::size_t>(engine.config().vocab_size);
  std::vector<test::KvMemory> memory;
  std::vector<std::vector<float>> logits(sequences.size());
  std::size_t longest = 0;
  for (const auto& ids : sequences) {
    memory.emplace_back(engine, ids.size());
    longest = std::max(longest, ids.size());
  }
  for (std::size_t begin = 0; begin < longest; begin += stride) {
    std::vector<Row> rows;
    std::vector<std::size_t> owner;
    for (std::size_t s = 0; s < sequences.size(); ++s) {
      const std::size_t end = std::min(sequences[s].size(), begin + stride);
      for (std::size_t p = begin; p < end; ++p) {
        rows.push_back({sequences[s][p], static_cast<std::int32_t>(p), memory[s].blocks(), true});
        owner.push_back(s);
      }
    }
    std::vector<float> out(rows.size() * vocab);
    engine.step(rows, out.data());
    for (std::size_t r = 0; r < rows.size(); ++r) {
      logits[owner[r]].insert(logits[owner[r]].end(), out.begin() + static_cast<std::ptrdiff_t>(r * vocab),
                              out.begin() + static_cast<std::ptrdiff_t>((r + 1) * vocab));
    }
  }
  return logits;
}

}  // namespace

TEST_CASE("every kernel family computes the plain forward pass, whatever the sizes", "[model][engine]") {
  for (const LlamaConfig& config : all_configs()) {
    const auto weights = test::tiny_weights(config, 3);
    const auto ids = test::random_ids(70, config.vocab_size, 5);
    const auto expected = test::Reference(weights).last_logits(ids);
    double largest = 0;
    for (const double value : expected) largest = std::max(largest, std::abs(value));
    for (const Kernels* kernels : all_kernels()) {
      const CpuEngine engine(weights, 2, *kernels);
      const auto logits = test::logits_alone(engine, ids, ids.size());
      // bf16 keeps 8 binary digits of each weight and of each product's input.
      const double margin = kernels->width == Width::kF32 ? 2e-4 : 0.05 * largest;
      for (std::size_t i = 0; i < expected.size(); ++i) {
        CAPTURE(family_name(config.family), config.hidden_size, kernels->family, i);
        CHECK(static_cast<double>(logits[(ids.size() - 1) * expected.size() + i]) ==
              Approx(expected[i]).margin(margin));
      }
    }
  }
}

TEST_CASE("a row's bits depend neither on company nor on steps nor on threads", "[model][engine]") {
  const std::int64_t rank = GENERATE(0, 5);  // 0: without a LoRA change
  for (const LlamaConfig& config : all_configs()) {
    auto weights = test::tiny_weights(config, 4);
    if (rank > 0) weights.lora = test::tiny_lora(config, rank, 9);
    std::vector<std::vector<std::int32_t>> sequences;
    for (const std::size_t length : {1, 5, 31, 32, 33, 64, 90})
      sequences.push_back(test::random_ids(length, config.vocab_size, length));
    for (const Kernels* kernels : all_kernels()) {
      std::vector<std::vector<float>> alone;
      {
        const CpuEngine engine(weights, 1, *kernels);
        for (const auto& ids : sequences) alone.push_back(test::logits_alone(engine, ids, 1));
      }
      for (const int threads : {1, 2, 3}) {
        const CpuEngine engine(weights, threads, *kernels);
        for (const std::size_t stride : {1, 7, 100}) {
          CAPTURE(rank, family_name(config.family), config.hidden_size, kernels->family, threads, stride);
          CHECK(logits_in_company(engine, sequences, stride) == alone);
        }
      }
    }
  }
}

TEST_CASE("a forked prefix and a recomputed one agree bit for bit", "[model][engine]") {
  constexpr std::size_t kPrefix = 75, kLength = 95, kForks = 7;
  for (const LlamaConfig& config : {test::mini_config(), test::odd_config(), wide_config()}) {
    const auto weights = test::tiny_weights(config, 6);
    for (const Kernels* kernels : all_kernels()) {
      CAPTURE(config.hidden_size, kernels->family);
      const CpuEngine engine(weights, 2, *kernels);
      const auto vocab = static_cast<std::size_t>(config.vocab_size);
      const auto prefix = test::random_ids(kPrefix, config.vocab_size, 1);
      test::KvMemory origin(engine, 128);
      std::vector<float> logits(128 * vocab);
      engine.step(test::rows_of(prefix, 0, kPrefix, origin.blocks()), logits.data());
      std::vector<std::vector<std::int32_t>> texts(kForks, prefix);
      std::vector<test::KvMemory> forks;
      for (std::size_t f = 0; f < kForks; ++f) {
        const auto more = test::random_ids(kLength - kPrefix, config.vocab_size, 100 + f);
        texts[f].insert(texts[f].end(), more.begin(), more.end());
        test::KvMemory& fork = forks.emplace_back(engine, 128);
        fork.table()[0] = origin.table()[0];  // two full blocks by reference, the third copied
        fork.table()[1] = origin.table()[1];
        std::memcpy(fork.table()[2], origin.table()[2], engine.block_floats() * sizeof(float));
      }
      // All forks go on together: a token each, the first two tokens of some at once.
      std::vector<std::vector<float>> played(kForks);
      for (std::size_t begin = kPrefix; begin < kLength; begin += 2) {
        std::vector<Row> rows;
        for (std::size_t f = kForks; f-- > 0;) {
          for (const Row& row : test::rows_of(texts[f], begin, std::min(begin + 2, kLength), forks[f].blocks()))
            rows.push_back(row);
        }
        std::vector<float> out(rows.size() * vocab);
        engine.step(rows, out.data());
        for (std::size_t r = 0; r < rows.size(); ++r) {
          std::vector<float>& to = played[kForks - 1 - r * kForks / rows.size()];
          to.insert(to.end(), out.begin() + static_cast<std::ptrdiff_t>(r * vocab),
                    out.begin() + static_cast<std::ptrdiff_t>((r + 1) * vocab));
        }
      }
      for (std::size_t f = 0; f < kForks; ++f) {
        const auto recomputed = test::logits_alone(engine, texts[f], kLength);
        CHECK(std::equal(recomputed.begin() + static_cast<std::ptrdiff_t>(kPrefix * vocab), recomputed.end(),
                         played[f].begin(), played[f].end()));
      }
    }
  }
}

TEST_CASE("only the rows that ask get logits, in their order", "[model][engine]") {
  for (const LlamaConfig& config : {test::odd_config(), wide_config()}) {
    const auto weights = test::tiny_weights(config, 7);
    const CpuEngine engine(weights, 2);
    const auto vocab = static_cast<std::size_t>(config.vocab_size);
    const auto ids = test::random_ids(40, config.vocab_size, 2);
    const auto all = test::logits_alone(engine, ids, 40);
    const test::KvMemory memory(engine, 40);
    auto rows = test::rows_of(ids, 0, 40, memory.blocks());
    for (Row& row : rows) row.want_logits = row.position % 13 == 5;
    std::vector<float> logits(3 * vocab + 1, -7.0f);
    engine.step(rows, logits.data());
    for (std::size_t i = 0; i < 3; ++i) {
      const auto expected = all.begin() + static_cast<std::ptrdiff_t>((5 + 13 * i) * vocab);
      CHECK(std::equal(expected, expected + static_cast<std::ptrdiff_t>(vocab),
                       logits.begin() + static_cast<std::ptrdiff_t>(i * vocab)));
    }
    CHECK(logits.back() == -7.0f);
    for (Row& row : rows) row.want_logits = false;
    engine.step(rows, nullptr);
    engine.step({}, nullptr);
  }
}

TEST_CASE("garbage behind a sequence's positions adds nothing", "[model][engine]") {
  const auto weights = test::tiny_weights(test::odd_config(), 8);
  for (const Kernels* kernels : all_kernels()) {
    CAPTURE(kernels->family);
    const CpuEngine engine(weights, 1, *kernels);
    const auto ids = test::random_ids(37, 101, 3);
    const auto clean = test::logits_alone(engine, ids, 37);
    test::KvMemory memory(engine, 64);
    // bf16 multiplies whole blocks, by 0 behind the end: what was there must be finite.
    const float garbage = kernels->width == Width::kF32 ? std::numeric_limits<float>::quiet_NaN() : 1e30f;
    for (float* block : memory.table()) std::fill_n(block, engine.block_floats(), garbage);
    std::vector<float> logits(clean.size());
    engine.step(test::rows_of(ids, 0, 37, memory.blocks()), logits.data());
    CHECK(logits == clean);
  }
}
