// CREATE, ALTER, DROP, RENAME.
#include "mysql/grammar.h"

namespace intercodesql::mysql {

Command Grammar::create() {
  expect("CREATE");
  if (accept_any(Word("DATABASE"), Word("SCHEMA"))) {
    CreateDatabase result;
    if (accept("IF")) {
      expect("NOT");
      expect("EXISTS");
      result.if_not_exists = true;
    }
    result.database = name();
    skip_to_end();  // CHARACTER SET, COLLATE
    return result;
  }
  if (at("TEMPORARY") || at("TABLE")) {
    const bool temporary = accept("TEMPORARY");
    expect("TABLE");
    return create_table(temporary);
  }
  if (accept_any(Word("INDEX"))) return create_index(/*unique=*/false);
  if (accept_any(Word("UNIQUE"), Word("FULLTEXT"), Word("SPATIAL"))) {
    const bool unique = tokens_[next_ - 1].word == Word("UNIQUE");
    expect("INDEX");
    return create_index(unique);
  }
  bool or_replace = false;
  if (accept("OR")) {
    expect("REPLACE");
    or_replace = true;
  }
  while (at("ALGORITHM") || at("DEFINER") || at("SQL")) {  // ALGORITHM = MERGE, SQL SECURITY INVOKER
    next_ += 2;
    if (at_end()) fail();
    ++next_;
  }
  if (accept("VIEW")) return create_view(or_replace);
  if (!or_replace && (at("USER") || at("ROLE") || at("PROCEDURE") || at("FUNCTION") || at("TRIGGER") || at("EVENT") ||
                      at("TABLESPACE") || at("SERVER") || at("LOGFILE"))) {
    Administration refused;
    refused.kind = Administration::Kind::kPrivileged;
    refused.verb = "CREATE";
    ++next_;
    if (at_end()) fail();
    skip_to_end();
    return refused;
  }
  fail();
}

CreateTable Grammar::create_table(bool temporary) {
  CreateTable result;
  result.is_temporary = temporary;
  if (accept("IF")) {
    expect("NOT");
    expect("EXISTS");
    result.if_not_exists = true;
  }
  result.table = table_name();
  if (accept("LIKE")) {
    result.like = table_name();
    return result;
  }
  if (at_sign("(") && at("LIKE", 1)) {
    next_ += 2;
    result.like = table_name();
    expect_sign(")");
    return result;
  }
  if (at_sign("(") && !at_query(1) && !at_sign("(", 1)) {
    expect_sign("(");
    do {
      table_element(result);
    } while (accept_sign(","));
    expect_sign(")");
  }
  table_options();
  accept_any(Word("IGNORE"), Word("REPLACE"));
  const bool as = accept("AS");
  if (as || at_query() || at_sign("(")) {
    if (!at_query() && !at_sign("(")) fail();
    result.query = query();
  }
  if (result.columns.empty() && !result.query) fail();
  return result;
}

void Grammar::table_element(CreateTable& table) {
  if (at_key_definition()) {
    table.keys.push_back(key_definition());
  } else {
    table.columns.push_back(column_definition());
  }
}

bool Grammar::at_key_definition() const {
  return at("PRIMARY") || at("UNIQUE") || at("KEY") || at("INDEX") || at("FULLTEXT") || at("SPATIAL") ||
         at("FOREIGN") || at("CONSTRAINT") || at("CHECK");
}

KeyDefinition Grammar::key_definition() {
  using Kind = KeyDefinition::Kind;
  KeyDefinition key;
  if (accept("CONSTRAINT") && at_name()) key.name = name();
  if (accept("PRIMARY")) {
    expect("KEY");
    key.kind = Kind::kPrimary;
  } else if (accept("UNIQUE")) {
    accept_any(Word("KEY"), Word("INDEX"));
    key.kind = Kind::kUnique;
  } else if (accept("FOREIGN")) {
    expect("KEY");
    key.kind = Kind::kForeign;
  } else if (accept("CHECK")) {
    key.kind = Kind::kCheck;
    expect_sign("(");
    key.check = expression();
    expect_sign(")");
    accept("NOT");
    accept("ENFORCED");
    return key;
  } else if (accept_any(Word("FULLTEXT"), Word("SPATIAL"))) {
    accept_any(Word("KEY"), Word("INDEX"));
  } else if (!accept_any(Word("KEY"), Word("INDEX"))) {
    fail();
  }
  if (at_name()) key.name = name();
  if (accept("USING") && !accept_any(Word("BTREE"), Word("HASH"))) fail();
  key.columns = key_columns();
  if (key.kind == Kind::kForeign) key.referenced_table = references_clause(key.referenced_columns);
  if (accept("USING") && !accept_any(Word("BTREE"), Word("HASH"))) fail();
  return key;
}

std::vector<std::string> Grammar::key_columns() {
  std::vector<std::string> columns;
  expect_sign("(");
  do {
    columns.push_back(name());
    if (accept_sign("(")) {  // a prefix of so many characters
      unsigned_number();
      expect_sign(")");
    }
    accept_any(Word("ASC"), Word("DESC"));
  } while (accept_sign(","));
  expect_sign(")");
  return columns;
}

TableName Grammar::references_clause(std::vector<std::string>& columns) {
  expect("REFERENCES");
  TableName table = table_name();
  if (at_sign("(")) columns = key_columns();
  while (accept("ON")) {
    if (!accept_any(Word("DELETE"), Word("UPDATE"))) fail();
    if (accept("SET")) {
      if (!accept_any(Word("NULL"), Word("DEFAULT"))) fail();
    } else if (accept("NO")) {
      expect("ACTION");
    } else if (!accept_any(Word("RESTRICT"), Word("CASCADE"))) {
      fail();
    }
  }
  return table;
}

ColumnDefinition Grammar::column_definition() {
  ColumnDefinition column;
  column.name = name();
  column.type = column_type();
  column_attributes(column);
  return column;
}

void Grammar::column_attributes(ColumnDefinition& column) {
  while (true) {
    if (accept("NOT")) {
      expect("NULL");
      column.is_not_null = true;
    } else if (accept("NULL")) {
      column.is_not_null = false;
    } else if (accept("DEFAULT")) {
      column.has_default = true;
      if (!accept("NULL")) column.default_value = at_sign("(") ? parenthesized() : simple_expression();
    } else if (accept("ON")) {
      expect("UPDATE");
      clock_function();
    } else if (accept("AUTO_INCREMENT")) {
      column.is_auto_increment = true;
    } else if (accept("PRIMARY")) {
      expect("KEY");
      column.is_primary = true;
    } else if (accept("UNIQUE")) {
      accept("KEY");
      column.is_unique = true;
    } else if (accept("KEY")) {
      column.is_primary = true;
    } else if (accept("COMMENT")) {
      column.comment = string_text();
    } else if (accept("COLLATE")) {
      column.collation = token().kind == TokenKind::kString ? string_text() : accept("BINARY") ? "binary" : name();
    } else if (at("REFERENCES")) {
      std::vector<std::string> columns;
      column.references = references_clause(columns);
    } else if (at("GENERATED") || at("AS")) {
      if (accept("GENERATED")) expect("ALWAYS");
      expect("AS");
      expect_sign("(");
      column.generated = expression();
      expect_sign(")");
      accept_any(Word("VIRTUAL"), Word("STORED"));
    } else if (at("CHECK") || at("CONSTRAINT")) {
      key_definition();
    } else if (!accept_any(Word("VISIBLE"), Word("INVISIBLE"))) {
      return;
    }
  }
}

TypeName Grammar::column_type() {
  TypeName type;
  if (token().kind != TokenKind::kName || !token().word.is_keyword()) fail();
  type.name = token().word.text();
  static constexpr Word kTypes[] = {
      "INT",      "INTEGER", "TINYINT",    "SMALLINT", "MEDIUMINT",    "BIGINT", "INT1",       "INT2",      "INT3",
      "INT4",     "INT8",    "DECIMAL",    "DEC",      "NUMERIC",      "FIXED",  "FLOAT",      "FLOAT4",    "FLOAT8",
      "DOUBLE",   "REAL",    "BIT",        "BOOL",     "BOOLEAN",      "DATE",   "DATETIME",   "TIMESTAMP", "TIME",
      "YEAR",     "CHAR",    "CHARACTER",  "VARCHAR",  "VARCHARACTER", "NCHAR",  "NVARCHAR",   "BINARY",    "VARBINARY",
      "TINYBLOB", "BLOB",    "MEDIUMBLOB", "LONGBLOB", "TINYTEXT",     "TEXT",   "MEDIUMTEXT", "LONGTEXT",  "LONG",
      "ENUM",     "SET",     "JSON",       "SERIAL"};
  bool known = false;
  for (const Word word : kTypes) known = known || accept(word);
  if (!known) fail();
  if (type.name == "DOUBLE") accept("PRECISION");
  if (type.name == "CHARACTER" || type.name == "CHAR") {
    type.name = accept("VARYING") ? "VARCHAR" : "CHAR";
  }
  if (type.name == "ENUM" || type.name == "SET") {
    expect_sign("(");
    do {
      type.values.push_back(string_text());
    } while (accept_sign(","));
    expect_sign(")");
  } else {
    optional_lengths(type, /*with_scale=*/true);
  }
  if ((type.name == "VARCHAR" || type.name == "VARBINARY") && type.length < 0) fail();
  while (true) {
    if (accept("UNSIGNED")) {
      type.is_unsigned = true;
    } else if (accept("BINARY")) {
      type.is_binary = true;
    } else if (accept("CHARACTER") || accept("CHARSET")) {
      accept("SET");
      accept("BINARY") || !name().empty();
    } else if (!accept_any(Word("SIGNED"), Word("ZEROFILL"), Word("ASCII"), Word("UNICODE"))) {
      return type;
    }
  }
}

// ENGINE=InnoDB, DEFAULT CHARSET=utf8mb4, …: words, values and equal signs.
void Grammar::table_options() {
  while (!at_end() && !at_sign(";") && !at_query() && !at("AS") && !at("IGNORE") && !at("REPLACE") && !at_sign("(")) {
    const bool word = token().kind == TokenKind::kName;
    if (!word) fail();
    ++next_;
    if (at("CHARSET") || at("COLLATE") || at("SET")) ++next_;
    if (at("SET")) ++next_;
    accept_sign("=");
    const bool value = token().kind == TokenKind::kName || token().kind == TokenKind::kString ||
                       token().kind == TokenKind::kInteger || token().kind == TokenKind::kQuotedName;
    if (!value) fail();
    ++next_;
    accept_sign(",");
  }
}

Command Grammar::create_index(bool unique) {
  CreateIndex result;
  result.key.kind = unique ? KeyDefinition::Kind::kUnique : KeyDefinition::Kind::kIndex;
  result.key.name = name();
  if (accept("USING") && !accept_any(Word("BTREE"), Word("HASH"))) fail();
  expect("ON");
  result.table = table_name();
  result.key.columns = key_columns();
  if (accept("USING") && !accept_any(Word("BTREE"), Word("HASH"))) fail();
  return result;
}

Command Grammar::create_view(bool or_replace) {
  CreateView result;
  result.or_replace = or_replace;
  result.view = table_name();
  if (accept_sign("(")) {
    result.columns = name_list();
    expect_sign(")");
  }
  expect("AS");
  if (!at_query() && !at_sign("(")) fail();
  const std::size_t begin = token().begin;
  result.query = query();
  result.text = std::string(text_.substr(begin, previous_end() - begin));
  if (accept("WITH")) {
    accept_any(Word("CASCADED"), Word("LOCAL"));
    expect("CHECK");
    expect("OPTION");
  }
  return result;
}

Command Grammar::alter() {
  expect("ALTER");
  if (!accept("TABLE")) {
    if (!at("DATABASE") && !at("SCHEMA") && !at("USER") && !at("VIEW") && !at("EVENT")) fail();
    Administration refused;
    refused.kind = Administration::Kind::kPrivileged;
    refused.verb = "ALTER";
    ++next_;
    if (at_end()) fail();
    skip_to_end();
    return refused;
  }
  AlterTable result;
  result.table = table_name();
  if (at_end()) return result;
  do {
    if (accept("ADD") && at_sign("(")) {  // ADD (column, column)
      ++next_;
      do {
        AlterTable::Change& change = result.changes.emplace_back();
        change.kind = AlterTable::Change::Kind::kAddColumn;
        change.column = column_definition();
      } while (accept_sign(","));
      expect_sign(")");
    } else {
      if (tokens_[next_ - 1].word == Word("ADD") && next_ > 0) --next_;
      result.changes.push_back(alteration());
    }
  } while (accept_sign(","));
  return result;
}

void Grammar::column_place(AlterTable::Change& change) {
  if (accept("FIRST")) {
    change.is_first = true;
  } else if (accept("AFTER")) {
    change.after = name();
  }
}

AlterTable::Change Grammar::alteration() {
  using Kind = AlterTable::Change::Kind;
  AlterTable::Change change;
  if (accept("ADD")) {
    if (at_key_definition()) {
      change.kind = Kind::kAddKey;
      change.key = key_definition();
      return change;
    }
    accept("COLUMN");
    change.kind = Kind::kAddColumn;
    change.column = column_definition();
    column_place(change);
  } else if (accept("DROP")) {
    if (accept("PRIMARY")) {
      expect("KEY");
      change.kind = Kind::kDropPrimaryKey;
      return change;
    }
    change.kind = Kind::kDropColumn;
    if (accept("FOREIGN")) {
      expect("KEY");
      change.kind = Kind::kDropForeignKey;
    } else if (accept_any(Word("INDEX"), Word("KEY"))) {
      change.kind = Kind::kDropKey;
    } else if (accept_any(Word("CHECK"), Word("CONSTRAINT"))) {
      change.kind = Kind::kOption;
    } else {
      accept("COLUMN");
    }
    change.old_name = name();
  } else if (at("MODIFY") || at("CHANGE")) {
    change.kind = Kind::kModifyColumn;
    const bool renames = at("CHANGE");
    ++next_;
    accept("COLUMN");
    if (renames) change.old_name = name();
    change.column = column_definition();
    if (!renames) change.old_name = change.column.name;
    column_place(change);
  } else if (accept("RENAME")) {
    if (accept("COLUMN")) {
      change.kind = Kind::kRenameColumn;
      change.old_name = name();
      expect("TO");
      change.column.name = name();
    } else if (accept_any(Word("INDEX"), Word("KEY"))) {
      name();
      expect("TO");
      name();
    } else {
      accept_any(Word("TO"), Word("AS"));
      accept_sign("=");
      change.kind = Kind::kRenameTable;
      change.new_table = table_name();
    }
  } else if (accept("ALTER")) {
    accept("COLUMN");
    change.kind = Kind::kSetDefault;
    change.old_name = name();
    if (accept("SET")) {
      expect("DEFAULT");
      change.column.has_default = true;
      if (!accept("NULL")) change.column.default_value = at_sign("(") ? parenthesized() : simple_expression();
    } else {
      expect("DROP");
      expect("DEFAULT");
    }
  } else if (accept("CONVERT")) {
    expect("TO");
    table_options();
  } else if (accept_any(Word("DISABLE"), Word("ENABLE"))) {
    expect("KEYS");
  } else if (accept("ORDER")) {
    expect("BY");
    order_list();
  } else {
    if (at_end() || !at_name()) fail();
    ++next_;
    accept("CHARSET");
    accept_sign("=");
    if (at_end() || token().kind == TokenKind::kSign) fail();
    ++next_;
  }
  return change;
}

Command Grammar::drop() {
  expect("DROP");
  if (accept_any(Word("DATABASE"), Word("SCHEMA"))) {
    DropDatabase result;
    if (accept("IF")) {
      expect("EXISTS");
      result.if_exists = true;
    }
    result.database = name();
    return result;
  }
  if (accept("INDEX")) {
    DropIndex result;
    result.index = accept("PRIMARY") ? "PRIMARY" : name();
    expect("ON");
    result.table = table_name();
    return result;
  }
  const bool temporary = accept("TEMPORARY");
  if (!temporary && (at("USER") || at("ROLE") || at("PROCEDURE") || at("FUNCTION") || at("TRIGGER") || at("EVENT"))) {
    Administration refused;
    refused.kind = Administration::Kind::kPrivileged;
    refused.verb = "DROP";
    ++next_;
    if (at_end()) fail();
    skip_to_end();
    return refused;
  }
  DropTables result;
  result.is_view = !temporary && at("VIEW");
  if (!accept_any(Word("TABLE"), Word("TABLES")) && !(result.is_view && accept("VIEW"))) fail();
  if (accept("IF")) {
    expect("EXISTS");
    result.if_exists = true;
  }
  do {
    result.tables.push_back(table_name());
  } while (accept_sign(","));
  accept_any(Word("RESTRICT"), Word("CASCADE"));
  return result;
}

Command Grammar::rename() {
  expect("RENAME");
  if (!accept_any(Word("TABLE"), Word("TABLES"))) fail();
  RenameTables result;
  do {
    TableName from = table_name();
    expect("TO");
    result.pairs.emplace_back(std::move(from), table_name());
  } while (accept_sign(","));
  return result;
}

}  // namespace intercodesql::mysql
