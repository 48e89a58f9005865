// fuzz-text json|sentencepiece|gguf SECONDS [SEED [NUMBER]]: damaged tokenizer files until the time is over; NUMBER:
// that one only. Build it with the preset asan. The last line tells what was seen; a fault ends the run with its
// number.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>

#include "tests/text/damage.h"

using namespace ipr::test;

namespace {

constexpr double kMostSeconds = 20;  // for one file

double cpu_seconds() {
  return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

int kind_named(const char* name) {
  for (int kind = 0; kind < static_cast<int>(std::size(kDamagedKinds)); ++kind) {
    if (std::strcmp(name, kDamagedKinds[kind]) == 0) return kind;
  }
  return -1;
}

// What was wrong with the answer; empty: nothing.
std::string judge(const DamagedFile& file, double seconds) {
  if (seconds > kMostSeconds) return std::to_string(seconds) + " seconds";
  if (!file.refused) return {};
  const bool one_line = file.message.find('\n') == std::string::npos && file.message.size() < 1000;
  return file.message.starts_with("file: ") && one_line ? std::string() : file.message;
}

}  // namespace

int main(int argc, char** argv) {
  const int kind = argc < 3 ? -1 : kind_named(argv[1]);
  if (kind < 0) {
    std::fprintf(stderr, "fuzz-text json|sentencepiece|gguf SECONDS [SEED [NUMBER]]\n");
    return 2;
  }
  const double most = std::atof(argv[2]);
  const std::uint64_t seed = argc > 3 ? std::strtoull(argv[3], nullptr, 10) : 1;
  const std::uint64_t first = argc > 4 ? std::strtoull(argv[4], nullptr, 10) : 0;
  const Damage damage;
  std::uint64_t number = first, refused = 0;
  double slowest = 0;
  const double begin = cpu_seconds();
  for (; argc > 4 ? number == first : cpu_seconds() - begin < most; ++number) {
    if (number % 20000 == 0) {  // where a crash happened
      std::printf("%s seed %llu number %llu\n", argv[1], static_cast<unsigned long long>(seed),
                  static_cast<unsigned long long>(number));
      std::fflush(stdout);
    }
    ipr::Rng rng(ipr::mix(seed, number));
    const double start = cpu_seconds();
    const DamagedFile file = damage.round(static_cast<DamagedKind>(kind), rng);
    const double seconds = cpu_seconds() - start;
    slowest = std::max(slowest, seconds);
    refused += file.refused ? 1 : 0;
    const std::string wrong = judge(file, seconds);
    if (wrong.empty()) continue;
    std::printf("FAULT %s seed %llu number %llu: %s\n", argv[1], static_cast<unsigned long long>(seed),
                static_cast<unsigned long long>(number), wrong.c_str());
    return 1;
  }
  std::printf("%s: %llu files in %.0f CPU seconds, %llu refused, at most %.2f seconds for one\n", argv[1],
              static_cast<unsigned long long>(number - first), cpu_seconds() - begin,
              static_cast<unsigned long long>(refused), slowest);
  return 0;
}
