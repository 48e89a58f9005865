#include <cstdio>
#include <memory>

#include "core/base/files.h"
#include "core/base/strings.h"
#include "core/host/commands.h"
#include "core/host/options.h"
#include "core/host/run_report.h"
#include "core/report/export.h"

namespace ipr::host {
namespace {

struct ExportCommand {
  Options options;
  std::string folder, format, out, policy = "expert", split = "train", kind;
  double min_reward = 0;
  std::int32_t iteration = 0;

  // Flags that the format knows nothing of would be ignored in silence.
  [[nodiscard]] Status check_flags(const CLI::App& command, report::ExportFormat chosen) const {
    const bool trajectories = chosen == report::ExportFormat::kShareGpt || chosen == report::ExportFormat::kTrlSft;
    const bool pairs = chosen == report::ExportFormat::kTrlDpo;
    const auto refuse = [&](const char* flag, bool fits) {
      return fits || command.count(flag) == 0
                 ? Status()
                 : usage(std::string(flag) + " says nothing to --format " + format + "; leave it out");
    };
    for (const char* flag : {"--policy", "--split", "--min-reward"}) IPR_TRY(refuse(flag, trajectories));
    IPR_TRY(refuse("--kind", pairs));
    IPR_TRY(refuse("--iteration", trajectories || pairs));
    if (!kind.empty() && kind != "outcome" && kind != "step") {
      return usage("unknown kind of pairs \"" + kind + "\"" + did_you_mean(kind, {"outcome", "step"}));
    }
    return {};
  }

  Status run(const CLI::App& command) const {
    IPR_ASSIGN(const report::ExportFormat chosen, report::export_format_from_name(format));
    IPR_TRY(check_flags(command, chosen));
    IPR_ASSIGN(const OpenedRun run, open_run(folder));
    report::ExportChoice choice;
    choice.policy = policy;
    IPR_ASSIGN(choice.splits, splits_named(run, split));
    choice.kind = kind;
    if (command.count("--min-reward") > 0) choice.min_reward = min_reward;
    if (command.count("--iteration") > 0) choice.iteration = iteration;
    IPR_ASSIGN(const report::ExportedRows rows, report::export_rows(*run.record, chosen, choice));
    IPR_TRY(write_file(out, rows.lines));
    if (options.json) {
      std::printf("%s\n", dump_line({{"file", out}, {"format", format}, {"rows", rows.count}}).c_str());
    } else {
      std::printf("%lld rows  %s\n", static_cast<long long>(rows.count), out.c_str());
    }
    return {};
  }
};

}  // namespace

void add_export(CLI::App& app, Chosen& chosen) {
  auto state = std::make_shared<ExportCommand>();  // shared with the callback, which outlives this function
  CLI::App* command =
      app.add_subcommand("export", "a run's trajectories, pairs or step rewards as rows for other tools");
  command->add_option("RUN", state->folder, "run folder")->required();
  command
      ->add_option("--format", state->format,
                   "sharegpt (trajectories, also for --expert), trl-sft (the same as chat messages), trl-dpo (pairs) "
                   "or steps (scored steps)")
      ->required();
  command->add_option("--out", state->out, "JSON Lines file to write")->required();
  command->add_option("--policy", state->policy, "trajectories: who played: expert, sft, iter-1, …")
      ->capture_default_str();
  command->add_option("--split", state->split, "trajectories: of this split or role")->capture_default_str();
  command->add_option(
      "--min-reward", state->min_reward,
      "trajectories: with at least this outcome (default: all; the expert's: those SFT was trained on)");
  command->add_option("--kind", state->kind, "pairs: outcome or step (default: both)");
  command->add_option("--iteration", state->iteration, "trajectories and pairs: of this iteration (default: all)");
  add_flags(*command, state->options, {"json"});
  command->callback([state, command, &chosen] { chosen.work = [state, command] { return state->run(*command); }; });
}

}  // namespace ipr::host
