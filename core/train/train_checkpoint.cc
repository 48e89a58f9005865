#include "core/train/train_checkpoint.h"

#include <array>
#include <cstring>
#include <string_view>

#include "core/base/files.h"
#include "core/base/hash.h"
#include "core/base/json.h"

namespace ipr::train {
namespace {

constexpr std::string_view kMark = "ipr training checkpoint 2\n";

std::string_view bytes_of(const std::vector<float>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)};
}

std::uint64_t checksum(std::span<const std::string_view> parts) {
  std::uint64_t state = fnv1a64("");
  for (const std::string_view part : parts) state = fnv1a64(part, state);
  return state;
}

// Takes bytes off the front of what was read.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : left_(bytes) {}
  [[nodiscard]] bool take(std::size_t size, std::string_view& into) {
    if (size > left_.size()) return false;
    into = left_.substr(0, size);
    left_.remove_prefix(size);
    return true;
  }
  [[nodiscard]] bool take(std::size_t count, std::vector<float>& into) {
    std::string_view bytes;
    if (count > left_.size() / sizeof(float) || !take(count * sizeof(float), bytes)) return false;
    into.resize(count);
    if (count > 0) std::memcpy(into.data(), bytes.data(), bytes.size());
    return true;
  }
  [[nodiscard]] std::string_view left() const { return left_; }

 private:
  std::string_view left_;
};

Status damaged(const std::string& path, const char* what) {
  return bad_data(path + ": " + what + "; without it the stage is trained from its beginning");
}

// What training changes, in one fixed order: the change to a frozen base where there is one, else every tensor; then
// the value head.
std::vector<model::Values*> trained_values(model::Weights& weights) {
  std::vector<model::Values*> trained;
  if (weights.lora) {
    for (auto& [module, pair] : weights.lora->pairs) trained.insert(trained.end(), {&pair.a.values, &pair.b.values});
  } else {
    for (auto& [name, tensor] : weights.tensors) trained.push_back(&tensor.values);
  }
  if (weights.value_head) {
    trained.insert(trained.end(), {&weights.value_head->weight.values, &weights.value_head->bias.values});
  }
  return trained;
}

// The parts behind the header, as long as the header says.
Status read_parts(const std::string& path, const Json& header, Reader& reader, TrainCheckpoint& checkpoint) {
  checkpoint.stage = header.at("stage").get<std::string>();
  checkpoint.step = header.at("step").get<std::int64_t>();
  checkpoint.total = header.at("total").get<std::int64_t>();
  if (header.at("checksum").get<std::uint64_t>() != checksum(std::array{reader.left()})) {
    return damaged(path, "is cut short or was changed");
  }
  if (checkpoint.step > 0) {
    for (model::Values* const values : trained_values(checkpoint.weights)) {
      std::vector<float> taken;
      if (!reader.take(values->size(), taken)) return damaged(path, "is of another model");
      *values = std::move(taken);
    }
  }
  std::string_view state;
  if (!reader.take(header.at("state").get<std::size_t>(), state)) return damaged(path, "is of another model");
  checkpoint.backend_state = state;
  for (const auto& [key, logps] : {std::pair("reference", &checkpoint.reference), std::pair("old", &checkpoint.old)}) {
    for (const Json& length : header.at("logprobs").at(key)) {
      if (!reader.take(length.get<std::size_t>(), logps->emplace_back())) return damaged(path, "is of another model");
    }
  }
  return reader.left().empty() ? Status() : damaged(path, "is of another model");
}

}  // namespace

Status save_train_checkpoint(const std::string& path, const TrainCheckpoint& checkpoint) {
  Json lengths;
  std::vector<std::string_view> parts;
  model::Weights weights = checkpoint.weights;  // shares the numbers
  if (checkpoint.step > 0) {
    for (const model::Values* values : trained_values(weights)) parts.push_back(values->bytes());
  }
  parts.push_back(checkpoint.backend_state);
  for (const auto& [key, logps] : {std::pair("reference", &checkpoint.reference), std::pair("old", &checkpoint.old)}) {
    lengths[key] = Json::array();
    for (const std::vector<float>& row : *logps) {
      lengths[key].push_back(row.size());
      parts.push_back(bytes_of(row));
    }
  }
  const std::string header = dump_line({{"stage", checkpoint.stage},
                                        {"step", checkpoint.step},
                                        {"total", checkpoint.total},
                                        {"state", checkpoint.backend_state.size()},
                                        {"logprobs", lengths},
                                        {"checksum", checksum(parts)}});
  const std::uint64_t header_size = header.size();
  const std::string_view size_bytes(reinterpret_cast<const char*>(&header_size), sizeof header_size);
  parts.insert(parts.begin(), {kMark, size_bytes, header});
  return write_file_parts(path, parts);
}

Result<TrainCheckpoint> load_train_checkpoint(const std::string& path, const model::Weights& begun_from) {
  IPR_ASSIGN(const std::string contents, read_file(path));
  Reader reader(contents);
  std::string_view mark, size_bytes, header_bytes;
  std::uint64_t header_size = 0;
  if (!reader.take(kMark.size(), mark) || mark != kMark || !reader.take(sizeof header_size, size_bytes)) {
    return damaged(path, "is no training checkpoint");
  }
  std::memcpy(&header_size, size_bytes.data(), sizeof header_size);
  if (!reader.take(header_size, header_bytes)) return damaged(path, "is cut short or was changed");
  IPR_ASSIGN(const Json header, parse_json(header_bytes, path));
  TrainCheckpoint checkpoint;
  checkpoint.weights = begun_from;
  try {
    IPR_TRY(read_parts(path, header, reader, checkpoint));
  } catch (const Json::exception&) {  // a key is missing or of another type
    return damaged(path, "is no training checkpoint");
  }
  return checkpoint;
}

}  // namespace ipr::train
