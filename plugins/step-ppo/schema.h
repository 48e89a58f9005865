// The settings of the optimizer `step-ppo`, the values of its profiles, and the training defaults (ipr-pipeline.md
// section 10: those of the library that the published code uses).
#pragma once

namespace step_ppo_optimizer {

inline constexpr const char* kSchema = R"json({
  "type": "object",
  "properties": {
    "samples_per_task": {"type": "integer", "default": 4, "minimum": 2, "description": "trajectories that the policy plays per task"},
    "temperature": {"type": "number", "default": 1, "minimum": 0, "description": "of these; the loss takes them as drawn at 1"},
    "lambda": {"type": "number", "default": 0.95, "minimum": 0, "maximum": 1, "description": "of GAE, per token of the agent inside a turn"},
    "gae": {"type": "string", "enum": ["agent_tokens", "turns"], "default": "agent_tokens",
            "description": "turns: all tokens of a turn are worth the same, whatever lambda is, but for what kl costs them"},
    "clip": {"type": "number", "default": 0.2, "minimum": 0, "maximum": 1, "description": "how far a token's probability ratio pulls"},
    "kl": {"type": "number", "default": 0.2, "minimum": 0,
           "description": "reward of a token per nat that the policy that spoke finds it likelier than the reference does, with a minus; 0: no reference"},
    "tasks_per_iteration": {"type": "integer", "default": 0, "minimum": 0, "description": "rotating over the train tasks; 0: all"},
    "max_new_tokens": {"type": "integer", "default": 512, "minimum": 1, "description": "per message of a sampled trajectory"}
  },
  "additionalProperties": false,
  "x-profiles": {
    "released": {"gae": "agent_tokens", "kl": 0.2, "train.batch": 1},
    "mini": {"kl": 0, "gae": "turns", "tasks_per_iteration": 50, "max_new_tokens": 64, "train.epochs": 2, "train.lr": 1e-4,
             "train.batch": 16},
    "quick": {"samples_per_task": 2, "tasks_per_iteration": 16, "max_new_tokens": 96, "train.epochs": 1, "train.batch": 8},
    "lora": {"train.lr": 1e-5}
  }
})json";

// `init` previous: the policy that played, which the clipped ratio is measured from. `reference`: what `kl` holds near.
inline constexpr const char* kTrainDefaults = R"json({
  "init": "previous", "reference": "base", "epochs": 4, "batch": 32, "batch_unit": "rows", "lr": 1e-5,
  "schedule": "constant", "min_lr_rate": 0, "warmup": 0, "betas": [0.9, 0.999], "eps": 1e-8, "weight_decay": 0,
  "clip": 1.0, "observation_loss": 0, "order": "shuffle"})json";

}  // namespace step_ppo_optimizer
