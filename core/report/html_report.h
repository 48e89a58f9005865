// report.html: one self-contained page about a run. No scripts, nothing loaded from elsewhere, light and dark.
//
// Built as a pugixml document with inline SVG, so it is well-formed XML (XHTML) and whatever agents or environments
// wrote is text, never markup. A function of its arguments: no clock, no locale.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/status.h"
#include "core/report/leaderboard.h"
#include "core/store/run_store.h"

namespace ipr::report {

// One resolved setting.
struct Setting {
  std::string key;
  std::string value;
  std::string source;  // "flag", "environment variable", "config file", "plugin default", …
  std::string paper;   // the paper's value where it differs; empty: the same, or the paper has no such setting
};

struct ReportInput {
  RunSource run;
  LeaderboardOptions table;
  std::string method = "IPR";                              // how the optimizer is called
  std::string command;                                     // the command line; may be empty
  std::vector<std::pair<std::string, std::string>> facts;  // further lines of the header: model, device, seed, version
  std::vector<Setting> settings;
  std::vector<std::string> dev_splits;  // on which the iteration was chosen
  std::optional<double> tau;            // least gap of step rewards that makes a pair
  std::vector<std::string> notes;       // licences, deviations, how to reproduce; one paragraph each
};

// The page. Parts whose records are absent are left out; the reward curve is that of the policies given to put_policy.
// Errors: those of reading the record.
[[nodiscard]] Result<std::string> make_html_report(const ReportInput& input);

}  // namespace ipr::report
