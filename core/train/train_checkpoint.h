// A training stage on disk: all that a killed process needs to go on with the same bits.
//
// One file: a line that names the format, the size of the header (8 bytes, little-endian), the header (JSON: stage,
// steps, sizes, checksum), then what training changes (f32 in map order: the weights, or the change to a frozen base;
// then the value head), the optimizer's state, the reference log-probs and those of the policy as the stage began.
#pragma once

#include <cstdint>
#include <string>

#include "core/model/weights.h"
#include "core/train/trainer.h"

namespace ipr::train {

struct TrainCheckpoint {
  std::string stage;          // whose steps these are
  std::int64_t step = 0;      // steps done: TrainJob::first_step of who goes on
  std::int64_t total = 0;     // of the whole stage
  model::Weights weights;     // after `step` steps; of no meaning where step is 0
  std::string backend_state;  // Backend::save_state at the same moment; empty where step is 0
  // By row, as far as computed; empty where the loss does not compare with such.
  RowLogprobs reference = {}, old = {};
};

// Replaces `path` in one step (write_file): the file is always the last whole checkpoint.
[[nodiscard]] Status save_train_checkpoint(const std::string& path, const TrainCheckpoint& checkpoint);

// Reads a checkpoint of a training that began from weights of these shapes; a frozen base is taken from there.
// Code::kData: not one, cut short, or changed since it was written.
[[nodiscard]] Result<TrainCheckpoint> load_train_checkpoint(const std::string& path, const model::Weights& begun_from);

}  // namespace ipr::train
