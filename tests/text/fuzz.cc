// Damaged tokenizer files for as long as wanted: fuzz-text ROUNDS [SEED]. Meant for the asan build; it ends with the
// number of refused files, or dies on the first that does harm. A round is a function of SEED and its number.
#include <cstdio>
#include <cstdlib>
#include <string>

#include "tests/text/damage.h"

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: fuzz-text ROUNDS [SEED]\n");
    return 2;
  }
  const long rounds = std::atol(argv[1]);
  const std::uint64_t seed = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1;
  const ipr::test::Damage damage;
  long refused = 0;
  for (long round = 0; round < rounds; ++round) {
    ipr::Rng rng(seed * 1000003 + static_cast<std::uint64_t>(round));
    const ipr::test::DamagedFile file = damage.round(rng);
    if (file.refused) ++refused;
    if (file.refused && (!file.message.starts_with("file: ") || file.message.size() > 1000)) {
      std::fprintf(stderr, "round %ld: %s\n", round, file.message.c_str());
      return 1;
    }
  }
  std::printf("%ld files, %ld refused\n", rounds, refused);
  return 0;
}
