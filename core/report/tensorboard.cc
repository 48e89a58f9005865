#include "core/report/tensorboard.h"

#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <ctime>
#include <filesystem>
#include <map>
#include <string_view>

#include "core/base/files.h"
#include "core/base/strings.h"
#include "core/report/tfrecord.h"

namespace ipr::report {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kPrefix = "events.out.tfevents.";

// --- protocol buffers, as far as Event needs them: (field number, wire type) then the value ---

enum Wire : std::uint32_t { kVarint = 0, kEightBytes = 1, kBytes = 2, kFourBytes = 5 };

void put_varint(std::string& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>((value & 0x7F) | 0x80);
  out += static_cast<char>(value);
}
void put_key(std::string& out, std::uint32_t field, Wire wire) {
  put_varint(out, field << 3 | wire);
}
void put_bytes(std::string& out, std::uint32_t field, std::string_view bytes) {
  put_key(out, field, kBytes);
  put_varint(out, bytes.size());
  out += bytes;
}
template <typename Bits>
void put_fixed(std::string& out, Bits bits) {
  for (std::size_t i = 0; i < sizeof bits; ++i) out += static_cast<char>((bits >> (8 * i)) & 0xFF);
}

// Event { double wall_time = 1; int64 step = 2; string file_version = 3; Summary summary = 5; }
std::string event(double wall_time, std::int64_t step) {
  std::string bytes;
  put_key(bytes, 1, kEightBytes);
  put_fixed(bytes, std::bit_cast<std::uint64_t>(wall_time));
  put_key(bytes, 2, kVarint);
  put_varint(bytes, static_cast<std::uint64_t>(step));
  return bytes;
}

// Summary { repeated Value value = 1; }  Value { string tag = 1; float simple_value = 2; }
std::string summary_value(std::string_view tag, double number) {
  std::string value;
  put_bytes(value, 1, tag);
  put_key(value, 2, kFourBytes);
  put_fixed(value, std::bit_cast<std::uint32_t>(static_cast<float>(number)));
  return value;
}

// --- the scalars of a record ---

// By step, then by tag: the order in the file. Tags must be UTF-8.
class Scalars {
 public:
  void add(std::int64_t step, const std::string& tag, double value) {
    if (std::isfinite(value)) by_step_[step][valid_utf8(tag)] = value;
  }
  [[nodiscard]] std::string file(double wall_time) const {
    std::string out, version = event(wall_time, 0);
    put_bytes(version, 3, "brain.Event:2");
    append_record(out, version);
    for (const auto& [step, values] : by_step_) {
      std::string summary;
      for (const auto& [tag, value] : values) put_bytes(summary, 1, summary_value(tag, value));
      std::string bytes = event(wall_time, step);
      put_bytes(bytes, 5, summary);
      append_record(out, bytes);
    }
    return out;
  }

 private:
  std::map<std::int64_t, std::map<std::string, double>> by_step_;
};

// Each iteration's steps begin at 0 in the record; here they follow each other.
Status add_metrics(store::RunStore& record, Scalars& scalars) {
  IPR_ASSIGN(const auto names, record.metric_names());
  std::map<std::string, std::map<std::int32_t, std::int64_t>> lengths;  // of a stage in an iteration, in steps
  std::map<std::pair<std::string, std::string>, std::vector<store::Metric>> curves;
  for (const auto& [stage, name] : names) {
    IPR_ASSIGN(std::vector<store::Metric> curve, record.metrics(stage, name));
    for (const store::Metric& metric : curve) {
      std::int64_t& length = lengths[stage][metric.iteration];
      length = std::max(length, metric.step + 1);
    }
    curves[{stage, name}] = std::move(curve);
  }
  for (const auto& [key, curve] : curves) {
    const auto& [stage, name] = key;
    for (const store::Metric& metric : curve) {
      std::int64_t before = 0;
      for (const auto& [iteration, length] : lengths[stage]) before += iteration < metric.iteration ? length : 0;
      scalars.add(before + metric.step, stage + "/" + name, metric.value);
    }
  }
  return {};
}

Status add_iterations(store::RunStore& record, Scalars& scalars) {
  IPR_ASSIGN(const std::vector<store::Evaluation> evaluations, record.evaluations());
  for (const store::Evaluation& evaluation : evaluations) {
    scalars.add(evaluation.iteration, "eval/" + evaluation.split + "/reward", evaluation.mean);
    scalars.add(evaluation.iteration, "eval/" + evaluation.split + "/success", evaluation.success);
  }
  IPR_ASSIGN(const std::vector<store::Pair> pairs, record.pairs());
  std::map<std::pair<std::int32_t, std::string>, double> counts;
  for (const store::Pair& pair : pairs) ++counts[{pair.iteration, pair.kind}];
  for (const auto& [key, count] : counts) scalars.add(key.first, "pairs/" + key.second, count);
  IPR_ASSIGN(const std::vector<store::Cost> costs, record.costs());
  for (const store::Cost& cost : costs) {
    const std::string stage = "cost/" + cost.stage + "/";
    scalars.add(cost.iteration, stage + "rollouts", static_cast<double>(cost.rollouts));
    scalars.add(cost.iteration, stage + "tokens_asked", static_cast<double>(cost.tokens_asked));
    scalars.add(cost.iteration, stage + "tokens_computed", static_cast<double>(cost.tokens_computed));
    scalars.add(cost.iteration, stage + "seconds", cost.seconds);
  }
  return {};
}

std::string new_name(double wall_time) {
  char host[256] = "localhost";
  if (::gethostname(host, sizeof host - 1) != 0) host[0] = '\0';
  return std::string(kPrefix) + std::to_string(static_cast<std::int64_t>(wall_time)) + "." + host + "." +
         std::to_string(::getpid()) + ".0";
}

}  // namespace

Result<std::string> tensorboard_events(store::RunStore& record, double wall_time) {
  Scalars scalars;
  IPR_TRY(add_metrics(record, scalars));
  IPR_TRY(add_iterations(record, scalars));
  return scalars.file(wall_time);
}

Status write_tensorboard(store::RunStore& record, const std::string& folder) {
  IPR_TRY(make_folder(folder));
  const auto wall_time = static_cast<double>(std::time(nullptr));
  IPR_ASSIGN(const std::string events, tensorboard_events(record, wall_time));
  std::string name = new_name(wall_time);
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
    const std::string there = entry.path().filename().string();
    const bool whole = there.find(".tmp.") == std::string::npos;  // a killed run may have left a temporary file
    if (there.starts_with(kPrefix) && whole) name = there;
  }
  return write_file(folder + "/" + name, events);
}

}  // namespace ipr::report
