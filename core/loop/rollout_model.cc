#include "core/loop/rollout_model.h"

namespace ipr::loop {

Result<std::unique_ptr<RolloutModel>> RolloutModel::load(const std::string& folder, const env::Environment& environment,
                                                         const Compute& compute, rollout::ReplyRules rules,
                                                         const std::string& chat_template) {
  std::unique_ptr<RolloutModel> made(new RolloutModel());
  IPR_ASSIGN(made->speech_, load_speech(folder, chat_template));
  IPR_ASSIGN(model::Weights weights, model::load_checkpoint(folder, model::Precision::kAsStored));
  IPR_TRY(check_speech(*made->speech_, weights.config, folder));
  IPR_ASSIGN(made->policy_, make_policy(folder, 0, std::move(weights), compute));
  IPR_ASSIGN(env::Prompts prompts, environment.prompts());
  made->dialogue_ = std::make_unique<rollout::Dialogue>(made->speech_->tokenizer, made->speech_->chat_template,
                                                        std::move(prompts), std::move(rules));
  return made;
}

const rollout::Trajectory* RolloutModel::read(const rollout::Trajectory& trajectory) {
  std::unique_ptr<rollout::Trajectory>& own = read_[trajectory.id];
  if (!own) {
    own = std::make_unique<rollout::Trajectory>(trajectory);
    for (rollout::TrajectoryTurn& turn : own->turns) turn.reply_ids = dialogue_->reply_ids(turn.message);
  }
  return own.get();
}

}  // namespace ipr::loop
