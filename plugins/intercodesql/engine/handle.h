// An SQLite connection with MySQL's functions, databases attached to it, and the statements prepared on it.
//
// Used by one thread at a time. What it runs is locked down: no ATTACH, PRAGMA, write, or function but MySQL's, no
// files, and the budget of budget.h.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

#include "engine/budget.h"
#include "engine/image.h"
#include "engine/sqlite.h"
#include "engine/statement_context.h"

namespace intercodesql {

class Handle {
 public:
  Handle();
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  struct Attached {
    std::string name;
    Image image;
  };
  // Shares the image; the handle keeps it alive.
  void attach(std::string_view name, Image image);
  void detach_all();
  [[nodiscard]] const std::vector<Attached>& attached() const { return attached_; }

  // Runs a query that emit/ wrote. `types` are those of its columns. The prepared statement is kept for the next time.
  std::variant<std::vector<Row>, RuntimeError> query(const std::string& sql, const std::vector<Type>& types,
                                                     const Budget& budget, Session& session);

  // Attaches a copy that `change` may write.
  void attach_writable(std::string_view name, const Image& image, std::int64_t growth);

  struct Changed {
    std::int64_t rows = 0;
    std::int64_t first_id = 0;  // the first number that AUTO_INCREMENT gave, or 0
  };
  // Runs an INSERT, UPDATE or DELETE that emit/ wrote on the tables of `database`. On an error the copy holds part of
  // the change and is to be thrown away.
  std::variant<Changed, RuntimeError> change(const std::string& sql, const std::string& database, const Budget& budget,
                                             Session& session);

  // One statement of the engine's own, outside the lock but within the budget.
  std::optional<RuntimeError> run(const std::string& sql, const Budget& budget, Session& session);
  // For the engine's own reading.
  [[nodiscard]] sqlite3* raw() { return database_.get(); }

 private:
  sqlite3_stmt* prepared(const std::string& sql);
  void begin(const Budget& budget, Session& session);
  [[nodiscard]] RuntimeError error_of(int code);

  StatementContext context_;
  std::vector<Attached> attached_;  // declared before the connection that reads them
  sqlite::Database database_;
  std::unordered_map<std::string, sqlite::Statement> prepared_;
};

// A cell of a result as MySQL's protocol would send it.
[[nodiscard]] Value cell_of(sqlite3_stmt* statement, int column, const Type& type);

}  // namespace intercodesql
