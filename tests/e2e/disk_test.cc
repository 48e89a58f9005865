// One write of a whole run fails, once: at whichever it is, the run either does without it or ends with one line that
// names the file; nothing half-written is left; and the same command then goes on to the results of an undisturbed run.
#include <sqlite3.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <pugixml.hpp>
#include <regex>
#include <set>
#include <sstream>

#include "core/base/files.h"
#include "core/base/rng.h"
#include "core/model/checkpoint.h"
#include "ipr/plugin.h"
#include "tests/support/catch.h"
#include "tests/support/program.h"

using namespace ipr;
using namespace ipr::test;
namespace fs = std::filesystem;

namespace {

// A run of all stages, about a second long. It writes below the workplace, home and cache included.
Call whole_run(const Workplace& place) {
  return place.call({"--env", "webshop", "--scorer", "mc", "--preset", "quick", "--set", "env.world_size=tiny",
                     "--limit", "2", "--max-steps", "6", "--samples", "1", "--set", "sft.train.epochs=1", "--out",
                     "run"});
}

// A call that changes a file, as failing_writes.cc logs it.
struct Write {
  std::string call, path;
};

// The file a temporary one is for.
std::string final_path(const std::string& path) {
  static const std::regex kTemporary(R"(\.tmp\.\d+)");
  return std::regex_replace(path, kTemporary, "");
}

// The name under which the user knows a file: run.db for what SQLite keeps beside it.
std::string known_name(const std::string& path) {
  static const std::regex kBesideDatabase(R"(run\.db-(wal|shm|journal)$)");
  return fs::path(std::regex_replace(final_path(path), kBesideDatabase, "run.db")).filename().string();
}

// Runs under the counting library; the `at`-th write fails with `error`, none where it is 0.
Ended run_with_failure(const Workplace& place, std::size_t at, int error, std::vector<Write>& writes) {
  const TempFolder beside;
  Call call = whole_run(place);
  call.variables["LD_PRELOAD"] = IPR_FAILING_WRITES;
  call.variables["IPR_FAIL_BELOW"] = fs::canonical(place.path()).string();
  call.variables["IPR_FAIL_AT"] = std::to_string(at);
  call.variables["IPR_FAIL_ERRNO"] = std::to_string(error);
  call.variables["IPR_FAIL_LOG"] = beside.file("log");
  Ended ended = run_program(call);
  std::istringstream log(read_file(beside.file("log")).value());
  writes.clear();
  for (Write write; log >> write.call && std::getline(log >> std::ws, write.path);) writes.push_back(write);
  return ended;
}

// Without what SQLite keeps beside a database, which comes and goes with its readers.
std::set<std::string> files_of(const std::string& folder) {
  std::set<std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (known_name(entry.path().string()) != entry.path().filename()) continue;
    const std::string name = fs::relative(entry.path(), folder).string();
    // TensorBoard wants the time and the process in the name.
    files.insert(name.starts_with("tb/events.") ? "tb/events" : name);
  }
  return files;
}

// What every failing run is measured by.
struct Undisturbed {
  std::vector<Write> writes;
  std::set<std::string> files;
  Json results;
};
const Undisturbed& undisturbed() {
  static const Undisturbed measured = [] {
    const Workplace place;
    Undisturbed run;
    const Ended ended = run_with_failure(place, 0, 0, run.writes);
    if (ended.exit_code != 0) throw std::runtime_error("the undisturbed run failed: " + ended.err);
    run.files = files_of(place.file("run"));
    run.results = load_json(place.file("run/certificate.json")).at("results");
    return run;
  }();
  return measured;
}

bool is_sound_database(const std::string& path) {
  sqlite3* opened = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &opened, SQLITE_OPEN_READWRITE, nullptr);
  const std::unique_ptr<sqlite3, int (*)(sqlite3*)> closing(opened, sqlite3_close);
  std::string answer;
  const auto take = [](void* into, int, char** values, char**) {
    *static_cast<std::string*>(into) += values[0];
    return 0;
  };
  return code == SQLITE_OK && sqlite3_exec(opened, "PRAGMA integrity_check", take, &answer, nullptr) == SQLITE_OK &&
         answer == "ok";
}

// Whatever is there is whole.
void check_nothing_half_written(const Workplace& place) {
  for (const auto& entry : fs::recursive_directory_iterator(place.path())) {
    const std::string path = entry.path().string(), name = entry.path().filename().string();
    INFO(path);
    CHECK_FALSE(contains(name, ".tmp."));
    if (entry.path().extension() == ".json") CHECK_NOTHROW(load_json(path));
    if (entry.path().extension() == ".html") CHECK(pugi::xml_document().load_file(path.c_str()));
    if (name.starts_with("iter-")) {
      CHECK(model::load_checkpoint(path).ok());
      CHECK(fs::exists(path + "/tokenizer.json"));
    }
    if (name == "run.db") CHECK(is_sound_database(path));
  }
}

void check_finished(const Workplace& place) {
  CHECK(files_of(place.file("run")) == undisturbed().files);
  CHECK(load_json(place.file("run/certificate.json")).at("results") == undisturbed().results);
}

void check_failure_at(std::size_t at, int error) {
  const Workplace place;
  std::vector<Write> writes;
  const Ended ended = run_with_failure(place, at, error, writes);
  const Write failing = at <= writes.size() ? writes[at - 1] : Write{"none", ""};
  INFO("write " << at << " of " << undisturbed().writes.size() << " (" << failing.call << " " << failing.path
                << ") answered " << error << "; the run ended with " << ended.exit_code << " and signal "
                << ended.signal << ":\n"
                << ended.err);
  check_nothing_half_written(place);
  if (ended.exit_code == 0) {  // it could do without
    check_finished(place);
    return;
  }
  CHECK(ended.exit_code == 1);
  REQUIRE(ended.error_lines().size() == 1);
  CHECK(contains(ended.error_lines()[0], known_name(failing.path)));
  CHECK_FALSE(contains(ended.error_lines()[0], ".tmp."));
  const Ended again = run_program(whole_run(place));
  INFO("and the same command again:\n" << again.err);
  REQUIRE(again.exit_code == 0);
  check_finished(place);
}

// ENOSPC and EIO in turn.
int error_of(std::size_t draw) {
  return draw % 2 == 0 ? ENOSPC : EIO;
}

}  // namespace

TEST_CASE("a run survives one failing write to each of its files", "[e2e][disk]") {
  static const std::regex kNumber(R"(iter-\d+)");
  std::map<std::string, std::vector<std::size_t>> moments;  // by file; the checkpoints of all iterations together
  for (std::size_t i = 0; i < undisturbed().writes.size(); ++i) {
    const std::string file = std::regex_replace(final_path(undisturbed().writes[i].path), kNumber, "iter-K");
    if (!fs::path(file).extension().empty() || file.ends_with("iter-K")) moments[file].push_back(i + 1);
  }
  std::vector<std::string> files = {"config.json",          "panel.json",       "run.db", "run.db-wal",
                                    "report.html",          "certificate.json", "iter-K", "iter-K/model.safetensors",
                                    "iter-K/tokenizer.json"};
  files.push_back("plugins-" + std::to_string(IPR_ABI_MAJOR) + "." + std::to_string(IPR_ABI_MINOR) + ".json");
  for (const std::string& known : files) {
    INFO(known);
    CHECK(std::any_of(moments.begin(), moments.end(),
                      [&](const auto& item) { return item.first.ends_with(std::string("/") + known); }));
  }
  Rng rng(1);
  std::size_t draw = 0;
  for (const auto& [file, calls] : moments) check_failure_at(calls[rng.below(calls.size())], error_of(draw++));
}

// IPR_DISK_DRAWS: how many moments; as many as there are writes, or more, means each of them.
TEST_CASE("a run survives one failing write at any moment", "[.slow][disk]") {
  const char* asked = std::getenv("IPR_DISK_DRAWS");
  const std::size_t draws = asked != nullptr ? std::strtoul(asked, nullptr, 10) : 30;
  std::vector<std::size_t> moments(undisturbed().writes.size());
  for (std::size_t i = 0; i < moments.size(); ++i) moments[i] = i + 1;
  Rng rng(2);
  rng.shuffle(moments);
  moments.resize(std::min(moments.size(), draws));
  for (std::size_t i = 0; i < moments.size(); ++i) check_failure_at(moments[i], error_of(i));
}
