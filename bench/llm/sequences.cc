#include "bench/llm/sequences.h"

#include "bench/llm/token_ids.h"
#include "core/model/sampler.h"

namespace ipr::bench {
namespace {

constexpr std::size_t kRowsOfStep = 512;

}  // namespace

Sequences::Sequences(const model::Engine& engine, int count, int positions)
    : engine_(engine), blocks_(static_cast<std::size_t>(count)), next_(blocks_.size()) {
  const auto each = static_cast<std::size_t>((positions + model::kBlockPositions - 1) / model::kBlockPositions);
  memory_ = engine.allocate_blocks(each * blocks_.size());
  float* block = memory_.get();
  for (std::vector<float*>& blocks : blocks_) {
    for (std::size_t i = 0; i < each; ++i, block += engine.block_floats()) blocks.push_back(block);
  }
}

void Sequences::read_prompts(int tokens) {
  for (std::size_t s = 0; s < blocks_.size(); ++s) {
    const std::vector<std::int32_t> ids = token_ids(tokens, static_cast<std::int64_t>(s), engine_.config().vocab_size);
    for (int p = 0; p < tokens; ++p) {
      add_row(s, ids[static_cast<std::size_t>(p)], p, p + 1 == tokens);
      if (rows_.size() == kRowsOfStep) step();
    }
  }
  if (!rows_.empty()) step();
  length_ = tokens;
}

void Sequences::decode() {
  for (std::size_t s = 0; s < blocks_.size(); ++s) add_row(s, next_[s], length_, true);
  step();
  ++length_;
}

void Sequences::add_row(std::size_t sequence, std::int32_t token, int position, bool want_logits) {
  rows_.push_back({token, position, blocks_[sequence].data(), want_logits});
  if (want_logits) asking_.push_back(sequence);
}

void Sequences::step() {
  const auto vocabulary = static_cast<std::size_t>(engine_.config().vocab_size);
  logits_.resize(std::max(logits_.size(), asking_.size() * vocabulary));
  engine_.step(rows_, logits_.data());
  engine_.parallel(static_cast<int>(asking_.size()), [&](int task, int) {
    const auto i = static_cast<std::size_t>(task);
    next_[asking_[i]] =
        model::argmax(engine_.kernels(), std::span<const float>(logits_).subspan(i * vocabulary, vocabulary));
  });
  rows_.clear();
  asking_.clear();
}

}  // namespace ipr::bench
