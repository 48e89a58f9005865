// A checkpoint that plays a scorer's rollouts: the one of `score --policy`, or in a run one in the place of the SFT
// agent (ipr_host_rollouts_v1::use; the setting `scorer.policy` of Monte Carlo). It reads what was said by its own
// tokenizer and chat template.
//
// One thread: the loop's, and the scorer's while the loop waits.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "core/env/environment.h"
#include "core/loop/policy.h"
#include "core/rollout/dialogue.h"
#include "core/rollout/service.h"

namespace ipr::loop {

class RolloutModel {
 public:
  // Code::kData or kUsage where `folder` holds no model with a tokenizer. `environment` must outlive the object;
  // `chat_template`: as for load_speech.
  [[nodiscard]] static Result<std::unique_ptr<RolloutModel>> load(const std::string& folder,
                                                                  const env::Environment& environment,
                                                                  const Compute& compute, rollout::ReplyRules rules,
                                                                  const std::string& chat_template = {});

  [[nodiscard]] const std::string& sha256() const { return policy_->sha256; }
  [[nodiscard]] const std::string& name() const { return policy_->name; }
  [[nodiscard]] const rollout::Dialogue& dialogue() const { return *dialogue_; }
  [[nodiscard]] rollout::Generator& generator() const { return *policy_->generator; }

  // Whether a run's ids are this model's, too: then what an agent sampled need not be read anew.
  [[nodiscard]] bool speaks_like(const Speech& other) const { return speech_files(*speech_) == speech_files(other); }
  // The same trajectory with its replies in this model's ids. Lives until `forget`.
  [[nodiscard]] const rollout::Trajectory* read(const rollout::Trajectory& trajectory);
  void forget() { read_.clear(); }

 private:
  RolloutModel() = default;
  std::unique_ptr<Speech> speech_;
  std::unique_ptr<Policy> policy_;
  std::unique_ptr<rollout::Dialogue> dialogue_;
  std::map<std::uint64_t, std::unique_ptr<rollout::Trajectory>> read_;  // by id
};

}  // namespace ipr::loop
