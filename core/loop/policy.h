// A policy that can play: weights, the rollout engine over them and its generator.
#pragma once

#include <memory>
#include <string>

#include "core/model/checkpoint.h"
#include "core/rollout/generator.h"
#include "core/text/chat.h"
#include "core/train/backend.h"

namespace ipr::loop {

// How text becomes tokens for one model; shared by all policies of a run.
struct Speech {
  text::Tokenizer tokenizer;
  text::ChatTemplate chat_template;
};

// Where a model's tokenizer is: `path` itself, or the base of a PEFT folder that has none of its own.
[[nodiscard]] std::string speech_folder(const std::string& path);

// Reads the tokenizer of a model (tokenizer.json or tokenizer.model of its folder, or the keys of its GGUF file) and
// its chat template: the one named by `chat_template`, or, where that is empty, the built-in one that the model's own
// matches (core/text/chat_match.h).
[[nodiscard]] Result<std::unique_ptr<Speech>> load_speech(const std::string& path,
                                                          const std::string& chat_template = {});

// Whether a model has a tokenizer at all; without one it still takes token ids.
[[nodiscard]] bool has_speech(const std::string& path);

// Do tokenizer and model of a checkpoint folder belong together? Code::kData if the tokenizer has ids that the model
// has not.
[[nodiscard]] Status check_speech(const Speech& speech, const model::LlamaConfig& config, const std::string& folder);

// The tokenizer files of a checkpoint folder: name -> contents.
[[nodiscard]] std::map<std::string, std::string> speech_files(const Speech& speech);

// Where and in which width models run.
struct Compute {
  std::string device = "cpu";  // cpu, cuda, cuda:N
  std::string dtype = "fp32";  // fp32, bf16, or bf32: f32 with faster, rounder products in training (BackendOptions)
  int threads = 2;
};

// Of the kernels that rollouts use on the CPU: of the engine there, beside a GPU of what follows its logits (f32).
[[nodiscard]] model::Width width_of(const Compute& compute);

struct Policy {
  std::string name;  // "sft", "iter-1", …
  int iteration = 0;
  model::Weights weights;
  std::unique_ptr<model::Engine> engine;
  std::unique_ptr<rollout::Generator> generator;  // destroyed before the engine
  std::string sha256;                             // of the weights
};

[[nodiscard]] train::BackendOptions backend_options(const Compute& compute);

// The rollout engine over `weights`, which need not outlive it.
[[nodiscard]] Result<std::unique_ptr<model::Engine>> make_engine(const model::Weights& weights, const Compute& compute);

// How much a policy's generator takes on at once. Its prefix tree may keep what a full batch of the longest sequences
// holds, but at most 1.5 GiB in host memory (more keeps little that is asked for again, memory that is used again lies
// in the caches, and two or three policies are alive at a time) and 10 GiB in a GPU's, whose batches are larger, too.
[[nodiscard]] rollout::GeneratorOptions generator_options(const model::LlamaConfig& config, const Compute& compute);

[[nodiscard]] Result<std::unique_ptr<Policy>> make_policy(const std::string& name, int iteration,
                                                          model::Weights weights, const Compute& compute);

// What training begins from: all weights of a model in f32, or, with a rank, its weights as they are stored and a fresh
// change of that rank. A PEFT folder as `folder`: its change goes on where the rank is the same, and is merged into the
// weights where all of them are trained. Code::kUsage where the ranks differ.
[[nodiscard]] Result<model::Weights> load_start_model(const std::string& folder, std::int64_t lora_rank,
                                                      std::uint64_t seed);

// A checkpoint of a run that began from `start`: where that is a frozen base with a change, the folder's change to the
// same base in memory.
[[nodiscard]] Result<model::Weights> load_like(const model::Weights& start, const std::string& folder);

// SHA-256 over names, shapes and the SHA-256 of the values, in map order, of base, change and value head.
[[nodiscard]] std::string weights_hash(const model::Weights& weights);

}  // namespace ipr::loop
