#include "core/model/safetensors.h"

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <optional>
#include <set>
#include <string_view>
#include <vector>

#include "core/base/files.h"
#include "core/base/json.h"

namespace ipr::model {
namespace {

constexpr std::uint64_t kLengthBytes = 8;
// A hundred times what the largest models need. The format itself allows 100 MB, as JSON in memory many times that.
constexpr std::uint64_t kLargestHeader = std::uint64_t{16} << 20;

struct Entry {
  StoredTensor tensor;
  std::uint64_t begin = 0, end = 0;  // bytes behind the header
};

Result<Json> read_header(std::string_view file, const std::string& path) {
  if (file.size() < kLengthBytes)
    return bad_data(path + ": " + std::to_string(file.size()) + " bytes are no safetensors file; fetch it again");
  std::uint64_t length = 0;
  std::memcpy(&length, file.data(), kLengthBytes);
  if (length > kLargestHeader) {
    return bad_data(path + ": header of " + std::to_string(length) +
                    " bytes is more than any model's; not a safetensors file?");
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
  if (!json.is_object() || !json.contains("dtype") || !json["dtype"].is_string())
    return wrong("header entry without a dtype");
  const auto dtype = json["dtype"].get<std::string>();
  const std::optional<ElementType> type = element_type_of(dtype);
  if (!type)
    return wrong("element type " + dump_brief(json["dtype"]) + " is not supported; convert it to F32, F16 or BF16");
  Entry entry;
  StoredTensor& tensor = entry.tensor;
  tensor.name = name;
  tensor.type = *type;
  tensor.count = 1;
  const Json shape = json.value("shape", Json());
  if (!shape.is_array()) return wrong("shape is not a list");
  for (const Json& size : shape) {
    if (!size.is_number_unsigned()) return wrong("shape " + dump_brief(shape) + " is not a list of sizes");
    const auto value = size.get<std::uint64_t>();
    // Kept below the file's size, so that nothing overflows and no forged shape allocates memory.
    if (value != 0 && tensor.count > data_size / value)
      return wrong("shape " + dump_brief(shape) + " is larger than the file; it is truncated");
    tensor.count *= value;
    tensor.shape.push_back(static_cast<std::int64_t>(value));
  }
  const Json offsets = json.value("data_offsets", Json());
  if (!offsets.is_array() || offsets.size() != 2 || !offsets[0].is_number_unsigned() ||
      !offsets[1].is_number_unsigned()) {
    return wrong("data_offsets " + dump_brief(offsets) + " are not two byte offsets");
  }
  entry.begin = offsets[0].get<std::uint64_t>();
  entry.end = offsets[1].get<std::uint64_t>();
  if (entry.begin > entry.end) return wrong("data_offsets " + dump_brief(offsets) + " run backwards");
  if (entry.end > data_size) {
    return wrong("its data end at byte " + std::to_string(entry.end) + ", the file holds " + std::to_string(data_size) +
                 "; it is truncated, fetch it again");
  }
  const std::uint64_t needed = tensor.count * layout_of(*type).bytes;
  if (entry.end - entry.begin != needed) {
    return wrong("shape " + dump_brief(shape) + " of " + dtype + " needs " + std::to_string(needed) +
                 " bytes, data_offsets give " + std::to_string(entry.end - entry.begin));
  }
  return entry;
}

// The tensors' bytes must tile the data: no overlap, no hole, nothing behind the last.
Status check_tiling(std::vector<Entry>& entries, std::uint64_t data_size, const std::string& path) {
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
    return a.begin != b.begin ? a.begin < b.begin : a.end != b.end ? a.end < b.end : a.tensor.name < b.tensor.name;
  });
  std::uint64_t at = 0;
  std::string before = "the header";
  for (const Entry& entry : entries) {
    if (entry.begin < at)
      return bad_data(path + ": tensor " + entry.tensor.name + ": its data overlap those of " + before);
    if (entry.begin > at) {
      return bad_data(path + ": tensor " + entry.tensor.name + ": " + std::to_string(entry.begin - at) +
                      " unused bytes between it and " + before);
    }
    at = entry.end;
    before = entry.tensor.name;
  }
  if (at != data_size)
    return bad_data(path + ": " + std::to_string(data_size - at) + " bytes behind the last tensor, " + before);
  return {};
}

std::string header_of(const std::map<std::string, Tensor>& tensors) {
  Json header = {{"__metadata__", {{"format", "pt"}}}};  // what transformers looks for
  std::uint64_t at = 0;
  for (const auto& [name, tensor] : tensors) {
    const std::uint64_t end = at + tensor.values.bytes().size();
    const char* const type = layout_of(tensor.values.type()).name;
    header[name] = {{"dtype", type}, {"shape", tensor.shape}, {"data_offsets", {at, end}}};
    at = end;
  }
  std::string text = dump_line(header);
  text.append((8 - text.size() % 8) % 8, ' ');  // data start on a multiple of 8
  return text;
}

}  // namespace

Result<SafetensorsFile> open_safetensors(const std::string& path) {
  IPR_ASSIGN(MappedFile file, MappedFile::open(path));
  IPR_ASSIGN(const Json header, read_header(file.bytes(), path));
  std::uint64_t header_length = 0;
  std::memcpy(&header_length, file.bytes().data(), kLengthBytes);
  const std::string_view data = file.bytes().substr(kLengthBytes + header_length);
  std::vector<Entry> entries;
  for (const auto& [name, json] : header.items()) {
    if (name == "__metadata__") continue;
    IPR_TRY(check_tensor_name(name, path));
    IPR_ASSIGN(Entry entry, read_entry(name, json, data.size(), path));
    entries.push_back(std::move(entry));
  }
  IPR_TRY(check_tiling(entries, data.size(), path));
  SafetensorsFile opened{std::make_shared<const MappedFile>(std::move(file)), {}};
  for (Entry& entry : entries) {
    entry.tensor.bytes = data.data() + entry.begin;
    opened.tensors.push_back(std::move(entry.tensor));
  }
  return opened;
}

Result<std::vector<SafetensorsFile>> open_sharded_safetensors(const std::string& path) {
  IPR_ASSIGN(const MappedFile text, MappedFile::open(path));
  if (text.bytes().size() > kLargestHeader)
    return bad_data(path + ": " + std::to_string(text.bytes().size()) + " bytes are more than any model's index");
  IPR_ASSIGN(const Json index, parse_json(text.bytes(), path));
  const Json map = index.is_object() ? index.value("weight_map", Json()) : Json();
  if (!map.is_object()) return bad_data(path + ": key \"weight_map\" is missing; not a safetensors index");
  std::set<std::string> names;
  for (const auto& [tensor, file] : map.items()) {
    IPR_TRY(check_tensor_name(tensor, path));
    const std::string file_name = file.is_string() ? file.get<std::string>() : std::string();
    if (!is_plain_name(file_name) || file_name.find('/') != std::string::npos) {
      return bad_data(path + ": tensor " + tensor + ": expected the name of a file in the same folder, found " +
                      dump_brief(file));
    }
    names.insert(file_name);
  }
  std::vector<SafetensorsFile> files;
  std::set<std::string> found;
  for (const std::string& name : names) {
    const std::string shard = (std::filesystem::path(path).parent_path() / name).string();
    if (!name.ends_with(".safetensors"))
      return bad_data(shard + ": is no safetensors file, and nothing else is read; fetch or save the model as one");
    IPR_ASSIGN(SafetensorsFile file, open_safetensors(shard));
    for (const StoredTensor& tensor : file.tensors) {
      if (map.value(tensor.name, "") != name)
        return bad_data(shard + ": tensor " + tensor.name + " is not listed for this file in " + path);
      found.insert(tensor.name);
    }
    files.push_back(std::move(file));
  }
  for (const auto& [tensor, file] : map.items()) {
    if (!found.contains(tensor)) return bad_data(path + ": tensor " + tensor + " is not in " + file.get<std::string>());
  }
  return files;
}

Result<std::map<std::string, Tensor>> read_safetensors(const std::string& path) {
  IPR_ASSIGN(const SafetensorsFile file, open_safetensors(path));
  std::map<std::string, Tensor> tensors;
  for (const StoredTensor& stored : file.tensors) tensors.emplace(stored.name, expand(stored));
  return tensors;
}

Status write_safetensors(const std::string& path, const std::map<std::string, Tensor>& tensors) {
  const std::string header = header_of(tensors);
  const std::uint64_t length = header.size();
  std::vector<std::string_view> parts = {{reinterpret_cast<const char*>(&length), kLengthBytes}, header};
  for (const auto& [name, tensor] : tensors) {
    parts.push_back(tensor.values.bytes());
  }
  return write_file_parts(path, parts);
}

}  // namespace ipr::model
