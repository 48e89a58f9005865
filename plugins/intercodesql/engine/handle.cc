#include "engine/handle.h"

#include <array>
#include <cmath>

#include "engine/functions.h"
#include "engine/memory_vfs.h"
#include "engine/number_text.h"
#include "engine/text.h"

namespace intercodesql {
namespace {

constexpr int kStepsPerCheck = 1000;
constexpr std::size_t kPreparedKept = 256;
constexpr int kLongestText = 1 << 20;

int count_steps(void* user) {
  auto& context = *static_cast<StatementContext*>(user);
  context.steps_left -= kStepsPerCheck;
  return context.steps_left < 0 ? 1 : 0;
}

// SQLite's own functions that emit/ may use (emit/functions.h); those that read a clock, a file or random numbers are
// not among them.
bool is_allowed_function(std::string_view name) {
  constexpr std::array<std::string_view, 15> kAllowed = {
      "count",     "min",   "max", "coalesce", "row_number",  "rank",       "dense_rank", "percent_rank",
      "cume_dist", "ntile", "lag", "lead",     "first_value", "last_value", "nth_value"};
  if (name.starts_with("my_")) return true;
  for (const std::string_view allowed : kAllowed) {
    if (equal_ignoring_case(name, allowed)) return true;
  }
  return false;
}

int authorize(void*, int action, const char*, const char* name, const char*, const char*) {
  switch (action) {
    case SQLITE_SELECT:
    case SQLITE_READ:
    case SQLITE_RECURSIVE:
      return SQLITE_OK;
    case SQLITE_FUNCTION:
      return is_allowed_function(name) ? SQLITE_OK : SQLITE_DENY;
    default:
      return SQLITE_DENY;
  }
}

// What a change may do besides: write to the tables of one database, `user`.
int authorize_change(void* user, int action, const char* table, const char* name, const char* database,
                     const char* trigger) {
  if (action == SQLITE_INSERT || action == SQLITE_UPDATE || action == SQLITE_DELETE) {
    const bool own = *static_cast<const std::string*>(user) == (database == nullptr ? "" : database);
    return own && !std::string_view(table).starts_with("sqlite_") ? SQLITE_OK : SQLITE_DENY;
  }
  return authorize(nullptr, action, table, name, database, trigger);
}

// Locks the connection for its lifetime: to reading, or to changes of one database.
class Lock {
 public:
  explicit Lock(sqlite3* connection) : connection_(connection) {
    sqlite3_set_authorizer(connection_, authorize, nullptr);
  }
  Lock(sqlite3* connection, const std::string& changed) : connection_(connection) {
    sqlite3_set_authorizer(connection_, authorize_change, const_cast<std::string*>(&changed));
  }
  ~Lock() { sqlite3_set_authorizer(connection_, nullptr, nullptr); }
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;

 private:
  sqlite3* connection_;
};

// "UNIQUE constraint failed: t.a, t.b" as MySQL's error 1062, with the values of the row that was being stored.
RuntimeError constraint_error(int code, std::string_view text, const StatementContext& context) {
  std::string_view places = text.substr(text.find(": ") + 2);
  const std::string_view table = places.substr(0, places.find('.'));
  if (code == SQLITE_CONSTRAINT_NOTNULL) {
    return {1048, concat("Column '", places.substr(table.size() + 1), "' cannot be null")};
  }
  std::string values;
  std::string first;
  while (!places.empty()) {
    const std::size_t comma = places.find(", ");
    const std::string column(places.substr(table.size() + 1, comma - table.size() - 1));
    const auto stored = context.stored.find(column);
    if (!first.empty()) values += '-';
    if (first.empty()) first = column;
    if (stored != context.stored.end()) values += stored->second;
    places = comma == std::string_view::npos ? std::string_view() : places.substr(comma + 2);
  }
  const bool primary = code == SQLITE_CONSTRAINT_PRIMARYKEY || code == SQLITE_CONSTRAINT_ROWID;
  return {1062, concat("Duplicate entry '", values, "' for key '", table, ".", primary ? "PRIMARY" : first, "'")};
}

// One run of a prepared statement under its budget; leaves the statement ready for the next one, however this one
// ended.
class Run {
 public:
  Run(sqlite3_stmt* statement, StatementContext& context) : statement_(statement) {
    // The handler's rhythm follows the statement's own counter, which a kept statement would carry on.
    sqlite3_stmt_status(statement, SQLITE_STMTSTATUS_VM_STEP, 1);
    sqlite3_progress_handler(sqlite3_db_handle(statement), kStepsPerCheck, count_steps, &context);
  }
  ~Run() {
    sqlite3_progress_handler(sqlite3_db_handle(statement_), 0, nullptr, nullptr);
    sqlite3_reset(statement_);
  }
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

 private:
  sqlite3_stmt* statement_;
};

std::string text_of(sqlite3_stmt* statement, int column) {
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement, column));
  return text == nullptr ? std::string()
                         : std::string(text, static_cast<std::size_t>(sqlite3_column_bytes(statement, column)));
}

// A number in a column of texts, which MySQL would have turned into one.
std::string shown_text(sqlite3_stmt* statement, int column) {
  if (sqlite3_column_type(statement, column) != SQLITE_FLOAT) return text_of(statement, column);
  return double_text(sqlite3_column_double(statement, column));
}

Value decimal_of(sqlite3_stmt* statement, int column, int scale) {
  if (scale < 0) scale = 0;
  switch (sqlite3_column_type(statement, column)) {
    case SQLITE_INTEGER:
      return Value::of(Value::Kind::kDecimal,
                       decimal_text(std::int64_t{sqlite3_column_int64(statement, column)}, scale));
    case SQLITE_FLOAT:
      return Value::of(Value::Kind::kDecimal, decimal_text(sqlite3_column_double(statement, column), scale));
    default:
      return Value::of(Value::Kind::kDecimal, decimal_text(leading_number(text_of(statement, column)), scale));
  }
}

Value double_of(sqlite3_stmt* statement, int column, const Type& type) {
  const double value = sqlite3_column_type(statement, column) == SQLITE_TEXT
                           ? leading_number(text_of(statement, column))
                           : sqlite3_column_double(statement, column);
  if (type.scale >= 0) return Value::of_double(round_double(value, type.scale));
  return Value::of_double(type.base == BaseType::kFloat ? float_as_sent(value) : value);
}

Value integer_of(sqlite3_stmt* statement, int column, const Type& type) {
  if (sqlite3_column_type(statement, column) == SQLITE_FLOAT) {
    return Value::of_int(std::llround(sqlite3_column_double(statement, column)));
  }
  const std::int64_t value = sqlite3_column_int64(statement, column);
  return type.is_unsigned ? Value::of_unsigned(static_cast<std::uint64_t>(value)) : Value::of_int(value);
}

// Of an expression whose type is unknown: what SQLite made of it.
Value value_by_storage(sqlite3_stmt* statement, int column) {
  switch (sqlite3_column_type(statement, column)) {
    case SQLITE_INTEGER:
      return Value::of_int(sqlite3_column_int64(statement, column));
    case SQLITE_FLOAT:
      return Value::of_double(sqlite3_column_double(statement, column));
    case SQLITE_BLOB:
      return Value::of(Value::Kind::kBytes, text_of(statement, column));
    default:
      return Value::of_text(text_of(statement, column));
  }
}

std::size_t size_of(const Row& row) {
  std::size_t size = sizeof(Row);
  for (const Value& value : row) size += sizeof(Value) + value.text.size();
  return size;
}

}  // namespace

Value cell_of(sqlite3_stmt* statement, int column, const Type& type) {
  if (sqlite3_column_type(statement, column) == SQLITE_NULL) return Value::null();
  switch (type.base) {
    case BaseType::kNull:
      return value_by_storage(statement, column);
    case BaseType::kInt:
    case BaseType::kYear:
    case BaseType::kBit:
      return integer_of(statement, column, type);
    case BaseType::kDouble:
    case BaseType::kFloat:
      return double_of(statement, column, type);
    case BaseType::kDecimal:
      return decimal_of(statement, column, type.scale);
    case BaseType::kBlob:
      return Value::of(Value::Kind::kBytes, shown_text(statement, column));
    case BaseType::kDate:
      return Value::of(Value::Kind::kDate, text_of(statement, column));
    case BaseType::kDatetime:
    case BaseType::kTimestamp:
      return Value::of(Value::Kind::kDatetime, text_of(statement, column));
    case BaseType::kTime:
      return Value::of(Value::Kind::kTime, text_of(statement, column));
    default:
      return Value::of_text(shown_text(statement, column));
  }
}

Handle::Handle() : database_(sqlite::open_in_memory()) {
  sqlite3* connection = database_.get();
  // Sorts spill to memory_vfs.h's files, which the budget counts, not to SQLite's own memory, which nothing would.
  sqlite::run(connection, "PRAGMA temp_store = FILE");
  sqlite3_limit(connection, SQLITE_LIMIT_LENGTH, kLongestText);
  sqlite3_limit(connection, SQLITE_LIMIT_SQL_LENGTH, 4 * kLongestText);
  sqlite3_limit(connection, SQLITE_LIMIT_VDBE_OP, 1'000'000);
  sqlite3_db_config(connection, SQLITE_DBCONFIG_DQS_DML, 0, nullptr);
  sqlite3_db_config(connection, SQLITE_DBCONFIG_DEFENSIVE, 0, nullptr);
  register_functions(connection, context_);
}

void Handle::attach(std::string_view name, Image image) {
  attach_image(raw(), name, *image);
  attached_.push_back({std::string(name), std::move(image)});
}

void Handle::attach_writable(std::string_view name, const Image& image, std::int64_t growth) {
  attach_copy(raw(), name, *image, growth);
  attached_.push_back({std::string(name), image});
}

void Handle::detach_all() {
  prepared_.clear();
  for (const Attached& database : attached_) sqlite::run(raw(), "DETACH " + sqlite::quoted(database.name));
  attached_.clear();
}

sqlite3_stmt* Handle::prepared(const std::string& sql) {
  if (const auto found = prepared_.find(sql); found != prepared_.end()) return found->second.get();
  const Lock lock(raw());
  sqlite::Statement statement = sqlite::prepare(raw(), sql);
  if (prepared_.size() >= kPreparedKept) prepared_.clear();
  return prepared_.emplace(sql, std::move(statement)).first->second.get();
}

std::variant<std::vector<Row>, RuntimeError> Handle::query(const std::string& sql, const std::vector<Type>& types,
                                                           const Budget& budget, Session& session) {
  begin(budget, session);
  sqlite3_stmt* statement = nullptr;
  try {
    statement = prepared(sql);
  } catch (const sqlite::Error& error) {
    return error_of(error.code());
  }
  if (sqlite3_column_count(statement) != static_cast<int>(types.size())) {
    return RuntimeError{1815, "Internal error: a translated query has another number of columns"};
  }
  const sqlite::SpillBudget spills(static_cast<std::int64_t>(budget.bytes));
  const Run run(statement, context_);
  std::vector<Row> rows;
  std::size_t bytes = 0;
  int code = SQLITE_ROW;
  while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
    Row row;
    row.reserve(types.size());
    for (std::size_t i = 0; i < types.size(); ++i) row.push_back(cell_of(statement, static_cast<int>(i), types[i]));
    bytes += size_of(row);
    if (rows.size() == budget.rows || bytes > budget.bytes) {
      return RuntimeError{kBudgetErrorNumber, std::string(kBudgetError)};
    }
    rows.push_back(std::move(row));
  }
  if (code == SQLITE_DONE) return rows;
  return error_of(code);
}

std::variant<Handle::Changed, RuntimeError> Handle::change(const std::string& sql, const std::string& database,
                                                           const Budget& budget, Session& session) {
  begin(budget, session);
  sqlite::Statement statement;
  try {
    const Lock lock(raw(), database);
    statement = sqlite::prepare(raw(), sql);
  } catch (const sqlite::Error& error) {
    return error_of(error.code());
  }
  const sqlite::SpillBudget spills(static_cast<std::int64_t>(budget.bytes));
  sqlite3_set_last_insert_rowid(raw(), 0);
  const Run run(statement.get(), context_);
  int code = SQLITE_ROW;
  while (code == SQLITE_ROW) code = sqlite3_step(statement.get());
  if (code != SQLITE_DONE) return error_of(sqlite3_extended_errcode(raw()));
  const std::int64_t rows = sqlite3_changes64(raw());
  const sqlite3_int64 last_id = sqlite3_last_insert_rowid(raw());
  return Changed{rows, last_id == 0 ? 0 : last_id - rows + 1};
}

std::optional<RuntimeError> Handle::run(const std::string& sql, const Budget& budget, Session& session) {
  begin(budget, session);
  sqlite::Statement statement;
  try {
    statement = sqlite::prepare(raw(), sql);
  } catch (const sqlite::Error& error) {
    return error_of(error.code());
  }
  const sqlite::SpillBudget spills(static_cast<std::int64_t>(budget.bytes));
  const Run run(statement.get(), context_);
  int code = SQLITE_ROW;
  while (code == SQLITE_ROW) code = sqlite3_step(statement.get());
  if (code != SQLITE_DONE) return error_of(sqlite3_extended_errcode(raw()));
  return std::nullopt;
}

void Handle::begin(const Budget& budget, Session& session) {
  context_ = StatementContext{};
  context_.steps_left = budget.steps;
  context_.session = &session;
}

RuntimeError Handle::error_of(int code) {
  if (context_.error) return *context_.error;
  if ((code & 0xFF) == SQLITE_CONSTRAINT) return constraint_error(code, sqlite3_errmsg(raw()), context_);
  switch (code & 0xFF) {
    case SQLITE_INTERRUPT:
    case SQLITE_FULL:
    case SQLITE_TOOBIG:
    case SQLITE_NOMEM:
      return {kBudgetErrorNumber, std::string(kBudgetError)};
    default:
      break;
  }
  const std::string_view text = sqlite3_errmsg(raw());
  if (text.starts_with("at most 64 tables")) {
    return {1116, "Too many tables; MySQL can only use 61 tables in a join"};
  }
  if (text.starts_with("argument of ntile")) return {1210, "Incorrect arguments to ntile"};
  if (text.starts_with("second argument to nth_value")) return {1210, "Incorrect arguments to nth_value"};
  for (const std::string_view limit : {"parser stack overflow", "Expression tree is too large", "too many "}) {
    if (text.starts_with(limit)) return {kBudgetErrorNumber, std::string(kBudgetError)};
  }
  return {1815, concat("Internal error: ", text)};
}

}  // namespace intercodesql
