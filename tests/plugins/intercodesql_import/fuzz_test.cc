// Damaged dumps, folders and caches: each is read, or refused with its file, and what was read can be stored.
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

#include "import/load.h"
#include "import/mysql_dump.h"
#include "import/spider.h"
#include "ipr/plugin.hpp"
#include "tests/support/catch.h"
#include "tests/support/fuzz_rounds.h"
#include "tests/support/shared_data.h"

namespace intercodesql {
namespace {

namespace fs = std::filesystem;

const std::string kDump = R"(-- MySQL dump 10.13
/*!40101 SET NAMES utf8mb4 */;
CREATE DATABASE /*!32312 IF NOT EXISTS*/ `shop` /*!40100 DEFAULT CHARACTER SET utf8mb4 */;
USE `shop`;
DROP TABLE IF EXISTS `item`;
CREATE TABLE `item` (
  `Id` int NOT NULL AUTO_INCREMENT,
  `Name (full)` varchar(40) COLLATE utf8mb4_general_ci NOT NULL DEFAULT 'it''s',
  `price` decimal(19,4) DEFAULT NULL,
  `weight` float(10,2) DEFAULT '0.00',
  `kind` enum('a','b') DEFAULT NULL,
  `made` timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
  `note` text,
  PRIMARY KEY (`Id`),
  UNIQUE KEY `name` (`Name (full)`),
  KEY `both` (`price`,`note`(10)),
  CONSTRAINT `fk` FOREIGN KEY (`price`) REFERENCES `owner` (`id`) ON DELETE CASCADE
) ENGINE=InnoDB AUTO_INCREMENT=13 DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
LOCK TABLES `item` WRITE;
/*!40000 ALTER TABLE `item` DISABLE KEYS */;
INSERT INTO `item` VALUES (1,'a\'b\\c',12.5000,0.30,'a','2018-03-09 00:03:39',NULL),(2,'ü',NULL,-1.5e2,NULL,'0000-00-00 00:00:00','x');
UNLOCK TABLES;
CREATE USER 'admin'@'%' IDENTIFIED BY 'x';
)";

const std::string kTables = R"([{"db_id": "shop", "table_names_original": ["Item", "Owner"], "foreign_keys": [[4, 5]],
  "primary_keys": [1, 5], "column_names_original": [[-1, "*"], [0, "Id"], [0, "Name"], [0, "Made"], [0, "Owner_ID"],
  [1, "ID"], [1, "Age"]]}])";

const std::vector<std::string> kPieces = {"`",
                                          "'",
                                          "\"",
                                          "(",
                                          ")",
                                          ",",
                                          ";",
                                          "\\",
                                          "\n",
                                          "--",
                                          "/*",
                                          "*/",
                                          "/*!",
                                          "NULL",
                                          "int",
                                          "char(",
                                          "9999999999",
                                          "-1",
                                          "0x41",
                                          "_utf8'",
                                          "KEY",
                                          "UNIQUE",
                                          "1",
                                          "`Id`",
                                          "`item`",
                                          "enum(",
                                          "DEFAULT",
                                          "NOT NULL",
                                          "USE `d`",
                                          "\xff",
                                          "\0x",
                                          "CREATE",
                                          "TABLE",
                                          ".",
                                          "INSERT",
                                          "VALUES",
                                          "decimal(",
                                          "geometry ",
                                          "1e400",
                                          "[",
                                          "]",
                                          "{",
                                          "\"db_id\"",
                                          ":",
                                          "-",
                                          "true",
                                          "REFERENCES `item` (`Id`)"};

class Damage {
 public:
  explicit Damage(unsigned seed) : random_(seed) {}

  std::string to(std::string text) {
    for (std::size_t changes = 1 + below(4); changes > 0; --changes) change(text);
    return text;
  }

 private:
  std::size_t below(std::size_t limit) { return limit == 0 ? 0 : random_() % limit; }

  void change(std::string& text) {
    const std::size_t at = below(text.size());
    const std::size_t length = below(std::min<std::size_t>(text.size() - at, 40));
    switch (below(6)) {
      case 0:
        text.erase(at, length);
        break;
      case 1:
        text.insert(at, kPieces[below(kPieces.size())]);
        break;
      case 2:
        if (!text.empty()) text[at] = static_cast<char>(random_());
        break;
      case 3:
        text.insert(below(text.size()), text.substr(at, length));
        break;
      case 4:
        text.replace(at, length, kPieces[below(kPieces.size())]);
        break;
      default:
        if (!text.empty()) text[at] = static_cast<char>(text[at] ^ (1 << below(8)));
    }
  }

  std::mt19937 random_;
};

// Reads and stores; refusals have to be of one kind, and to say where.
template <typename Read>
bool is_read(Read read, const std::string& place) {
  try {
    for (DatabaseContents& contents : read()) static_cast<void>(store(std::move(contents)));
    return true;
  } catch (const ipr::sdk::Failure& failure) {
    const std::string message = failure.what();
    CAPTURE(message);
    CHECK(failure.code() == IPR_DATA_LOSS);
    CHECK((message.find(place) != std::string::npos || message.starts_with("database \"")));
    return false;
  }
}

std::string bytes_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return std::move(text).str();
}

void write_file(const std::string& path, const std::string& text) {
  fs::create_directories(fs::path(path).parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

TEST_CASE("a damaged dump is read or refused", "[intercodesql][fuzz]") {
  Damage damage(20240611);
  std::size_t read = 0;
  const std::size_t rounds = ipr::test::fuzz_rounds(4000);
  for (std::size_t round = 0; round < rounds; ++round) {
    const std::string dump = damage.to(kDump);
    CAPTURE(dump);
    read += is_read([&] { return read_mysql_dump(dump, "dump.sql"); }, "dump.sql:") ? 1 : 0;
  }
  CHECK(read > rounds / 20);
}

TEST_CASE("a damaged folder of Spider's is read or refused", "[intercodesql][fuzz]") {
  const ipr::test::TempFolder folder;
  const std::string list = folder.file("tables.json"), file = folder.file("database/shop/shop.sqlite");
  write_file(list, kTables);
  fs::create_directories(fs::path(file).parent_path());
  {
    sqlite3* opened = nullptr;
    REQUIRE(sqlite3_open(file.c_str(), &opened) == SQLITE_OK);
    const sqlite::Database database(opened);
    sqlite::run(opened,
                "PRAGMA page_size = 512; CREATE TABLE Item (Id INTEGER PRIMARY KEY, Name varchar(9), Made date, "
                "Owner_ID INT); INSERT INTO Item VALUES (2, 'longer', '2018-3-9', 7), (1, NULL, NULL, 7);"
                "CREATE TABLE Owner (ID int PRIMARY KEY, Age INT); INSERT INTO Owner VALUES (7, 3.5), (8, 4);");
  }
  const std::string whole = bytes_of(file);
  Damage damage(20240612);
  std::size_t read = 0;
  const std::size_t rounds = ipr::test::fuzz_rounds(400);
  for (std::size_t round = 0; round < rounds; ++round) {
    const std::string tables = round % 2 == 0 ? damage.to(kTables) : kTables;
    CAPTURE(tables, round);
    write_file(list, tables);
    write_file(file, round % 2 == 0 ? whole : damage.to(whole));
    read += is_read([&] { return read_spider(folder.path()); }, folder.path()) ? 1 : 0;
  }
  CHECK(read > rounds / 20);
}

TEST_CASE("a damaged cache is used or thrown away", "[intercodesql][fuzz]") {
  std::vector<StoredDatabase> databases;
  for (DatabaseContents& contents : read_mysql_dump(kDump, "dump.sql")) databases.push_back(store(std::move(contents)));
  const std::string whole = pack_databases(databases);
  const std::string head = whole.substr(0, whole.find('\n'));
  Damage damage(20240613);
  const std::size_t rounds = ipr::test::fuzz_rounds(2000);
  for (std::size_t round = 0; round < rounds; ++round) {
    const std::string packed = damage.to(head) + whole.substr(head.size());
    CAPTURE(packed.substr(0, packed.find('\n')));
    for (const StoredDatabase& database : unpack_databases(packed)) {
      CHECK(database.image != nullptr);
      CHECK(database.schema != nullptr);
    }
  }
}

}  // namespace
}  // namespace intercodesql
