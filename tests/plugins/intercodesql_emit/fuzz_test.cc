// Short and with a fixed seed: whatever the front end accepts, SQLite runs without an error of its own.
#include <sqlite3.h>

#include <random>
#include <string>
#include <vector>

#include "emit/emit.h"
#include "engine/functions.h"
#include "engine/image.h"
#include "tests/plugins/intercodesql_resolve/small_catalog.h"
#include "tests/support/catch.h"
#include "tests/support/fuzz_rounds.h"

using namespace intercodesql;

namespace {

// Random MySQL over the tables of small_catalog. Most of it means something; some is refused, as MySQL would.
class Author {
 public:
  explicit Author(unsigned seed) : random_(seed) {}

  std::string statement() {
    if (!chance(6)) return query(3);
    if (chance(3)) return "INSERT INTO item (id, Name, price) SELECT id, Name, " + value(1) + " FROM owner";
    if (chance(2)) return "UPDATE item i SET price = " + value(2) + " WHERE " + condition(2);
    return "DELETE FROM item WHERE " + condition(2);
  }

 private:
  unsigned below(std::size_t limit) { return static_cast<unsigned>(random_() % limit); }
  bool chance(unsigned one_in) { return below(one_in) == 0; }
  std::string one_of(const std::vector<std::string>& words) { return words[below(words.size())]; }

  std::string column() {
    return one_of({"i.id", "i.Name", "i.price", "i.weight", "i.added", "i.owner_id", "Name", "id", "price", "o.city",
                   "o.born", "o.id", "city"});
  }
  std::string literal() {
    return one_of({"1", "0", "2.50", "1e3", "'text'", "\"it's\"", "'2018-03-09'", "NULL", "TRUE", "'12abc'", "x'41'",
                   "DATE '2020-02-29'", "18446744073709551615"});
  }

  std::string value(int depth) {
    if (depth == 0) return chance(3) ? literal() : column();
    switch (below(16)) {
      case 0:
        return "(" + value(depth - 1) + one_of({" + ", " - ", " * ", " / ", " DIV ", " % ", " & ", " ^ ", " << "}) +
               value(depth - 1) + ")";
      case 1:
        return "(" + condition(depth - 1) + ")";
      case 2:
        return "CASE WHEN " + condition(depth - 1) + " THEN " + value(depth - 1) + " ELSE " + value(0) + " END";
      case 3:
        return "CASE " + value(0) + " WHEN " + value(0) + " THEN " + value(depth - 1) + " END";
      case 4:
        return one_of({"UPPER", "LENGTH", "ABS", "YEAR", "ROUND", "FLOOR", "DATE", "TRIM", "MONTHNAME", "REVERSE",
                       "HEX", "ISNULL", "WEEK"}) +
               "(" + value(depth - 1) + ")";
      case 5:
        return one_of({"CONCAT", "COALESCE", "IFNULL", "NULLIF", "GREATEST", "LEFT", "MOD", "DATEDIFF", "STRCMP",
                       "INSTR", "DATE_FORMAT", "POW"}) +
               "(" + value(depth - 1) + ", " + value(0) + ")";
      case 6:
        return one_of({"IF", "REPLACE", "SUBSTRING", "LPAD", "LOCATE"}) + "(" + value(0) + ", " + value(0) + ", " +
               value(depth - 1) + ")";
      case 7:
        return one_of({"COUNT", "SUM", "AVG", "MIN", "MAX", "GROUP_CONCAT", "STDDEV", "BIT_OR"}) + "(" +
               (chance(4) ? "DISTINCT " : "") + value(depth - 1) + ")";
      case 8:
        return "CAST(" + value(depth - 1) + " AS " +
               one_of({"SIGNED", "CHAR", "CHAR(3)", "DECIMAL(8,2)", "DATE", "DATETIME", "DOUBLE", "BINARY"}) + ")";
      case 9:
        return "(" + query(depth - 1) + ")";
      case 10:
        return "DATE_ADD(" + value(0) + ", INTERVAL " + value(0) + one_of({" DAY", " MONTH", " HOUR_MINUTE"}) + ")";
      case 11:
        return "COUNT(*)";
      case 12:
        return "-" + value(0);
      case 13:
        return one_of({"ROW_NUMBER", "RANK"}) + "() OVER (PARTITION BY " + column() + " ORDER BY " + value(0) + ")";
      case 14:
        return "SUM(" + column() + ") OVER (ORDER BY " + column() + " ROWS 2 PRECEDING)";
      default:
        return one_of(
            {"NOW()", "RAND()", "DATABASE()", "TIMESTAMPDIFF(DAY, added, born)", "EXTRACT(YEAR FROM added)", "@v"});
    }
  }

  std::string condition(int depth) {
    if (depth == 0) return value(0) + one_of({" = ", " < ", " >= ", " <> ", " <=> "}) + value(0);
    switch (below(10)) {
      case 0:
        return condition(depth - 1) + " AND " + condition(depth - 1);
      case 1:
        return "(" + condition(depth - 1) + " OR " + condition(depth - 1) + ")";
      case 2:
        return "NOT " + condition(depth - 1);
      case 3:
        return value(depth - 1) + " IN (" + value(0) + ", " + value(0) + ")";
      case 4:
        return value(0) + " IN (" + query(depth - 1) + ")";
      case 5:
        return "EXISTS (" + query(depth - 1) + ")";
      case 6:
        return value(0) + one_of({" LIKE '%a_'", " NOT LIKE '%a_'", " REGEXP '^[a-c]+$'", " NOT REGEXP 'a|b{1,3}'",
                                  " RLIKE '(x|[[:digit:]])*'"});
      case 7:
        return value(0) + " BETWEEN " + value(0) + " AND " + value(0);
      case 8:
        return value(0) + one_of({" > ALL (", " = ANY (", " <> ALL ("}) + query(depth - 1) + ")";
      default:
        return value(0) + one_of({" IS NULL", " IS NOT TRUE", " IS FALSE"});
    }
  }

  std::string tables(int depth) {
    switch (below(8)) {
      case 0:
        return "item i, owner o";
      case 1:
        return "item i JOIN owner o ON " + condition(0);
      case 2:
        return "item i LEFT JOIN owner o ON i.owner_id = o.id";
      case 3:
        return "item i RIGHT JOIN owner o USING (id)";
      case 4:
        return depth > 0 ? "(" + query(depth - 1) + ") i" : "item i";
      case 5:
        return "item i LEFT JOIN (owner o JOIN item p ON p.id = o.id) ON i.owner_id = o.id";
      default:
        return "item i";
    }
  }

  std::string query(int depth) {
    std::string text = "SELECT ";
    if (chance(6)) text += "DISTINCT ";
    if (chance(8)) {
      text += "*";
    } else {
      text += value(depth) + " AS a";
      if (chance(3)) text += ", " + value(depth > 0 ? depth - 1 : 0) + " AS b";
    }
    text += " FROM " + tables(depth);
    if (chance(2)) text += " WHERE " + condition(depth > 0 ? depth - 1 : 0);
    if (chance(3)) text += " GROUP BY " + one_of({"a", "1", "i.id", column()});
    if (chance(6)) text += " HAVING " + one_of({"a > 1", "COUNT(*) > 1", "MAX(price) IS NULL"});
    if (depth > 0 && chance(8))
      text += one_of({" UNION ", " UNION ALL ", " INTERSECT ", " EXCEPT "}) + query(depth - 1);
    if (chance(4)) text += " ORDER BY " + one_of({"a DESC", "1", "a + 1", "COUNT(*)", column()});
    if (chance(5)) text += " LIMIT 3";
    return text;
  }

  std::mt19937 random_;
};

class Database {
 public:
  explicit Database(const Schema& schema) {
    REQUIRE(sqlite3_open(":memory:", &connection_) == SQLITE_OK);
    context_.session = &session_;
    register_functions(connection_, context_);
    run("ATTACH ':memory:' AS shop");
    for (const Table& table : schema.tables) run(create_table_sql("shop", table));
    run("INSERT INTO shop.item VALUES (1, 'a', 2.5, 1.5, '2018-03-09', 1), (2, 'B ', NULL, 0.0, NULL, 2)");
    run("INSERT INTO shop.owner VALUES (1, 'a', 'x', '2018-03-09 00:03:39'), (2, NULL, NULL, NULL)");
  }
  ~Database() { sqlite3_close(connection_); }

  // SQLite's message, or "": also for errors that MySQL's functions raise.
  std::string run(const std::string& sql) {
    context_.steps_left = 1 << 20;
    context_.error.reset();
    sqlite3_stmt* statement = nullptr;
    if (sqlite3_prepare_v2(connection_, sql.c_str(), -1, &statement, nullptr) != SQLITE_OK) {
      return sqlite3_errmsg(connection_);
    }
    int code = sqlite3_step(statement);
    for (int rows = 0; code == SQLITE_ROW && rows < 100; ++rows) code = sqlite3_step(statement);
    const bool failed = code != SQLITE_ROW && code != SQLITE_DONE && code != SQLITE_CONSTRAINT && !context_.error;
    const std::string message = failed ? sqlite3_errmsg(connection_) : "";
    sqlite3_finalize(statement);
    return message;
  }

 private:
  sqlite3* connection_ = nullptr;
  Session session_;
  StatementContext context_;
};

}  // namespace

TEST_CASE("what the front end accepts, SQLite accepts", "[emit][fuzz]") {
  const Catalog catalog = test::small_catalog();
  Database database(*catalog.find("shop"));
  Author author(20240607);
  std::size_t accepted = 0;
  const std::size_t rounds = ipr::test::fuzz_rounds(4000);
  for (std::size_t round = 0; round < rounds; ++round) {
    const std::string text = author.statement();
    const auto translation = translate(text, catalog, "shop", {.only_full_group_by = round % 2 == 0});
    std::string sql;
    if (const auto* rows = std::get_if<RowsQuery>(&translation)) {
      sql = rows->sql;
      if (rows->sort) {
        CAPTURE(text, rows->sort->without_keys);
        CHECK(database.run(rows->sort->without_keys) == "");
      }
    }
    if (const auto* change = std::get_if<RowsChange>(&translation)) sql = change->sql;
    if (sql.empty()) continue;
    ++accepted;
    CAPTURE(text, sql);
    CHECK(database.run(sql) == "");
  }
  CHECK(accepted > rounds / 5);
}
