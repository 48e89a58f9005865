// The settings of the optimizer `eto`, the values of its profiles, and the training defaults (ipr-pipeline.md sections
// 7 and 8; mini: the values of `ipr`, so that the two differ in their pairs alone).
#pragma once

namespace eto_optimizer {

inline constexpr const char* kSchema = R"json({
  "type": "object",
  "properties": {
    "kappa": {"type": "number", "default": 0, "minimum": 0, "description": "a pair needs an outcome gap above this"},
    "symmetric": {"type": "boolean", "default": true, "description": "also pairs that the agent wins"},
    "pairs_from": {"type": "string", "enum": ["deviation", "start"], "default": "deviation",
                   "description": "both sides from the first deviating turn on, or whole trajectories"},
    "skip_empty_messages": {"type": "boolean", "default": false, "description": "no pair with an empty message in either trajectory"},
    "lose_cap": {"type": "integer", "default": 10, "minimum": -1,
                 "description": "messages that a losing agent's side may be longer than the expert's; -1: any"},
    "samples_per_task": {"type": "integer", "default": 1, "minimum": 1,
                "description": "trajectories explored per task; above 1 only with a temperature, equal ones count once"},
    "temperature": {"type": "number", "default": 0, "minimum": 0, "description": "of the exploration; 0: greedy"},
    "tasks_per_iteration": {"type": "integer", "default": 0, "minimum": 0, "description": "rotating over the train tasks; 0: all"},
    "max_new_tokens": {"type": "integer", "default": 512, "minimum": 1, "description": "per message of the exploration"},
    "beta": {"type": "number", "default": 0.1, "minimum": 0, "description": "of DPO"},
    "dpo_weight": {"type": "number", "default": 1, "minimum": 0, "description": "of the DPO term"},
    "sft_weight": {"type": "number", "default": 0, "minimum": 0, "description": "of a token-mean SFT term on the winners (not in the method)"},
    "anchor_weight": {"type": "number", "default": 0, "minimum": 0,
                      "description": "of a token-mean SFT term on the best known trajectories of random train tasks, one for each pair (not in the method)"}
  },
  "additionalProperties": false,
  "x-profiles": {
    "paper": {"pairs_from": "start", "lose_cap": -1, "dpo_weight": 1, "sft_weight": 0, "anchor_weight": 0},
    "released": {"pairs_from": "start", "skip_empty_messages": true, "train.reference": "previous", "dpo_weight": 1,
                 "sft_weight": 0, "anchor_weight": 0},
    "mini": {"kappa": 0.01, "dpo_weight": 0.5, "sft_weight": 1, "anchor_weight": 3, "tasks_per_iteration": 200,
             "max_new_tokens": 64, "train.lr": 1e-4, "train.epochs": 1, "train.batch": 4},
    "quick": {"tasks_per_iteration": 16, "max_new_tokens": 96, "train.epochs": 1, "train.batch": 8},
    "lora": {"train.lr": 1e-5}
  }
})json";

// `reference` base: the SFT model, the same in all iterations.
inline constexpr const char* kTrainDefaults = R"json({
  "init": "previous", "reference": "base", "epochs": 3, "batch": 32, "batch_unit": "groups", "lr": 1e-6,
  "schedule": "constant", "min_lr_rate": 0, "warmup": 0.1, "betas": [0.9, 0.999], "eps": 1e-8, "weight_decay": 0,
  "clip": 1.0, "observation_loss": 0, "order": "shuffle"})json";

}  // namespace eto_optimizer
