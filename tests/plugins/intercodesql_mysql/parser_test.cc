#include "mysql/parser.h"

#include <string>

#include "tests/support/catch.h"

using namespace intercodesql;
using namespace intercodesql::mysql;

namespace {

std::string print(const Expr& expr);

std::string print_args(const Expr& expr, std::string_view between) {
  std::string text;
  for (const ExprPtr& arg : expr.args) text += (text.empty() ? "" : std::string(between)) + print(*arg);
  return text;
}

std::string sign_of(Op op) {
  switch (op) {
    case Op::kAdd:
      return "+";
    case Op::kSubtract:
      return "-";
    case Op::kMultiply:
      return "*";
    case Op::kDivide:
      return "/";
    case Op::kBitOr:
      return "|";
    case Op::kBitXor:
      return "^";
    case Op::kEqual:
      return "=";
    case Op::kLess:
      return "<";
    default:
      return "?";
  }
}

// Every operation in parentheses: precedence made visible.
std::string print(const Expr& expr) {
  switch (expr.kind) {
    case ExprKind::kColumn:
      return expr.table.empty() ? expr.name : expr.table + "." + expr.name;
    case ExprKind::kInteger:
    case ExprKind::kString:
      return expr.text;
    case ExprKind::kAnd:
      return "(" + print_args(expr, " and ") + ")";
    case ExprKind::kOr:
      return "(" + print_args(expr, " or ") + ")";
    case ExprKind::kXor:
      return "(" + print_args(expr, " xor ") + ")";
    case ExprKind::kNot:
      return "(not " + print_args(expr, "") + ")";
    case ExprKind::kNegate:
      return "(-" + print_args(expr, "") + ")";
    case ExprKind::kArithmetic:
    case ExprKind::kCompare:
      return "(" + print_args(expr, sign_of(expr.op)) + ")";
    case ExprKind::kIsNull:
      return "(" + print_args(expr, "") + (expr.is_negated ? " not null)" : " null)");
    case ExprKind::kBetween:
      return "(between " + print_args(expr, " ") + ")";
    case ExprKind::kLike:
      return std::string(expr.is_negated ? "(not like " : "(like ") + print_args(expr, " ") + ")";
    case ExprKind::kInList:
      return "(in " + print_args(expr, " ") + ")";
    default:
      return expr.name + "[" + print_args(expr, ", ") + "]";
  }
}

Statement accepted(std::string_view text) {
  auto result = parse(text);
  INFO(text);
  if (auto* error = std::get_if<MysqlError>(&result)) FAIL(error->text);
  return std::move(std::get<Statement>(result));
}

const Query& query_of(const Statement& statement) {
  return *std::get<QueryPtr>(statement.command);
}

std::string tree(const std::string& expression) {
  const Statement statement = accepted("SELECT " + expression);
  return print(*query_of(statement).select->items.at(0).expr);
}

}  // namespace

TEST_CASE("operators bind as MySQL 8 binds them", "[mysql][parser]") {
  CHECK(tree("a OR b AND c XOR d") == "(a or ((b and c) xor d))");
  CHECK(tree("a || b && c") == "(a or (b and c))");
  CHECK(tree("NOT a = b") == "(not (a=b))");
  CHECK(tree("!a = b") == "((not a)=b)");
  CHECK(tree("a = b IS NULL") == "((a=b) null)");
  CHECK(tree("a = b = c") == "((a=b)=c)");
  CHECK(tree("a + b * c - d") == "((a+(b*c))-d)");
  CHECK(tree("a - b - c") == "((a-b)-c)");
  CHECK(tree("a | b + c ^ d") == "(a|(b+(c^d)))");
  CHECK(tree("-a ^ b") == "((-a)^b)");
  CHECK(tree("a LIKE b || c") == "((like a b) or c)");
  CHECK(tree("a NOT LIKE b AND c") == "((not like a b) and c)");
  CHECK(tree("a BETWEEN 1 AND 2 AND c") == "((between a 1 2) and c)");
  CHECK(tree("a IN (1, 2) = b") == "((in a 1 2)=b)");
  CHECK(tree("a < b OR NOT c") == "((a<b) or (not c))");
}

TEST_CASE("a column of a result is named as MySQL names it", "[mysql][parser]") {
  const auto name = [](const char* item) {
    const Statement statement = accepted(std::string("SELECT ") + item + " FROM t");
    return query_of(statement).select->items.at(0).name;
  };
  CHECK(name("T.Name") == "Name");
  CHECK(name("COUNT( * )") == "COUNT( * )");
  CHECK(name("a  +  b") == "a  +  b");
  CHECK(name("a AS 'x y'") == "x y");
  CHECK(name("a b") == "b");
  CHECK(name("'text'") == "text");
}

TEST_CASE("INTERSECT binds more tightly than UNION, and ORDER BY belongs to the whole", "[mysql][parser]") {
  const Statement statement = accepted("SELECT 1 UNION ALL SELECT 2 INTERSECT SELECT 3 ORDER BY 1 LIMIT 5, 10");
  const Query& all = query_of(statement);
  REQUIRE(all.set);
  CHECK(all.set->op == SetOp::kUnion);
  CHECK_FALSE(all.set->is_distinct);
  REQUIRE(all.set->right->set);
  CHECK(all.set->right->set->op == SetOp::kIntersect);
  CHECK(all.order_by.size() == 1);
  CHECK(all.limit->offset == 5);
  CHECK(all.limit->count == 10);
}

TEST_CASE("parentheses hold queries, operands, rows, tables and joins", "[mysql][parser]") {
  accepted("SELECT ((1)), ((SELECT 1)), ((SELECT 1) UNION (SELECT 2) LIMIT 1), (1, 2) = (1, 2)");
  accepted("SELECT * FROM ((a JOIN b ON 1)), (c, d)");
  accepted("SELECT * FROM ((SELECT 1) UNION (SELECT 2)) t");
  accepted("SELECT * FROM ((SELECT 1) t JOIN u)");
  accepted("SELECT 1 IN ((SELECT 1)), 1 IN ((SELECT 1), 2)");
  accepted("(SELECT 1 LIMIT 1) LIMIT 2");
  accepted("((SELECT 1) UNION (SELECT 2)) ORDER BY 1");
}

TEST_CASE("a join condition may stand behind the join inside it", "[mysql][parser]") {
  const Statement statement = accepted("SELECT * FROM a JOIN b JOIN c ON 1 ON 2");
  const TableRef& outer = *query_of(statement).select->from.at(0);
  CHECK(outer.left->name == "a");
  CHECK(print(*outer.on) == "2");
  CHECK(outer.right->kind == TableRef::Kind::kJoin);
  CHECK(outer.right->left->name == "b");
  CHECK(print(*outer.right->on) == "1");
  accepted("SELECT * FROM a LEFT JOIN b JOIN c ON 1 ON 2");
  CHECK(std::holds_alternative<MysqlError>(parse("SELECT * FROM a LEFT JOIN b")));
}

TEST_CASE("every expression has a number of its own", "[mysql][parser]") {
  CHECK(accepted("SELECT a + 1, b FROM t WHERE c").expressions == 5);
}

TEST_CASE("the functions with a grammar of their own are read", "[mysql][parser]") {
  for (const char* expression : {"COUNT(*)",
                                 "COUNT(DISTINCT a, b)",
                                 "SUM(DISTINCT a)",
                                 "GROUP_CONCAT(DISTINCT a, b ORDER BY a DESC SEPARATOR '-')",
                                 "CAST(a AS UNSIGNED)",
                                 "CAST(a AS DECIMAL(10, 2))",
                                 "CAST(a AS CHAR(3) CHARACTER SET utf8mb4)",
                                 "CONVERT(a, SIGNED INTEGER)",
                                 "CONVERT(a USING utf8mb4)",
                                 "DATE_ADD(a, INTERVAL 1 DAY)",
                                 "a + INTERVAL 1 YEAR",
                                 "INTERVAL 1 DAY + a",
                                 "ADDDATE(a, 3)",
                                 "EXTRACT(YEAR FROM a)",
                                 "POSITION('a' IN b)",
                                 "SUBSTRING(a FROM 2 FOR 3)",
                                 "SUBSTR(a, 2)",
                                 "TRIM(a)",
                                 "TRIM(LEADING 'x' FROM a)",
                                 "TRIM(BOTH FROM a)",
                                 "TIMESTAMPDIFF(DAY, a, b)",
                                 "NOW()",
                                 "CURRENT_TIMESTAMP",
                                 "CURRENT_DATE()",
                                 "CURTIME(3)",
                                 "LEFT(a, 2)",
                                 "IF(a, b, c)",
                                 "ROW_NUMBER() OVER (ORDER BY a)",
                                 "RANK() OVER w",
                                 "SUM(a) OVER (PARTITION BY b ORDER BY c ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)",
                                 "LAG(a, 1, 0) OVER (ORDER BY b)",
                                 "MATCH(a) AGAINST('x' IN BOOLEAN MODE)",
                                 "a->'$.b'",
                                 "a SOUNDS LIKE b",
                                 "a > ALL (SELECT 1)",
                                 "CASE a WHEN 1 THEN 2 ELSE 3 END",
                                 "DATE '2010-01-01'",
                                 "{d '2010-01-01'}",
                                 "_utf8mb4'x'",
                                 "@a := 1",
                                 "@@global.sql_mode",
                                 "CONCAT (a, b)",
                                 "db.f(a)"}) {
    accepted(std::string("SELECT ") + expression + " FROM t");
  }
}

TEST_CASE("statements other than queries are read", "[mysql][parser]") {
  for (const char* text :
       {"USE `a`",
        "SHOW FULL TABLES FROM a LIKE 'x%'",
        "SHOW COLUMNS FROM t FROM d WHERE Field = 'a'",
        "SHOW INDEX IN t",
        "SHOW CREATE TABLE a.b",
        "SHOW TABLE STATUS",
        "SHOW GLOBAL VARIABLES LIKE 'v%'",
        "SHOW SCHEMAS",
        "DESC t a",
        "EXPLAIN FORMAT=JSON SELECT 1",
        "EXPLAIN t",
        "SET @a = 1, SESSION sql_mode = ''",
        "SET NAMES utf8mb4",
        "SET autocommit = ON",
        "START TRANSACTION READ ONLY",
        "COMMIT",
        "ROLLBACK TO a",
        "LOCK TABLES a READ, b AS c WRITE",
        "CREATE TABLE t (a INT NOT NULL AUTO_INCREMENT, b VARCHAR(3) DEFAULT 'x', c ENUM('a','b'), PRIMARY KEY (a), "
        "CONSTRAINT k FOREIGN KEY (b) REFERENCES u (v) ON DELETE SET NULL) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4",
        "CREATE TABLE IF NOT EXISTS t AS SELECT 1",
        "CREATE TEMPORARY TABLE t LIKE u",
        "CREATE VIEW v AS SELECT 1",
        "CREATE UNIQUE INDEX i ON t (a(10) DESC)",
        "ALTER TABLE t ADD COLUMN a INT AFTER b, DROP c, RENAME COLUMN d TO e",
        "ALTER TABLE t ADD (a INT, b INT), ADD CONSTRAINT FOREIGN KEY (a) REFERENCES u(b)",
        "ALTER TABLE t RENAME u",
        "ALTER TABLE t MODIFY a TEXT, CHANGE b c INT UNSIGNED",
        "DROP TABLE IF EXISTS a, b",
        "DROP DATABASE d",
        "RENAME TABLE a TO b",
        "TRUNCATE t",
        "INSERT INTO t (a, b) VALUES (1, DEFAULT), (2, 3) ON DUPLICATE KEY UPDATE a = 1",
        "INSERT t SET a = 1",
        "INSERT INTO t SELECT 1",
        "REPLACE INTO t VALUES ()",
        "UPDATE t SET a = 1 WHERE b LIMIT 1",
        "UPDATE a JOIN b ON 1 SET a.x = b.y",
        "DELETE FROM t WHERE a ORDER BY b LIMIT 1",
        "DELETE a FROM a JOIN b ON 1",
        "DELETE FROM a USING a, b",
        "SELECT 1 FOR UPDATE",
        "SELECT 1 INTO @a",
        "GRANT ALL ON *.* TO a",
        ""}) {
    accepted(text);
  }
}

TEST_CASE("the first statement is read, and that another follows is said", "[mysql][parser]") {
  CHECK(accepted("SELECT 1; SELECT 2").is_followed);
  CHECK_FALSE(accepted("SELECT 1;").is_followed);
  CHECK_FALSE(accepted("SELECT 1; -- end").is_followed);
  CHECK(std::holds_alternative<Empty>(accepted("-- nothing").command));
}
