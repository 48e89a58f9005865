#include "core/report/analysis.h"

namespace ipr::report {

const std::vector<AnalysisKind>& analysis_kinds() {
  static const std::vector<AnalysisKind> kinds = {{"efficiency", analyze_efficiency},
                                                  {"family", analyze_family},
                                                  {"cost", analyze_cost},
                                                  {"step-accuracy", analyze_step_accuracy},
                                                  {"step-reward", analyze_step_reward}};
  return kinds;
}

std::string to_text(const Analysis& analysis) {
  std::string text;
  for (const std::string& line : text_lines(analysis.columns)) text += line + "\n";
  for (const std::string& note : analysis.notes) text += note + "\n";
  return text;
}

}  // namespace ipr::report
