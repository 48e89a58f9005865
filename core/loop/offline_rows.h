// Training rows from a file, for training without an environment (product.md section 4).
//
// A file is JSON Lines or one JSON array; each record is
//   an SFT row   {"id","messages":[{"role","content"}…]}, ShareGPT {"id","conversations":[{"from","value"}…]},
//                or in tokens {"id","ids","mask"}, as `model tokenize` answers
//   a pair       {"id","kind":"outcome"|"step","prompt":[…],"win":[…],"lose":[…],"win_reward","lose_reward","turn"}
//                or, as TRL's preference data and `export --format trl-dpo` have them, "chosen" and "rejected" for
//                "win" and "lose", where "kind" may be absent: "outcome"
//                or in tokens {"id","kind","prompt_ids","win_ids","lose_ids","prompt_mask","win_mask","lose_mask"}
//
// Messages are tokenized by the model's chat template, once, turn by turn; trained on is what the assistant says (in a
// pair: in `win` and `lose`, never in `prompt`). A mask says so in tokens: as long as its ids, or as long as the prompt
// and them together; without one all of `win_ids` and `lose_ids` and nothing of `prompt_ids` is trained on.
//
// Tags, roles and groups (docs/plugins.md): tag 0 outcome pairs, tag 1 step pairs, roles CHOSEN and REJECTED, the two
// rows of a pair in one group. SFT rows have the role PLAIN and a group each; tag 0 in a file of their own, tag 2
// beside pairs.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/loop/policy.h"
#include "core/train/rows.h"

namespace ipr::loop {

struct OfflineRows {
  std::vector<train::TrainRow> rows;
  std::size_t sft = 0, outcome_pairs = 0, step_pairs = 0;
};

// What a file's texts and ids become rows for.
struct RowTarget {
  const Speech* speech = nullptr;  // nullptr: the model has no tokenizer; only token rows can be read
  std::int64_t vocab_size = 0;
  std::int64_t max_positions = 0;  // a longer row is refused, never cut
  double observation_loss = 0;     // mask of the other tokens of SFT messages
};

// Code::kData names file and line (or record): no JSON, neither form, an id that the model has not, a row that is too
// long or holds nothing to train on, an empty file.
[[nodiscard]] Result<OfflineRows> read_offline_rows(const std::string& path, const RowTarget& target);

}  // namespace ipr::loop
