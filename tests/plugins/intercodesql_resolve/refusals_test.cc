#include <string>

#include "mysql/parser.h"
#include "resolve/resolve.h"
#include "tests/plugins/intercodesql_resolve/small_catalog.h"
#include "tests/support/catch.h"

using namespace intercodesql;

namespace {

// MySQL's text, or "" if the statement is accepted.
std::string refusal(const std::string& sql, bool only_full_group_by = true, std::string_view database = "shop") {
  const Catalog catalog = test::small_catalog();
  auto parsed = mysql::parse(sql);
  INFO(sql);
  REQUIRE(std::holds_alternative<mysql::Statement>(parsed));
  const auto& statement = std::get<mysql::Statement>(parsed);
  try {
    static_cast<void>(resolve_query(*std::get<mysql::QueryPtr>(statement.command), statement.expressions, catalog,
                                    database, {only_full_group_by}));
  } catch (const MysqlError& error) {
    return error.text;
  }
  return "";
}

std::string ungrouped(const std::string& place, const std::string& column) {
  return "Expression " + place + " is not in GROUP BY clause and contains nonaggregated column '" + column +
         "' which is not functionally dependent on columns in GROUP BY clause; this is incompatible with "
         "sql_mode=only_full_group_by";
}

}  // namespace

TEST_CASE("missing tables and databases are named in lower case, before any column", "[resolve]") {
  CHECK(refusal("SELECT x FROM Missing, Other") == "Table 'shop.missing' doesn't exist");
  CHECK(refusal("SELECT (SELECT 1 FROM Inner1) FROM Other") == "Table 'shop.inner1' doesn't exist");
  CHECK(refusal("SELECT x FROM Nowhere.item") == "Unknown database 'nowhere'");
  CHECK(refusal("SELECT x FROM empty.item") == "Table 'empty.item' doesn't exist");
  CHECK(refusal("SELECT 1 FROM item", true, "") == "No database selected");
  CHECK(refusal("SELECT 1 FROM " + std::string(65, 'a')) ==
        "Identifier name '" + std::string(65, 'a') + "' is too long");
}

TEST_CASE("an unknown column is named as typed, with the clause it stands in", "[resolve]") {
  CHECK(refusal("SELECT Colour FROM item") == "Unknown column 'Colour' in 'field list'");
  CHECK(refusal("SELECT I.Colour FROM item i") == "Unknown column 'I.Colour' in 'field list'");
  CHECK(refusal("SELECT 1 FROM item WHERE colour = 1") == "Unknown column 'colour' in 'where clause'");
  CHECK(refusal("SELECT 1 FROM item i JOIN owner o ON i.x = o.id") == "Unknown column 'i.x' in 'on clause'");
  CHECK(refusal("SELECT 1 FROM item GROUP BY x") == "Unknown column 'x' in 'group statement'");
  CHECK(refusal("SELECT id FROM item GROUP BY id HAVING price > 1") == "Unknown column 'price' in 'having clause'");
  CHECK(refusal("SELECT 1 FROM item ORDER BY x") == "Unknown column 'x' in 'order clause'");
  CHECK(refusal("SELECT 1 FROM item ORDER BY 2") == "Unknown column '2' in 'order clause'");
  CHECK(refusal("SELECT x.* FROM item") == "Unknown table 'x'");
}

TEST_CASE("of several unknown columns the server's first is named", "[resolve]") {
  CHECK(refusal("SELECT a FROM item i JOIN owner o ON i.b = o.c WHERE d = 1") == "Unknown column 'a' in 'field list'");
  CHECK(refusal("SELECT 1 FROM item i JOIN owner o ON i.b = o.id WHERE d = 1") ==
        "Unknown column 'd' in 'where clause'");
  CHECK(refusal("SELECT 1 FROM item i JOIN owner o ON i.b = o.id JOIN owner p ON i.c = p.id") ==
        "Unknown column 'i.c' in 'on clause'");
}

TEST_CASE("the left side of IN is looked up first, and its clause stays for what follows", "[resolve]") {
  CHECK(refusal("SELECT 1 FROM item WHERE x IN (SELECT y FROM owner)") ==
        "Unknown column 'x' in 'IN/ALL/ANY subquery'");
  CHECK(refusal("SELECT 1 FROM item WHERE id IN (SELECT id FROM owner) AND x = 1") ==
        "Unknown column 'x' in 'IN/ALL/ANY subquery'");
  CHECK(refusal("SELECT 1 FROM item WHERE id IN (SELECT y FROM owner)") == "Unknown column 'y' in 'field list'");
}

TEST_CASE("names in two tables are ambiguous, aliases that occur twice are refused", "[resolve]") {
  CHECK(refusal("SELECT Name FROM item JOIN owner") == "Column 'Name' in field list is ambiguous");
  CHECK(refusal("SELECT 1 FROM item JOIN owner ON id = owner_id") == "Column 'id' in on clause is ambiguous");
  CHECK(refusal("SELECT 1 FROM item a, owner a") == "Not unique table/alias: 'a'");
  CHECK(refusal("SELECT 1 FROM missing a, owner a") == "Not unique table/alias: 'a'");
  CHECK(refusal("SELECT 1 FROM item JOIN owner USING (id)").empty());
  CHECK(refusal("SELECT id FROM item JOIN owner USING (id)").empty());
}

TEST_CASE("aliases are seen where MySQL sees them", "[resolve]") {
  CHECK(refusal("SELECT price * 2 AS p FROM item WHERE p > 1") == "Unknown column 'p' in 'where clause'");
  CHECK(refusal("SELECT price * 2 AS p FROM item GROUP BY p HAVING p > 1 ORDER BY p + 1").empty());
  CHECK(refusal("SELECT (SELECT z FROM owner LIMIT 1) AS z FROM item") ==
        "Reference 'z' not supported (forward reference in item list)");
  CHECK(refusal("SELECT COUNT(*) AS n, (SELECT n) FROM item") ==
        "Reference 'n' not supported (reference to group function)");
}

TEST_CASE("a derived table sees its whole query's surroundings, not its neighbours", "[resolve]") {
  CHECK(refusal("SELECT 1 FROM item i, (SELECT i.id) d") == "Unknown column 'i.id' in 'field list'");
  CHECK(refusal("SELECT 1 FROM item i, LATERAL (SELECT i.id) d").empty());
  CHECK(refusal("SELECT (SELECT d.x FROM (SELECT i.id AS x) d) FROM item i").empty());
  CHECK(refusal("SELECT 1 FROM (SELECT 1 AS a, 2 AS a) d") == "Duplicate column name 'a'");
}

TEST_CASE("aggregates stand only where rows are gathered", "[resolve]") {
  const std::string invalid = "Invalid use of group function";
  CHECK(refusal("SELECT 1 FROM item WHERE COUNT(x) > 1") == invalid);
  CHECK(refusal("SELECT MAX(COUNT(*)) FROM item") == invalid);
  CHECK(refusal("SELECT COUNT(*) AS n FROM item GROUP BY id HAVING MIN(n) > 1") == invalid);
  CHECK(refusal("SELECT 1 FROM item GROUP BY COUNT(*)") == invalid);
  CHECK(refusal("SELECT COUNT(*) AS n FROM item GROUP BY n") == "Can't group on 'n'");
  CHECK(refusal("SELECT id FROM item ORDER BY COUNT(*)") ==
        "Expression #1 of ORDER BY contains aggregate function and applies to the result of a non-aggregated query");
  CHECK(refusal("SELECT id FROM item o WHERE price > (SELECT AVG(o.price) FROM item)").empty());
}

TEST_CASE("columns without one value per group are refused, those a key or an equality fixes are not", "[resolve]") {
  CHECK(refusal("SELECT Name, COUNT(*) FROM item GROUP BY owner_id") ==
        ungrouped("#1 of SELECT list", "shop.item.Name"));
  CHECK(refusal("SELECT COUNT(*) FROM item I GROUP BY owner_id ORDER BY I.Price") ==
        ungrouped("#1 of ORDER BY clause", "shop.I.price"));
  CHECK(refusal("SELECT name, COUNT(*) FROM item") ==
        "In aggregated query without GROUP BY, expression #1 of SELECT list contains nonaggregated column "
        "'shop.item.Name'; this is incompatible with sql_mode=only_full_group_by");
  CHECK(refusal("SELECT Name, COUNT(*) FROM item GROUP BY id").empty());
  CHECK(refusal("SELECT Name, COUNT(*) FROM item WHERE Name = 'x' GROUP BY owner_id").empty());
  CHECK(refusal("SELECT o.city, COUNT(*) FROM item i JOIN owner o ON i.owner_id = o.id GROUP BY i.owner_id").empty());
  CHECK(refusal("SELECT o.city, COUNT(*) FROM item i LEFT JOIN owner o ON i.owner_id = o.id GROUP BY i.owner_id")
            .empty());
  CHECK(refusal("SELECT i.owner_id FROM item i LEFT JOIN owner o ON i.owner_id = o.id GROUP BY o.id") ==
        ungrouped("#1 of SELECT list", "shop.i.owner_id"));
  CHECK(refusal("SELECT price + 1 FROM item GROUP BY price + 1").empty());
  CHECK(refusal("SELECT Name FROM item WHERE Name = (SELECT MIN(Name) FROM item) GROUP BY price") ==
        ungrouped("#1 of SELECT list", "shop.item.Name"));
  CHECK(refusal("SELECT COUNT(*) FROM item ORDER BY Name").empty());
  CHECK(refusal("SELECT ANY_VALUE(Name) FROM item GROUP BY price").empty());
  CHECK(refusal("SELECT Name, COUNT(*) FROM item", /*only_full_group_by=*/false).empty());
}

TEST_CASE("ORDER BY of a DISTINCT list stays inside the list", "[resolve]") {
  CHECK(refusal("SELECT DISTINCT Name FROM item ORDER BY price") ==
        "Expression #1 of ORDER BY clause is not in SELECT list, references column 'shop.item.price' which is not in "
        "SELECT list; this is incompatible with DISTINCT");
  CHECK(refusal("SELECT DISTINCT Name, price FROM item ORDER BY price + 1").empty());
  CHECK(refusal("SELECT DISTINCT Name FROM item GROUP BY Name ORDER BY COUNT(*)").empty());
}

TEST_CASE("rows, set operations and IN have matching widths", "[resolve]") {
  CHECK(refusal("SELECT (SELECT 1, 2)") == "Operand should contain 1 column(s)");
  CHECK(refusal("SELECT 1 IN (SELECT 1, 2)") == "Operand should contain 1 column(s)");
  CHECK(refusal("SELECT (1, 2) = (1, 2, 3)") == "Operand should contain 2 column(s)");
  CHECK(refusal("SELECT 1 UNION SELECT 1, 2") == "The used SELECT statements have a different number of columns");
  CHECK(refusal("SELECT 1 FROM item WHERE id IN (SELECT id FROM nothing LIMIT 1)") ==
        "This version of MySQL doesn't yet support 'LIMIT & IN/ALL/ANY/SOME subquery'");
}

TEST_CASE("unknown functions are named with the database, native ones with a hint", "[resolve]") {
  CHECK(refusal("SELECT Foo(1)") == "FUNCTION shop.Foo does not exist");
  CHECK(refusal("SELECT item.year(1) FROM item") ==
        "FUNCTION item.year does not exist. Check the 'Function Name Parsing and Resolution' section in the Reference "
        "Manual");
  CHECK(refusal("SELECT LENGTH(1, 2)") == "Incorrect parameter count in the call to native function 'LENGTH'");
}

TEST_CASE("tables of WITH are seen by what follows them, recursive ones by themselves", "[resolve]") {
  CHECK(refusal("WITH w AS (SELECT id FROM item) SELECT w.id FROM w, w AS v").empty());
  CHECK(refusal("WITH a AS (SELECT 1 AS x), b AS (SELECT x FROM a) SELECT * FROM b").empty());
  CHECK(
      refusal("WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 5) SELECT i FROM n").empty());
  CHECK(refusal("WITH RECURSIVE n AS (SELECT i FROM n) SELECT 1 FROM n").starts_with("Recursive Common Table"));
  CHECK(refusal("WITH w AS (SELECT id FROM item) SELECT w.x FROM w") == "Unknown column 'w.x' in 'field list'");
}

TEST_CASE("files are out of reach", "[resolve]") {
  CHECK(refusal("SELECT 1 INTO OUTFILE '/tmp/x'") ==
        "The MySQL server is running with the --secure-file-priv option so it cannot execute this statement");
}
