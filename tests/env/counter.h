// The counting environment of tests/abi/bad_plugins as the core sees it: "go" three times to win, "back" counts down.
#pragma once

#include <memory>

#include "core/env/environment.h"

namespace ipr::test {

enum class Counter {
  kForks,    // can fork, has an expert
  kReplays,  // cannot fork, has no expert
  kForgets   // cannot fork, and shows something else every time
};

// Tasks "a" and "b" (train), "c" and "d" (dev), "e" and "f" (test); five messages. Throws if it cannot be loaded.
[[nodiscard]] std::unique_ptr<env::Environment> make_counter(Counter kind);
// The same as one of several.
[[nodiscard]] std::unique_ptr<env::Environment> make_member(Counter kind);

}  // namespace ipr::test
