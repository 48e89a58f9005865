#include "import/dump_table.h"

#include <cstdlib>

#include "engine/declared_type.h"
#include "engine/text.h"

namespace intercodesql {
namespace {

using Kind = DumpToken::Kind;

std::string quoted_text(const std::string& text) {
  std::string result = "'";
  for (const char c : text) {
    if (c == '\'') result += '\'';
    result += c;
  }
  return result + "'";
}

std::string as_written(const DumpToken& token) {
  return token.kind == Kind::kText ? quoted_text(token.text) : token.text;
}

// The text of a parenthesis and what is in it, joined without blanks.
std::string take_parenthesis(DumpLexer& lexer) {
  std::string text;
  int depth = 0;
  do {
    if (lexer.token().kind == Kind::kEnd) lexer.fail("\")\"");
    if (lexer.at("(")) ++depth;
    if (lexer.at(")")) --depth;
    text += as_written(lexer.take());
  } while (depth > 0);
  return text;
}

void read_type(DumpLexer& lexer, Column& column) {
  const std::size_t line = lexer.token().line;
  std::string text = lexer.expect_name("a type");
  if (lexer.at("precision") || lexer.at("varying")) text += concat(" ", lexer.take().text);
  if (lexer.at("(")) text += take_parenthesis(lexer);
  while (lexer.at("unsigned") || lexer.at("signed") || lexer.at("zerofill")) text += concat(" ", lexer.take().text);
  auto declared = read_declared_type(text);
  if (!declared)
    lexer.fail_at(line, "expected a type of MySQL for column `" + column.name + "`, found \"" + text + "\"");
  column.type = declared->type;
  column.type_text = std::move(declared->type_text);
}

void read_default(DumpLexer& lexer, Column& column) {
  if (lexer.take_if("null")) return;
  if (lexer.token().kind == Kind::kText || lexer.token().kind == Kind::kNumber) {
    column.default_text = lexer.take().text;
    return;
  }
  column.default_is_expression = true;
  column.default_text = lexer.at("(") ? take_parenthesis(lexer) : lexer.expect_name("a default value");
  if (lexer.at("(")) *column.default_text += take_parenthesis(lexer);
}

void set_collation(Column& column, const std::string& collation) {
  column.collation = collation;
  column.type.is_binary = collation == "binary" || collation.ends_with("_bin");
}

void read_column(DumpLexer& lexer, Table& table) {
  Column column;
  column.name = lexer.expect_name("a column");
  read_type(lexer, column);
  if (is_text(column.type) && column.type.base != BaseType::kBlob) column.collation = "utf8mb4_general_ci";
  while (!lexer.at(",") && !lexer.at(")")) {
    if (lexer.take_if("not")) {
      lexer.expect("null");
      column.nullable = false;
    } else if (lexer.take_if("null")) {
      column.nullable = true;
    } else if (lexer.take_if("default")) {
      read_default(lexer, column);
    } else if (lexer.take_if("auto_increment")) {
      column.extra = "auto_increment";
    } else if (lexer.take_if("collate")) {
      set_collation(column, lexer.expect_name("a collation"));
    } else if (lexer.take_if("character")) {
      lexer.expect("set");
      lexer.expect_name("a character set");
    } else if (lexer.take_if("charset")) {
      lexer.expect_name("a character set");
    } else if (lexer.take_if("comment")) {
      column.comment = lexer.take().text;
    } else if (lexer.take_if("on")) {
      lexer.expect("update");
      column.extra = "on update " + lexer.expect_name("CURRENT_TIMESTAMP");
      if (lexer.at("(")) column.extra += take_parenthesis(lexer);
    } else {
      lexer.fail("an attribute of column `" + column.name + "`, \",\" or \")\"");
    }
  }
  if (column.default_is_expression) {
    column.extra = column.extra.empty() ? "DEFAULT_GENERATED" : "DEFAULT_GENERATED " + column.extra;
  }
  table.columns.push_back(std::move(column));
}

// `(a, b(20) DESC)`: positions of the columns, and the lengths of their prefixes.
void read_key_columns(DumpLexer& lexer, const Table& table, Index& index) {
  lexer.expect("(");
  do {
    const std::size_t line = lexer.token().line;
    const std::string name = lexer.expect_name("a column of the key");
    const auto column = table.find_column(name);
    if (!column) lexer.fail_at(line, "expected a column of `" + table.name + "`, found \"" + name + "\"");
    int prefix = 0;
    if (lexer.take_if("(")) {
      if (lexer.token().kind != Kind::kNumber) lexer.fail("a length");
      prefix = std::atoi(lexer.take().text.c_str());
      lexer.expect(")");
    }
    if (!lexer.take_if("asc")) lexer.take_if("desc");
    index.columns.push_back(*column);
    index.prefixes.push_back(prefix);
  } while (lexer.take_if(","));
  lexer.expect(")");
}

void read_foreign_key(DumpLexer& lexer, Table& table, std::string name) {
  lexer.expect("key");
  ForeignKey key;
  key.name = std::move(name);
  Index columns;
  read_key_columns(lexer, table, columns);
  key.columns = std::move(columns.columns);
  lexer.expect("references");
  key.table = lower_ascii(lexer.expect_name("a table"));
  if (lexer.take_if(".")) key.table += concat(".", lower_ascii(lexer.expect_name("a table")));
  lexer.expect("(");
  do {
    key.referenced.push_back(lexer.expect_name("a column"));
  } while (lexer.take_if(","));
  lexer.expect(")");
  while (!lexer.at(",") && !lexer.at(")")) {
    if (lexer.token().kind != Kind::kWord) lexer.fail("\",\" or \")\"");
    key.actions += concat(key.actions.empty() ? "" : " ", lexer.take().text);
  }
  table.foreign_keys.push_back(std::move(key));
}

// A key or constraint; false if the line declares a column.
bool read_key(DumpLexer& lexer, Table& table) {
  if (lexer.token().kind != Kind::kWord) return false;
  std::string name;
  if (lexer.take_if("constraint")) {
    if (lexer.token().kind == Kind::kName) name = lexer.take().text;
    if (lexer.take_if("foreign")) {
      read_foreign_key(lexer, table, std::move(name));
      return true;
    }
  }
  if (lexer.take_if("check")) {
    take_parenthesis(lexer);
    return true;
  }
  Index index;
  index.name = std::move(name);
  if (lexer.take_if("primary")) {
    lexer.expect("key");
    index.name = "PRIMARY";
    index.unique = true;
  } else {
    index.unique = lexer.take_if("unique");
    const bool special = !index.unique && (lexer.take_if("fulltext") || lexer.take_if("spatial"));
    if (!lexer.take_if("key") && !lexer.take_if("index") && !index.unique && !special) return false;
    if (!lexer.at("(")) index.name = lexer.expect_name("the key's name");
  }
  read_key_columns(lexer, table, index);
  while (!lexer.at(",") && !lexer.at(")")) {  // USING BTREE and the like
    if (lexer.token().kind == Kind::kEnd) lexer.fail("\",\" or \")\"");
    lexer.take();
  }
  if (index.name.empty()) index.name = table.columns[index.columns.front()].name;
  table.indexes.push_back(std::move(index));
  return true;
}

void read_options(DumpLexer& lexer, Table& table) {
  while (!lexer.at(";") && lexer.token().kind != Kind::kEnd) {
    const DumpToken option = lexer.take();
    if (equal_ignoring_case(option.text, "auto_increment")) {
      lexer.take_if("=");
      table.next_auto_id = std::strtoll(lexer.take().text.c_str(), nullptr, 10);
      continue;
    }
    const bool joined = option.text == "=" || table.options.empty() || table.options.ends_with("=");
    table.options += concat(joined ? "" : " ", as_written(option));
  }
  if (!lexer.take_if(";")) lexer.fail("\";\"");
}

}  // namespace

Table read_dump_table(DumpLexer& lexer) {
  Table table;
  table.name = lower_ascii(lexer.expect_name("a table"));
  lexer.expect("(");
  do {
    if (!read_key(lexer, table)) read_column(lexer, table);
  } while (lexer.take_if(","));
  lexer.expect(")");
  read_options(lexer, table);
  settle_keys(table);
  return table;
}

}  // namespace intercodesql
