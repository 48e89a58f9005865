// A run's curves for TensorBoard: one event file of scalars, made from the record.
//
// Tags: `<stage>/<metric>` for what was recorded while training (sft/loss, train/o_dpo, …), its steps counted on
// through the iterations; by iteration `eval/<split>/reward`, `eval/<split>/success`, `pairs/<kind>`,
// `cost/<stage>/<counter>`.
#pragma once

#include <string>

#include "core/base/status.h"
#include "core/store/run_store.h"

namespace ipr::report {

// The file's contents: TFRecords of hand-encoded Event messages (tensorflow/core/util/event.proto). The record keeps no
// times, so every event carries `wall_time`, in seconds since 1970; all else is a function of the record. Values that
// are not finite are left out.
[[nodiscard]] Result<std::string> tensorboard_events(store::RunStore& record, double wall_time);

// Writes it to folder/events.out.tfevents.<time>.<host>.<pid>.0, or in the place of the event file that is already
// there: a run that goes on has one file, whole at any moment. Makes the folder.
[[nodiscard]] Status write_tensorboard(store::RunStore& record, const std::string& folder);

}  // namespace ipr::report
