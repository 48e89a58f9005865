// `mini`: the model of the embedded default, trained from scratch in the run's own SFT stage (mini-world.md section 2).
#pragma once

#include <string>
#include <vector>

#include "core/model/weights.h"
#include "core/rollout/trajectory.h"
#include "core/text/tokenizer.h"

namespace ipr::loop {

inline constexpr const char* kMiniTemplate = "plain";

// A byte-level BPE tokenizer for the texts of these trajectories. 768 ids for a small world, and as many for each of
// several; larger where the texts hold more words than that could spell. `added_tokens`: what the environment wants
// kept whole.
[[nodiscard]] text::Tokenizer train_mini_tokenizer(const std::vector<const rollout::Trajectory*>& trajectories,
                                                   const env::Prompts& prompts,
                                                   const std::vector<std::string>& added_tokens);

// The names that `--model` knows for it, by size. Parameters with 768 ids: "mini" 0.5 million, "mini-small" 0.15
// million, "mini-large" 1.5 million.
[[nodiscard]] const std::vector<std::string>& mini_names();
[[nodiscard]] bool is_mini(const std::string& model);

// Llama architecture: d 128, 2 layers, 8 heads and 8 KV heads, SwiGLU 352, tied embeddings (mini-small: d 64, 4 heads,
// SwiGLU 176; mini-large: d 192, 3 layers, 12 heads, SwiGLU 528). `longest_episode` in tokens: the model holds a
// quarter more than that, so that an agent that wanders is cut (context_overflow) instead of paying, quadratically, for
// pages it can no longer use. Precondition: is_mini(name).
[[nodiscard]] model::LlamaConfig mini_config(const text::Tokenizer& tokenizer, std::size_t longest_episode,
                                             const std::string& name = "mini");

}  // namespace ipr::loop
