// The end of a run: the iteration chosen on dev, and the certificate.
#include "core/base/files.h"
#include "core/base/hash.h"
#include "core/loop/certificate.h"
#include "core/loop/run_state.h"
#include "core/loop/software.h"

namespace ipr::loop {

Status Run::finish() {
  goes_on(config_.iterations, "the certificate");
  const std::optional<int> chosen = choose_iteration(dev_outcomes_);
  IPR_ASSIGN(store::Unit unit, store_->begin());
  for (store::Policy& policy : policies_) {
    policy.chosen = policy.iteration == chosen;
    IPR_TRY(store_->put_policy(policy));
  }
  IPR_TRY(unit.commit());
  IPR_ASSIGN(const std::string results, results_hash(*store_));
  IPR_ASSIGN(const std::string config, read_file(config_.out + "/config.json"));
  IPR_ASSIGN(const std::string panel, read_file(config_.out + "/panel.json"));
  IPR_ASSIGN(const Json software, software_of(config_));
  IPR_ASSIGN(const std::optional<std::string> changes, store_->state("software_changes"));
  IPR_ASSIGN(const Json changed, parse_json(changes.value_or("[]"), "state \"software_changes\""));
  Json checkpoints = Json::object();
  for (const store::Policy& policy : policies_) checkpoints[policy.checkpoint] = policy.sha256;
  const Json certificate = {{"version", 1},
                            {"config", sha256_hex(config)},
                            {"panel", sha256_hex(panel)},
                            {"plugins", software.at("plugins")},
                            {"checkpoints", checkpoints},
                            {"results", results},
                            {"dtype", config_.compute.dtype},
                            {"kernel_family", software.at("kernel_family")},
                            {"software_changes", changed},
                            {"model_threads", config_.compute.threads}};
  SavedTraining::remove(training_file());  // of a process that was killed before it could
  IPR_TRY(store_->set_state("finished", "true"));
  IPR_TRY(store_->flush());
  return write_file(config_.out + "/certificate.json", certificate.dump(2) + "\n");
}

}  // namespace ipr::loop
