// The one symbol of the trainer library, called by load_backend.
#pragma once

#include "core/train/backend.h"

namespace ipr::train {

inline constexpr const char* kFactorySymbol = "ipr_trainer_create";

// Returns a backend that the caller owns, or null with the reason in `status`. Both sides are built together: this is
// no stable interface.
using Factory = Backend*(const BackendOptions& options, Status& status);

}  // namespace ipr::train
