#include "core/store/database.h"

#include <sqlite3.h>

#include <cmath>
#include <cstring>
#include <filesystem>

namespace ipr::store {
namespace {

constexpr int kBusyMilliseconds = 10000;

// What the reason asks of the user. `code` is an (extended) result code of SQLite.
Status explain(int code, const std::string& path, sqlite3* connection) {
  const std::string reason = connection != nullptr ? sqlite3_errmsg(connection) : sqlite3_errstr(code);
  const int system = connection != nullptr ? sqlite3_system_errno(connection) : 0;
  switch (code & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return bad_data(path + ": " + reason + "; the run record is damaged or not one, start a new run with --out");
    case SQLITE_FULL:
      return failed(path + ": cannot write: the disk is full; free space and run again to resume");
    case SQLITE_IOERR:
      return failed(path + ": " + reason + (system != 0 ? std::string(" (") + std::strerror(system) + ")" : "") +
                    "; check space and health of the disk, then run again to resume");
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return failed(path + ": in use by another process; wait for it to end, or choose another folder with --out");
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return failed(path + ": " + reason + "; choose a folder you can write to");
    default:
      return failed(path + ": " + reason);
  }
}

// The URI of a file that nobody writes: read without locks and without the files of the write-ahead log.
std::string immutable_uri(const std::string& path) {
  std::string uri = "file:";
  for (const char c : std::filesystem::absolute(path).string()) {
    if (c == '%' || c == '?' || c == '#') {
      constexpr char kHex[] = "0123456789abcdef";
      uri += {'%', kHex[static_cast<unsigned char>(c) >> 4], kHex[c & 15]};
    } else {
      uri += c;
    }
  }
  return uri + "?immutable=1";
}

}  // namespace

void Statement::Finalize::operator()(sqlite3_stmt* statement) const {
  sqlite3_finalize(statement);
}
void Database::Close::operator()(sqlite3* connection) const {
  sqlite3_close_v2(connection);
}

Status Statement::error(int code) const {
  return explain(code, *path_, sqlite3_db_handle(statement_.get()));
}

Statement& Statement::bind(int index, std::int64_t value) {
  if (const int code = sqlite3_bind_int64(statement_.get(), index, value); code != SQLITE_OK) bind_error_ = code;
  return *this;
}

Statement& Statement::bind(int index, double value) {
  const int code = std::isnan(value) ? sqlite3_bind_null(statement_.get(), index)
                                     : sqlite3_bind_double(statement_.get(), index, value);
  if (code != SQLITE_OK) bind_error_ = code;
  return *this;
}

Statement& Statement::bind(int index, std::string_view text) {
  // A null pointer would be NULL, not the empty text.
  const char* start = text.data() != nullptr ? text.data() : "";
  const int code = sqlite3_bind_text64(statement_.get(), index, start, text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
  if (code != SQLITE_OK) bind_error_ = code;
  return *this;
}

Statement& Statement::bind(int index, const std::vector<std::int32_t>& values) {
  std::string bytes(values.size() * 4, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<char>(static_cast<std::uint32_t>(values[i / 4]) >> (8 * (i % 4)) & 0xff);
  }
  const int code = sqlite3_bind_blob64(statement_.get(), index, bytes.data(), bytes.size(), SQLITE_TRANSIENT);
  if (code != SQLITE_OK) bind_error_ = code;
  return *this;
}

Status Statement::run() {
  Result<bool> row = next();
  reset();
  return row.ok() ? Status() : row.status();
}

Result<bool> Statement::next() {
  if (const int code = std::exchange(bind_error_, SQLITE_OK); code != SQLITE_OK) return error(code);
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  Status status;
  if (code != SQLITE_DONE) status = error(code);  // before the reset, which may change the connection's message
  reset();
  if (!status.ok()) return status;
  return false;
}

void Statement::reset() {
  sqlite3_reset(statement_.get());
}

std::int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}

double Statement::real(int column) const {
  if (sqlite3_column_type(statement_.get(), column) == SQLITE_NULL) return std::nan("");
  return sqlite3_column_double(statement_.get(), column);
}

std::string_view Statement::text(int column) const {
  const auto* start = reinterpret_cast<const char*>(sqlite3_column_text(statement_.get(), column));
  if (start == nullptr) return {};
  return {start, static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

std::vector<std::int32_t> Statement::integers(int column) const {
  const auto* bytes = static_cast<const unsigned char*>(sqlite3_column_blob(statement_.get(), column));
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column));
  std::vector<std::int32_t> values(size / 4);
  for (std::size_t i = 0; i < values.size(); ++i) {
    std::uint32_t value = 0;
    for (std::size_t byte = 4; byte-- > 0;) value = value << 8 | bytes[4 * i + byte];
    values[i] = static_cast<std::int32_t>(value);
  }
  return values;
}

Result<Database> Database::open(const std::string& path, Access access) {
  std::error_code error;
  if (access == Access::kRead && !std::filesystem::exists(path, error)) {
    return bad_data(path + ": no such run record; give the folder of a run that has started");
  }
  Database database;
  database.path_ = std::make_unique<std::string>(path);
  const auto connect = [&](const std::string& name, int flags) -> Status {
    sqlite3* connection = nullptr;
    const int code = sqlite3_open_v2(name.c_str(), &connection, flags | SQLITE_OPEN_NOMUTEX, nullptr);
    database.connection_.reset(connection);
    if (code != SQLITE_OK) return explain(code, path, connection);
    sqlite3_extended_result_codes(connection, 1);
    sqlite3_busy_timeout(connection, kBusyMilliseconds);
    // Opening is lazy: only this reads the file.
    const Result<std::int64_t> probe = database.integer("PRAGMA schema_version");
    return probe.ok() ? Status() : probe.status();
  };
  if (access == Access::kRead) {
    Status status = connect(path, SQLITE_OPEN_READONLY);
    // WAL needs to make files beside the database. Where it cannot, and no log waits to be read, the file is all there
    // is.
    const auto log_size = std::filesystem::file_size(path + "-wal", error);
    if (status.code() == Code::kFailed && (error || log_size == 0)) {
      status = connect(immutable_uri(path), SQLITE_OPEN_READONLY | SQLITE_OPEN_URI);
    }
    IPR_TRY(status);
    return database;
  }
  IPR_TRY(connect(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE));
  IPR_TRY(database.execute("PRAGMA foreign_keys = ON"));
  return database;
}

Result<Statement> Database::prepare(std::string_view sql) {
  sqlite3_stmt* prepared = nullptr;
  const int code = sqlite3_prepare_v3(connection_.get(), sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &prepared, nullptr);
  if (code != SQLITE_OK) return explain(code, *path_, connection_.get());
  Statement statement;
  statement.statement_.reset(prepared);
  statement.path_ = path_.get();
  return statement;
}

Status Database::execute(const std::string& sql) {
  const int code = sqlite3_exec(connection_.get(), sql.c_str(), nullptr, nullptr, nullptr);
  return code == SQLITE_OK ? Status() : explain(code, *path_, connection_.get());
}

Status Database::use_wal() {
  // FULL: what is committed stays through a power cut, so that a training checkpoint or a printed number never refers
  // to a unit that is gone. Units are seconds of work; one fsync each is cheap.
  return execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
}

Result<std::int64_t> Database::integer(std::string_view sql) {
  IPR_ASSIGN(Statement query, prepare(sql));
  IPR_ASSIGN(const bool row, query.next());
  if (!row) return bad_data(*path_ + ": no answer to " + std::string(sql));
  return query.integer(0);
}

bool Database::in_transaction() const {
  return sqlite3_get_autocommit(connection_.get()) == 0;
}

}  // namespace ipr::store
