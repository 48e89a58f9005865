// A short run of what fuzz_models does for longer.
#include "tests/model/hostile_files.h"
#include "tests/support/catch.h"
#include "tests/support/shared_data.h"

using namespace ipr::test;

TEST_CASE("broken model files are refused in one line, with memory near their size", "[model][hostile]") {
  for (const HostileKind kind : {HostileKind::kSafetensors, HostileKind::kGguf, HostileKind::kPeft}) {
    const TempFolder folder;
    HostileTally tally;
    for (std::uint64_t number = 0; number < 600; ++number) {
      const std::string wrong = try_hostile_file(kind, 1, number, folder.path(), tally);
      if (!wrong.empty()) FAIL("kind " << static_cast<int>(kind) << ", number " << number << ": " << wrong);
    }
    CHECK(tally.refused > 300);  // the changes do break files
    CHECK(tally.loaded > 10);    // and not all of them
  }
}
