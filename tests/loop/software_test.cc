#include "core/loop/software.h"

#include "tests/support/catch.h"

using namespace ipr;
using namespace ipr::loop;

TEST_CASE("a run that goes on with another plugin or other kernels can say which", "[loop][resume]") {
  const Json began = {{"plugins", {{"environment:shop", "aa"}, {"scorer:mc", "bb"}}}, {"kernel_family", "avx512"}};
  CHECK(software_changes(began, began).empty());
  Json now = began;
  now["plugins"]["scorer:mc"] = "cc";
  now["kernel_family"] = "avx2";
  CHECK(software_changes(began, now) ==
        std::vector<std::string>{"plugin scorer:mc", "kernels avx512 before, avx2 now"});
}
