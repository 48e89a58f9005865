// From the parts of a study's file to its cells.
#include <algorithm>
#include <string_view>

#include "core/host/study/file.h"

namespace ipr::host {
namespace {

void lay_over(ConfigFile& settings, const ConfigFile& stronger) {
  for (const auto& [flag, value] : stronger.flags) settings.flags[flag] = value;
  settings.set.insert(settings.set.end(), stronger.set.begin(), stronger.set.end());
}

void replace_all(std::string& text, const std::string& what, const std::string& by) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += by.size())
    text.replace(at, what.size(), by);
}

void put_seed(ConfigFile& settings, std::uint64_t seed) {
  const std::string text = std::to_string(seed);
  for (std::string& item : settings.set) replace_all(item, "${seed}", text);
  for (auto& [flag, value] : settings.flags) {
    if (!value.is_string()) continue;
    std::string filled = value;
    replace_all(filled, "${seed}", text);
    value = filled;
  }
  settings.flags["seed"] = seed;
}

constexpr const char* kOpen = "${";
constexpr const char* kRollouts = ".rollouts_per_task}";

// Where a placeholder begins and ends in `text`, and the method it names; nothing where there is none.
struct Placeholder {
  std::size_t begin = 0, end = 0;
  std::string method;
};
std::optional<Placeholder> find_placeholder(const std::string& text) {
  const auto begin = text.find(kOpen), dot = text.find(kRollouts, begin == std::string::npos ? 0 : begin);
  if (begin == std::string::npos || dot == std::string::npos) return std::nullopt;
  return Placeholder{begin, dot + std::string_view(kRollouts).size(), text.substr(begin + 2, dot - begin - 2)};
}

// Every point of the method's grid: its name ("train.lr=1e-4,optimizer.beta=0.3") and what it sets.
std::vector<StudyEntry> points_of(const StudyMethod& method) {
  std::vector<StudyEntry> points = {{"", {}}};
  for (const auto& [key, values] : method.grid) {
    std::vector<StudyEntry> longer;
    for (const StudyEntry& point : points) {
      for (const std::string& value : values) {
        StudyEntry next = point;
        next.settings.set.push_back(key + "=" + value);
        next.name += (next.name.empty() ? "" : ",") + key + "=" + value;
        longer.push_back(std::move(next));
      }
    }
    points = std::move(longer);
  }
  return points;
}

StudyCell make_cell(const StudyFile& file, const StudyEntry& env, const StudyEntry& model, const StudyEntry& scorer,
                    const StudyMethod& method, const StudyEntry& point, std::uint64_t seed) {
  StudyCell cell{"", env.name, model.name, scorer.name, method.name, point.name, seed, file.common, {}};
  for (const ConfigFile* part : {&env.settings, &model.settings, &scorer.settings, &method.settings, &point.settings})
    lay_over(cell.settings, *part);
  put_seed(cell.settings, seed);
  for (const std::string& item : cell.settings.set) {
    if (const auto found = find_placeholder(item)) cell.waits_for.push_back(found->method);
  }
  cell.name = env.name + "/";
  if (file.models.size() > 1) cell.name += model.name + "/";
  if (file.scorers.size() > 1 && method.crossed()) cell.name += scorer.name + "/";
  cell.name += method.name + (point.name.empty() ? "" : "@" + point.name) + "/seed-" + std::to_string(seed);
  return cell;
}

}  // namespace

std::vector<StudyCell> cells_of(const StudyFile& file) {
  static const StudyEntry kNone;
  std::vector<StudyCell> cells;
  for (const std::uint64_t seed : file.seeds) {
    for (const StudyEntry& env : file.environments) {
      for (const StudyEntry& model : file.models) {
        std::vector<StudyCell> group;
        for (const StudyMethod& method : file.methods) {
          if (!method.has_runs()) continue;
          const std::vector<StudyEntry> one = {kNone};
          for (const StudyEntry& scorer : method.crossed() ? file.scorers : one) {
            for (const StudyEntry& point : points_of(method))
              group.push_back(make_cell(file, env, model, scorer, method, point, seed));
          }
        }
        std::stable_partition(group.begin(), group.end(), [](const StudyCell& cell) { return cell.waits_for.empty(); });
        cells.insert(cells.end(), group.begin(), group.end());
      }
    }
  }
  return cells;
}

Result<ConfigFile> fill_in(const ConfigFile& settings,
                           const std::function<Result<std::int64_t>(const std::string&)>& value_of) {
  ConfigFile filled = settings;
  for (std::string& item : filled.set) {
    while (const auto found = find_placeholder(item)) {
      IPR_ASSIGN(const std::int64_t value, value_of(found->method));
      item.replace(found->begin, found->end - found->begin, std::to_string(value));
    }
  }
  return filled;
}

}  // namespace ipr::host
