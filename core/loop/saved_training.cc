#include "core/loop/saved_training.h"

#include <filesystem>

namespace ipr::loop {

SavedTraining::SavedTraining(std::string path, std::string stage, std::int64_t total, double seconds)
    : path_(std::move(path)), seconds_(seconds), saved_(std::chrono::steady_clock::now()) {
  checkpoint_.stage = std::move(stage);
  checkpoint_.total = total;
}

Status SavedTraining::restore(const model::Weights& init, ProgressLine& progress) {
  if (!std::filesystem::exists(path_)) return {};
  Result<train::TrainCheckpoint> found = train::load_train_checkpoint(path_, init);
  if (!found.ok()) {
    progress.say(found.status().message());
    return {};
  }
  if (found->stage == checkpoint_.stage && found->total == checkpoint_.total) checkpoint_ = std::move(*found);
  return {};
}

Status SavedTraining::load(train::Backend& backend, const model::Weights& init) {
  if (checkpoint_.step == 0) return backend.set_weights(init);
  IPR_TRY(backend.set_weights(checkpoint_.weights));
  IPR_TRY(backend.load_state(checkpoint_.backend_state));
  forget_model();
  return {};
}

// The backend holds it; a large model need not be there twice.
void SavedTraining::forget_model() {
  checkpoint_.weights = {};
  checkpoint_.backend_state = std::string();
}

bool SavedTraining::due() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - saved_).count() >= seconds_;
}

Status SavedTraining::save(const train::Backend& backend, std::int64_t step) {
  checkpoint_.step = step;
  if (step > 0) {
    IPR_ASSIGN(checkpoint_.weights, backend.weights());
    IPR_ASSIGN(checkpoint_.backend_state, backend.save_state());
  }
  IPR_TRY(train::save_train_checkpoint(path_, checkpoint_));
  forget_model();
  saved_ = std::chrono::steady_clock::now();
  return {};
}

void SavedTraining::remove(const std::string& path) {
  std::error_code ignored;  // a file of a stage that is over is not read again
  std::filesystem::remove(path, ignored);
}

}  // namespace ipr::loop
