// A case study as a command's answer: `case-study RUN_A RUN_B` and `analyze RUN_A RUN_B case-study`.
#pragma once

#include <cstddef>
#include <string>

#include "core/base/status.h"

namespace ipr::host {

struct CaseStudyRequest {
  std::string folder_a, folder_b;
  std::string policy_a, policy_b;  // empty: the one chosen on dev
  std::string task;                // empty: those whose outcomes differ the most
  std::string split = "test";      // or a role
  std::size_t limit = 3;
  bool json = false;
};

// Prints it to standard output.
[[nodiscard]] Status print_case_study(const CaseStudyRequest& request);

}  // namespace ipr::host
