// The cases of the conformance suite. A case is a function of the plugin under test; it runs alone in a process.
#pragma once

#include <string>
#include <vector>

#include "core/check/check.h"
#include "core/env/environment.h"
#include "core/plugin/instance.h"

namespace ipr::check {

enum class Verdict { kPassed, kFailed, kSkipped };

struct Outcome {
  Verdict verdict = Verdict::kPassed;
  std::string why;  // of a failure or a skip
};
inline Outcome passed() {
  return {};
}
inline Outcome broken(std::string why) {
  return {Verdict::kFailed, std::move(why)};
}
inline Outcome skipped(std::string why) {
  return {Verdict::kSkipped, std::move(why)};
}

// The plugin under test.
struct Subject {
  plugin::Manifest manifest;
  std::string data_folder;
  std::uint64_t seed = 0;
};

struct Case {
  const char* name;  // stable
  Outcome (*run)(const Subject&);
  int seconds = 60;  // limit of its process
};

[[nodiscard]] const std::vector<Case>& load_cases();  // any kind
[[nodiscard]] const std::vector<Case>& environment_cases();
[[nodiscard]] const std::vector<Case>& scorer_cases();
[[nodiscard]] const std::vector<Case>& optimizer_cases();
[[nodiscard]] const std::vector<Case>& policy_cases();

// One of the optimizer's, in a file of its own: an instance that takes up an iteration in the middle of its training,
// as a run that was killed does, trains as one that ran through.
[[nodiscard]] Outcome resume_equal(const Subject& subject);

// The plugin with the defaults of its schema.
[[nodiscard]] Result<std::unique_ptr<plugin::Instance>> make_instance(const Subject& subject,
                                                                      plugin::HostServices services = {});

// `IPR_EXPECT(condition, "what was expected")` ends a case with a failure.
#define IPR_EXPECT(condition, why)                      \
  do {                                                  \
    if (!(condition)) return ::ipr::check::broken(why); \
  } while (0)
// `IPR_NEED(auto x, f());` binds a Result's value or ends the case with its error.
#define IPR_NEED(lhs, expr) IPR_NEED_IMPL_(IPR_CONCAT(ipr_need_, __LINE__), lhs, expr)
#define IPR_NEED_IMPL_(tmp, lhs, expr)                                \
  auto tmp = (expr);                                                  \
  if (!tmp.ok()) return ::ipr::check::broken(tmp.status().message()); \
  lhs = std::move(tmp).value()

}  // namespace ipr::check
