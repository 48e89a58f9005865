// The InterCodeSQL plugin as the host loads it.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "core/env/environment.h"
#include "core/env/session.h"

namespace ipr::test {

// `data_folder` empty: generated databases. `settings` stand over the schema's defaults; `cache_folder` empty: none.
// What fails comes back as std::runtime_error with its message.
[[nodiscard]] std::unique_ptr<env::Environment> open_sql(const std::string& data_folder,
                                                         const std::map<std::string, Json>& settings = {},
                                                         const std::string& cache_folder = {});

// The value, or std::runtime_error with the message.
template <typename T>
T need(Result<T> result) {
  if (!result.ok()) throw std::runtime_error(result.status().message());
  return std::move(result).value();
}

// The official data below $IPR_SHARED; empty, with the reason printed, if absent.
[[nodiscard]] std::string official_data();

// The message by which IPR's adapter reads `sql`.
[[nodiscard]] std::string fenced(const std::string& sql);

}  // namespace ipr::test
