#include "core/host/dry_run.h"

#include <cmath>
#include <cstdio>
#include <string>

#include "core/base/host_memory.h"
#include "core/host/interrupt.h"
#include "core/loop/survey.h"

namespace ipr::host {
namespace {

double round_to(double value, double unit) {
  return std::round(value / unit) * unit;
}

// Keys by how they are known.
Json to_json(const loop::Survey& survey, const loop::Expectation& expected) {
  const loop::Workload& work = survey.workload;
  Json stages = Json::array();
  for (const loop::ExpectedStage& stage : expected.stages)
    stages.push_back(
        {{"stage", stage.name}, {"rollouts", std::llround(stage.rollouts)}, {"seconds", round_to(stage.seconds, 0.1)}});
  return {{"counted",
           {{"train_tasks", work.train_tasks},
            {"dev_tasks", work.dev_tasks},
            {"test_tasks", work.test_tasks},
            {"experts", std::llround(work.experts)},
            {"expert_turns", round_to(work.expert_turns, 0.01)},
            {"row_tokens", round_to(work.row_tokens, 0.1)},
            {"sft_steps", std::llround(work.sft_steps)},
            {"sft_tokens", std::llround(work.sft_tokens)},
            {"parameters", work.shape.parameter_count()},
            {"vocabulary", survey.vocabulary}}},
          {"measured",
           {{"train_tokens_per_second", std::llround(survey.rates.train)},
            {"prompt_tokens_per_second", std::llround(survey.rates.prompt)},
            {"sampled_tokens_per_second", std::llround(survey.rates.generate)},
            {"attention_seconds_per_position", survey.rates.attend}}},
          {"assumed", {{"lost_share", round_to(expected.lost, 0.001)}, {"surprise", round_to(work.surprise, 0.001)}}},
          {"expected",
           {{"stages", std::move(stages)},
            {"rollouts", std::llround(expected.rollouts)},
            {"mc_rollouts", std::llround(expected.mc_rollouts)},
            {"evaluation_episodes", std::llround(expected.episodes)},
            {"seconds", round_to(expected.seconds, 0.1)},
            {"memory_bytes", std::llround(round_to(expected.memory_bytes, 1 << 20))},
            {"least_memory_bytes", std::llround(round_to(expected.least_memory_bytes, 1 << 20))},
            {"device_bytes", std::llround(round_to(expected.device_bytes, 1 << 20))},
            {"least_device_bytes", std::llround(round_to(expected.least_device_bytes, 1 << 20))}}}};
}

void print_plan(const RunPlan& plan) {
  const loop::RunConfig& config = plan.config;
  std::printf("folder      %s\n", config.out.c_str());
  for (const env::Split& split : config.environment->splits())
    std::printf("split       %-10s %llu tasks\n", split.name.c_str(),
                static_cast<unsigned long long>(split.task_count));
  std::printf("iterations  %d\n", config.iterations);
  for (const report::Setting& setting : plan.settings)
    std::printf("%-30s %-20s %s\n", setting.key.c_str(), setting.value.c_str(), setting.source.c_str());
}

void print_memory(const loop::Expectation& expected) {
  constexpr double kGiB = 1 << 30;
  std::printf("memory      %.1f GiB", expected.memory_bytes / kGiB);
  if (expected.device_bytes > 0)
    std::printf(", and on the GPU %.1f GiB (at least %.1f: the trainer then runs layers twice)",
                expected.device_bytes / kGiB, expected.least_device_bytes / kGiB);
  else if (expected.least_memory_bytes < 0.95 * expected.memory_bytes)
    std::printf(" (at least %.1f: the trainer then runs layers twice)", expected.least_memory_bytes / kGiB);
  const auto available = static_cast<double>(available_memory());
  if (available > 0)
    std::printf("; %s the %.1f GiB that this machine can give now",
                expected.least_memory_bytes <= available ? "fits into" : "does NOT fit into", available / kGiB);
  std::printf("\n");
  if (expected.lora_memory_bytes == 0 || expected.lora_memory_bytes > 0.8 * expected.least_memory_bytes) return;
  std::printf("            with --lora 16 at least %.1f GiB", expected.lora_memory_bytes / kGiB);
  if (expected.lora_device_bytes > 0) std::printf(", and %.1f GiB on the GPU", expected.lora_device_bytes / kGiB);
  std::printf("\n");
}

void print(const loop::Survey& survey, const loop::Expectation& expected) {
  const loop::Workload& work = survey.workload;
  std::printf("\ncounted     %.0f experts of %.1f turns, rows of %.0f tokens, %.0f SFT steps, %.2f M parameters\n",
              work.experts, work.expert_turns, work.row_tokens, work.sft_steps,
              static_cast<double>(work.shape.parameter_count()) / 1e6);
  std::printf("measured    %.0f tokens/s trained, %.0f read, %.0f sampled (now, on this machine)\n", survey.rates.train,
              survey.rates.prompt, survey.rates.generate);
  std::printf(
      "assumed     after so many SFT steps %.0f %% of the agent's behaviour is lost: longer episodes (fitted on the\n"
      "            generated worlds); it leaves an expert's path where the expert cannot be foreseen: %.0f %% of the "
      "turns\n",
      100 * expected.lost, 100 * work.surprise);
  std::printf("\n%-10s %10s %10s\n", "stage", "rollouts", "seconds");
  for (const loop::ExpectedStage& stage : expected.stages)
    std::printf("%-10s %10.0f %10.1f\n", stage.name.c_str(), stage.rollouts, stage.seconds);
  std::printf(
      "expected    %s, %.0f rollouts (%.0f of them Monte Carlo); on the generated worlds within a factor of 2\n",
      loop::human_seconds(expected.seconds).c_str(), expected.rollouts, expected.mc_rollouts);
  print_memory(expected);
}

}  // namespace

Status dry_run(const RunPlan& plan, const Options& options) {
  loop::ProgressLine progress(options.json);
  IPR_ASSIGN(const loop::Survey survey, loop::survey(plan.config, progress, stop_on_signals()));
  const loop::Expectation expected = loop::expect(survey.workload, survey.rates);
  if (options.json) {
    Json answer = plan.config.resolved;
    answer["folder"] = plan.config.out;
    answer["estimate"] = to_json(survey, expected);
    std::printf("%s\n", dump_line(answer).c_str());
    return {};
  }
  print_plan(plan);
  print(survey, expected);
  return {};
}

}  // namespace ipr::host
