// A run's folder opened for reading: its record, and what config.json and panel.json say about it.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/report/html_report.h"

namespace ipr::host {

struct OpenedRun {
  std::unique_ptr<store::RunStore> record;
  report::ReportInput input;                               // points to `record`
  std::map<std::string, std::vector<std::string>> splits;  // by role: "train", "dev", "test"
  bool finished = false;
};

// Code::kData where `folder` is no run's, or one of its files is damaged.
[[nodiscard]] Result<OpenedRun> open_run(const std::string& folder);

// The splits that --split NAME means: a split of the run, or all of a role.
[[nodiscard]] Result<std::vector<std::string>> splits_named(const OpenedRun& run, const std::string& name);

// Writes the page of a run to `path`.
[[nodiscard]] Status write_report(const OpenedRun& run, const std::string& path);

}  // namespace ipr::host
