// The gold rows of every task, computed on the pristine databases when they are first needed, and kept.
//
// Thread-safe; the server and the tasks must outlive it.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "data.h"
#include "engine/connection.h"

namespace intercodesql {

struct Gold {
  std::vector<std::string> rows;  // Python texts; none where the statement fails or has no result set
  bool refused = false;           // the statement fails
};

class GoldRows {
 public:
  GoldRows(const Server& server, const std::vector<SqlTask>& tasks);

  [[nodiscard]] const Gold& of(std::uint32_t task) const;

 private:
  struct Slot {
    std::once_flag once;
    Gold gold;
  };
  const Server* server_;
  const std::vector<SqlTask>* tasks_;
  std::unique_ptr<Slot[]> slots_;
};

}  // namespace intercodesql
