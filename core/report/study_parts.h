// The parts of a study's table that text and page both show. For study_text.cc and html_study.cc only.
#pragma once

#include <string>
#include <vector>

#include "core/report/columns.h"
#include "core/report/study.h"

namespace ipr::report {

struct StudySection {
  std::string id, title, explanation;  // explanation: a sentence or two below the title; may be empty
  std::vector<Column> columns;
  std::vector<std::string> notes;
};

// The table itself, the comparisons, iterations, grid and cost; those that say nothing are left out.
[[nodiscard]] std::vector<StudySection> study_sections(const StudyTable& table);

}  // namespace ipr::report
