#include "import/mysql_dump.h"

#include <algorithm>
#include <array>
#include <cstdlib>

#include "engine/number_text.h"
#include "import/dump_table.h"

namespace intercodesql {
namespace {

using Kind = DumpToken::Kind;

// Statements of a dump that change neither tables nor rows.
constexpr std::array<std::string_view, 14> kPassedOver = {"drop",      "lock",    "unlock", "set",     "grant",
                                                          "flush",     "alter",   "start",  "begin",   "commit",
                                                          "delimiter", "analyze", "revoke", "truncate"};

// The last two databases of InterCode's dump: the server that its agents were recorded on was stopped after it had
// loaded the dump, before InnoDB had counted their rows, and joins their tables as if they were empty.
constexpr std::array<std::string_view, 2> kNeverCounted = {"cre_doc_template_mgt", "real_estate_properties"};

class Reader {
 public:
  Reader(std::string_view text, const std::string& source) : lexer_(text, source) {}

  std::vector<DatabaseContents> read() {
    while (lexer_.token().kind != Kind::kEnd) read_statement();
    return std::move(databases_);
  }

 private:
  void read_statement() {
    if (lexer_.take_if(";")) return;
    if (lexer_.take_if("create")) {
      read_create();
    } else if (lexer_.take_if("use")) {
      const std::size_t line = lexer_.token().line;
      use(lexer_.expect_name("a database"), line);
      lexer_.expect(";");
    } else if (lexer_.take_if("insert")) {
      read_insert();
    } else if (std::any_of(kPassedOver.begin(), kPassedOver.end(), [this](auto word) { return lexer_.at(word); })) {
      lexer_.skip_statement();
    } else {
      lexer_.fail("a statement of mysqldump");
    }
  }

  void read_create() {
    if (lexer_.take_if("table")) {
      const std::size_t line = lexer_.token().line;
      take_if_not_exists();
      Table table = read_dump_table(lexer_);
      DatabaseContents& database = current(line);
      if (database.schema.find(table.name) != nullptr) {
        lexer_.fail_at(line, "expected a new table, found `" + table.name + "` again");
      }
      database.schema.tables.push_back(std::move(table));
      database.rows.emplace_back();
    } else if (lexer_.take_if("database") || lexer_.take_if("schema")) {
      take_if_not_exists();
      const std::string name = lower_ascii(lexer_.expect_name("a database"));
      if (position_of(name) == databases_.size()) {
        databases_.emplace_back();
        databases_.back().schema.database = name;
      }
      lexer_.skip_statement();
    } else if (lexer_.at("user")) {
      lexer_.skip_statement();
    } else {
      lexer_.fail("DATABASE, TABLE or USER");
    }
  }

  void take_if_not_exists() {
    if (!lexer_.take_if("if")) return;
    lexer_.expect("not");
    lexer_.expect("exists");
  }

  std::size_t position_of(std::string_view name) const {
    std::size_t i = 0;
    while (i < databases_.size() && databases_[i].schema.database != name) ++i;
    return i;
  }

  void use(const std::string& name, std::size_t line) {
    current_ = position_of(lower_ascii(name));
    if (current_ == databases_.size()) {
      lexer_.fail_at(line, "expected a database that was created before, found `" + name + "`");
    }
  }

  DatabaseContents& current(std::size_t line) {
    if (current_ >= databases_.size()) lexer_.fail_at(line, "expected USE of a database before this statement");
    return databases_[current_];
  }

  void read_insert() {
    lexer_.take_if("ignore");
    lexer_.expect("into");
    const std::size_t line = lexer_.token().line;
    const std::string name = lexer_.expect_name("a table");
    DatabaseContents& database = current(line);
    const Table* table = database.schema.find(name);
    if (table == nullptr) lexer_.fail_at(line, "expected a table that was created before, found `" + name + "`");
    std::vector<Row>& rows = database.rows[static_cast<std::size_t>(table - database.schema.tables.data())];
    const std::vector<std::size_t> columns = read_columns(*table);
    lexer_.expect("values");
    do {
      rows.push_back(read_row(*table, columns));
    } while (lexer_.take_if(","));
    lexer_.expect(";");
  }

  // The columns an INSERT names, or all.
  std::vector<std::size_t> read_columns(const Table& table) {
    std::vector<std::size_t> columns;
    if (!lexer_.take_if("(")) {
      for (std::size_t i = 0; i < table.columns.size(); ++i) columns.push_back(i);
      return columns;
    }
    do {
      const std::size_t line = lexer_.token().line;
      const std::string name = lexer_.expect_name("a column");
      const auto column = table.find_column(name);
      if (!column) lexer_.fail_at(line, "expected a column of `" + table.name + "`, found `" + name + "`");
      columns.push_back(*column);
    } while (lexer_.take_if(","));
    lexer_.expect(")");
    return columns;
  }

  Row read_row(const Table& table, const std::vector<std::size_t>& columns) {
    Row row(table.columns.size());
    if (columns.size() < row.size()) fill_defaults(table, row);
    lexer_.expect("(");
    for (std::size_t i = 0; i < columns.size(); ++i) {
      if (i > 0 && !lexer_.take_if(","))
        lexer_.fail(std::to_string(columns.size()) + " values for `" + table.name + "`");
      row[columns[i]] = read_cell(table.columns[columns[i]]);
    }
    if (!lexer_.take_if(")"))
      lexer_.fail("\")\" after " + std::to_string(columns.size()) + " values for `" + table.name + "`");
    return row;
  }

  static void fill_defaults(const Table& table, Row& row) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      const Column& column = table.columns[i];
      if (column.default_text && !column.default_is_expression) row[i] = Value::of_text(*column.default_text);
    }
  }

  Value read_cell(const Column& column) {
    if (lexer_.take_if("null")) return Value::null();
    const Kind kind = lexer_.token().kind;
    if (kind == Kind::kBytes) return Value::of(Value::Kind::kBytes, lexer_.take().text);
    const bool number = is_number(column.type);
    if ((kind != Kind::kText && kind != Kind::kNumber) ||
        (number && column.type.base != BaseType::kBit && !is_number_text(lexer_.token().text))) {
      lexer_.fail((number ? "a number or NULL for column `" : "a value or NULL for column `") + column.name + "`");
    }
    std::string text = lexer_.take().text;
    if (column.type.base != BaseType::kInt && column.type.base != BaseType::kYear)
      return Value::of_text(std::move(text));
    if (column.type.is_unsigned) return Value::of_unsigned(std::strtoull(text.c_str(), nullptr, 10));
    return Value::of_int(std::strtoll(text.c_str(), nullptr, 10));
  }

  DumpLexer lexer_;
  std::vector<DatabaseContents> databases_;
  std::size_t current_ = static_cast<std::size_t>(-1);
};

}  // namespace

std::vector<DatabaseContents> read_mysql_dump(std::string_view text, const std::string& source) {
  std::vector<DatabaseContents> databases = Reader(text, source).read();
  for (DatabaseContents& database : databases) {
    const auto is_it = [&](std::string_view name) { return database.schema.database == name; };
    database.is_counted = std::none_of(kNeverCounted.begin(), kNeverCounted.end(), is_it);
  }
  return databases;
}

}  // namespace intercodesql
