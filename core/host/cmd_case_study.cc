#include <cstdio>
#include <memory>
#include <set>

#include "core/host/case_study.h"
#include "core/host/commands.h"
#include "core/host/options.h"
#include "core/host/run_folder.h"
#include "core/host/run_report.h"
#include "core/report/case_study.h"

namespace ipr::host {

Status print_case_study(const CaseStudyRequest& request) {
  if (request.limit == 0) return usage("--limit 0: give the number of tasks to show, from 1 on");
  IPR_ASSIGN(OpenedRun a, open_run(request.folder_a));
  IPR_ASSIGN(OpenedRun b, open_run(request.folder_b));
  a.input.run.run = run_name(request.folder_a, {request.folder_a, request.folder_b});
  b.input.run.run = run_name(request.folder_b, {request.folder_a, request.folder_b});
  std::set<std::string> splits;
  for (const OpenedRun* opened : {&a, &b}) {
    IPR_ASSIGN(const std::vector<std::string> named, splits_named(*opened, request.split));
    splits.insert(named.begin(), named.end());
  }
  const report::CaseOptions options{{splits.begin(), splits.end()}, request.task, request.limit};
  IPR_ASSIGN(const report::CaseStudy study,
             report::make_case_study({a.input.run, request.policy_a}, {b.input.run, request.policy_b}, options));
  if (!request.json) {
    std::printf("%s", report::to_text(study).c_str());
    return {};
  }
  for (const Json& line : report::to_json(study)) std::printf("%s\n", dump_line(line).c_str());
  return {};
}

void add_case_study(CLI::App& app, Chosen& chosen) {
  auto request = std::make_shared<CaseStudyRequest>();  // shared with the callback, which outlives this function
  auto options = std::make_shared<Options>();
  CLI::App* command =
      app.add_subcommand("case-study", "the same tasks in two runs, side by side from the first action that differs");
  command->add_option("RUN_A", request->folder_a, "run folder")->required();
  command->add_option("RUN_B", request->folder_b, "run folder; the same one compares two of its policies")->required();
  command->add_option("--policy-a", request->policy_a, "who plays in RUN_A: sft, iter-1, … (default: chosen on dev)");
  command->add_option("--policy-b", request->policy_b, "who plays in RUN_B (default: chosen on dev)");
  command->add_option("--task", request->task, "this task (default: those whose outcomes differ the most)");
  command->add_option("--split", request->split, "tasks of this split or role")->capture_default_str();
  command->add_option("--limit", request->limit, "show at most K tasks")->capture_default_str();
  add_flags(*command, *options, {"json"});
  command->callback([request, options, &chosen] {
    chosen.work = [request, options] {
      request->json = options->json;
      return print_case_study(*request);
    };
  });
}

}  // namespace ipr::host
