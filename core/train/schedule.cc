#include "core/train/schedule.h"

#include <cmath>
#include <functional>
#include <limits>
#include <numbers>
#include <utility>
#include <vector>

#include "core/base/strings.h"

namespace ipr::train {
namespace {

// The words of each enumeration, in its order.
const std::vector<std::string> kTrainsNames = {"policy", "value"};
const std::vector<std::string> kInitNames = {"base", "previous", "start"};
const std::vector<std::string> kReferenceNames = {"none", "base", "previous"};
const std::vector<std::string> kScheduleNames = {"constant", "cosine", "linear"};
const std::vector<std::string> kUnitNames = {"groups", "rows", "tokens"};
const std::vector<std::string> kOrderNames = {"shuffle", "emitted"};

template <typename Enum>
Status read_word(const Json& value, const std::vector<std::string>& names, Enum& out) {
  if (value.is_string()) {
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (value.get<std::string>() == names[i]) {
        out = static_cast<Enum>(i);
        return {};
      }
    }
  }
  return usage("expected one of " + join(names, ", ") + "; found " + dump_line(value));
}

struct Range {
  double low = 0;
  bool low_open = false;  // low itself is not allowed
  double high = std::numeric_limits<double>::infinity();
  bool high_open = false;
};

Status read_number(const Json& value, const Range& range, double& out) {
  if (!value.is_number()) return usage("expected a number, found " + dump_line(value));
  const double number = value.get<double>();
  const bool low_ok = range.low_open ? number > range.low : number >= range.low;
  const bool high_ok = range.high_open ? number < range.high : number <= range.high;
  if (!low_ok || !high_ok || !std::isfinite(number)) {
    std::string wanted = std::string(range.low_open ? "above " : "at least ") + dump_line(Json(range.low));
    if (std::isfinite(range.high))
      wanted += std::string(range.high_open ? " and below " : " and at most ") + dump_line(Json(range.high));
    return usage("expected a number " + wanted + ", found " + dump_line(value));
  }
  out = number;
  return {};
}

Status read_count(const Json& value, std::int64_t& out) {
  const bool whole =
      value.is_number_integer() || (value.is_number_float() && value.get<double>() == std::floor(value.get<double>()));
  if (!whole || value.get<double>() < 1 || value.get<double>() > 1e12) {
    return usage("expected an integer of at least 1, found " + dump_line(value));
  }
  out = value.get<std::int64_t>();
  return {};
}

Status read_steps(const Json& value, TrainSettings& out) {
  if (value == Json(0)) {
    out.steps = 0;
    return {};
  }
  return read_count(value, out.steps);
}

Status read_betas(const Json& value, TrainSettings& out) {
  if (!value.is_array() || value.size() != 2) return usage("expected two numbers, found " + dump_line(value));
  const Range range{.high = 1, .high_open = true};
  IPR_TRY(read_number(value[0], range, out.beta1));
  return read_number(value[1], range, out.beta2);
}

using Reader = std::function<Status(const Json& value, TrainSettings& out)>;

const std::vector<std::pair<std::string, Reader>>& readers() {
  static const std::vector<std::pair<std::string, Reader>> kReaders = {
      {"trains", [](const Json& v, TrainSettings& s) { return read_word(v, kTrainsNames, s.trains); }},
      {"init", [](const Json& v, TrainSettings& s) { return read_word(v, kInitNames, s.init); }},
      {"reference", [](const Json& v, TrainSettings& s) { return read_word(v, kReferenceNames, s.reference); }},
      {"epochs", [](const Json& v, TrainSettings& s) { return read_count(v, s.epochs); }},
      {"steps", read_steps},
      {"lr", [](const Json& v, TrainSettings& s) { return read_number(v, {}, s.lr); }},
      {"schedule", [](const Json& v, TrainSettings& s) { return read_word(v, kScheduleNames, s.schedule); }},
      {"min_lr_rate", [](const Json& v, TrainSettings& s) { return read_number(v, {.high = 1}, s.min_lr_rate); }},
      {"warmup", [](const Json& v, TrainSettings& s) { return read_number(v, {}, s.warmup); }},
      {"batch", [](const Json& v, TrainSettings& s) { return read_count(v, s.batch); }},
      {"batch_unit", [](const Json& v, TrainSettings& s) { return read_word(v, kUnitNames, s.batch_unit); }},
      {"weight_decay", [](const Json& v, TrainSettings& s) { return read_number(v, {}, s.weight_decay); }},
      {"betas", read_betas},
      {"eps", [](const Json& v, TrainSettings& s) { return read_number(v, {.low_open = true}, s.eps); }},
      {"clip", [](const Json& v, TrainSettings& s) { return read_number(v, {}, s.clip); }},
      {"dropout",
       [](const Json& v, TrainSettings& s) { return read_number(v, {.high = 1, .high_open = true}, s.dropout); }},
      {"observation_loss", [](const Json& v, TrainSettings& s) { return read_number(v, {}, s.observation_loss); }},
      {"order", [](const Json& v, TrainSettings& s) { return read_word(v, kOrderNames, s.order); }}};
  return kReaders;
}

}  // namespace

Result<TrainSettings> train_settings_from_json(const Json& json, const std::string& source) {
  if (!json.is_object()) return usage(source + ": expected an object of training settings, found " + dump_line(json));
  TrainSettings settings;
  for (const auto& [key, value] : json.items()) {
    const Reader* reader = nullptr;
    std::vector<std::string> known;
    for (const auto& [name, read] : readers()) {
      known.push_back(name);
      if (name == key) reader = &read;
    }
    if (reader == nullptr) return usage(source + ": unknown key \"" + key + "\"" + did_you_mean(key, known));
    if (const Status status = (*reader)(value, settings); !status.ok()) return status.at(source + ": " + key);
  }
  return settings;
}

Json train_settings_to_json(const TrainSettings& s) {
  const auto word = [](const std::vector<std::string>& names, auto value) {
    return names[static_cast<std::size_t>(value)];
  };
  return {{"trains", word(kTrainsNames, s.trains)},
          {"init", word(kInitNames, s.init)},
          {"reference", word(kReferenceNames, s.reference)},
          {"epochs", s.epochs},
          {"steps", s.steps},
          {"lr", s.lr},
          {"schedule", word(kScheduleNames, s.schedule)},
          {"min_lr_rate", s.min_lr_rate},
          {"warmup", s.warmup},
          {"batch", s.batch},
          {"batch_unit", word(kUnitNames, s.batch_unit)},
          {"weight_decay", s.weight_decay},
          {"betas", {s.beta1, s.beta2}},
          {"eps", s.eps},
          {"clip", s.clip},
          {"dropout", s.dropout},
          {"observation_loss", s.observation_loss},
          {"order", word(kOrderNames, s.order)}};
}

std::int64_t warmup_steps(const TrainSettings& settings, std::int64_t total) {
  // 1e-9: 0.1 of 30 steps is 3, although the product is a little more.
  const double steps =
      settings.warmup < 1 ? std::ceil(settings.warmup * static_cast<double>(total) - 1e-9) : settings.warmup;
  return static_cast<std::int64_t>(std::min(steps, static_cast<double>(total)));
}

double lr_at(const TrainSettings& settings, std::int64_t step, std::int64_t total) {
  const std::int64_t warm = warmup_steps(settings, total);
  if (step < warm) return settings.lr * static_cast<double>(step + 1) / static_cast<double>(warm);
  if (settings.schedule == Schedule::kConstant) return settings.lr;
  const double done = static_cast<double>(step - warm) / static_cast<double>(total - warm);
  const double left = settings.schedule == Schedule::kCosine ? (1 + std::cos(std::numbers::pi * done)) / 2 : 1 - done;
  return settings.lr * (settings.min_lr_rate + (1 - settings.min_lr_rate) * left);
}

}  // namespace ipr::train
