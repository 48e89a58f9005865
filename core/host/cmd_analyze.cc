#include <cmath>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <set>

#include "core/base/files.h"
#include "core/base/strings.h"
#include "core/host/case_study.h"
#include "core/host/commands.h"
#include "core/host/named_runs.h"
#include "core/host/options.h"
#include "core/report/analysis.h"

namespace ipr::host {
namespace {

constexpr const char* kCaseStudy = "case-study";  // of two runs, without a table

std::vector<std::string> kind_names() {
  std::vector<std::string> names;
  for (const report::AnalysisKind& kind : report::analysis_kinds()) names.push_back(kind.name);
  names.emplace_back(kCaseStudy);
  return names;
}

struct AnalyzeCommand {
  Options options;
  std::vector<std::string> words;  // RUN… KIND
  std::string split = "test", svg;
  std::optional<double> tau;
  bool by_family = false;

  // The last word says what to do with those before.
  [[nodiscard]] Result<const report::AnalysisKind*> kind() const {
    const std::string help = "; give RUN… KIND, KIND one of " + join(kind_names(), ", ");
    for (const report::AnalysisKind& known : report::analysis_kinds()) {
      if (known.name != words.back()) continue;
      if (words.size() == 1) return usage("analyze " + words.back() + ": no run" + help);
      return &known;
    }
    return usage("unknown analysis \"" + words.back() + "\"" + did_you_mean(words.back(), kind_names()) +
                 "; see `ipr-host analyze --help`");
  }

  // A flag that the analysis knows nothing of would be ignored in silence.
  [[nodiscard]] Status check_flags(const CLI::App& command) const {
    const std::string& name = words.back();
    const auto refuse = [&](const std::string& flag) {
      return usage(flag + " says nothing to " + name + "; leave it out");
    };
    if (tau && name != "step-accuracy" && name != "samples") return refuse("--tau");
    if (by_family && name != "efficiency") return refuse("--by-family");
    if (command.count("--svg") > 0 && name == kCaseStudy) return refuse("--svg");
    if (tau && (!std::isfinite(*tau) || *tau < 0))
      return usage("--tau: is no difference of step rewards; give a number from 0 on");
    return {};
  }

  Status run(const CLI::App& command) const {
    if (words.back() == kCaseStudy) {
      IPR_TRY(check_flags(command));
      if (words.size() != 3) return usage("analyze … case-study: compares two runs; give RUN_A RUN_B case-study");
      CaseStudyRequest request;
      request.folder_a = words[0];
      request.folder_b = words[1];
      request.split = split;
      request.json = options.json;
      return print_case_study(request);
    }
    IPR_ASSIGN(const report::AnalysisKind* chosen, kind());
    IPR_TRY(check_flags(command));
    std::vector<std::string> folders;
    report::AnalysisOptions what;
    std::error_code unreadable;  // is told where the folder is opened
    what.tau = tau;
    what.by_family = by_family;
    for (auto word = words.begin(); word != words.end() - 1; ++word) {
      const bool is_file = std::filesystem::is_regular_file(*word, unreadable);
      if (is_file && !chosen->reads_scored_files)
        return usage(*word + ": is a file, and " + chosen->name + " looks at runs; give run folders");
      (is_file ? what.scored_files : folders).push_back(*word);
    }
    IPR_ASSIGN(const std::vector<OpenedRun> runs, open_named_runs(folders));
    std::vector<report::RunSource> sources;
    std::set<std::string> splits;
    for (const OpenedRun& opened : runs) {
      IPR_ASSIGN(const std::vector<std::string> named, splits_named(opened, split));
      splits.insert(named.begin(), named.end());
      sources.push_back(opened.input.run);
    }
    what.splits.assign(splits.begin(), splits.end());
    IPR_ASSIGN(const report::Analysis analysis, chosen->analyze(sources, what));
    if (!svg.empty()) IPR_TRY(write_plot(analysis));
    if (!options.json) {
      std::printf("%s", report::to_text(analysis).c_str());
      return {};
    }
    for (const Json& row : analysis.rows) std::printf("%s\n", dump_line(row).c_str());
    return {};
  }

  [[nodiscard]] Status write_plot(const report::Analysis& analysis) const {
    const std::string plot = report::svg_file(analysis.plot);
    if (plot.empty()) {
      const std::string why = analysis.notes.empty() ? "" : " (" + analysis.notes.front() + ")";
      return bad_data("--svg " + svg + ": there is nothing to draw" + why + "; leave it out to see the table");
    }
    return write_file(svg, plot);
  }
};

}  // namespace

void add_analyze(CLI::App& app, Chosen& chosen) {
  auto state = std::make_shared<AnalyzeCommand>();  // shared with the callback, which outlives this function
  CLI::App* command = app.add_subcommand("analyze", "the paper's analyses of runs: a table and a plot");
  const std::string kinds = join(kind_names(), "|");
  command
      ->add_option("RUN", state->words,
                   "run folders, or a study's (step-*: also files of `score`), then what to look at: " + kinds)
      ->type_name("RUN...|" + kinds)
      ->required();
  command->add_option("--split", state->split, "evaluations: of this split or role")->capture_default_str();
  command->add_option(
      "--tau", state->tau,
      "step-accuracy, samples: pairs are steps whose rewards differ by more than this (default: 0.35, as "
      "the paper's Fig. 3; samples: the run's threshold)");
  command->add_flag("--by-family", state->by_family, "efficiency: a row for each family of tasks");
  command->add_option("--svg", state->svg, "also draw it, as an SVG file of its own");
  add_flags(*command, state->options, {"json"});
  command->callback([state, command, &chosen] { chosen.work = [state, command] { return state->run(*command); }; });
}

}  // namespace ipr::host
