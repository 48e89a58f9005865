// SQLite's C interface with owners and exceptions; nothing of MySQL.
#pragma once

#include <sqlite3.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

namespace intercodesql::sqlite {

// A call of SQLite that failed: its result code and text.
class Error : public std::runtime_error {
 public:
  Error(int code, const std::string& what) : std::runtime_error(what), code_(code) {}
  [[nodiscard]] int code() const { return code_; }

 private:
  int code_;
};

struct CloseDatabase {
  void operator()(sqlite3* database) const { sqlite3_close_v2(database); }
};
struct Finalize {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using Database = std::unique_ptr<sqlite3, CloseDatabase>;
using Statement = std::unique_ptr<sqlite3_stmt, Finalize>;

// A fresh database in memory on the file system of memory_vfs.h, for use by one thread at a time.
[[nodiscard]] Database open_in_memory();
// One statement; throws if another follows.
[[nodiscard]] Statement prepare(sqlite3* database, std::string_view sql);
// Runs statements that return no rows.
void run(sqlite3* database, const std::string& sql);
// "name" with quotes doubled.
[[nodiscard]] std::string quoted(std::string_view name);

}  // namespace intercodesql::sqlite
