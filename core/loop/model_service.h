// `ipr.host.model/1`: step-reward models for scorers, asked about the host's own trajectories.
//
// One thread: the scorer's, while the loop waits.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/env/environment.h"
#include "core/loop/policy.h"
#include "core/plugin/host_services.h"
#include "core/rollout/service.h"

namespace ipr::loop {

class ModelService {
 public:
  // `environment` and, once set, the book must outlive the service; it must outlive the scorer.
  ModelService(const env::Environment& environment, Compute compute)
      : environment_(environment), compute_(std::move(compute)) {}

  // The trajectories that queries name by id.
  void set_book(const rollout::TrajectoryBook* book) { book_ = book; }

  // `spec` as in plugin.h. Code::kData where its checkpoint is no step-reward model.
  [[nodiscard]] Result<std::unique_ptr<plugin::StepModel>> open(std::string_view spec);

  // SHA-256 of the weights of each model opened so far, joined by commas: what scores depend on beside the settings.
  [[nodiscard]] const std::string& models() const { return models_; }

 private:
  class Opened;
  const env::Environment& environment_;
  const Compute compute_;
  const rollout::TrajectoryBook* book_ = nullptr;
  std::string models_;
};

}  // namespace ipr::loop
