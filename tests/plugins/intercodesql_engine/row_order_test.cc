// The order of rows that no ORDER BY fixes, as MySQL 8's plans give it, and of those that ORDER BY finds equal.
#include "engine/connection.h"
#include "engine/filesort.h"
#include "engine/server.h"
#include "import/mysql_dump.h"
#include "tests/support/catch.h"

namespace intercodesql {
namespace {

// Twenty rows in `big`, so that it is dearer to read than `small`.
std::unique_ptr<Server> server() {
  std::string dump = R"(
CREATE DATABASE `d`; USE `d`;
CREATE TABLE `small` (`id` int NOT NULL, `name` varchar(9) DEFAULT NULL, PRIMARY KEY (`id`));
INSERT INTO `small` VALUES (1,'one'),(2,'two'),(3,'three');
CREATE TABLE `pair` (`a` int NOT NULL, `b` int NOT NULL, `note` text, PRIMARY KEY (`a`,`b`), KEY `by_b` (`b`));
INSERT INTO `pair` VALUES (1,3,'x'),(2,1,'y'),(3,2,'x'),(4,2,'z');
CREATE TABLE `plain` (`v` int DEFAULT NULL, `w` varchar(9) DEFAULT NULL);
INSERT INTO `plain` VALUES (3,'c'),(1,'a'),(2,'b'),(1,'A');
CREATE TABLE `big` (`id` int NOT NULL, `small_id` int NOT NULL, `k` int NOT NULL, PRIMARY KEY (`id`), KEY `fk` (`small_id`));
INSERT INTO `big` VALUES (1,3,0))";
  for (int i = 2; i <= 20; ++i) {
    dump += ",(" + std::to_string(i) + "," + std::to_string(1 + i % 3) + ",0)";
  }
  std::vector<StoredDatabase> databases;
  for (DatabaseContents& contents : read_mysql_dump(dump + ";", "dump.sql")) {
    databases.push_back(store(std::move(contents)));
  }
  return std::make_unique<Server>(std::move(databases));
}

std::string seen(std::string_view statement) {
  static const auto shared = server();
  Connection connection(*shared, 1);
  connection.use("d");
  const Outcome outcome = connection.execute(statement);
  return outcome.kind == Outcome::Kind::kRows ? python_text(outcome.rows) : "Error: " + outcome.error;
}

TEST_CASE("set operations give rows as they are met first", "[intercodesql]") {
  CHECK(seen("SELECT v FROM plain UNION SELECT id FROM small") == "[(3,), (1,), (2,)]");
  CHECK(seen("SELECT v FROM plain INTERSECT SELECT id FROM small") == "[(3,), (1,), (2,)]");
  CHECK(seen("SELECT w FROM plain EXCEPT SELECT 'b'") == "[('c',), ('a',)]");
  CHECK(seen("SELECT v FROM plain UNION ALL SELECT 9 LIMIT 2") == "[(3,), (1,)]");
  CHECK(seen("SELECT x FROM (SELECT v AS x FROM plain UNION SELECT 0) AS t WHERE x < 3") == "[(1,), (2,), (0,)]");
  CHECK(seen("(SELECT v FROM plain ORDER BY v LIMIT 2) UNION SELECT 7") == "[(1,), (7,)]");
}

TEST_CASE("an index that holds all columns is read instead of the table", "[intercodesql]") {
  CHECK(seen("SELECT a FROM pair") == "[(2,), (3,), (4,), (1,)]");
  CHECK(seen("SELECT a, note FROM pair") == "[(1, 'x'), (2, 'y'), (3, 'x'), (4, 'z')]");
  CHECK(seen("SELECT b FROM pair WHERE a > 0") == "[(1,), (2,), (2,), (3,)]");
}

TEST_CASE("groups come as their first rows do, or sorted", "[intercodesql]") {
  CHECK(seen("SELECT w, COUNT(*) FROM plain GROUP BY w") == "[('c', 1), ('a', 2), ('b', 1)]");
  CHECK(seen("SELECT w, COUNT(DISTINCT v) FROM plain GROUP BY w") == "[('a', 1), ('b', 1), ('c', 1)]");
  CHECK(seen("SELECT DISTINCT w FROM plain") == "[('c',), ('a',), ('b',)]");
  CHECK(seen("SELECT note, MAX(a) FROM pair GROUP BY note") == "[('x', 3), ('y', 2), ('z', 4)]");
}

TEST_CASE("joins give rows in the order in which MySQL reads the tables", "[intercodesql]") {
  // The first table lies in a hash table, found from the last row on, for every row of the second.
  CHECK(
      seen("SELECT s.id, p.w FROM small s, plain p") ==
      "[(3, 'c'), (2, 'c'), (1, 'c'), (3, 'a'), (2, 'a'), (1, 'a'), (3, 'b'), (2, 'b'), (1, 'b'), (3, 'A'), (2, 'A'), "
      "(1, 'A')]");
  CHECK(seen("SELECT s.id, p.v FROM small s LEFT JOIN plain p ON p.v = s.id") == "[(1, 1), (1, 1), (2, 2), (3, 3)]");
  // The smaller table first, the other by its index.
  CHECK(seen("SELECT b.id FROM big b JOIN small s ON b.small_id = s.id WHERE b.id < 8 AND s.name <> 'x'") ==
        "[(3,), (6,), (4,), (7,), (1,), (2,), (5,)]");
  CHECK(seen("SELECT id FROM small WHERE id IN (SELECT v FROM plain WHERE w <> 'b')").size() == 12);
}

TEST_CASE("SHOW takes a WHERE clause over the columns it shows", "[intercodesql]") {
  CHECK(seen("SHOW TABLES WHERE Tables_in_d LIKE 'p%'") == "[('pair',), ('plain',)]");
  CHECK(seen("SHOW COLUMNS FROM pair WHERE `Key` = 'PRI' AND Type = 'INT'") ==
        "[('a', 'int', 'NO', 'PRI', None, ''), ('b', 'int', 'NO', 'PRI', None, '')]");
  CHECK(seen("SHOW INDEX FROM pair WHERE Seq_in_index > 1").starts_with("[('pair', 0, 'PRIMARY', 2, 'b'"));
  CHECK(seen("SHOW TABLES WHERE nothing = 1") == "Error: Unknown column 'nothing' in 'where clause'");
}

TEST_CASE("WITH ROLLUP adds the groups of every beginning of the list", "[intercodesql]") {
  CHECK(seen("SELECT note, b, COUNT(*) FROM pair GROUP BY note, b WITH ROLLUP") ==
        "[('x', 2, 1), ('x', 3, 1), ('x', None, 2), ('y', 1, 1), ('y', None, 1), ('z', 2, 1), ('z', None, 1), "
        "(None, None, 4)]");
  CHECK(seen("SELECT IFNULL(note, 'all') AS n, SUM(a) FROM pair GROUP BY note WITH ROLLUP HAVING SUM(a) > 3") ==
        "[('x', Decimal('4')), ('z', Decimal('4')), ('all', Decimal('10'))]");
  CHECK(seen("SELECT note, COUNT(*) FROM pair WHERE a > 9 GROUP BY note WITH ROLLUP") == "[]");
}

std::vector<std::size_t> sorted(const std::vector<int>& values, std::optional<std::uint64_t> limit,
                                std::optional<double> expected) {
  std::vector<Row> keys;
  for (const int value : values) keys.push_back({Value::of_int(value)});
  return sorted_positions(keys, {"a", limit, expected});
}

TEST_CASE("equal rows are sorted and cut as MySQL's sort does", "[intercodesql]") {
  const std::vector<int> five(5, 1), ten(10, 1);
  CHECK(sorted(five, std::nullopt, std::nullopt) == std::vector<std::size_t>{0, 1, 2, 3, 4});
  CHECK(sorted(five, 1, 0.0) == std::vector<std::size_t>{2});  // as recorded: five template types, LIMIT 1
  CHECK(sorted(ten, 1, 0.0) == std::vector<std::size_t>{8});   // ten students who like somebody
  CHECK(sorted(ten, 1, std::nullopt) == std::vector<std::size_t>{0});
  CHECK(sorted({3, 1, 2}, 2, std::nullopt) == std::vector<std::size_t>{1, 2});
  CHECK(sorted({3, 1, 2}, 0, std::nullopt).empty());
  CHECK(sorted({}, 5, std::nullopt).empty());
  // Makers by their number of models, most first: more than std::sort leaves stable.
  const std::vector<int> models = {-1, -2, -1, -5, -3, -4, -1, -2, -1, -1, -1, -1,
                                   -2, -1, -1, -1, -1, -1, -2, -1, -1, -1, -1};
  CHECK(sorted(models, std::nullopt, std::nullopt) ==
        std::vector<std::size_t>{3, 5, 4, 1, 7, 18, 12, 22, 0, 21, 20, 19, 17, 16, 15, 14, 13, 11, 10, 9, 8, 6, 2});
}

}  // namespace
}  // namespace intercodesql
