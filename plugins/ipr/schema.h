// The settings of the optimizer `ipr`, the values of its profiles, and the training defaults (ipr-pipeline.md sections
// 7, 8 and 12; mini: mini-world.md section 2).
#pragma once

#include <string>

namespace ipr_optimizer {

inline constexpr const char* kSchema = R"json({
  "type": "object",
  "properties": {
    "threshold": {"type": "number", "default": 0.01,
                  "description": "tau: a step pair needs a step reward gap above this (paper: ALFWorld 0.5, WebShop 0.01, SQL 0.1)"},
    "threshold_by": {"type": "string", "default": "",
                     "description": "tau by environment where one run is over several, as webshop=0.01,alfworld=0.5; the others have threshold"},
    "filter": {"type": "string", "enum": ["on", "off", "step"], "default": "on",
               "description": "who wins a step candidate (outcomes differ by more than kappa): on: the better outcome, if its step reward is better by more than tau; off: the better outcome, nothing is scored; step: the step reward that is better by more than tau, whatever the outcomes say"},
    "pairs": {"type": "string", "enum": ["rest", "action"], "default": "rest",
              "description": "sides of a step pair: the whole remaining trajectories, or the single actions of turn t; outcome pairs are always whole"},
    "kappa": {"type": "number", "default": 0.01, "minimum": 0, "description": "every pair needs an outcome gap above this"},
    "symmetric": {"type": "boolean", "default": false, "description": "also pairs that the agent wins"},
    "pairs_from": {"type": "string", "enum": ["deviation", "start"], "default": "deviation",
                   "description": "outcome pairs: both sides from the first deviating turn on, or whole trajectories"},
    "first_step_turn": {"type": "integer", "default": 2, "minimum": 1, "description": "step pairs from this turn on"},
    "skip_equal_actions": {"type": "boolean", "default": true, "description": "no step pair of equal first actions"},
    "skip_empty_messages": {"type": "boolean", "default": false, "description": "no pair with an empty message in either trajectory"},
    "lose_cap": {"type": "integer", "default": 10, "minimum": -1,
                 "description": "messages that the losing side may be longer than the winning one; -1: any"},
    "curriculum": {"type": "string", "enum": ["off", "weight", "order"], "default": "off",
                   "description": "clear pairs against noise: weight: a step pair weighs as its gap of step rewards, 1 on average; order: pairs of the largest gap (of an outcome pair: of outcomes) are trained on first, in every epoch"},
    "lazy": {"type": "boolean", "default": true, "description": "score only steps that can still form a pair; the pairs are the same"},
    "tasks_per_iteration": {"type": "integer", "default": 0, "minimum": 0, "description": "rotating over the train tasks; 0: all"},
    "split": {"type": "string", "default": "", "description": "train split whose tasks are explored; empty: all"},
    "max_new_tokens": {"type": "integer", "default": 512, "minimum": 1, "description": "per message of the exploration"},
    "temperature": {"type": "number", "default": 0, "minimum": 0, "description": "of the exploration; 0: greedy (the paper)"},
    "beta": {"type": "number", "default": 0.1, "minimum": 0, "description": "of DPO"},
    "dpo_weight": {"type": "number", "default": 1, "minimum": 0,
                   "description": "of both DPO terms, on top of their own weights; 0: the pairs are made and scored all the same, for SFT on winners and anchors"},
    "outcome_weight": {"type": "number", "default": 1, "minimum": 0,
                       "description": "of the DPO term of outcome pairs; 0: none are made"},
    "step_weight": {"type": "number", "default": 1, "minimum": 0,
                    "description": "of the DPO term of step pairs; 0: none are made, no step is scored and the agent plays from the start only"},
    "sft_weight": {"type": "number", "default": 1, "minimum": 0, "description": "of the SFT term on winners of the pairs that are made"},
    "sft_over": {"type": "string", "enum": ["all", "outcome"], "default": "all",
                 "description": "SFT on the winners of all pairs, or of outcome pairs"},
    "sft_reduce": {"type": "string", "enum": ["token_mean", "sum"], "default": "token_mean",
                   "description": "SFT per token, or per winner as a sum over tokens"},
    "loss": {"type": "string", "enum": ["mixture", "pooled"], "default": "mixture",
             "description": "outcome and step DPO each averaged over its own set, or over one pool"},
    "anchor_weight": {"type": "number", "default": 0, "minimum": 0,
                      "description": "of a token-mean SFT term on the best known trajectories of random train tasks (not in the paper), one for each pair; one for each explored task where outcome_weight and step_weight are 0"}
  },
  "additionalProperties": false,
  "x-profiles": {
    "paper": {"kappa": 0, "symmetric": false, "pairs_from": "start", "first_step_turn": 1, "skip_equal_actions": false,
              "lose_cap": -1, "sft_over": "outcome", "sft_reduce": "sum", "dpo_weight": 1, "anchor_weight": 0, "train.lr": 1e-5, "train.schedule": "cosine"},
    "released": {"threshold": 0.01, "symmetric": true, "pairs_from": "start", "skip_equal_actions": false,
                 "skip_empty_messages": true, "lose_cap": -1, "sft_reduce": "sum", "loss": "pooled", "dpo_weight": 1, "anchor_weight": 0},
    "mini": {"symmetric": true, "dpo_weight": 0.5, "anchor_weight": 3, "tasks_per_iteration": 200, "max_new_tokens": 64,
             "train.lr": 1e-4, "train.epochs": 1, "train.batch": 4},
    "quick": {"tasks_per_iteration": 16, "max_new_tokens": 96, "train.epochs": 1, "train.batch": 8},
    "lora": {"train.lr": 3e-5}
  }
})json";

// `reference` base: the SFT model, the same in all iterations. `in_order`: pairs are trained on as they are emitted.
inline std::string train_defaults(bool in_order) {
  return std::string(R"json({
  "init": "previous", "reference": "base", "epochs": 3, "batch": 48, "batch_unit": "groups", "lr": 3e-6,
  "schedule": "constant", "min_lr_rate": 0, "warmup": 0.1, "betas": [0.9, 0.999], "eps": 1e-8, "weight_decay": 0,
  "clip": 1.0, "observation_loss": 0, "order": ")json") +
         (in_order ? "emitted" : "shuffle") + "\"}";
}

}  // namespace ipr_optimizer
