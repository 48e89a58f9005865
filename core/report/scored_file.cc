// What `score` has written, as scored steps.

#include <filesystem>
#include <sstream>

#include "core/base/files.h"
#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/report/scored_steps.h"

namespace ipr::report {
namespace {

constexpr std::size_t kHashDigits = 16;

struct Step {
  std::string action;
  double value = 0, progress = store::kNone;
  std::int64_t samples = 0;
};

struct Line {
  std::string task, split, env, cluster;
  double outcome = 0;
  Json scorer;
  std::vector<Step> steps;
};

double number_or_none(const Json& value) {
  return value.is_number() ? value.get<double>() : store::kNone;
}

Result<Line> read_line(const std::string& text, const std::string& where) {
  IPR_ASSIGN(const Json json, parse_json_line(text, where));
  Line line;
  try {
    line.task = json.at("id").get<std::string>();
    const Json split = json.value("split", Json());
    line.split = split.is_string() ? split.get<std::string>() : "";
    line.env = json.value("env", "");
    line.cluster = json.value("cluster", "");
    line.outcome = json.at("outcome").get<double>();
    line.scorer = json.at("scorer");
    for (const Json& step : json.at("steps"))
      line.steps.push_back({step.at("action").get<std::string>(), step.at("mean").get<double>(),
                            number_or_none(step.value("progress", Json())), step.at("n").get<std::int64_t>()});
    (void)line.scorer.at("id").get<std::string>();
  } catch (const Json::exception&) {  // a key is not there or of another type
    return bad_data(where + ": is no line of `ipr-host score`: " + dump_brief(json));
  }
  return line;
}

// Equal for what is scored alike: neither the seed nor what a checkpoint's folder is called counts.
std::string identity_of(Json scorer) {
  scorer.erase("seed");
  if (scorer.contains("policy_sha256")) scorer.erase("policy");
  return sha256_hex(dump_line(scorer)).substr(0, kHashDigits);
}

// The first turn whose actions differ; nothing where one trajectory is the other's beginning.
std::optional<std::size_t> first_difference(const std::vector<Step>& one, const std::vector<Step>& other) {
  for (std::size_t turn = 0; turn < one.size() && turn < other.size(); ++turn) {
    if (one[turn].action != other[turn].action) return turn;
  }
  return std::nullopt;
}

class Reader {
 public:
  explicit Reader(const std::string& path) : path_(path) {
    source_.run = std::filesystem::path(path).stem().string();
    source_.is_file = true;
  }

  Result<ScoredSource> read() {
    IPR_ASSIGN(const std::string contents, read_file(path_));
    std::istringstream lines(contents);
    std::string text;
    for (std::size_t number = 1; std::getline(lines, text); ++number) {
      if (text.empty()) continue;
      const std::string where = path_ + ": line " + std::to_string(number);
      IPR_ASSIGN(Line line, read_line(text, where));
      IPR_TRY(take_scorer(line, where));
      add(std::move(line));
    }
    if (source_.steps.empty()) return bad_data(path_ + ": holds no scored trajectory");
    return std::move(source_);
  }

 private:
  Status take_scorer(const Line& line, const std::string& where) {
    const ScorerKey key{line.scorer.at("id").get<std::string>(), identity_of(line.scorer)};
    if (source_.scorer == ScorerKey()) {
      source_.scorer = key;
      source_.env = line.env;
      const Json policy = line.scorer.value("policy", Json());
      source_.played_on = policy.is_string() ? policy.get<std::string>() : "";
    }
    return source_.scorer == key ? Status()
                                 : bad_data(where + ": is by another scorer than the lines before; give each a file");
  }

  void add(Line line) {
    const std::int64_t id = ++episodes_;
    std::int64_t parent = 0;
    std::int32_t prefix = 0;
    const auto [first, is_first] = experts_.emplace(line.task, std::pair(id, line.steps));
    if (!is_first) {
      const auto differs = first_difference(first->second.second, line.steps);
      if (differs) {
        parent = first->second.first;
        prefix = static_cast<std::int32_t>(*differs);
      }
    }
    const std::string cluster = line.cluster.empty() ? "task " + line.task : line.cluster;
    for (std::size_t turn = 0; turn < line.steps.size(); ++turn) {
      const Step& step = line.steps[turn];
      ScoredStep scored;
      scored.score.episode_id = id;
      scored.score.turn = static_cast<std::int32_t>(turn);
      scored.score.scorer = source_.scorer.first;
      scored.score.config_hash = source_.scorer.second;
      scored.score.value = step.value;
      scored.score.samples = step.samples;
      scored.stage = "score";
      scored.split = line.split;
      scored.task_id = line.task;
      scored.cluster = cluster;
      scored.parent_id = parent;
      scored.prefix_turns = prefix;
      scored.action = step.action;
      scored.progress = step.progress;
      scored.outcome = line.outcome;
      source_.steps[{id, scored.score.turn}] = std::move(scored);
    }
  }

  const std::string path_;
  ScoredSource source_;
  std::int64_t episodes_ = 0;
  std::map<std::string, std::pair<std::int64_t, std::vector<Step>>> experts_;  // by task: its first trajectory
};

}  // namespace

Result<ScoredSource> read_scored_file(const std::string& path) {
  return Reader(path).read();
}

}  // namespace ipr::report
