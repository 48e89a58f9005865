// Episodes over a small shop: statements end to end, private copies, forks.
#include "engine/connection.h"

#include <thread>

#include "engine/server.h"
#include "import/mysql_dump.h"
#include "tests/support/catch.h"

namespace intercodesql {
namespace {

std::unique_ptr<Server> shop(ServerSettings settings = {}) {
  const std::string dump = R"(
CREATE DATABASE `shop`; USE `shop`;
CREATE TABLE `item` (
  `id` int NOT NULL AUTO_INCREMENT, `name` varchar(10) COLLATE utf8mb4_general_ci NOT NULL, `price` decimal(6,2) DEFAULT '1.50',
  PRIMARY KEY (`id`), UNIQUE KEY `name` (`name`)) ENGINE=InnoDB AUTO_INCREMENT=7 DEFAULT CHARSET=utf8mb4;
INSERT INTO `item` VALUES (1,'Pen',2.50),(2,'ink ',NULL),(5,'Paper',10.00);
CREATE DATABASE `other`; USE `other`;
CREATE TABLE `t` (`a` int DEFAULT NULL);
)";
  std::vector<StoredDatabase> databases;
  for (DatabaseContents& contents : read_mysql_dump(dump, "dump.sql")) databases.push_back(store(std::move(contents)));
  return std::make_unique<Server>(std::move(databases), std::move(settings));
}

std::string seen(Connection& connection, std::string_view statement) {
  const Outcome outcome = connection.execute(statement);
  switch (outcome.kind) {
    case Outcome::Kind::kRows:
      return python_text(outcome.rows);
    case Outcome::Kind::kNone:
      return "None";
    case Outcome::Kind::kError:
      return "Error: " + outcome.error;
  }
  return "";
}

Connection connect(const Server& server, std::uint64_t seed = 1) {
  Connection connection(server, seed);
  REQUIRE(connection.use("SHOP"));
  return connection;
}

TEST_CASE("queries give typed rows and MySQL's errors", "[intercodesql]") {
  const auto server = shop();
  Connection connection = connect(*server);
  CHECK(seen(connection, "SELECT * FROM item") ==
        "[(1, 'Pen', Decimal('2.50')), (2, 'ink ', None), (5, 'Paper', Decimal('10.00'))]");
  CHECK(seen(connection, "SELECT COUNT(*), AVG(price), MAX(id)/3 FROM Item WHERE name <> 'INK'") ==
        "[(2, Decimal('6.250000'), Decimal('1.6667'))]");
  CHECK(seen(connection, "SELECT * FROM things") == "Error: Table 'shop.things' doesn't exist");
  CHECK(seen(connection, "SELECT cost FROM item") == "Error: Unknown column 'cost' in 'field list'");
  CHECK(seen(connection, "SELECT (SELECT id FROM item)") == "Error: Subquery returns more than 1 row");
  CHECK(seen(connection, "SELECT NTILE(0) OVER () FROM item") == "Error: Incorrect arguments to ntile");
  CHECK(seen(connection, "SELECT NTH_VALUE(id, 0) OVER () FROM item") == "Error: Incorrect arguments to nth_value");
  CHECK(seen(connection, "") == "None");
  CHECK(seen(connection, "USE other") == "None");
  CHECK(seen(connection, "SELECT COUNT(*) FROM shop.item, t") == "[(0,)]");
  CHECK(seen(connection, "USE nowhere") == "Error: Unknown database 'nowhere'");
  CHECK_FALSE(connection.has_written());
}

TEST_CASE("SHOW and DESCRIBE tell the declared schema", "[intercodesql]") {
  const auto server = shop();
  Connection connection = connect(*server);
  CHECK(seen(connection, "SHOW TABLES") == "[('item',)]");
  CHECK(seen(connection, "SHOW TABLES LIKE 'x%'") == "[]");
  CHECK(seen(connection, "SHOW DATABASES LIKE '%sch%'") == "[('information_schema',), ('performance_schema',)]");
  CHECK(seen(connection, "DESC item") ==
        "[('id', 'int', 'NO', 'PRI', None, 'auto_increment'), ('name', 'varchar(10)', 'NO', 'UNI', None, ''), "
        "('price', 'decimal(6,2)', 'YES', '', '1.50', '')]");
  CHECK(seen(connection, "SHOW COLUMNS FROM thing") == "Error: Table 'shop.thing' doesn't exist");
  CHECK(seen(connection, "SHOW CREATE TABLE other.t") ==
        "[('t', 'CREATE TABLE `t` (\\n  `a` int DEFAULT NULL\\n) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 "
        "COLLATE=utf8mb4_general_ci')]");
  CHECK(seen(connection,
             "SELECT table_name, table_rows FROM information_schema.tables WHERE table_schema = DATABASE()") ==
        "[('item', 3)]");
  CHECK(seen(connection, "SELECT column_name FROM information_schema.columns WHERE table_name = 'ITEM'") ==
        "[('id',), ('name',), ('price',)]");
}

TEST_CASE("what an episode writes is its own", "[intercodesql]") {
  const auto server = shop();
  Connection connection = connect(*server);
  CHECK(seen(connection, "INSERT INTO item (name) VALUES ('Ruler')") == "None");
  CHECK(connection.has_written());
  CHECK(seen(connection, "SELECT LAST_INSERT_ID(), ROW_COUNT()") == "[(7, 1)]");
  CHECK(seen(connection, "SELECT * FROM item WHERE name = 'ruler'") == "[(7, 'Ruler', Decimal('1.50'))]");
  CHECK(seen(connection, "UPDATE item SET price = price * 2 WHERE id = 1") == "None");
  CHECK(seen(connection, "DELETE FROM item WHERE price IS NULL") == "None");
  CHECK(seen(connection, "SELECT id, price FROM item") ==
        "[(1, Decimal('5.00')), (5, Decimal('10.00')), (7, Decimal('1.50'))]");

  Connection fork = connection;
  CHECK(seen(fork, "DELETE FROM item") == "None");
  CHECK(seen(fork, "SELECT COUNT(*) FROM item") == "[(0,)]");
  CHECK(seen(connection, "SELECT COUNT(*) FROM item") == "[(3,)]");

  Connection fresh = connect(*server);
  CHECK(seen(fresh, "SELECT COUNT(*), MIN(price) FROM item") == "[(3, Decimal('2.50'))]");
}

TEST_CASE("writes are refused as MySQL's strict mode refuses them", "[intercodesql]") {
  const auto server = shop();
  Connection connection = connect(*server);
  CHECK(seen(connection, "INSERT INTO item VALUES (1, 'x', 1)") == "Error: Duplicate entry '1' for key 'item.PRIMARY'");
  CHECK(seen(connection, "INSERT INTO item (name) VALUES ('PEN')") ==
        "Error: Duplicate entry 'PEN' for key 'item.name'");
  CHECK(seen(connection, "INSERT INTO item (name) VALUES ('a long long name')") ==
        "Error: Data too long for column 'name' at row 1");
  CHECK(seen(connection, "INSERT INTO item (name, price) VALUES ('a', 1), ('b', 99999)") ==
        "Error: Out of range value for column 'price' at row 2");
  CHECK(seen(connection, "UPDATE item SET name = NULL") == "Error: Column 'name' cannot be null");
  for (const char* statement :
       {"UPDATE item SET price = SUM(price) OVER w", "DELETE FROM item ORDER BY SUM(price) OVER () LIMIT 1",
        "INSERT INTO item VALUES (9, 'x', SUM(1) OVER w)"}) {
    CHECK(seen(connection, statement) == "Error: You cannot use the window function 'SUM' in this context.'");
  }
  std::string columns = "c INT";
  for (int i = 0; i < 4096; ++i) columns += ", c" + std::to_string(i) + " INT";
  CHECK(seen(connection, "CREATE TABLE wide (" + columns + ")") == "Error: Too many columns");
  CHECK_FALSE(connection.has_written());
  CHECK(seen(connection, "INSERT INTO information_schema.tables (table_name) VALUES ('x')").starts_with("Error: "));
}

TEST_CASE("schemas change in the episode, with their rows", "[intercodesql]") {
  const auto server = shop();
  Connection connection = connect(*server);
  CHECK(seen(connection, "ALTER TABLE item ADD COLUMN stock INT NOT NULL AFTER id, DROP COLUMN price") == "None");
  CHECK(seen(connection, "SELECT * FROM item") == "[(1, 0, 'Pen'), (2, 0, 'ink '), (5, 0, 'Paper')]");
  CHECK(seen(connection, "ALTER TABLE item MODIFY name VARCHAR(2)") ==
        "Error: Data too long for column 'name' at row 1");
  CHECK(seen(connection, "ALTER TABLE item ADD COLUMN stock INT") == "Error: Duplicate column name 'stock'");
  CHECK(seen(connection, "CREATE TABLE pair (a INT, b VARCHAR(5) DEFAULT 'x', PRIMARY KEY (a))") == "None");
  CHECK(seen(connection, "INSERT INTO pair (a) SELECT id FROM item WHERE id > 1") == "None");
  CHECK(seen(connection, "SELECT * FROM pair") == "[(2, 'x'), (5, 'x')]");
  CHECK(seen(connection, "CREATE TABLE pair (a INT)") == "Error: Table 'pair' already exists");
  CHECK(seen(connection, "CREATE TABLE copy AS SELECT name, id * 2 AS twice FROM item") == "None");
  CHECK(seen(connection, "SELECT * FROM copy") == "[('ink ', 4), ('Paper', 10), ('Pen', 2)]");
  CHECK(seen(connection, "CREATE INDEX by_b ON pair (b)") == "None");
  CHECK(seen(connection, "RENAME TABLE pair TO couple") == "None");
  CHECK(seen(connection, "CREATE TABLE pair (b INT, KEY by_b (b))") == "None");
  CHECK(seen(connection, "ALTER TABLE pair ADD COLUMN c INT") == "None");
  CHECK(seen(connection, "DESC pair") == "[('b', 'int', 'YES', 'MUL', None, ''), ('c', 'int', 'YES', '', None, '')]");
  CHECK(seen(connection, "DROP TABLE pair") == "None");
  CHECK(seen(connection, "TRUNCATE TABLE couple") == "None");
  CHECK(seen(connection, "SELECT COUNT(*) FROM couple") == "[(0,)]");
  CHECK(seen(connection, "DROP TABLE item, copy") == "None");
  CHECK(seen(connection, "SHOW TABLES") == "[('couple',)]");
  CHECK(seen(connection, "DROP TABLE item") == "Error: Unknown table 'shop.item'");
  CHECK(seen(connection, "CREATE DATABASE mine") == "None");
  CHECK(seen(connection, "CREATE TABLE mine.t (a INT)") == "None");
  CHECK(seen(connection, "DROP DATABASE shop") == "None");
  CHECK(seen(connection, "SELECT 1 FROM t") == "Error: No database selected");
  Connection fresh = connect(*server);
  CHECK(seen(fresh, "SHOW TABLES") == "[('item',)]");
}

TEST_CASE("a transaction that is rolled back leaves nothing", "[intercodesql]") {
  const auto server = shop();
  Connection connection = connect(*server);
  CHECK(seen(connection, "START TRANSACTION") == "None");
  CHECK(seen(connection, "DELETE FROM item") == "None");
  CHECK(seen(connection, "ROLLBACK") == "None");
  CHECK(seen(connection, "SELECT COUNT(*) FROM item") == "[(3,)]");
  CHECK_FALSE(connection.has_written());
}

TEST_CASE("SET changes the session only", "[intercodesql]") {
  const auto server = shop();
  Connection connection = connect(*server);
  const char* ungrouped = "SELECT name FROM item GROUP BY price";
  CHECK(seen(connection, ungrouped).starts_with("Error: Expression #1"));
  CHECK(seen(connection, "SET sql_mode = ''") == "None");
  CHECK(seen(connection, "SELECT @@sql_mode") == "[('',)]");
  CHECK(seen(connection, ungrouped).starts_with("[("));
  CHECK(seen(connection, "SET @x = 2 + 3, @y = 'z'") == "None");
  CHECK(seen(connection, "SELECT CAST(@x AS SIGNED), @y, @z") == "[(5, 'z', None)]");
  CHECK(seen(connection, "SET sql_mode = 'NONSENSE'") ==
        "Error: Variable 'sql_mode' can't be set to the value of 'NONSENSE'");
  CHECK(seen(connection, "SET nonsense = 1") == "Error: Unknown system variable 'nonsense'");
  Connection fresh = connect(*server);
  CHECK(seen(fresh, ungrouped).starts_with("Error: Expression #1"));
}

TEST_CASE("statements behind the first are not run", "[intercodesql]") {
  const auto server = shop();
  Connection connection = connect(*server);
  const Outcome outcome = connection.execute("SELECT 1; DELETE FROM item");
  CHECK(outcome.rest_refused);
  CHECK(python_text(outcome.rows) == "[(1,)]");
  CHECK_FALSE(connection.has_written());
  CHECK_FALSE(connection.execute("SELECT 1;").rest_refused);
}

TEST_CASE("an episode's clock stands still and its random numbers repeat", "[intercodesql]") {
  ServerSettings settings;
  settings.now = "2001-02-03 04:05:06";
  const auto server = shop(settings);
  Connection a = connect(*server, 5);
  Connection b = connect(*server, 5);
  Connection c = connect(*server, 6);
  CHECK(seen(a, "SELECT NOW(), CURDATE()") == "[(datetime.datetime(2001, 2, 3, 4, 5, 6), datetime.date(2001, 2, 3))]");
  const std::string first = seen(a, "SELECT RAND()");
  CHECK(seen(b, "SELECT NOW()") == seen(a, "SELECT NOW()"));
  CHECK(seen(b, "SELECT RAND()") == first);
  CHECK(seen(c, "SELECT RAND()") != first);
  CHECK(seen(a, "SELECT RAND()") != first);
}

TEST_CASE("a statement beyond its budget ends in one error, every time", "[intercodesql]") {
  ServerSettings settings;
  settings.budget.steps = 200'000;
  const auto server = shop(settings);
  Connection connection = connect(*server);
  const std::string cross =
      "SELECT COUNT(*) FROM item a, item b, item c, item d, item e, item f, item g, item h, item i, item j, item k, "
      "item l";
  for (int i = 0; i < 3; ++i) CHECK(seen(connection, cross) == "Error: " + std::string(kBudgetError));
  CHECK(seen(connection, "SELECT COUNT(*) FROM item") == "[(3,)]");
}

TEST_CASE("many threads read and write beside each other", "[intercodesql]") {
  const auto server = shop();
  std::vector<std::thread> threads;
  std::vector<std::string> answers(4);
  for (std::size_t i = 0; i < answers.size(); ++i) {
    threads.emplace_back([&, i] {
      for (int round = 0; round < 20; ++round) {
        Connection connection(*server, i);
        connection.use("shop");
        connection.execute("SELECT * FROM item ORDER BY name");
        connection.execute("UPDATE item SET price = " + std::to_string(i));
        answers[i] = python_text(connection.execute("SELECT SUM(price) FROM item").rows);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (std::size_t i = 0; i < answers.size(); ++i)
    CHECK(answers[i] == "[(Decimal('" + std::to_string(3 * i) + ".00'),)]");
}

}  // namespace
}  // namespace intercodesql
