// Records made by hand.
#pragma once

#include <stdexcept>
#include <string>

#include "core/store/run_store.h"
#include "tests/support/shared_data.h"

namespace ipr::test {

inline void must(const Status& status) {
  if (!status.ok()) throw std::runtime_error(status.message());
}

inline store::RunStore open_record(const std::string& path) {
  auto record = store::RunStore::open(path);
  must(record.status());
  return std::move(*record);
}

}  // namespace ipr::test
