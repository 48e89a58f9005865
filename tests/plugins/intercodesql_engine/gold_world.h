// A server with the released databases, and a connection to one of them.
#pragma once

#include <memory>
#include <string>

#include "engine/connection.h"
#include "engine/server.h"
#include "import/load.h"
#include "tests/support/shared_data.h"

namespace intercodesql::test {

// Null, with the reason printed, where the shared folder is absent.
inline std::unique_ptr<Server> released_server() {
  const std::string path = ipr::test::shared_file("data/intercodesql/ic_spider_dbs.sql");
  return path.empty() ? nullptr : std::make_unique<Server>(load_databases(path, ""));
}

// What the original environment would have observed: the rows, None, or the error behind its prefix.
inline std::string observation(const Outcome& outcome) {
  switch (outcome.kind) {
    case Outcome::Kind::kRows:
      return python_text(outcome.rows);
    case Outcome::Kind::kNone:
      return "None";
    case Outcome::Kind::kError:
      return "Error executing query: " + outcome.error;
  }
  return "";
}

}  // namespace intercodesql::test
