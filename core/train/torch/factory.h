// The symbols of the trainer library, called by load_backend and load_engine.
#pragma once

#include "core/train/backend.h"
#include "core/train/device_engine.h"

namespace ipr::train {

// Each returns an object that the caller owns, or null with the reason in `status`. Both sides are built together: this
// is no stable interface.
inline constexpr const char* kBackendSymbol = "ipr_trainer_create";
using BackendFactory = Backend*(const BackendOptions& options, Status& status);

inline constexpr const char* kEngineSymbol = "ipr_engine_create";
using EngineFactory = model::Engine*(const EngineOptions& options, const model::Weights& weights, Status& status);

}  // namespace ipr::train
