#include "resolve/functions.h"

#include "tests/support/catch.h"

using namespace intercodesql;

TEST_CASE("functions are found by their name in upper case", "[resolve][functions]") {
  REQUIRE(find_function("CONCAT") != nullptr);
  CHECK(find_function("CONCAT")->sqlite == "my_concat");
  CHECK(find_function("ABS")->most == 1);
  CHECK(find_function("YEARWEEK") != nullptr);
  CHECK(find_function("concat") == nullptr);
  CHECK(find_function("") == nullptr);
  CHECK(find_function("LOAD_FILE") == nullptr);
}
