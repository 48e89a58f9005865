// A number for each of several environments that one run is over: "webshop=0.01,alfworld=0.5". Ids of their tasks begin
// with the environment's and a colon.
#pragma once

#include <cstdlib>
#include <map>
#include <string>
#include <string_view>

#include "ipr/plugin.hpp"

namespace ipr_optimizer {

class ByEnvironment {
 public:
  ByEnvironment() = default;
  // Throws Failure where `text` is something else; `setting` begins the message.
  ByEnvironment(std::string_view text, const std::string& setting) {
    while (!text.empty()) {
      const std::string part(text.substr(0, text.find(',')));
      text.remove_prefix(part.size() + (part.size() < text.size() ? 1 : 0));
      const std::size_t equals = part.find('=');
      char* end = nullptr;
      const char* number = part.c_str() + (equals == std::string::npos ? 0 : equals + 1);
      const double value = std::strtod(number, &end);
      if (equals == std::string::npos || equals == 0 || end == number || *end != '\0') {
        throw ipr::sdk::Failure(IPR_INVALID_ARGUMENT,
                                setting + ": \"" + part + "\": expected ENVIRONMENT=NUMBER, with commas between them");
      }
      values_[part.substr(0, equals) + ":"] = value;
    }
  }

  // Null for a task of an environment that is not named.
  [[nodiscard]] const double* of(std::string_view task_id) const {
    const auto found = values_.find(task_id.substr(0, task_id.find(':') + 1));
    return found == values_.end() ? nullptr : &found->second;
  }

 private:
  std::map<std::string, double, std::less<>> values_;
};

}  // namespace ipr_optimizer
