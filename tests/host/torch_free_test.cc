// Commands without training must not pay for LibTorch.
#include "tests/support/catch.h"
#include "tests/support/program.h"

using namespace ipr;
using namespace ipr::test;

TEST_CASE("looking, listing and replaying load no LibTorch", "[host]") {
  const Workplace place;
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{"--version"},
                                             {"--help"},
                                             {"plugin", "list"},
                                             {"replay", "--env", "gridworld"},
                                             {"eval", "--env", "gridworld", "--policy", "expert", "--limit", "2"}}) {
    Call call = place.call(words, "{\"id\":1,\"task\":{\"split\":\"test\",\"index\":0},\"actions\":[\"up\"]}\n");
    call.variables["LD_DEBUG"] = "files";  // glibc tells every file it maps
    const Ended ended = run_program(call);
    INFO(words.front());
    CHECK(ended.exit_code == 0);
    CHECK(contains(ended.err, "calling init"));  // the loader does talk
    CHECK_FALSE(contains(ended.err, "libtorch"));
    CHECK_FALSE(contains(ended.err, "ipr-trainer"));
  }
}
