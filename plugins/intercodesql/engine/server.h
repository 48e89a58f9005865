// All databases of a data set, and what connections to them share: translated statements and SQLite handles.
//
// Thread-safe. The databases never change; connections write to copies of their own (connection.h).
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/budget.h"
#include "engine/catalog.h"
#include "engine/image.h"

namespace intercodesql {

// A database as a server holds it.
struct StoredDatabase {
  std::shared_ptr<const Schema> schema;
  Image image;
};

// make_image with its schema, whose rows are counted.
[[nodiscard]] StoredDatabase store(DatabaseContents contents);

struct ServerSettings {
  Budget budget;
  std::string now = "2023-05-15 12:00:00";  // NOW() of every connection
};

class Server {
 public:
  explicit Server(std::vector<StoredDatabase> databases, ServerSettings settings = {});
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // With information_schema, mysql, performance_schema and sys, as a MySQL server shows them.
  [[nodiscard]] const Catalog& catalog() const;
  [[nodiscard]] const ServerSettings& settings() const;

  class Shared;  // for the engine's own files: statements.h
  [[nodiscard]] Shared& shared() const { return *shared_; }

 private:
  std::unique_ptr<Shared> shared_;
};

}  // namespace intercodesql
