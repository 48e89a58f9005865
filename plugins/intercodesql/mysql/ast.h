// The syntax tree of a statement: what was written, nothing looked up.
//
// Plain values with owned children. Every expression has a number, unique in its statement, under which resolve/ keeps
// what it found out about it; the tree itself never changes after parsing and may be shared between threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace intercodesql::mysql {

struct Expr;
struct Query;
using ExprPtr = std::unique_ptr<Expr>;
using QueryPtr = std::unique_ptr<Query>;

enum class ExprKind : std::uint8_t {
  kNull,
  kBoolean,         // text: "1" or "0"
  kInteger,         // text: digits
  kDecimal,         // text as typed
  kFloat,           // text as typed
  kString,          // text
  kBytes,           // text: bytes
  kTemporal,        // text of DATE '…', TIME '…', TIMESTAMP '…'; name: which
  kColumn,          // [database.][table.]name
  kStar,            // the * of COUNT(*)
  kVariable,        // name; assigned args[0] if there is one (`@x := 1`)
  kSystemVariable,  // name, lower case, without the scope
  kDefault,         // DEFAULT as a value of INSERT and UPDATE
  kNegate,          // -args[0]
  kPlus,            // +args[0]
  kInvert,          // ~args[0]
  kNot,             // NOT args[0], !args[0]
  kBinary,          // MySQL's BINARY args[0]
  kArithmetic,      // args[0] op args[1]; op: + - * / DIV % & | ^ << >>
  kAnd,             // over two or more args
  kOr,
  kXor,
  kCompare,      // args[0] op args[1]; op: = <=> <> < <= > >=
  kQuantified,   // args[0] op ANY|ALL query; is_all
  kIsNull,       // args[0] IS [NOT] NULL
  kIsTrue,       // args[0] IS [NOT] TRUE, FALSE, UNKNOWN; op says which
  kBetween,      // args[0] [NOT] BETWEEN args[1] AND args[2]
  kLike,         // args[0] [NOT] LIKE args[1] [ESCAPE args[2]]
  kRegexp,       // args[0] [NOT] REGEXP args[1]
  kInList,       // args[0] [NOT] IN (args[1], …)
  kInQuery,      // args[0] [NOT] IN (query)
  kExists,       // EXISTS (query); NOT EXISTS is kNot
  kSubquery,     // (query) as a value or a row
  kRow,          // (args[0], args[1], …), two or more
  kCase,         // is_simple: args[0] is the operand; then WHEN, THEN pairs; has_else: one more at the end
  kCast,         // args[0] to cast_type
  kCollate,      // args[0] COLLATE name
  kIntervalAdd,  // args[0] + INTERVAL args[1] unit; op: + or -
  kFunction,     // name in upper case; database where it was qualified; unit of EXTRACT, TIMESTAMPDIFF, …
  kAggregate,    // name in upper case; is_distinct; GROUP_CONCAT: order, separator
  kWindow,       // a function or an aggregate (name, args, is_distinct) OVER window
};

enum class Op : std::uint8_t {
  kNone,
  kAdd,
  kSubtract,
  kMultiply,
  kDivide,
  kIntegerDivide,
  kModulo,
  kBitAnd,
  kBitOr,
  kBitXor,
  kShiftLeft,
  kShiftRight,
  kEqual,
  kNullSafeEqual,
  kNotEqual,
  kLess,
  kLessEqual,
  kGreater,
  kGreaterEqual,
  kTrue,
  kFalse,
  kUnknown,
};

// Of CAST and CONVERT, and of a column's declaration. Absent lengths are -1.
struct TypeName {
  std::string name;  // upper case: "SIGNED", "CHAR", "DECIMAL", "INT", …
  int length = -1;
  int scale = -1;
  bool is_unsigned = false;
  bool is_binary = false;
  std::vector<std::string> values;  // of ENUM and SET
};

struct OrderItem {
  ExprPtr expr;
  bool descending = false;
};

struct Limit {
  std::uint64_t count = 0;
  std::uint64_t offset = 0;
};

struct FrameBound {
  enum class Kind : std::uint8_t { kUnboundedPreceding, kPreceding, kCurrentRow, kFollowing, kUnboundedFollowing };
  Kind kind = Kind::kCurrentRow;
  ExprPtr distance;  // of kPreceding and kFollowing
};

struct Window {
  std::string base;  // the named window it extends, or ""
  std::vector<ExprPtr> partition_by;
  std::vector<OrderItem> order_by;
  bool has_frame = false;
  bool by_rows = false;  // otherwise RANGE
  FrameBound frame_start;
  FrameBound frame_end;
};

struct Expr {
  ExprKind kind = ExprKind::kNull;
  Op op = Op::kNone;
  bool is_negated = false;  // NOT IN, NOT LIKE, IS NOT …
  bool is_distinct = false;
  bool is_all = false;
  bool is_simple = false;
  bool has_else = false;
  std::uint32_t number = 0;
  std::uint32_t height = 1;  // of the tree below, bounded by the parser
  std::size_t begin = 0;     // bytes of the statement
  std::size_t end = 0;
  std::string database;
  std::string table;
  std::string name;
  std::string text;
  std::string unit;  // YEAR, DAY_HOUR, …; TRIM: BOTH, LEADING, TRAILING
  TypeName cast_type;
  std::vector<ExprPtr> args;
  std::vector<OrderItem> order_by;  // GROUP_CONCAT
  QueryPtr query;
  std::unique_ptr<Window> window;
};

struct SelectItem {
  enum class Kind : std::uint8_t { kExpr, kStar, kTableStar };
  Kind kind = Kind::kExpr;
  ExprPtr expr;
  std::string alias;     // "" if none was given
  std::string name;      // of the result's column: the alias, else the text as typed
  std::string database;  // kTableStar
  std::string table;     // kTableStar
};

struct TableRef;
using TableRefPtr = std::unique_ptr<TableRef>;
enum class JoinKind : std::uint8_t { kInner, kLeft, kRight };

struct TableRef {
  enum class Kind : std::uint8_t { kTable, kDerived, kJoin };
  Kind kind = Kind::kTable;
  std::string database;  // kTable, "" for the current one
  std::string name;      // kTable
  std::string alias;     // as typed, or the table's name
  bool has_alias = false;
  QueryPtr query;                          // kDerived
  std::vector<std::string> columns;        // kDerived: names given behind the alias
  bool is_lateral = false;                 // kDerived
  JoinKind join = JoinKind::kInner;        // kJoin
  bool is_natural = false;                 // kJoin
  TableRefPtr left, right;                 // kJoin
  ExprPtr on;                              // kJoin, may be absent
  std::vector<std::string> using_columns;  // kJoin
};

struct NamedWindow {
  std::string name;
  Window window;
};

struct Select {
  bool is_distinct = false;
  std::vector<SelectItem> items;
  std::vector<TableRefPtr> from;  // separated by commas
  ExprPtr where;
  std::vector<ExprPtr> group_by;
  bool with_rollup = false;
  ExprPtr having;
  std::vector<NamedWindow> windows;
};

enum class SetOp : std::uint8_t { kUnion, kIntersect, kExcept };

struct SetOperation {
  SetOp op = SetOp::kUnion;
  bool is_distinct = true;
  QueryPtr left, right;
};

struct CommonTable {
  std::string name;
  std::vector<std::string> columns;
  QueryPtr query;
};

// A query expression: one SELECT, VALUES rows, or two of them under a set operation; then ORDER BY and LIMIT.
struct Query {
  std::vector<CommonTable> with;
  bool is_recursive = false;
  std::unique_ptr<Select> select;                // exactly one of these is there:
  std::unique_ptr<SetOperation> set;             //
  std::vector<std::vector<ExprPtr>> value_rows;  //   VALUES ROW(…), …
  QueryPtr nested;                               //   (query), with an ORDER BY or LIMIT of its own
  enum class Into : std::uint8_t { kNothing, kFile, kVariables };
  Into into = Into::kNothing;
  std::vector<OrderItem> order_by;
  std::optional<Limit> limit;
};

// --- The other statements ----------------------------------------------------------------------------------------

struct TableName {
  std::string database;  // "" for the current one
  std::string name;
};

struct Use {
  std::string database;
};

struct Show {
  enum class Kind : std::uint8_t {
    kTables,
    kDatabases,
    kColumns,
    kIndexes,
    kCreateTable,
    kCreateDatabase,
    kTableStatus,
    kVariables,
    kStatus,
    kWarnings,
    kErrors,
    kEngines,
    kCharacterSets,
    kCollations,
    kGrants,
    kProcesses,
    kPrivileges,
    kPlugins,
    kEvents,
    kTriggers,
    kProcedures,  // PROCEDURE STATUS and FUNCTION STATUS
  };
  Kind kind = Kind::kTables;
  bool is_full = false;  // SHOW FULL …
  TableName table;       // kColumns, kIndexes, kCreateTable
  std::string database;  // FROM … or IN …, "" for the current one
  std::optional<std::string> like;
  QueryPtr where;  // SELECT * FROM <what is shown> WHERE …, as a table of kShownDatabase
};

// Known while the WHERE clause of a SHOW statement is looked at.
inline constexpr const char* kShownDatabase = "show where";

struct Describe {
  TableName table;
  std::optional<std::string> like;  // a column's name or a pattern
};

struct SetVariables {
  struct Assignment {
    bool is_user = false;  // @name
    std::string scope;     // "GLOBAL", "SESSION", "PERSIST" or ""
    std::string name;      // lower case for the server's; "names" for SET NAMES
    ExprPtr value;         // absent for DEFAULT
  };
  std::vector<Assignment> assignments;
};

// START TRANSACTION, COMMIT, ROLLBACK, LOCK TABLES, FLUSH, ANALYZE, GRANT …: parsed so that syntax errors are MySQL's.
struct Administration {
  enum class Kind : std::uint8_t { kBegin, kCommit, kRollback, kSavepoint, kLock, kNothing, kMaintenance, kPrivileged };
  Kind kind = Kind::kNothing;
  std::string verb;               // upper case: "ANALYZE", "CHECK", "GRANT", …
  std::vector<TableName> tables;  // kLock, kMaintenance
};

struct ColumnDefinition {
  std::string name;
  TypeName type;
  bool is_not_null = false;
  bool is_auto_increment = false;
  bool is_primary = false;
  bool is_unique = false;
  bool has_default = false;
  ExprPtr default_value;  // absent with has_default: DEFAULT NULL
  ExprPtr generated;      // AS (…)
  std::string comment;
  std::string collation;
  std::optional<TableName> references;
};

struct KeyDefinition {
  enum class Kind : std::uint8_t { kPrimary, kUnique, kIndex, kForeign, kCheck };
  Kind kind = Kind::kIndex;
  std::string name;  // "" if none was given
  std::vector<std::string> columns;
  TableName referenced_table;                   // kForeign
  std::vector<std::string> referenced_columns;  // kForeign
  ExprPtr check;                                // kCheck
};

struct CreateTable {
  TableName table;
  bool if_not_exists = false;
  bool is_temporary = false;
  std::vector<ColumnDefinition> columns;
  std::vector<KeyDefinition> keys;
  std::optional<TableName> like;
  QueryPtr query;  // CREATE TABLE … [AS] SELECT
};

struct AlterTable {
  struct Change {
    enum class Kind : std::uint8_t {
      kAddColumn,
      kDropColumn,
      kModifyColumn,  // MODIFY and CHANGE: old_name, column
      kRenameColumn,
      kSetDefault,  // column.default_value, absent: DROP DEFAULT
      kAddKey,
      kDropKey,
      kDropPrimaryKey,
      kDropForeignKey,
      kRenameTable,
      kOption,  // ENGINE = …, CONVERT TO …: without effect here
    };
    Kind kind = Kind::kOption;
    std::string old_name;
    ColumnDefinition column;
    bool is_first = false;
    std::string after;
    KeyDefinition key;
    TableName new_table;
  };
  TableName table;
  std::vector<Change> changes;
};

struct CreateIndex {
  TableName table;
  KeyDefinition key;
};
struct DropIndex {
  TableName table;
  std::string index;
};
struct DropTables {
  std::vector<TableName> tables;
  bool if_exists = false;
  bool is_view = false;
};
struct RenameTables {
  std::vector<std::pair<TableName, TableName>> pairs;
};
struct TruncateTable {
  TableName table;
};
struct CreateView {
  TableName view;
  bool or_replace = false;
  std::vector<std::string> columns;
  QueryPtr query;
  std::string text;  // of the query
};
struct CreateDatabase {
  std::string database;
  bool if_not_exists = false;
};
struct DropDatabase {
  std::string database;
  bool if_exists = false;
};

struct Assignment {
  ExprPtr column;  // kColumn
  ExprPtr value;
};

struct Insert {
  bool is_replace = false;
  bool is_ignore = false;
  TableName table;
  std::vector<std::string> columns;
  std::vector<std::vector<ExprPtr>> rows;  // VALUES and SET
  QueryPtr query;                          // INSERT … SELECT
  std::vector<Assignment> on_duplicate;
};
struct Update {
  bool is_ignore = false;
  std::vector<TableRefPtr> tables;
  std::vector<Assignment> assignments;
  ExprPtr where;
  std::vector<OrderItem> order_by;
  std::optional<Limit> limit;
};
struct Delete {
  std::vector<TableName> targets;  // of the multi-table form; one table otherwise
  std::vector<TableRefPtr> tables;
  ExprPtr where;
  std::vector<OrderItem> order_by;
  std::optional<Limit> limit;
};

// A statement that is empty or only a comment has no effect and no rows.
struct Empty {};

struct Explain;

using Command = std::variant<Empty, QueryPtr, Use, Show, Describe, std::unique_ptr<Explain>, SetVariables,
                             Administration, CreateTable, AlterTable, CreateIndex, DropIndex, DropTables, RenameTables,
                             TruncateTable, CreateView, CreateDatabase, DropDatabase, Insert, Update, Delete>;

struct Explain {
  std::string format;  // upper case: "", "TRADITIONAL", "JSON", "TREE"
  bool is_analyze = false;
  Command command;
};

struct Statement {
  Command command;
  std::uint32_t expressions = 0;  // numbers given out: 0 … expressions - 1
  std::size_t rest = 0;           // where the next statement begins, if is_followed
  bool is_followed = false;       // another statement stands behind the first one's semicolon
};

}  // namespace intercodesql::mysql
