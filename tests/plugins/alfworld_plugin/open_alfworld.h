// The ALFWorld plugin as the host loads it.
#pragma once

#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/env/environment.h"
#include "core/env/session.h"

namespace ipr::test {

// `data_folder` empty: generated games. `settings` stand over the schema's defaults; `lines` receives what is logged.
// What fails comes back as std::runtime_error with its message.
[[nodiscard]] std::unique_ptr<env::Environment> open_alfworld(const std::string& data_folder,
                                                              const std::map<std::string, Json>& settings = {},
                                                              std::vector<std::string>* lines = nullptr);

// The value, or std::runtime_error with the message.
template <typename T>
T need(Result<T> result) {
  if (!result.ok()) throw std::runtime_error(result.status().message());
  return std::move(result).value();
}

// The real games below $IPR_SHARED; empty, with the reason printed, if absent.
[[nodiscard]] std::string real_games();

// A case of `ipr-host replay` on it.
[[nodiscard]] Json replay(const env::Environment& environment, const std::string& task,
                          const std::vector<std::string>& actions, bool agent_text = false);

}  // namespace ipr::test
