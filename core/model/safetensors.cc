#include "core/model/safetensors.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <filesystem>
#include <set>
#include <string_view>
#include <vector>

#include "core/base/files.h"
#include "core/base/json.h"

namespace ipr::model {
namespace {

static_assert(std::endian::native == std::endian::little);

constexpr std::uint64_t kLengthBytes = 8;
constexpr std::uint64_t kLargestHeader = std::uint64_t{100} << 20;  // the format's own limit

struct Entry {
  std::string name, dtype;
  std::vector<std::int64_t> shape;
  std::uint64_t count = 1;           // elements
  std::uint64_t begin = 0, end = 0;  // bytes behind the header
};

// 0 for a type that is not read.
std::uint64_t bytes_of(const std::string& dtype) {
  if (dtype == "F32") return 4;
  return dtype == "F16" || dtype == "BF16" ? 2 : 0;
}

Result<Json> read_header(std::string_view file, const std::string& path) {
  if (file.size() < kLengthBytes)
    return bad_data(path + ": " + std::to_string(file.size()) + " bytes are no safetensors file; fetch it again");
  std::uint64_t length = 0;
  std::memcpy(&length, file.data(), kLengthBytes);
  if (length > kLargestHeader) {
    return bad_data(path + ": header of " + std::to_string(length) +
                    " bytes is above the format's limit; not a safetensors file?");
  }
  if (length > file.size() - kLengthBytes) {
    return bad_data(path + ": header of " + std::to_string(length) + " bytes, but the file ends after " +
                    std::to_string(file.size()) + "; it is truncated, fetch it again");
  }
  IPR_ASSIGN(Json header, parse_json(file.substr(kLengthBytes, length), path + ": header"));
  if (!header.is_object()) return bad_data(path + ": header: expected a JSON object");
  return header;
}

Result<Entry> read_entry(const std::string& name, const Json& json, std::uint64_t data_size, const std::string& path) {
  const auto wrong = [&](const std::string& what) { return bad_data(path + ": tensor " + name + ": " + what); };
  if (!json.is_object() || !json.value("dtype", Json()).is_string()) return wrong("header entry without a dtype");
  Entry entry{name, json["dtype"].get<std::string>(), {}};
  const std::uint64_t width = bytes_of(entry.dtype);
  if (width == 0) return wrong("element type " + entry.dtype + " is not supported; convert it to F32, F16 or BF16");
  const Json shape = json.value("shape", Json());
  if (!shape.is_array()) return wrong("shape is not a list");
  for (const Json& size : shape) {
    if (!size.is_number_unsigned()) return wrong("shape " + dump_line(shape) + " is not a list of sizes");
    const auto value = size.get<std::uint64_t>();
    // Kept below the file's size, so that nothing overflows and no forged shape allocates memory.
    if (value != 0 && entry.count > data_size / value)
      return wrong("shape " + dump_line(shape) + " is larger than the file; it is truncated");
    entry.count *= value;
    entry.shape.push_back(static_cast<std::int64_t>(value));
  }
  const Json offsets = json.value("data_offsets", Json());
  if (!offsets.is_array() || offsets.size() != 2 || !offsets[0].is_number_unsigned() ||
      !offsets[1].is_number_unsigned()) {
    return wrong("data_offsets " + dump_line(offsets) + " are not two byte offsets");
  }
  entry.begin = offsets[0].get<std::uint64_t>();
  entry.end = offsets[1].get<std::uint64_t>();
  if (entry.begin > entry.end) return wrong("data_offsets " + dump_line(offsets) + " run backwards");
  if (entry.end > data_size) {
    return wrong("its data end at byte " + std::to_string(entry.end) + ", the file holds " + std::to_string(data_size) +
                 "; it is truncated, fetch it again");
  }
  if (entry.end - entry.begin != entry.count * width) {
    return wrong("shape " + dump_line(shape) + " of " + entry.dtype + " needs " + std::to_string(entry.count * width) +
                 " bytes, data_offsets give " + std::to_string(entry.end - entry.begin));
  }
  return entry;
}

// The tensors' bytes must tile the data: no overlap, no hole, nothing behind the last.
Status check_tiling(std::vector<Entry>& entries, std::uint64_t data_size, const std::string& path) {
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
    return a.begin != b.begin ? a.begin < b.begin : a.end != b.end ? a.end < b.end : a.name < b.name;
  });
  std::uint64_t at = 0;
  std::string before = "the header";
  for (const Entry& entry : entries) {
    if (entry.begin < at) return bad_data(path + ": tensor " + entry.name + ": its data overlap those of " + before);
    if (entry.begin > at) {
      return bad_data(path + ": tensor " + entry.name + ": " + std::to_string(entry.begin - at) +
                      " unused bytes between it and " + before);
    }
    at = entry.end;
    before = entry.name;
  }
  if (at != data_size)
    return bad_data(path + ": " + std::to_string(data_size - at) + " bytes behind the last tensor, " + before);
  return {};
}

float from_bf16(std::uint16_t bits) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
}

float from_f16(std::uint16_t bits) {
  const std::uint32_t sign = static_cast<std::uint32_t>(bits & 0x8000u) << 16;
  const std::uint32_t exponent = bits >> 10 & 0x1fu;
  const std::uint32_t fraction = bits & 0x3ffu;
  if (exponent == 0) {  // zero and subnormals: fraction * 2^-24, exact in f32
    const float value = static_cast<float>(fraction) * 0x1.0p-24f;
    return sign != 0 ? -value : value;
  }
  const std::uint32_t widened = exponent == 31 ? 255 : exponent + 112;  // bias 15 to 127; infinities and NaN stay
  return std::bit_cast<float>(sign | widened << 23 | fraction << 13);
}

Tensor decode(const Entry& entry, const char* bytes) {
  Tensor tensor{entry.shape, std::vector<float>(entry.count)};
  if (entry.count == 0) return tensor;
  if (entry.dtype == "F32") {
    std::memcpy(tensor.values.data(), bytes, entry.count * sizeof(float));
    return tensor;
  }
  const auto convert = entry.dtype == "F16" ? from_f16 : from_bf16;
  for (std::size_t i = 0; i < entry.count; ++i) {
    std::uint16_t bits = 0;
    std::memcpy(&bits, bytes + 2 * i, sizeof bits);
    tensor.values[i] = convert(bits);
  }
  return tensor;
}

std::string header_of(const std::map<std::string, Tensor>& tensors) {
  Json header = {{"__metadata__", {{"format", "pt"}}}};  // what transformers looks for
  std::uint64_t at = 0;
  for (const auto& [name, tensor] : tensors) {
    const std::uint64_t end = at + tensor.values.size() * sizeof(float);
    header[name] = {{"dtype", "F32"}, {"shape", tensor.shape}, {"data_offsets", {at, end}}};
    at = end;
  }
  std::string text = dump_line(header);
  text.append((8 - text.size() % 8) % 8, ' ');  // data start on a multiple of 8
  return text;
}

}  // namespace

Result<std::map<std::string, Tensor>> read_safetensors(const std::string& path) {
  IPR_ASSIGN(const std::string file, read_file(path));
  IPR_ASSIGN(const Json header, read_header(file, path));
  std::uint64_t header_length = 0;
  std::memcpy(&header_length, file.data(), kLengthBytes);
  const std::uint64_t data_size = file.size() - kLengthBytes - header_length;
  std::vector<Entry> entries;
  for (const auto& [name, json] : header.items()) {
    if (name == "__metadata__") continue;
    IPR_ASSIGN(Entry entry, read_entry(name, json, data_size, path));
    entries.push_back(std::move(entry));
  }
  IPR_TRY(check_tiling(entries, data_size, path));
  std::map<std::string, Tensor> tensors;
  for (const Entry& entry : entries)
    tensors.emplace(entry.name, decode(entry, file.data() + kLengthBytes + header_length + entry.begin));
  return tensors;
}

Result<std::map<std::string, Tensor>> read_sharded_safetensors(const std::string& path) {
  IPR_ASSIGN(const Json index, read_json(path));
  const Json map = index.is_object() ? index.value("weight_map", Json()) : Json();
  if (!map.is_object()) return bad_data(path + ": key \"weight_map\" is missing; not a safetensors index");
  std::set<std::string> files;
  for (const auto& [name, file] : map.items()) {
    if (!file.is_string() || file.get<std::string>().find('/') != std::string::npos) {
      return bad_data(path + ": tensor " + name + ": expected the name of a file in the same folder, found " +
                      dump_line(file));
    }
    files.insert(file.get<std::string>());
  }
  std::map<std::string, Tensor> tensors;
  for (const std::string& file : files) {
    const std::string shard = (std::filesystem::path(path).parent_path() / file).string();
    IPR_ASSIGN(auto part, read_safetensors(shard));
    for (auto& [name, tensor] : part) {
      if (map.value(name, "") != file)
        return bad_data(shard + ": tensor " + name + " is not listed for this file in " + path);
      tensors.emplace(name, std::move(tensor));
    }
  }
  for (const auto& [name, file] : map.items()) {
    if (!tensors.contains(name)) return bad_data(path + ": tensor " + name + " is not in " + file.get<std::string>());
  }
  return tensors;
}

Status write_safetensors(const std::string& path, const std::map<std::string, Tensor>& tensors) {
  const std::string header = header_of(tensors);
  const std::uint64_t length = header.size();
  std::string file(reinterpret_cast<const char*>(&length), kLengthBytes);
  std::uint64_t size = kLengthBytes + length;
  for (const auto& [name, tensor] : tensors) size += tensor.values.size() * sizeof(float);
  file.reserve(size);
  file += header;
  for (const auto& [name, tensor] : tensors) {
    file.append(reinterpret_cast<const char*>(tensor.values.data()), tensor.values.size() * sizeof(float));
  }
  return write_file(path, file);
}

}  // namespace ipr::model
