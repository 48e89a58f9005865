#include "core/check/check.h"

#include <cstdio>
#include <regex>
#include <set>

#include "core/check/cases.h"
#include "core/plugin/child.h"
#include "core/plugin/registry.h"
#include "core/plugin/schema.h"

namespace ipr::check {
namespace {

struct Line {
  std::string plugin, name;
  Outcome outcome;
};

constexpr const char* kVerdicts[] = {"pass", "FAIL", "skip"};

// A case in a child process; what ends the child or what it prints is a failure.
Outcome run_case(const Case& c, const Subject& subject, bool in_process) {
  if (in_process) return c.run(subject);
  std::string printed;
  const Result<std::string> answer = plugin::run_in_child(
      [&]() -> std::string {
        const Outcome outcome = c.run(subject);
        return dump_line({{"verdict", static_cast<int>(outcome.verdict)}, {"why", outcome.why}});
      },
      plugin::ChildLimits{c.seconds, 0}, &printed);
  if (!answer.ok()) return broken(answer.status().message());
  const Result<Json> parsed = parse_json(*answer, "answer");
  if (!parsed.ok()) return broken("the case's process ended without an answer (the plugin may have called exit)");
  if (!printed.empty()) return broken("wrote to standard output or error: " + printed.substr(0, 120));
  return {static_cast<Verdict>(parsed->value("verdict", 1)), parsed->value("why", "")};
}

const std::vector<Case>& cases_of(plugin::Kind kind) {
  switch (kind) {
    case plugin::Kind::kEnvironment:
      return environment_cases();
    case plugin::Kind::kScorer:
      return scorer_cases();
    case plugin::Kind::kPolicy:
      return policy_cases();
    case plugin::Kind::kOptimizer:
      break;
  }
  return optimizer_cases();
}

Result<std::regex> pattern(const std::string& text, const char* flag) {
  try {
    return std::regex(text);
  } catch (const std::regex_error& error) {
    return usage(std::string(flag) + " " + text + ": is no regular expression: " + error.what());
  }
}

Result<std::set<std::string>> read_quirks(const std::string& path) {
  std::set<std::string> absent;
  if (path.empty()) return absent;
  IPR_ASSIGN(const Json file, read_json(path, /*allow_comments=*/true));
  for (const Json& name : file.value("absent", Json::array())) {
    if (name.is_string()) absent.insert(name.get<std::string>());
  }
  return absent;
}

}  // namespace

Result<std::unique_ptr<plugin::Instance>> make_instance(const Subject& subject, plugin::HostServices services) {
  services.data_folder = subject.data_folder;
  IPR_ASSIGN(const plugin::ResolvedSettings settings,
             plugin::resolve_settings(subject.manifest.subject(), subject.manifest.schema, {}));
  return plugin::Instance::create(subject.manifest, settings.values, std::move(services));
}

Status check_library(const std::string& path, const CheckOptions& options) {
  IPR_ASSIGN(const std::vector<plugin::Manifest> found, plugin::scan_library(path));
  IPR_ASSIGN(const std::regex only, pattern(options.only.empty() ? ".*" : options.only, "--only"));
  IPR_ASSIGN(const std::regex skip, pattern(options.skip.empty() ? "$^" : options.skip, "--skip"));
  IPR_ASSIGN(const std::set<std::string> quirks, read_quirks(options.quirks_file));
  std::vector<Line> lines;
  int failures = 0;
  for (const plugin::Manifest& manifest : found) {
    const Subject subject{manifest, options.data_folder, options.seed};
    for (const std::vector<Case>* list : {&load_cases(), &cases_of(manifest.kind)}) {
      for (const Case& c : *list) {
        if (!std::regex_search(c.name, only) || std::regex_search(c.name, skip)) continue;
        const Outcome outcome =
            quirks.count(c.name) > 0 ? skipped("named in the quirks file") : run_case(c, subject, options.in_process);
        if (outcome.verdict == Verdict::kFailed) ++failures;
        lines.push_back({manifest.id, c.name, outcome});
        if (!options.json) {
          std::printf("%-4s %-14s %-26s %s\n", kVerdicts[static_cast<int>(outcome.verdict)], manifest.id.c_str(),
                      c.name, outcome.why.c_str());
          std::fflush(stdout);
        }
      }
    }
  }
  if (options.json) {
    Json list = Json::array();
    for (const Line& line : lines) {
      list.push_back({{"plugin", line.plugin},
                      {"case", line.name},
                      {"verdict", kVerdicts[static_cast<int>(line.outcome.verdict)]},
                      {"why", line.outcome.why}});
    }
    std::printf("%s\n", dump_line({{"file", path}, {"failures", failures}, {"cases", list}}).c_str());
  }
  return failures == 0 ? Status()
                       : plugin_error(path + ": " + std::to_string(failures) +
                                      " conformance case(s) failed; the lines marked FAIL say what was expected");
}

}  // namespace ipr::check
