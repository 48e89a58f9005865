#include "engine/sqlite.h"

#include "engine/memory_vfs.h"

namespace intercodesql::sqlite {
namespace {

[[noreturn]] void fail(sqlite3* database, int code) {
  throw Error(code, database != nullptr ? sqlite3_errmsg(database) : sqlite3_errstr(code));
}

}  // namespace

Database open_in_memory() {
  sqlite3* opened = nullptr;
  constexpr int kFlags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
  const int code = sqlite3_open_v2(":memory:", &opened, kFlags, memory_vfs_name());
  Database database(opened);
  if (code != SQLITE_OK) fail(opened, code);
  return database;
}

Statement prepare(sqlite3* database, std::string_view sql) {
  sqlite3_stmt* prepared = nullptr;
  const char* rest = nullptr;
  const int code = sqlite3_prepare_v3(database, sql.data(), static_cast<int>(sql.size()), 0, &prepared, &rest);
  if (code != SQLITE_OK) fail(database, code);
  Statement statement(prepared);
  if (rest != sql.data() + sql.size()) throw Error(SQLITE_MISUSE, "more than one statement");
  return statement;
}

void run(sqlite3* database, const std::string& sql) {
  const int code = sqlite3_exec(database, sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) fail(database, code);
}

std::string quoted(std::string_view name) {
  std::string result = "\"";
  for (const char c : name) {
    if (c == '"') result += '"';
    result += c;
  }
  return result + '"';
}

}  // namespace intercodesql::sqlite
