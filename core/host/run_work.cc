#include "core/host/run_work.h"

#include <cstdlib>

#include "core/host/interrupt.h"
#include "core/host/run_folder.h"

namespace ipr::host {
namespace {

// IPR_HOST_SAVE_SECONDS (tests): how much work a killed run may lose.
void read_save_seconds(loop::RunConfig& config) {
  const char* text = std::getenv("IPR_HOST_SAVE_SECONDS");
  if (text != nullptr) config.unit_seconds = config.save_seconds = std::strtod(text, nullptr);
}

std::string introduction(const loop::RunConfig& config) {
  return "run " + config.out + ": " + config.environment->id() + ", scorer " + config.scorer.manifest.id +
         ", optimizer " + config.optimizer.manifest.id + ", model " +
         config.resolved.at("config").at("model").get<std::string>() + ", " + std::to_string(config.iterations) +
         " iteration(s)";
}

}  // namespace

Result<bool> work_on(RunPlan& plan, loop::ProgressLine& progress, const std::atomic<bool>& stop) {
  read_save_seconds(plan.config);
  const std::string& folder = plan.config.out;
  IPR_ASSIGN(FolderState state, look_at_folder(folder, plan.config.resolved));
  if (state == FolderState::kFinished) return false;
  IPR_ASSIGN(const FolderLock lock, FolderLock::take(folder));
  IPR_ASSIGN(state, look_at_folder(folder, plan.config.resolved));  // another process may have been here meanwhile
  if (state == FolderState::kFinished) return false;
  progress.say(introduction(plan.config));
  const Status ran = loop::run(plan.config, progress, stop);
  if (ran.code() == Code::kInterrupted) return Status(ran.code(), ran.message() + ": " + command_line());
  IPR_TRY(ran);
  return true;
}

}  // namespace ipr::host
