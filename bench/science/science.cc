// IPR and its controls on the generated shops, over seeds: does the method gain, and what of it does the gain?
//
// Drives the ipr-host beside it, one run after the other. Resumable: the same call goes on where the last one ended.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <filesystem>
#include <iostream>

#include "bench/science/cells.h"
#include "bench/science/table.h"
#include "bench/support/open_environment.h"
#include "core/base/files.h"
#include "core/base/strings.h"

namespace ipr::bench {
namespace {

struct Flags {
  std::string seeds = "11-15", out = "science", program;
  std::vector<std::string> worlds = {"default", "credit"}, arms;
  bool tiny = false, json = false;
};

// "11-15" or "3,5,9".
Result<std::vector<std::uint64_t>> parse_seeds(const std::string& text) {
  std::vector<std::uint64_t> seeds;
  std::size_t at = 0;
  while (at <= text.size()) {
    const std::string part = text.substr(at, text.find(',', at) - at);
    at += part.size() + 1;
    std::uint64_t low = 0, high = 0;
    const char* end = part.data() + part.size();
    std::from_chars_result read = std::from_chars(part.data(), end, low);
    high = low;
    if (read.ec == std::errc() && read.ptr != end && *read.ptr == '-') read = std::from_chars(read.ptr + 1, end, high);
    if (read.ec != std::errc() || read.ptr != end || high < low || high - low > 1000)
      return usage("--seeds " + text + ": expected seeds such as 11-15 or 3,5,9");
    for (std::uint64_t seed = low; seed <= high; ++seed) seeds.push_back(seed);
  }
  return seeds;
}

// The arms in the order of the table; IPR is always among them.
Result<std::vector<const Arm*>> choose_arms(const std::vector<std::string>& names) {
  std::vector<std::string> known;
  for (const Arm& arm : all_arms()) known.push_back(arm.name);
  for (const std::string& name : names) {
    if (std::find(known.begin(), known.end(), name) == known.end())
      return usage("--arms " + name + ": no such arm; known: " + join(known, ", "));
  }
  std::vector<const Arm*> chosen;
  for (const Arm& arm : all_arms()) {
    const bool named = names.empty() || std::find(names.begin(), names.end(), arm.name) != names.end();
    if (named || arm.name == kIprArm) chosen.push_back(&arm);
  }
  return chosen;
}

// The IPR runs of all worlds and seeds first: they are the claim.
std::vector<Cell> list_cells(const Flags& flags, const std::vector<std::uint64_t>& seeds,
                             const std::vector<const Arm*>& arms) {
  std::vector<Cell> cells;
  for (const bool ipr : {true, false}) {
    for (const std::string& world : flags.worlds) {
      for (const std::uint64_t seed : seeds) {
        for (const Arm* arm : arms) {
          const Cell cell{world, seed, arm};
          if (cell.is_ipr() == ipr) cells.push_back(cell);
        }
      }
    }
  }
  return cells;
}

Result<WorldOutcomes> read_world(const Workshop& workshop, const std::string& name, const std::vector<Cell>& cells,
                                 const std::vector<std::uint64_t>& seeds, const std::vector<const Arm*>& arms) {
  WorldOutcomes world{name, seeds, {}, {}};
  for (const Arm* arm : arms) world.arms.push_back(arm->name);
  for (const Cell& cell : cells) {
    if (cell.world != name) continue;
    IPR_ASSIGN(world.of[cell.arm->name][cell.seed], read_outcome(workshop.folder(cell)));
  }
  return world;
}

Status work(const Flags& flags) {
  IPR_ASSIGN(const std::vector<std::uint64_t> seeds, parse_seeds(flags.seeds));
  IPR_ASSIGN(const std::vector<const Arm*> arms, choose_arms(flags.arms));
  Workshop workshop{flags.out, flags.program, flags.tiny};
  if (workshop.program.empty()) {
    const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe");
    workshop.program = (self.parent_path() / "ipr-host").string();
  }
  const std::vector<Cell> cells = list_cells(flags, seeds, arms);
  IPR_TRY(run_cells(workshop, cells));
  Json worlds = Json::array();
  std::string text;
  for (const std::string& name : flags.worlds) {
    IPR_ASSIGN(const WorldOutcomes world, read_world(workshop, name, cells, seeds, arms));
    text += to_text(world) + "\n";
    worlds.push_back(to_json(world));
  }
  const Json document = {{"worlds", std::move(worlds)}};
  std::cout << (flags.json ? dump_line(document) + "\n" : text);
  return write_file(flags.out + "/science.json", document.dump(1) + "\n");
}

}  // namespace
}  // namespace ipr::bench

int main(int argc, char** argv) {
  using namespace ipr::bench;
  Flags flags;
  CLI::App app("IPR and its controls on the generated shops, over seeds");
  app.add_option("--seeds", flags.seeds, "seeds of worlds and runs")->capture_default_str();
  app.add_option("--worlds", flags.worlds, "default, credit")->delimiter(',')->capture_default_str();
  app.add_option("--arms", flags.arms, "IPR and these (default: all)")->delimiter(',');
  app.add_option("--out", flags.out, "folder of the runs; those that are finished are reused")->capture_default_str();
  app.add_option("--host", flags.program, "the ipr-host to run (default: the one beside this program)");
  app.add_flag("--tiny", flags.tiny, "tiny worlds and the quick preset: for tests");
  app.add_flag("--json", flags.json, "one line of JSON instead of the tables; it is always in OUT/science.json");
  CLI11_PARSE(app, argc, argv);
  if (const ipr::Status status = work(flags); !status.ok()) give_up(status);
}
