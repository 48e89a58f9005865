#include "core/loop/resume.h"

#include <cstdlib>
#include <utility>

namespace ipr::loop {
namespace {
std::string recorded_key(const std::string& stage) {
  return "recorded/" + stage;
}
}  // namespace

std::string stage_name(int iteration, const std::string& part) {
  return "iter-" + std::to_string(iteration) + "/" + part;
}

Result<std::size_t> recorded_items(store::RunStore& record, const std::string& stage) {
  IPR_ASSIGN(const std::optional<std::string> count, record.state(recorded_key(stage)));
  return count ? std::strtoull(count->c_str(), nullptr, 10) : std::size_t{0};
}

store::Cost cost_between(int iteration, const std::string& stage, const rollout::GeneratorCounters& before,
                         const rollout::GeneratorCounters& after, std::size_t rollouts, double seconds) {
  const auto grown = [](std::uint64_t was, std::uint64_t is) { return static_cast<std::int64_t>(is - was); };
  return {iteration,
          stage,
          static_cast<std::int64_t>(rollouts),
          grown(before.prompt_tokens_asked, after.prompt_tokens_asked),
          grown(before.prompt_tokens_computed, after.prompt_tokens_computed),
          grown(before.padding_tokens, after.padding_tokens),
          grown(before.generated_tokens, after.generated_tokens),
          seconds};
}

ChunkWriter::ChunkWriter(store::RunStore& record, const rollout::Generator& generator, Stage stage, Write write)
    : record_(record),
      generator_(generator),
      stage_(std::move(stage)),
      write_(std::move(write)),
      counters_(generator.counters()),
      last_unit_(Clock::now()) {}

Status ChunkWriter::take(std::vector<rollout::Trajectory> trajectories) {
  for (rollout::Trajectory& trajectory : trajectories) waiting_.push_back(std::move(trajectory));
  ++waiting_items_;
  const double age = std::chrono::duration<double>(Clock::now() - last_unit_).count();
  return age < stage_.unit_seconds ? Status() : write();
}

Status ChunkWriter::take(rollout::Trajectory trajectory) {
  std::vector<rollout::Trajectory> one;
  one.push_back(std::move(trajectory));
  return take(std::move(one));
}

Status ChunkWriter::close() {
  const bool all = stage_.recorded + waiting_items_ == stage_.items;
  return waiting_items_ > 0 || all ? write() : Status();
}

Status ChunkWriter::write() {
  const Clock::time_point now = Clock::now();
  const rollout::GeneratorCounters counters = generator_.counters();
  IPR_ASSIGN(store::Unit unit, record_.begin());
  const std::size_t count = waiting_.size();
  for (rollout::Trajectory& trajectory : waiting_) IPR_TRY(write_(std::move(trajectory)));
  waiting_.clear();
  IPR_TRY(record_.add_cost(cost_between(stage_.iteration, stage_.kind, counters_, counters, count,
                                        std::chrono::duration<double>(now - last_unit_).count())));
  stage_.recorded += std::exchange(waiting_items_, 0);
  IPR_TRY(record_.set_state(recorded_key(stage_.name), std::to_string(stage_.recorded)));
  if (stage_.recorded == stage_.items) IPR_TRY(record_.mark_done(stage_.name));
  IPR_TRY(unit.commit());
  counters_ = counters;
  last_unit_ = now;
  return {};
}

}  // namespace ipr::loop
