// resave MODEL FOLDER: reads a checkpoint or GGUF file and saves it as a checkpoint. For peers.py, which has no other
// way to what save_checkpoint writes than training.
#include <cstdio>

#include "core/model/checkpoint.h"

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const auto weights = ipr::model::load_checkpoint(argv[1]);
  const ipr::Status status = weights.ok() ? ipr::model::save_checkpoint(argv[2], *weights, {}) : weights.status();
  if (!status.ok()) std::fprintf(stderr, "%s\n", status.message().c_str());
  return status.ok() ? 0 : 1;
}
