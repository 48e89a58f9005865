// fuzz_models safetensors|gguf|peft SECONDS [SEED [NUMBER]]: broken model files until the time is over; NUMBER: that
// one only. Build it with the preset asan. The last line tells what was seen; a fault ends the run with its number.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>

#include "tests/model/hostile_files.h"
#include "tests/support/shared_data.h"

using namespace ipr::test;

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "fuzz_models safetensors|gguf|peft SECONDS [SEED [NUMBER]]\n");
    return 2;
  }
  const HostileKind kind = std::strcmp(argv[1], "gguf") == 0   ? HostileKind::kGguf
                           : std::strcmp(argv[1], "peft") == 0 ? HostileKind::kPeft
                                                               : HostileKind::kSafetensors;
  const double seconds = std::atof(argv[2]);
  const std::uint64_t seed = argc > 3 ? std::strtoull(argv[3], nullptr, 10) : 1;
  const std::uint64_t first = argc > 4 ? std::strtoull(argv[4], nullptr, 10) : 0;
  const TempFolder folder;
  HostileTally tally;
  const std::clock_t begin = std::clock();
  std::uint64_t number = first;
  for (; argc > 4 ? number == first : static_cast<double>(std::clock() - begin) < seconds * CLOCKS_PER_SEC; ++number) {
    if (number % 20000 == 0) {  // where a crash happened
      std::printf("%s seed %llu number %llu\n", argv[1], static_cast<unsigned long long>(seed),
                  static_cast<unsigned long long>(number));
      std::fflush(stdout);
    }
    const std::string wrong = try_hostile_file(kind, seed, number, folder.path(), tally);
    if (wrong.empty()) continue;
    std::printf("FAULT %s seed %llu number %llu: %s\n", argv[1], static_cast<unsigned long long>(seed),
                static_cast<unsigned long long>(number), wrong.c_str());
    return 1;
  }
  std::printf("%s: %llu files in %.0f CPU seconds, %llu loaded, %llu refused, at most %llu bytes for one\n", argv[1],
              static_cast<unsigned long long>(number - first),
              static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC, static_cast<unsigned long long>(tally.loaded),
              static_cast<unsigned long long>(tally.refused), static_cast<unsigned long long>(tally.most_bytes));
  return 0;
}
