// The settings of the optimizer `gigpo`, the values of its profiles, and the training defaults (ipr-pipeline.md section
// 13; `kl` and `clip` as in the public scripts; what neither gives is this project's).
#pragma once

namespace gigpo_optimizer {

inline constexpr const char* kSchema = R"json({
  "type": "object",
  "properties": {
    "samples_per_task": {"type": "integer", "default": 8, "minimum": 2, "description": "the group: trajectories that the policy plays per task"},
    "temperature": {"type": "number", "default": 1, "minimum": 0, "description": "of these; the loss takes them as drawn at 1"},
    "gamma": {"type": "number", "default": 0.95, "minimum": 0, "maximum": 1, "description": "discount per turn of a step's return"},
    "step_weight": {"type": "number", "default": 1, "minimum": 0, "description": "of the advantage among equal observations; 0: GRPO"},
    "normalize": {"type": "string", "enum": ["mean", "mean_std"], "default": "mean",
                  "description": "advantages less the mean, or also divided by the standard deviation"},
    "clip": {"type": "number", "default": 0.2, "minimum": 0, "maximum": 1, "description": "how far a token's probability ratio pulls"},
    "kl": {"type": "number", "default": 0.01, "minimum": 0,
           "description": "weight of the KL divergence to the reference in the loss; 0: no reference"},
    "tasks_per_iteration": {"type": "integer", "default": 0, "minimum": 0, "description": "rotating over the train tasks; 0: all"},
    "max_new_tokens": {"type": "integer", "default": 512, "minimum": 1, "description": "per message of a sampled trajectory"}
  },
  "additionalProperties": false,
  "x-profiles": {
    "mini": {"kl": 0, "tasks_per_iteration": 50, "max_new_tokens": 64, "train.lr": 1e-4, "train.batch": 16},
    "quick": {"samples_per_task": 4, "tasks_per_iteration": 16, "max_new_tokens": 96, "train.batch": 8},
    "lora": {"train.lr": 1e-5}
  }
})json";

// `init` previous: the policy that played, which the clipped ratio is measured from. `reference`: what `kl` holds near.
inline constexpr const char* kTrainDefaults = R"json({
  "init": "previous", "reference": "base", "epochs": 1, "batch": 64, "batch_unit": "rows", "lr": 1e-6,
  "schedule": "constant", "min_lr_rate": 0, "warmup": 0, "betas": [0.9, 0.999], "eps": 1e-8, "weight_decay": 0,
  "clip": 1.0, "observation_loss": 0, "order": "shuffle"})json";

}  // namespace gigpo_optimizer
