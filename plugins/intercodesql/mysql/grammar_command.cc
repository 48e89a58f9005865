// Statements, and those among them that read or set the server: SHOW, DESC, EXPLAIN, USE, SET, transactions.
#include "mysql/grammar.h"

namespace intercodesql::mysql {

Command Grammar::command() {
  if (at_end() || at_sign(";")) return Empty{};
  if (at_query() || at_sign("(")) return query();
  if (accept("USE")) return Use{name()};
  if (at("SHOW")) return show();
  if (at("DESC") || at("DESCRIBE") || at("EXPLAIN")) return describe_or_explain();
  if (at("SET")) return set_variables();
  if (at("CREATE")) return create();
  if (at("ALTER")) return alter();
  if (at("DROP")) return drop();
  if (at("RENAME")) return rename();
  if (accept("TRUNCATE")) {
    accept("TABLE");
    return TruncateTable{table_name()};
  }
  if (at("INSERT")) return insert(/*replace=*/false);
  if (at("REPLACE")) return insert(/*replace=*/true);
  if (at("UPDATE")) return update();
  if (at("DELETE")) return delete_rows();
  return administration();
}

void Grammar::skip_to_end() {
  while (!at_end() && !at_sign(";")) {
    if (token().kind == TokenKind::kBad) fail();
    ++next_;
  }
}

void Grammar::shown_where(Show& show) {
  show.where = std::make_unique<Query>();
  show.where->select = std::make_unique<Select>();
  Select& select = *show.where->select;
  select.items.emplace_back().kind = SelectItem::Kind::kStar;
  TableRef& shown = *select.from.emplace_back(std::make_unique<TableRef>());
  shown.database = kShownDatabase;
  shown.name = shown.alias = "shown";
  select.where = expression();
}

void Grammar::like_or_where(Show& show) {
  if (accept("LIKE")) {
    show.like = string_text();
  } else if (accept("WHERE")) {
    shown_where(show);
  }
}

Command Grammar::show() {
  using Kind = Show::Kind;
  struct Plain {
    Word word;
    Kind kind;
  };
  static constexpr Plain kPlain[] = {
      {"DATABASES", Kind::kDatabases}, {"SCHEMAS", Kind::kDatabases},    {"VARIABLES", Kind::kVariables},
      {"STATUS", Kind::kStatus},       {"COLLATION", Kind::kCollations}, {"CHARSET", Kind::kCharacterSets},
  };
  expect("SHOW");
  Show show;
  const bool scoped = accept_any(Word("GLOBAL"), Word("SESSION"), Word("LOCAL"));
  if (!scoped && accept("EXTENDED")) show.is_full = at("FULL");
  if (!scoped && accept("FULL")) show.is_full = true;
  for (const Plain& plain : kPlain) {
    if (!accept(plain.word)) continue;
    show.kind = plain.kind;
    like_or_where(show);
    return show;
  }
  if (accept("CHARACTER")) {
    expect("SET");
    show.kind = Kind::kCharacterSets;
    like_or_where(show);
    return show;
  }
  if (scoped) fail();
  const bool of_tables = at("TABLES") || at("TRIGGERS") || at("EVENTS") || (at("TABLE") && at("STATUS", 1));
  if (of_tables || (at("OPEN") && at("TABLES", 1))) {
    show.kind = at("TABLE") ? Kind::kTableStatus : at("TRIGGERS") ? Kind::kTriggers : Kind::kTables;
    if (at("EVENTS")) show.kind = Kind::kEvents;
    next_ += at("TABLE") || at("OPEN") ? 2 : 1;
    if (accept_any(Word("FROM"), Word("IN"))) show.database = name();
    like_or_where(show);
    return show;
  }
  const bool of_indexes = at("INDEX") || at("INDEXES") || at("KEYS");
  if (of_indexes || at("COLUMNS") || at("FIELDS")) {
    show.kind = of_indexes ? Kind::kIndexes : Kind::kColumns;
    ++next_;
    if (!accept_any(Word("FROM"), Word("IN"))) fail();
    show.table = table_name();
    if (accept_any(Word("FROM"), Word("IN"))) show.table.database = name();
    if (of_indexes) {
      if (accept("WHERE")) shown_where(show);
    } else {
      like_or_where(show);
    }
    return show;
  }
  if (accept("CREATE")) {
    if (accept_any(Word("TABLE"), Word("VIEW"))) {
      show.kind = Kind::kCreateTable;
      show.table = table_name();
    } else if (accept_any(Word("DATABASE"), Word("SCHEMA"))) {
      show.kind = Kind::kCreateDatabase;
      show.database = name();
    } else {
      fail();
    }
    return show;
  }
  if (accept_any(Word("PROCEDURE"), Word("FUNCTION"))) {
    expect("STATUS");
    show.kind = Kind::kProcedures;
    like_or_where(show);
    return show;
  }
  if (accept_any(Word("WARNINGS"), Word("ERRORS"))) {
    show.kind = tokens_[next_ - 1].word == Word("ERRORS") ? Kind::kErrors : Kind::kWarnings;
    if (accept("LIMIT")) limit();
    return show;
  }
  if (accept("COUNT")) {  // COUNT(*) WARNINGS
    expect_sign("(");
    expect_sign("*");
    expect_sign(")");
    show.kind = at("ERRORS") ? Kind::kErrors : Kind::kWarnings;
    if (!accept_any(Word("WARNINGS"), Word("ERRORS"))) fail();
    return show;
  }
  accept("STORAGE");
  if (accept("ENGINES")) {
    show.kind = Kind::kEngines;
  } else if (accept("GRANTS")) {
    show.kind = Kind::kGrants;
    if (accept("FOR")) skip_to_end();
  } else if (accept("PROCESSLIST")) {
    show.kind = Kind::kProcesses;
  } else if (accept("PRIVILEGES")) {
    show.kind = Kind::kPrivileges;
  } else if (accept("PLUGINS")) {
    show.kind = Kind::kPlugins;
  } else {
    fail();
  }
  return show;
}

Command Grammar::describe_or_explain() {
  ++next_;
  std::string format;
  const bool analyze = accept("ANALYZE");
  accept("EXTENDED");
  if (at("FORMAT") && at_sign("=", 1)) {
    next_ += 2;
    format = token().text;
    if (token().kind != TokenKind::kString)
      name();
    else
      ++next_;
    for (char& c : format) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 0x20) : c;
  }
  const bool of_statement = at_query() || at_sign("(") || at("INSERT") || at("REPLACE") || at("UPDATE") || at("DELETE");
  if (of_statement || analyze || !format.empty()) {
    auto explain = std::make_unique<Explain>();
    explain->format = std::move(format);
    explain->is_analyze = analyze;
    if (!of_statement) fail();
    explain->command = command();
    return explain;
  }
  Describe describe;
  describe.table = table_name();
  if (token().kind == TokenKind::kString) {
    describe.like = string_text();
  } else if (at_name()) {
    describe.like = name();
  }
  return describe;
}

Command Grammar::set_variables() {
  expect("SET");
  SetVariables set;
  if (accept("NAMES") || accept("CHARSET") || (at("CHARACTER") && at("SET", 1))) {
    if (accept("CHARACTER")) expect("SET");
    SetVariables::Assignment& assignment = set.assignments.emplace_back();
    assignment.name = "names";
    if (!accept("DEFAULT")) {
      assignment.value = make(ExprKind::kString, token().begin);
      assignment.value->text = token().kind == TokenKind::kString ? string_text()
                               : accept("BINARY")                 ? "binary"
                                                                  : name();
      if (accept("COLLATE")) token().kind == TokenKind::kString ? string_text() : name();
    }
    return set;
  }
  if (at("PASSWORD") || at("ROLE") || (at("DEFAULT") && at("ROLE", 1))) {
    skip_to_end();
    Administration refused;
    refused.kind = Administration::Kind::kPrivileged;
    refused.verb = "SET";
    return refused;
  }
  if (accept("TRANSACTION") || (at("TRANSACTION", 1) && accept_any(Word("GLOBAL"), Word("SESSION"), Word("LOCAL")))) {
    skip_to_end();
    return Administration{};
  }
  do {
    std::string scope;
    if (at("GLOBAL") || at("SESSION") || at("LOCAL") || at("PERSIST") || at("PERSIST_ONLY")) {
      scope = token().word.text();
      ++next_;
    }
    set_assignment(set, std::move(scope));
  } while (accept_sign(","));
  return set;
}

void Grammar::set_assignment(SetVariables& set, std::string scope) {
  SetVariables::Assignment assignment;
  assignment.scope = std::move(scope);
  if (token().kind == TokenKind::kVariable) {
    assignment.is_user = true;
    assignment.name = tokens_[next_++].text;
  } else {
    const bool system = token().kind == TokenKind::kSystemVariable;
    assignment.name = system ? tokens_[next_++].text : name();
    for (char& c : assignment.name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 0x20) : c;
    for (const std::string_view prefix : {"global.", "session.", "local.", "persist."}) {
      if (!system || !assignment.name.starts_with(prefix)) continue;
      assignment.name.erase(0, prefix.size());
      assignment.scope = prefix == "global." ? "GLOBAL" : "SESSION";
    }
    if (!system && accept_sign(".")) assignment.name = name();
  }
  if (!accept_sign(":=")) expect_sign("=");
  const bool word_value = at("ON") || at("ALL") || at("BINARY") || at("ROW") || at("SYSTEM");
  if (accept("DEFAULT")) {
    // no value
  } else if (word_value) {
    assignment.value = make(ExprKind::kString, token().begin);
    assignment.value->text = token().word.text();
    ++next_;
  } else {
    assignment.value = expression();
  }
  set.assignments.push_back(std::move(assignment));
}

Command Grammar::administration() {
  using Kind = Administration::Kind;
  Administration result;
  result.verb = token().word.text();
  if (accept("BEGIN")) {
    result.kind = Kind::kBegin;
    accept("WORK");
  } else if (at("START") && at("TRANSACTION", 1)) {
    result.kind = Kind::kBegin;
    skip_to_end();
  } else if (at("COMMIT") || at("ROLLBACK")) {
    result.kind = at("COMMIT") ? Kind::kCommit : Kind::kRollback;
    ++next_;
    accept("WORK");
    if (result.kind == Kind::kRollback && accept("TO")) {
      result.kind = Kind::kSavepoint;
      accept("SAVEPOINT");
      name();
    }
  } else if (accept("SAVEPOINT") || (at("RELEASE") && at("SAVEPOINT", 1))) {
    result.kind = Kind::kSavepoint;
    if (accept("RELEASE")) expect("SAVEPOINT");
    name();
  } else if (at("LOCK") && (at("TABLES", 1) || at("TABLE", 1))) {
    result.kind = Kind::kLock;
    next_ += 2;
    do {
      result.tables.push_back(table_name());
      if (accept("AS") || (at_name() && !at("LOCAL"))) name();
      if (accept("READ")) {
        accept("LOCAL");
      } else {
        accept("LOW_PRIORITY");
        expect("WRITE");
      }
    } while (accept_sign(","));
  } else if (at("UNLOCK") && (at("TABLES", 1) || at("TABLE", 1))) {
    next_ += 2;
  } else if ((at("ANALYZE") || at("CHECK") || at("OPTIMIZE") || at("REPAIR") || at("CHECKSUM")) &&
             (at("TABLE", 1) || at("TABLES", 1))) {
    result.kind = Kind::kMaintenance;
    next_ += 2;
    do {
      result.tables.push_back(table_name());
    } while (accept_sign(","));
  } else if (accept("DO")) {
    expression_list();
  } else if (at("GRANT") || at("REVOKE") || at("FLUSH") || at("KILL") || at("LOAD") || at("INSTALL") ||
             at("UNINSTALL") || at("SHUTDOWN") || at("RESET") || at("CALL") || at("PREPARE") || at("EXECUTE") ||
             at("DEALLOCATE") || at("HANDLER") || at("PURGE") || at("CHANGE") || at("BINLOG") || at("CLONE") ||
             at("IMPORT") || at("RESTART") || at("SIGNAL") || at("XA")) {
    result.kind = Kind::kPrivileged;
    ++next_;
    if (at_end()) fail();
    skip_to_end();
  } else {
    fail();
  }
  return result;
}

}  // namespace intercodesql::mysql
