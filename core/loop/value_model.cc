#include "core/loop/value_model.h"

#include <filesystem>

namespace ipr::loop {
namespace {

// Weights whose head alone is trained: the trainer then keeps no masters and moments of the others.
model::Weights frozen(model::Weights weights) {
  if (!weights.lora) {
    weights.lora.emplace();
    weights.lora->rank = 1;  // of no pairs
  }
  return weights;
}

}  // namespace

Result<std::unique_ptr<ValueModel>> ValueModel::load(const std::string& folder, const Compute& compute) {
  std::error_code ignored;
  if (!std::filesystem::is_directory(folder, ignored))
    return bad_data(folder + ": is no folder; name one that `ipr-host train-scorer` wrote");
  IPR_ASSIGN(model::Weights weights, model::load_checkpoint(folder, model::Precision::kAsStored));
  IPR_ASSIGN(weights.value_head, model::load_value_head(folder, weights.config));
  if (!weights.value_head) {
    return bad_data(folder + ": has no " + model::kValueHeadFile +
                    ", so it is no step-reward model; name a folder that `ipr-host train-scorer` wrote");
  }
  std::unique_ptr<ValueModel> made(new ValueModel());
  IPR_ASSIGN(made->speech_, load_speech(folder));
  IPR_TRY(check_speech(*made->speech_, weights.config, folder));
  made->sha256_ = weights_hash(weights);
  made->max_positions_ = weights.config.max_positions;
  IPR_ASSIGN(made->backend_, train::load_backend(backend_options(compute)));
  IPR_TRY(made->backend_->set_weights(frozen(std::move(weights))));
  return made;
}

Result<std::vector<std::vector<float>>> ValueModel::values(const std::vector<train::TrainRow>& rows) {
  std::vector<const train::TrainRow*> all;
  for (const train::TrainRow& row : rows) all.push_back(&row);
  return backend_->values(all);
}

}  // namespace ipr::loop
