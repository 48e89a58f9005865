// resave MODEL FOLDER: reads a checkpoint or GGUF file, with its tokenizer if it has one, and saves it as a checkpoint.
// For peers.py, which has no other way to what a run saves than training.
#include <cstdio>

#include "core/loop/policy.h"

using namespace ipr;

namespace {

Status resave(const std::string& from, const std::string& to) {
  IPR_ASSIGN(const model::Weights weights, model::load_checkpoint(from));
  std::map<std::string, std::string> files;
  if (loop::has_speech(from)) {
    IPR_ASSIGN(const auto speech, loop::load_speech(from));
    files = loop::speech_files(*speech);
  }
  return model::save_checkpoint(to, weights, files);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const Status status = resave(argv[1], argv[2]);
  if (!status.ok()) std::fprintf(stderr, "%s\n", status.message().c_str());
  return status.ok() ? 0 : 1;
}
