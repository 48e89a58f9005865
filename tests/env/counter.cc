#include "tests/env/counter.h"

#include <stdexcept>

namespace ipr::test {
namespace {

template <typename T>
T need(Result<T> result) {
  if (!result.ok()) throw std::runtime_error(result.status().message());
  return std::move(result).value();
}

std::unique_ptr<plugin::Instance> instance_of(Counter kind) {
  const std::string path = kind == Counter::kForks     ? IPR_COUNTER_FORKS
                           : kind == Counter::kReplays ? IPR_COUNTER_REPLAYS
                                                       : IPR_COUNTER_FORGETS;
  const ipr_library* const library = need(plugin::open_library(path));
  const std::vector<plugin::Manifest> found = need(plugin::manifests(*library, path));
  return need(plugin::Instance::create(found.at(0), Json::object(), {}));
}

}  // namespace

std::unique_ptr<env::Environment> make_counter(Counter kind) {
  return need(env::Environment::make(instance_of(kind)));
}

std::unique_ptr<env::Environment> make_member(Counter kind) {
  return need(env::Environment::make_member(instance_of(kind)));
}

}  // namespace ipr::test
