// The settings of the scorer `mc` and the values of its profiles. Adaptive sampling took 0.40 to 0.54 of `cap` on
// gridworld (docs/step-reward-truth.md).
#pragma once

namespace mc {

inline constexpr const char* kSchema = R"json({
  "type": "object",
  "properties": {
    "samples": {"type": "integer", "default": 5, "minimum": 1, "maximum": 100000,
                "description": "rollouts per step (N of equation 5); where adaptive, of a step that is compared with none"},
    "adaptive": {"type": "boolean", "default": false,
                 "description": "sample a step and the one it is compared with until the comparison is decided"},
    "start": {"type": "integer", "default": 2, "minimum": 1, "description": "adaptive: rollouts per step before the first look"},
    "round": {"type": "integer", "default": 2, "minimum": 1, "description": "adaptive: more rollouts per step between two looks"},
    "cap": {"type": "integer", "default": 20, "minimum": 1, "maximum": 100000, "description": "adaptive: most rollouts per step"},
    "sure_pair": {"type": "number", "default": 0.995, "minimum": 0.5, "maximum": 0.999999,
                  "description": "adaptive: ends at the look at which all `cap` rollouts would make a pair with this probability"},
    "sure_none": {"type": "number", "default": 0.95, "minimum": 0.5, "maximum": 0.999999,
                  "description": "adaptive: ends at the look at which all `cap` rollouts would make none with this probability"},
    "spread": {"type": "number", "default": 0.4, "minimum": 0.000001,
               "description": "standard deviation of outcomes that is assumed with the weight of one rollout, for intervals and adaptive sampling; 0.5 is the most that outcomes in [0, 1] can have"},
    "worth": {"type": "string", "enum": ["outcome", "binary", "discounted", "progress"], "default": "outcome",
              "description": "what a rollout counts: its outcome; 1 if that is at least binary_from, else 0; the outcome times discount^(turns after the step); a mean of outcome and last progress"},
    "binary_from": {"type": "number", "default": 1, "description": "worth=binary: the least outcome that counts as 1"},
    "discount": {"type": "number", "default": 0.95, "minimum": 0, "maximum": 1, "description": "worth=discounted: per turn"},
    "progress_weight": {"type": "number", "default": 0.5, "minimum": 0, "maximum": 1,
                        "description": "worth=progress: of the environment's last progress beside the outcome"},
    "policy": {"type": "string", "default": "",
               "description": "checkpoint folder whose model plays the rollouts; empty: the SFT agent"},
    "temperature": {"type": "number", "default": 1, "minimum": 0, "description": "of the rollouts"},
    "top_p": {"type": "number", "default": 1, "minimum": 0.001, "maximum": 1,
              "description": "of the rollouts: the smallest set of most likely tokens that reaches it; 1: all"},
    "top_k": {"type": "integer", "default": 0, "minimum": 0,
              "description": "of the rollouts: only so many most likely tokens, before top_p; 0: all"},
    "max_new_tokens": {"type": "integer", "default": 512, "minimum": 1, "description": "per message"},
    "max_steps": {"type": "integer", "default": 0, "minimum": 0,
                  "description": "turns of an episode, the given history included; 0: the environment's"}
  },
  "additionalProperties": false,
  "x-rollouts": [{"where": {"adaptive": true}, "setting": "cap", "share": 0.5}, {"setting": "samples"}],
  "x-profiles": {"mini": {"max_new_tokens": 64}, "quick": {"max_new_tokens": 96, "samples": 3}}
})json";

}  // namespace mc
