// SQLite as values and RAII: one connection, prepared statements, errors as Status.
//
// Threads: a Database and its statements belong to one thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "core/base/status.h"

struct sqlite3;
struct sqlite3_stmt;

namespace ipr::store {

// A prepared statement. Must not outlive its Database.
//
//   IPR_TRY(insert.bind(1, task).bind(2, outcome).run());
//   query.bind(1, split);
//   for (;;) { IPR_ASSIGN(const bool row, query.next()); if (!row) break; use(query.text(0)); }
class Statement {
 public:
  Statement() = default;

  // Parameters count from 1 and stay bound until bound again. An error (too big, no memory) comes out of the next run()
  // or next(). Text and bytes are copied.
  Statement& bind(int index, std::int64_t value);
  Statement& bind(int index, double value);  // NaN becomes NULL
  Statement& bind(int index, std::string_view text);
  Statement& bind(int index, const std::vector<std::int32_t>& values);  // a BLOB of little-endian int32

  // Binds the parameters 1, 2, … in order; bools and all integers are stored as int64 (uint64: the same bits).
  template <typename... Values>
  Statement& bind_all(const Values&... values) {
    int index = 0;
    (bind_any(++index, values), ...);
    return *this;
  }

  // Runs a statement that returns no rows.
  Status run();
  // Goes to the next row; false after the last, and the statement may be used again.
  [[nodiscard]] Result<bool> next();
  // Leaves a query before its last row.
  void reset();

  // Columns of the present row count from 0. Text is valid until the next call on the statement.
  [[nodiscard]] std::int64_t integer(int column) const;
  [[nodiscard]] double real(int column) const;  // NULL is NaN
  [[nodiscard]] std::string_view text(int column) const;
  [[nodiscard]] std::vector<std::int32_t> integers(int column) const;

 private:
  friend class Database;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  template <typename Value>
  void bind_any(int index, const Value& value) {
    if constexpr (std::is_integral_v<Value>) {
      bind(index, static_cast<std::int64_t>(value));
    } else {
      bind(index, value);
    }
  }
  Status error(int code) const;
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
  const std::string* path_ = nullptr;  // of the Database
  int bind_error_ = 0;
};

// One connection. Movable; its statements stay valid.
class Database {
 public:
  enum class Access { kWrite, kRead };

  // kWrite makes the file if it is not there. kRead wants it to be there, and reads it also
  // where the folder cannot be written to. Code::kFailed: cannot open or write; Code::kData: not a database, damaged,
  // absent.
  [[nodiscard]] static Result<Database> open(const std::string& path, Access access);

  [[nodiscard]] Result<Statement> prepare(std::string_view sql);
  // Runs statements without parameters, separated by semicolons.
  Status execute(const std::string& sql);
  // Write-ahead logging, so that others can read while this connection writes. Not inside a transaction.
  Status use_wal();
  // A PRAGMA or query with one integer as its answer.
  [[nodiscard]] Result<std::int64_t> integer(std::string_view sql);
  // True between BEGIN and COMMIT; a full disk may have ended the transaction already.
  [[nodiscard]] bool in_transaction() const;
  [[nodiscard]] const std::string& path() const { return *path_; }

 private:
  struct Close {
    void operator()(sqlite3* connection) const;
  };
  Database() = default;
  std::unique_ptr<std::string> path_;  // on the heap: statements point to it
  std::unique_ptr<sqlite3, Close> connection_;
};

}  // namespace ipr::store
