// Text to tokens for the counting environment: a tokenizer learned from its expert.
#pragma once

#include "core/loop/expert.h"
#include "core/loop/policy.h"
#include "core/rollout/dialogue.h"

namespace ipr::test {

// Everything that a rollout or a training row of the counting environment needs; addresses stay.
struct Talk {
  std::unique_ptr<env::Environment> environment;
  env::Task task;              // "a"
  rollout::Trajectory expert;  // three times "go", with reply ids; id 1
  std::unique_ptr<loop::Speech> speech;
  std::unique_ptr<rollout::Dialogue> dialogue;
};

// Throws if the environment cannot be loaded.
[[nodiscard]] std::unique_ptr<Talk> make_talk();

}  // namespace ipr::test
