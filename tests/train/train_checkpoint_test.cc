#include "core/train/train_checkpoint.h"

#include "core/base/files.h"
#include "core/base/rng.h"
#include "tests/support/catch.h"
#include "tests/support/shared_data.h"

using namespace ipr;
using namespace ipr::train;

namespace {

model::LlamaConfig tiny_config() {
  model::LlamaConfig config;
  config.vocab_size = 40;
  config.hidden_size = 8;
  config.intermediate_size = 16;
  config.num_layers = 1;
  config.num_heads = config.num_kv_heads = 2;
  config.head_dim = 4;
  config.max_positions = 32;
  config.tie_word_embeddings = true;
  return config;
}

TrainCheckpoint some_checkpoint() {
  TrainCheckpoint checkpoint;
  checkpoint.stage = "iter-2/train";
  checkpoint.step = 7;
  checkpoint.total = 96;
  checkpoint.weights = model::random_weights(tiny_config(), 5);
  checkpoint.backend_state = std::string("moments\0and more", 16);
  checkpoint.reference = {{0, -1.5F, -0.25F}, {}, {0, -3}};
  checkpoint.old = {{0, -2}, {0, -1, -4}};
  return checkpoint;
}

void check_same(const TrainCheckpoint& a, const TrainCheckpoint& b) {
  CHECK(a.stage == b.stage);
  CHECK(a.step == b.step);
  CHECK(a.total == b.total);
  CHECK(a.backend_state == b.backend_state);
  CHECK(a.reference == b.reference);
  CHECK(a.old == b.old);
  if (a.step == 0) return;
  REQUIRE(a.weights.tensors.size() == b.weights.tensors.size());
  for (const auto& [name, tensor] : a.weights.tensors) {
    INFO(name);
    CHECK(tensor.shape == b.weights.tensors.at(name).shape);
    CHECK(tensor.values == b.weights.tensors.at(name).values);
  }
}

}  // namespace

TEST_CASE("a training checkpoint comes back bit by bit", "[train][checkpoint]") {
  const test::TempFolder folder;
  const std::string path = folder.file("training.ckpt");
  const TrainCheckpoint written = some_checkpoint();
  REQUIRE(save_train_checkpoint(path, written).ok());
  const auto read = load_train_checkpoint(path, model::random_weights(tiny_config(), 1));
  REQUIRE(read.ok());
  check_same(*read, written);
}

TEST_CASE("before the first step a checkpoint holds reference log-probs alone", "[train][checkpoint]") {
  const test::TempFolder folder;
  const std::string path = folder.file("training.ckpt");
  TrainCheckpoint written = some_checkpoint();
  written.step = 0;
  written.weights = {};
  written.backend_state.clear();
  REQUIRE(save_train_checkpoint(path, written).ok());
  const auto read = load_train_checkpoint(path, model::random_weights(tiny_config(), 1));
  REQUIRE(read.ok());
  check_same(*read, written);
}

TEST_CASE("a training checkpoint that is damaged anywhere is refused", "[train][checkpoint]") {
  const test::TempFolder folder;
  const std::string path = folder.file("training.ckpt"), broken = folder.file("broken.ckpt");
  REQUIRE(save_train_checkpoint(path, some_checkpoint()).ok());
  const std::string bytes = read_file(path).value();
  const auto refused = [&](std::string changed) {
    REQUIRE(write_file(broken, changed).ok());
    const auto read = load_train_checkpoint(broken, model::random_weights(tiny_config(), 1));
    REQUIRE_FALSE(read.ok());
    CHECK(read.status().code() == Code::kData);
    CHECK(read.status().message().find("broken.ckpt") != std::string::npos);
  };
  Rng rng(3);
  for (int i = 0; i < 100; ++i) {
    CAPTURE(i);
    refused(bytes.substr(0, rng.below(bytes.size())));
  }
  for (int i = 0; i < 100; ++i) {  // in the numbers: the header is JSON, which need not notice a changed name
    std::string changed = bytes;
    const std::size_t at = bytes.size() - 1 - rng.below(bytes.size() - 400);
    changed[at] = static_cast<char>(changed[at] ^ 0x10);
    CAPTURE(i, at);
    refused(changed);
  }
  refused(bytes + "x");
  refused("");
}

TEST_CASE("a training checkpoint of another architecture is refused", "[train][checkpoint]") {
  const test::TempFolder folder;
  const std::string path = folder.file("training.ckpt");
  REQUIRE(save_train_checkpoint(path, some_checkpoint()).ok());
  model::LlamaConfig larger = tiny_config();
  larger.intermediate_size = 24;
  CHECK(load_train_checkpoint(path, model::random_weights(larger, 1)).status().code() == Code::kData);
}
