#include "engine/declared_type.h"

#include "tests/support/catch.h"

namespace intercodesql {
namespace {

std::string shown(std::string_view text) {
  const auto read = read_declared_type(text);
  return read ? read->type_text : "refused";
}

TEST_CASE("types are shown as MySQL 8 shows them", "[intercodesql]") {
  CHECK(shown("INTEGER(11)") == "int");
  CHECK(shown("bigint UNSIGNED") == "bigint unsigned");
  CHECK(shown("BOOL") == "tinyint(1)");
  CHECK(shown("tinyint(1)") == "tinyint(1)");
  CHECK(shown("tinyint(4)") == "tinyint");
  CHECK(shown("NUMERIC( 10 , 2 )") == "decimal(10,2)");
  CHECK(shown("decimal") == "decimal(10,0)");
  CHECK(shown("double  precision") == "double");
  CHECK(shown("float(10,2)") == "float(10,2)");
  CHECK(shown("float(30)") == "double");
  CHECK(shown("char") == "char(1)");
  CHECK(shown("VARCHAR(255)") == "varchar(255)");
  CHECK(shown("datetime(6)") == "datetime(6)");
  CHECK(shown("enum('a','B c')") == "enum('a','B c')");
}

TEST_CASE("what is no type of MySQL is refused", "[intercodesql]") {
  for (const char* text : {"", "blurb", "varchar", "int(a)", "int(1,2)", "decimal(2,3)", "decimal(70,2)",
                           "text unsigned", "varchar(10", "datetime(7)", "enum", "date(3)"}) {
    CAPTURE(text);
    CHECK(shown(text) == "refused");
  }
}

TEST_CASE("a type tells its storage", "[intercodesql]") {
  CHECK(read_declared_type("smallint")->type == Type{BaseType::kInt, 2});
  CHECK(read_declared_type("decimal(19,4)")->type == Type{BaseType::kDecimal, 19, 4});
  CHECK(read_declared_type("double")->type == Type{BaseType::kDouble});
  CHECK(read_declared_type("bigint unsigned")->type == Type{BaseType::kInt, 8, -1, true});
}

}  // namespace
}  // namespace intercodesql
