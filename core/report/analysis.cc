#include "core/report/analysis.h"

namespace ipr::report {

const std::vector<AnalysisKind>& analysis_kinds() {
  static const std::vector<AnalysisKind> kinds = {{"efficiency", false, analyze_efficiency},
                                                  {"family", false, analyze_family},
                                                  {"ablation", false, analyze_ablation},
                                                  {"cost", false, analyze_cost},
                                                  {"step-accuracy", true, analyze_step_accuracy},
                                                  {"step-reward", true, analyze_step_reward},
                                                  {"samples", false, analyze_samples}};
  return kinds;
}

std::string to_text(const Analysis& analysis) {
  std::string text;
  for (const std::string& line : text_lines(analysis.columns)) text += line + "\n";
  for (const std::string& note : analysis.notes) text += note + "\n";
  return text;
}

}  // namespace ipr::report
