// From an episode's messages to token ids, the same for rollouts and training.
//
// Immutable, safe from many threads. The ids of a history depend on its messages and reply ids only, so that a rollout
// from a prefix, a replay and a training row share every token.
#pragma once

#include <string>
#include <vector>

#include "core/rollout/generate_request.h"
#include "core/rollout/trajectory.h"
#include "core/text/chat.h"

namespace ipr::rollout {

// How an agent's replies are asked for, beside what samples them.
struct ReplyRules {
  std::vector<std::string> stop;  // a reply ends before the first of these in its text, as at its end of turn
  Overflow overflow = Overflow::kEnd;
};

class Dialogue {
 public:
  // All arguments must outlive the object, except `prompts` (the messages before the task) and `rules`.
  Dialogue(const text::Tokenizer& tokenizer, const text::ChatTemplate& chat_template, env::Prompts prompts,
           ReplyRules rules = {});

  // Prompt and task message. `examples`: with the in-context examples (rollouts) or without (training rows).
  [[nodiscard]] text::TokenizedChat start(const Trajectory& trajectory, bool examples) const;
  // The history before turn `keep`: what an agent has read when it speaks, without the generation prompt.
  // Precondition, of both: the trajectory's task is known where prompts of several environments are.
  [[nodiscard]] text::TokenizedChat history(const Trajectory& trajectory, std::size_t keep, bool examples) const;
  void append_generation_prompt(text::TokenizedChat& chat) const;
  void append_reply(const std::vector<std::int32_t>& reply_ids, text::TokenizedChat& chat) const;
  void append_observation(const std::string& observation, text::TokenizedChat& chat) const;

  // The one tokenization of a message that no model sampled (an expert's).
  [[nodiscard]] std::vector<std::int32_t> reply_ids(const std::string& message) const;
  [[nodiscard]] std::string reply_text(const std::vector<std::int32_t>& ids) const;
  [[nodiscard]] std::int32_t end_of_turn() const { return chat_template_.end_of_turn(); }

  // The request for the reply to a chat that ends with its generation prompt; sampling and seed are the caller's. Must
  // not outlive the Dialogue.
  [[nodiscard]] GenerateRequest request(const text::TokenizedChat& chat) const;

 private:
  const text::Tokenizer& tokenizer_;
  const text::ChatTemplate& chat_template_;
  env::Prompts prompts_;
  StopTexts stop_texts_;
  Overflow overflow_;
};

}  // namespace ipr::rollout
