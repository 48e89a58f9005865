// `train.init`: which weights an iteration starts from, told by a learning rate of 0, which leaves them as they are.
#include "core/base/files.h"
#include "tests/host/small_run.h"
#include "tests/support/catch.h"

using namespace ipr;
using namespace ipr::test;

namespace {

// One iteration of RFT that changes nothing, beside the shared small run; more words last.
void run_still(const std::string& out, const std::vector<std::string>& more) {
  std::vector<std::string> words = small_run_words(out);
  words.insert(words.end(), {"--optimizer", "rft", "--set", "train.lr=0"});
  words.insert(words.end(), more.begin(), more.end());
  const Ended ended = small_run().place.host(words);
  INFO(ended.err);
  REQUIRE(ended.exit_code == 0);
}

std::string weights_of(const std::string& out, int iteration) {
  const auto bytes =
      read_file(small_run().place.file(out) + "/checkpoints/iter-" + std::to_string(iteration) + "/model.safetensors");
  REQUIRE(bytes.ok());
  return *bytes;
}

}  // namespace

TEST_CASE("RFT starts from the SFT agent, or with init=start from the model that SFT began with", "[host][run]") {
  const std::string sft = small_run().out;
  run_still("untrained", {"--set", "sft.train.lr=0"});
  run_still("base", {"--start-from", sft});
  run_still("start", {"--start-from", sft, "--set", "train.init=start"});
  CHECK(weights_of("base", 1) == weights_of(sft, 0));
  CHECK(weights_of("start", 0) == weights_of(sft, 0));
  CHECK(weights_of("start", 1) == weights_of("untrained", 0));
  CHECK(weights_of("start", 1) != weights_of("start", 0));
}
