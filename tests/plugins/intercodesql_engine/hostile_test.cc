// Statements of an agent that means harm, or of a model that has lost its way: each ends in a message within the
// budget.
#include <vector>

#include "engine/connection.h"
#include "engine/server.h"
#include "import/mysql_dump.h"
#include "tests/support/catch.h"

namespace intercodesql {
namespace {

std::unique_ptr<Server> small_server() {
  const std::string dump =
      "CREATE DATABASE d; USE d; CREATE TABLE t (a int NOT NULL, b text, PRIMARY KEY (a));"
      "INSERT INTO t VALUES (1,'x'),(2,'y'),(3,NULL);";
  std::vector<StoredDatabase> databases;
  for (DatabaseContents& contents : read_mysql_dump(dump, "dump.sql")) databases.push_back(store(std::move(contents)));
  ServerSettings settings;
  settings.budget.steps = 300'000;
  settings.budget.rows = 10'000;
  settings.budget.bytes = 4 << 20;
  settings.budget.private_bytes = 1 << 20;
  return std::make_unique<Server>(std::move(databases), settings);
}

std::string repeated(const std::string& text, int count) {
  std::string result;
  for (int i = 0; i < count; ++i) result += text;
  return result;
}

// `form` with each of `count` numbers in the place of its #, separated by commas.
std::string listed(const std::string& form, int count) {
  std::string result;
  const std::size_t place = form.find('#');
  for (int i = 0; i < count; ++i) {
    result.append(i == 0 ? "" : ", ").append(form, 0, place).append(std::to_string(i)).append(form, place + 1);
  }
  return result;
}

std::vector<std::string> hostile_statements() {
  std::vector<std::string> all = {
      // Reaching out of the database
      "ATTACH DATABASE '/tmp/x' AS x",
      "DETACH DATABASE d",
      "PRAGMA writable_schema = 1",
      "VACUUM INTO '/tmp/x'",
      "SELECT load_extension('/tmp/x')",
      "SELECT readfile('/etc/passwd')",
      "SELECT writefile('/tmp/x', 'y')",
      "SELECT LOAD_FILE('/etc/passwd')",
      "SELECT * FROM t INTO OUTFILE '/tmp/x'",
      "SELECT b FROM t INTO DUMPFILE '/tmp/x'",
      "LOAD DATA INFILE '/etc/passwd' INTO TABLE t",
      "SELECT * FROM sqlite_master",
      "SELECT * FROM d.sqlite_master",
      "SELECT * FROM `sqlite_schema`",
      "SELECT * FROM pragma_table_info('t')",
      "SELECT * FROM `main`.`t`",
      "UPDATE sqlite_master SET sql = ''",
      "DELETE FROM information_schema.tables",
      "DROP TABLE information_schema.tables",
      "DROP DATABASE mysql",
      "CREATE TABLE mysql.t (a INT)",
      "SELECT sqlite_version()",
      "SELECT randomblob(1000000000)",
      "SELECT zeroblob(1000000000)",
      "SELECT my_raise(1, 'x')",
      "SELECT my_store(1, 'int', 'c')",
      "SELECT fts3_tokenizer('x')",
      "CREATE FUNCTION f RETURNS STRING SONAME 'x.so'",
      "INSTALL PLUGIN p SONAME 'x.so'",
      "SHUTDOWN",
      "KILL 1",
      "SET GLOBAL general_log_file = '/tmp/x'",
      "CALL sys.diagnostics(1, 1, 'x')",
      "GRANT ALL ON *.* TO x",
      // Endless work
      "WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n) SELECT * FROM n",
      "WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n) SELECT COUNT(*) FROM n",
      "WITH RECURSIVE n AS (SELECT 'x' AS s UNION ALL SELECT CONCAT(s, s) FROM n) SELECT * FROM n",
      "SELECT COUNT(*) FROM t a, t b, t c, t d, t e, t f, t g, t h, t i, t j, t k, t l, t m, t n",
      "SELECT * FROM t a, t b, t c, t d, t e, t f, t g, t h, t i, t j, t k ORDER BY a.b, k.b",
      "SELECT SLEEP(1000000)",
      "SELECT BENCHMARK(1000000000, MD5('x'))",
      "SELECT GET_LOCK('x', 1000000)",
      "SELECT b REGEXP '(a*)*(a*)*(a*)*b' FROM t",
      "SELECT REPEAT('a', 100000) REGEXP '(a|aa)+$'",
      "SELECT REPEAT('a', 100000) LIKE '%a%a%a%a%a%a%a%a%a%b'",
      "SELECT 'x' REGEXP '((((x{999}){999}){999}){999})'",
      // Huge values
      "SELECT REPEAT('x', 1000000000)",
      "SELECT REPEAT(REPEAT('x', 100000), 100000)",
      "SELECT SPACE(2000000000)",
      "SELECT LPAD('x', 2000000000, 'y')",
      "SELECT RPAD(b, 1000000, 'y') FROM t a, (SELECT 1 UNION SELECT 2) x",
      "SELECT GROUP_CONCAT(REPEAT('x', 100000)) FROM t a, t b, t c, t d, t e",
      "SELECT REPLACE(REPEAT('a', 1000000), 'a', REPEAT('b', 1000))",
      "SELECT HEX(REPEAT('x', 1000000))",
      "SELECT 99999999999999999999999999999999 * 99999999999999999999999999999999",
      "SELECT POW(10, 400)",
      "SELECT EXP(10000)",
      "SELECT -9223372036854775808 / -1, -9223372036854775808 DIV -1",
      "SELECT ABS(-9223372036854775808)",
      "SELECT 9223372036854775807 + 1",
      "SELECT 1 << 100000",
      "SELECT CAST('1e400' AS DECIMAL(65,30))",
      "SELECT ROUND(1e308, 400)",
      "SELECT DATE_ADD('9999-12-31', INTERVAL 9223372036854775807 DAY)",
      "SELECT FROM_UNIXTIME(1e30)",
      "SELECT MAKEDATE(9999, 9223372036854775807)",
      "SELECT SEC_TO_TIME(1e300)",
      "SELECT PERIOD_ADD(9223372036854775807, 1)",
      "SELECT STR_TO_DATE(REPEAT('9', 100000), '%Y%m%d')",
      "SELECT CONV(REPEAT('Z', 100000), 36, 2)",
      "SELECT INSERT('abc', 9223372036854775807, 1, 'x'), SUBSTRING('abc', -9223372036854775808)",
      "SELECT CHAR(1114112, 55296, 4294967295)",
      "SELECT FORMAT(1e300, 30)",
      "SELECT ELT(9223372036854775807, 'a')",
      "SELECT * FROM t LIMIT 18446744073709551615",
      "SELECT * FROM t LIMIT 1 OFFSET 18446744073709551615",
      // Writes that grow
      "INSERT INTO t (a, b) SELECT x.a * 1000 + y.a * 100 + z.a, REPEAT('x', 60000) FROM t x, t y, t z",
      "UPDATE t SET b = REPEAT('x', 1000000)",
      "CREATE TABLE big AS SELECT REPEAT('x', 60000) AS s FROM t a, t b, t c, t d",
      "ALTER TABLE t ADD COLUMN c INT, ADD COLUMN c INT",
      "CREATE TABLE u (a INT, a INT)",
      "CREATE TABLE u (PRIMARY KEY (a))",
      "DROP TABLE t, t",
      "RENAME TABLE t TO u, u TO t, t TO nowhere.t",
      // Encodings and shapes
      std::string("SELECT '\0'", 10),
      std::string("\0", 1),
      "SELECT '\xFF\xFE'",
      "\xC3\x28",
      "SELECT \xEF\xBB\xBF 1",
      "\xEF\xBB\xBFSELECT 1",
      "SELECT '\xED\xA0\x80'",
      "SELECT `",
      "SELECT '",
      "SELECT \"",
      "/*",
      "/*! SELECT",
      "-- x",
      ";",
      ";;;",
      "SELECT 1 /* x",
      "'",
      "\\",
      "SELECT '\xF4\x8F\xBF\xBF' LIKE '_'",
      "SELECT _latin1 'x'",
      "SELECT N'x', X'ZZ', 0x",
      "SELECT @@nothing",
      "SELECT @`",
      "DELIMITER //",
      "EXPLAIN SELECT * FROM t",
      "PREPARE s FROM 'SELECT 1'",
      "HANDLER t OPEN",
      "DO 1",
      "XA START 'x'",
      "LOCK TABLES t WRITE",
      "SELECT * FROM t PROCEDURE ANALYSE()",
      "SHOW BINARY LOGS",
      "SHOW CREATE TABLE nowhere.t",
      "SELECT * FROM t WHERE a = (SELECT a FROM t WHERE a = (SELECT MAX(a) FROM t WHERE b = x.b))",
      "SELECT RAND(), UUID()",
      "SET @a = REPEAT('x', 1000000)",
      "SELECT @a := CONCAT(IFNULL(@a, 'x'), @a) FROM t a, t b, t c, t d",

      "DESC `sqlite_master`",
      "UPDATE t SET a = SUM(a) OVER w",
      "UPDATE t SET a = ROW_NUMBER() OVER () ORDER BY RANK() OVER w",
      "INSERT INTO t VALUES (SUM(1) OVER w, 'x')",
      "INSERT INTO t VALUES (1, 'x') ON DUPLICATE KEY UPDATE a = SUM(a) OVER w",
      "DELETE FROM t ORDER BY ROW_NUMBER() OVER w LIMIT 1",
      "SET @a = SUM(1) OVER w",
      "SELECT NTILE(0) OVER () FROM t",
      "SELECT NTILE(@nothing) OVER () FROM t",
      "SELECT NTH_VALUE(a, 0) OVER () FROM t",
      "SELECT LEAD(a, 9223372036854775807) OVER (ORDER BY a) FROM t",
  };
  // Nesting and length
  for (const int depth : {50, 1000, 5000, 100'000}) {
    all.push_back("SELECT " + repeated("(", depth) + "1" + repeated(")", depth));
    all.push_back("SELECT " + repeated("(SELECT ", depth) + "1" + repeated(")", depth));
    all.push_back("SELECT " + repeated("NOT ", depth) + "1");
    all.push_back("SELECT " + repeated("- ", depth) + "1");
    all.push_back("SELECT 1" + repeated(" + 1", depth));
    all.push_back("SELECT 1" + repeated(" AND 1", depth));
    all.push_back("SELECT 1" + repeated(" UNION SELECT 1", depth));
    all.push_back("SELECT 1 IN (1" + repeated(", 1", depth) + ")");
    all.push_back("SELECT CONCAT('a'" + repeated(", 'a'", depth) + ")");
    all.push_back("SELECT CASE" + repeated(" WHEN 0 THEN 1", depth) + " END");
    all.push_back("SELECT 1" + repeated(", 1", depth));
    all.push_back("SELECT 1 FROM t" + repeated(" JOIN t", depth));
    all.push_back("SELECT " + repeated("ABS(", depth) + "1" + repeated(")", depth));
    all.push_back("SELECT * FROM " + repeated("(SELECT * FROM ", depth) + "t" + repeated(") x", depth));
    all.push_back("SELECT '" + repeated("x", depth * 10) + "'");
    all.push_back("SELECT " + repeated("x", depth));
    all.push_back(repeated("SELECT 1;", depth));
    all.push_back("INSERT INTO t VALUES (9, 'x')" + repeated(", (9, 'x')", depth));
    // Calls at many places, each with something to remember
    all.push_back("INSERT INTO t VALUES " + listed("(1#, 'x')", depth));
    all.push_back("INSERT INTO t VALUES " + listed("(1#, 'x' REGEXP 'a#')", depth));
    all.push_back("INSERT INTO t VALUES " + listed("(1#, RAND(#))", depth));
    all.push_back("SELECT " + listed("b REGEXP 'a#'", depth) + " FROM t");
    all.push_back("CREATE TABLE u (" + listed("c# INT", depth) + ")");
    all.push_back("ALTER TABLE t " + listed("ADD COLUMN c# INT", depth));
    all.push_back("DROP TABLE " + listed("t#", depth));
    all.push_back("WITH " + listed("c# AS (SELECT 1)", depth) + " SELECT 1");
    all.push_back("SELECT * FROM (SELECT " + listed("1 AS c#", depth) + ") x");
    all.push_back("SELECT a FROM t GROUP BY " + listed("a + #", depth));
    all.push_back("SET " + listed("@v# = 1", depth));
  }
  for (const int count : {10, 25, 40}) {  // every table twice the one before
    std::string with = "WITH c0 AS (SELECT 1 AS x)";
    for (int i = 1; i <= count; ++i) {
      const std::string before = std::to_string(i - 1);
      with +=
          std::string(", c").append(std::to_string(i)) + " AS (SELECT p.x FROM c" + before + " p, c" + before + " q)";
    }
    all.push_back(with + " SELECT COUNT(*) FROM c" + std::to_string(count));
    all.push_back("UPDATE t SET a = (" + with + " SELECT COUNT(*) FROM c" + std::to_string(count) + ")");
    all.push_back("SET @x = (" + with + " SELECT COUNT(*) FROM c" + std::to_string(count) + ")");
    all.push_back("SELECT * FROM t WHERE a IN (" + with + " SELECT x FROM c" + std::to_string(count) + ")");
  }
  return all;
}

TEST_CASE("hostile statements end in a message, and leave the server as it was", "[intercodesql]") {
  const auto server = small_server();
  const std::vector<std::string> statements = hostile_statements();
  CHECK(statements.size() >= 200);
  for (const std::string& statement : statements) {
    CAPTURE(statement.substr(0, 120));
    Connection connection(*server, 1);
    REQUIRE(connection.use("d"));
    const Outcome first = connection.execute(statement);
    CHECK((first.kind != Outcome::Kind::kError || !first.error.empty()));
    CHECK(first.error.find("Internal error") == std::string::npos);
    CHECK(first.rows.size() <= 10'000);
    CHECK(connection.private_bytes() <= (1 << 20) + 64'000);

    Connection again(*server, 1);
    again.use("d");
    const Outcome second = again.execute(statement);
    CHECK(second.error == first.error);
    CHECK(python_text(second.rows) == python_text(first.rows));
  }
  Connection fresh(*server, 1);
  fresh.use("d");
  CHECK(python_text(fresh.execute("SELECT * FROM t").rows) == "[(1, 'x'), (2, 'y'), (3, None)]");
  CHECK(python_text(fresh.execute("SHOW TABLES").rows) == "[('t',)]");
}

}  // namespace
}  // namespace intercodesql
