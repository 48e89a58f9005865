#include "import/mysql_dump.h"

#include <string>

#include "ipr/plugin.hpp"
#include "tests/support/catch.h"

namespace intercodesql {
namespace {

const std::string kBegin =
    "CREATE DATABASE IF NOT EXISTS `Shop` /*!40100 DEFAULT CHARACTER SET utf8mb4 */;\nUSE `Shop`;\n";

std::string message_of(const std::string& dump) {
  try {
    static_cast<void>(read_mysql_dump(dump, "dump.sql"));
  } catch (const ipr::sdk::Failure& failure) {
    CHECK(failure.code() == IPR_DATA_LOSS);
    return failure.what();
  }
  return "";
}

TEST_CASE("a dump's table keeps types, keys, defaults and rows", "[intercodesql]") {
  const auto databases = read_mysql_dump(kBegin + R"(
-- a comment; with a semicolon
DROP TABLE IF EXISTS `Items`;
/*!40101 SET @saved_cs_client     = @@character_set_client */;
CREATE TABLE `Items` (
  `Id` int NOT NULL AUTO_INCREMENT,
  `Name (full)` varchar(40) COLLATE utf8mb4_general_ci NOT NULL DEFAULT 'it''s',
  `price` decimal(19,4) DEFAULT NULL,
  `weight` float(10,2) DEFAULT '0.00',
  `owner_id` int unsigned DEFAULT NULL,
  `made` timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
  PRIMARY KEY (`Id`),
  UNIQUE KEY `name` (`Name (full)`),
  KEY `owner` (`owner_id`,`price`),
  CONSTRAINT `fk` FOREIGN KEY (`owner_id`) REFERENCES `Owners` (`id`) ON DELETE CASCADE
) ENGINE=InnoDB AUTO_INCREMENT=13 DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
LOCK TABLES `Items` WRITE;
/*!40000 ALTER TABLE `Items` DISABLE KEYS */;
INSERT INTO `Items` VALUES (1,'a\'b\\c\nd;',12.5000,0.30,7,'2018-03-09 00:03:39'),(2,'x''y',NULL,-1.5e2,NULL,'2018-03-09 00:00:00');
UNLOCK TABLES;
)",
                                         "dump.sql");
  REQUIRE(databases.size() == 1);
  const Schema& schema = databases[0].schema;
  CHECK(schema.database == "shop");
  const Table* table = schema.find("ITEMS");
  REQUIRE(table != nullptr);
  CHECK(table->name == "items");
  REQUIRE(table->columns.size() == 6);
  CHECK(table->columns[0].key == "PRI");
  CHECK(table->columns[0].extra == "auto_increment");
  CHECK(table->columns[1].name == "Name (full)");
  CHECK(table->columns[1].default_text == "it's");
  CHECK(table->columns[1].key == "UNI");
  CHECK(table->columns[2].type_text == "decimal(19,4)");
  CHECK(table->columns[2].type == Type{BaseType::kDecimal, 19, 4});
  CHECK(table->columns[3].type == Type{BaseType::kFloat, 10, 2});
  CHECK(table->columns[4].type_text == "int unsigned");
  CHECK(table->columns[4].key == "MUL");
  CHECK(table->columns[5].extra == "DEFAULT_GENERATED");
  CHECK_FALSE(table->columns[5].nullable);
  CHECK(table->primary_key == std::vector<std::size_t>{0});
  CHECK(table->unique_keys == std::vector<std::vector<std::size_t>>{{1}});
  CHECK(table->next_auto_id == 13);
  CHECK(table->options == "ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci");
  REQUIRE(table->foreign_keys.size() == 1);
  CHECK(table->foreign_keys[0].table == "owners");
  CHECK(table->foreign_keys[0].actions == "ON DELETE CASCADE");
  REQUIRE(databases[0].rows[0].size() == 2);
  CHECK(databases[0].rows[0][0][1] == Value::of_text("a'b\\c\nd;"));
  CHECK(databases[0].rows[0][1][1] == Value::of_text("x'y"));
  CHECK(databases[0].rows[0][1][2] == Value::null());
  CHECK(databases[0].rows[0][0][4] == Value::of_unsigned(7));
}

TEST_CASE("an INSERT that names columns fills the others with their defaults", "[intercodesql]") {
  const auto databases = read_mysql_dump(kBegin +
                                             "CREATE TABLE t (a int, b varchar(9) DEFAULT 'x', c int DEFAULT NULL);\n"
                                             "INSERT INTO t (c, a) VALUES (3, 1);",
                                         "dump.sql");
  CHECK(databases[0].rows[0][0] == Row{Value::of_int(1), Value::of_text("x"), Value::of_int(3)});
}

TEST_CASE("a malformed dump is refused with its line and what was expected", "[intercodesql]") {
  const std::string table = kBegin + "CREATE TABLE t (a int, b text);\n";
  CHECK(message_of("hello") == "dump.sql:1: expected a statement of mysqldump, found \"hello\"");
  CHECK(message_of("CREATE TABLE t (a int);") == "dump.sql:1: expected USE of a database before this statement");
  CHECK(message_of("USE x;") == "dump.sql:1: expected a database that was created before, found `x`");
  CHECK(message_of(table + "INSERT INTO u VALUES (1,'a');") ==
        "dump.sql:4: expected a table that was created before, found `u`");
  CHECK(message_of(table + "INSERT INTO t VALUES\n(1);") == "dump.sql:5: expected 2 values for `t`, found \")\"");
  CHECK(message_of(table + "INSERT INTO t VALUES (1,'a','b');") ==
        "dump.sql:4: expected \")\" after 2 values for `t`, found \",\"");
  CHECK(message_of(table + "INSERT INTO t VALUES ('one','a');") ==
        "dump.sql:4: expected a number or NULL for column `a`, found \"one\"");
  CHECK(message_of(table + "INSERT INTO t VALUES (1,'a\nb);") ==
        "dump.sql:4: expected a closing ' behind the text that begins here");
  CHECK(message_of(table + "/* never closed") == "dump.sql:4: expected \"*/\" behind the comment that begins here");
  CHECK(message_of(kBegin + "CREATE TABLE t (a blurb);") ==
        "dump.sql:3: expected a type of MySQL for column `a`, found \"blurb\"");
  CHECK(message_of(kBegin + "CREATE TABLE t (a int") ==
        "dump.sql:3: expected an attribute of column `a`, \",\" or \")\", found the end of the file");
  CHECK(message_of(kBegin + "CREATE TABLE t (a int, KEY k (b));") ==
        "dump.sql:3: expected a column of `t`, found \"b\"");
  CHECK(message_of(table + "CREATE TABLE T (a int);") == "dump.sql:4: expected a new table, found `t` again");
}

TEST_CASE("every beginning of a dump is read or refused, never more", "[intercodesql]") {
  const std::string dump = kBegin +
                           "CREATE TABLE `t` (`a` int NOT NULL, `b` text COLLATE utf8mb4_bin, KEY `k` (`b`(10)));\n"
                           "INSERT INTO `t` VALUES (-1,'x\\'y'),(2,_binary 'z'),(3,0x4142);\n";
  for (std::size_t length = 0; length <= dump.size(); ++length) {
    CAPTURE(length);
    const std::string message = message_of(dump.substr(0, length));
    CHECK((message.empty() || message.starts_with("dump.sql:")));
  }
}

}  // namespace
}  // namespace intercodesql
