// An environment plugin found, loaded and created as ipr-host does it.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "core/env/environment.h"
#include "core/plugin/registry.h"

namespace ipr::bench {

// `data`: the --data folder, or empty. `settings` stand over the schema's defaults. The plugin gets no cache folder, so
// that nothing is prepared; parallel_for has one thread per core, as in the host.
[[nodiscard]] Result<std::unique_ptr<env::Environment>> open_environment(
    const plugin::Registry& registry, const std::string& id, const std::string& data,
    const std::map<std::string, Json>& settings = {});

// Prints the message and ends the program with the status's exit code.
[[noreturn]] void give_up(const Status& status);

// The value, or the end of the program: a bench has nothing to recover.
template <typename T>
[[nodiscard]] T must(Result<T> result) {
  if (!result.ok()) give_up(result.status());
  return std::move(result).value();
}

}  // namespace ipr::bench
