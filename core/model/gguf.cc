#include "core/model/gguf.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "core/base/json.h"

namespace ipr::model {
namespace {

// More than any model has; below them a forged count costs little memory.
constexpr std::uint64_t kMostKeys = 65536;
constexpr std::uint64_t kMostTensors = 65536;
constexpr std::uint64_t kMostListed = std::uint64_t{1} << 22;  // tokens, merges
constexpr std::uint64_t kLongestKey = 65535;                   // the format's own limit
constexpr std::uint32_t kMostDimensions = 4;                   // likewise

// Type numbers of values.
enum : std::uint32_t {
  kU8 = 0,
  kI8 = 1,
  kU16 = 2,
  kI16 = 3,
  kU32 = 4,
  kI32 = 5,
  kF32 = 6,
  kBool = 7,
  kText = 8,
  kList = 9,
  kU64 = 10,
  kI64 = 11,
  kF64 = 12,
};

// 0 for a text, a list and what is not known.
std::uint64_t bytes_of(std::uint32_t type) {
  constexpr std::uint64_t kBytes[] = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};
  return type < std::size(kBytes) ? kBytes[type] : 0;
}

bool is_integer(std::uint32_t type) {
  return type <= kI32 || type == kU64 || type == kI64;
}
bool is_number(std::uint32_t type) {
  return is_integer(type) || type == kF32 || type == kF64;
}
bool is_flag(std::uint32_t type) {
  return type == kBool;
}
bool is_text(std::uint32_t type) {
  return type == kText;
}

template <typename T>
T read_as(const char* bytes) {
  T value{};
  std::memcpy(&value, bytes, sizeof value);
  return value;
}

// A U64 above the largest integer becomes that: no size is near it.
std::int64_t integer_at(std::uint32_t type, const char* bytes) {
  switch (type) {
    case kU8:
      return read_as<std::uint8_t>(bytes);
    case kI8:
      return read_as<std::int8_t>(bytes);
    case kU16:
      return read_as<std::uint16_t>(bytes);
    case kI16:
      return read_as<std::int16_t>(bytes);
    case kU32:
      return read_as<std::uint32_t>(bytes);
    case kI32:
      return read_as<std::int32_t>(bytes);
    case kU64:
      return static_cast<std::int64_t>(std::min<std::uint64_t>(read_as<std::uint64_t>(bytes), INT64_MAX));
    default:
      return read_as<std::int64_t>(bytes);
  }
}

double number_at(std::uint32_t type, const char* bytes) {
  if (type == kF32) return static_cast<double>(read_as<float>(bytes));
  if (type == kF64) return read_as<double>(bytes);
  return static_cast<double>(integer_at(type, bytes));
}

}  // namespace

// Reads the file from its beginning, never past its end.
class GgufFile::Parser {
 public:
  explicit Parser(GgufFile& into) : into_(into), bytes_(into.file_.bytes()) {}

  Status run() {
    IPR_TRY(read_head());
    for (std::uint64_t i = 0; i < key_count_; ++i) IPR_TRY(read_key());
    std::vector<std::uint64_t> offsets;
    for (std::uint64_t i = 0; i < tensor_count_; ++i) IPR_TRY(read_tensor(offsets));
    IPR_TRY(read_alignment());
    return place_tensors(offsets);
  }

 private:
  [[nodiscard]] Status wrong(const std::string& what) const {
    return bad_data(into_.path() + ": " + what + "; the file is damaged, fetch it again");
  }
  [[nodiscard]] Status cut() const {
    return wrong("ends at byte " + std::to_string(bytes_.size()) + " in the middle of its header");
  }

  Status take(std::uint64_t count, std::string_view& taken) {
    if (count > bytes_.size() - at_) return cut();
    taken = bytes_.substr(at_, count);
    at_ += count;
    return {};
  }
  template <typename T>
  Status take(T& value) {
    std::string_view taken;
    IPR_TRY(take(sizeof value, taken));
    value = read_as<T>(taken.data());
    return {};
  }
  Status take_text(std::uint64_t longest, std::string_view& text) {
    std::uint64_t length = 0;
    const std::size_t place = at_;
    IPR_TRY(take(length));
    if (length > longest)
      return wrong("a name of " + std::to_string(length) + " bytes at byte " + std::to_string(place));
    return take(length, text);
  }

  Status read_head() {
    std::string_view mark;
    if (bytes_.size() < 24 || bytes_.substr(0, 4) != "GGUF")
      return bad_data(into_.path() + ": is no GGUF file; give a model's GGUF file or checkpoint folder");
    IPR_TRY(take(4, mark));
    std::uint32_t version = 0;
    IPR_TRY(take(version));
    if (version != 2 && version != 3) {
      const bool swapped = version == 2u << 24 || version == 3u << 24;
      return bad_data(into_.path() + ": GGUF " +
                      (swapped ? std::string("of a big-endian machine") : "version " + std::to_string(version)) +
                      " is not supported; convert the model to little-endian GGUF version 3");
    }
    IPR_TRY(take(tensor_count_));
    IPR_TRY(take(key_count_));
    if (tensor_count_ > kMostTensors) return wrong("claims " + std::to_string(tensor_count_) + " tensors");
    if (key_count_ > kMostKeys) return wrong("claims " + std::to_string(key_count_) + " keys");
    return {};
  }

  // The bytes of `value.count` values of its type; of texts with the lengths between them.
  Status take_values(const std::string& key, Value& value) {
    if (const std::uint64_t width = bytes_of(value.type); width > 0) {
      if (value.count > (bytes_.size() - at_) / width) return cut();
      return take(value.count * width, value.bytes);
    }
    if (value.type != kText)
      return wrong("key " + dump_brief(key) + ": values of type number " + std::to_string(value.type));
    const std::size_t begin = at_;
    for (std::uint64_t i = 0; i < value.count; ++i) {
      std::string_view text;
      IPR_TRY(take_text(UINT64_MAX, text));
    }
    value.bytes = bytes_.substr(begin, at_ - begin);
    return {};
  }

  Status read_key() {
    std::string_view name;
    IPR_TRY(take_text(kLongestKey, name));
    const std::string key(name);
    Value value;
    IPR_TRY(take(value.type));
    if (value.type == kList) {
      value.list = true;
      IPR_TRY(take(value.type));
      IPR_TRY(take(value.count));
      if (value.type == kList) return wrong("key " + dump_brief(key) + ": a list of lists");
    }
    IPR_TRY(take_values(key, value));
    if (!into_.values_.emplace(key, value).second) return wrong("key " + dump_brief(key) + " is there twice");
    return {};
  }

  Status read_tensor(std::vector<std::uint64_t>& offsets) {
    std::string_view name;
    IPR_TRY(take_text(kLongestKey, name));
    StoredTensor tensor;
    tensor.name = name;
    IPR_TRY(check_tensor_name(tensor.name, into_.path()));
    const std::string where = "tensor " + tensor.name + ": ";
    std::uint32_t dimensions = 0, type = 0;
    IPR_TRY(take(dimensions));
    if (dimensions > kMostDimensions) return wrong(where + std::to_string(dimensions) + " dimensions");
    tensor.count = 1;
    for (std::uint32_t i = 0; i < dimensions; ++i) {
      std::uint64_t size = 0;
      IPR_TRY(take(size));
      // A value takes at least half a byte in every type, so no tensor of this file has more than twice its bytes.
      if (size == 0 || tensor.count > 2 * bytes_.size() / size)
        return wrong(where + "a dimension of " + std::to_string(size) + " does not fit the file");
      tensor.count *= size;
      tensor.shape.insert(tensor.shape.begin(), static_cast<std::int64_t>(size));
    }
    IPR_TRY(take(type));
    const std::optional<ElementType> element = element_type_of(type);
    if (!element) {
      return bad_data(into_.path() + ": " + where + "element type " + ggml_type_name(type) +
                      " is not supported; take a file in F32, F16, BF16, Q8_0, Q4_0, Q4_1, Q5_0, Q5_1, Q4_K, Q5_K or "
                      "Q6_K");
    }
    tensor.type = *element;
    const std::uint64_t block = layout_of(tensor.type).values;
    if (!tensor.shape.empty() && static_cast<std::uint64_t>(tensor.shape.back()) % block != 0) {
      return wrong(where + "rows of " + std::to_string(tensor.shape.back()) + " values are no whole blocks of " +
                   layout_of(tensor.type).name);
    }
    if (tensor.shape.empty() && block > 1) return wrong(where + "a single value in blocks");
    offsets.emplace_back();
    IPR_TRY(take(offsets.back()));
    into_.tensors_.push_back(std::move(tensor));
    return {};
  }

  Status read_alignment() {
    IPR_ASSIGN(const std::optional<std::int64_t> alignment, into_.integer("general.alignment"));
    if (!alignment) return {};
    if (*alignment < 1 || *alignment > 1 << 20 || (*alignment & (*alignment - 1)) != 0)
      return wrong("an alignment of " + std::to_string(*alignment));
    alignment_ = static_cast<std::uint64_t>(*alignment);
    return {};
  }

  // Each tensor inside the data, aligned, and none over another.
  Status place_tensors(const std::vector<std::uint64_t>& offsets) {
    const std::uint64_t begin = (at_ + alignment_ - 1) / alignment_ * alignment_;
    if (begin > bytes_.size()) return offsets.empty() ? Status() : cut();
    const std::string_view data = bytes_.substr(begin);
    struct Span {
      std::uint64_t begin, end;
      const StoredTensor* tensor;
    };
    std::vector<Span> spans;
    for (std::size_t i = 0; i < offsets.size(); ++i) {
      StoredTensor& tensor = into_.tensors_[i];
      const ElementLayout& layout = layout_of(tensor.type);
      const std::uint64_t size = tensor.count / layout.values * layout.bytes;
      const std::string where = "tensor " + tensor.name + ": ";
      if (offsets[i] % alignment_ != 0)
        return wrong(where + "offset " + std::to_string(offsets[i]) + " is not aligned to " +
                     std::to_string(alignment_));
      if (offsets[i] > data.size() || size > data.size() - offsets[i]) {
        return wrong(where + "its " + std::to_string(size) + " bytes at offset " + std::to_string(offsets[i]) +
                     " do not fit the " + std::to_string(data.size()) + " bytes of data");
      }
      tensor.bytes = data.data() + offsets[i];
      spans.push_back({offsets[i], offsets[i] + size, &tensor});
    }
    std::sort(spans.begin(), spans.end(), [](const Span& a, const Span& b) { return a.begin < b.begin; });
    for (std::size_t i = 1; i < spans.size(); ++i) {
      if (spans[i].begin < spans[i - 1].end)
        return wrong("tensor " + spans[i].tensor->name + ": its data overlap those of " + spans[i - 1].tensor->name);
    }
    return {};
  }

  GgufFile& into_;
  const std::string_view bytes_;
  std::size_t at_ = 0;
  std::uint64_t tensor_count_ = 0, key_count_ = 0, alignment_ = 32;
};

Result<GgufFile> GgufFile::open(const std::string& path) {
  IPR_ASSIGN(MappedFile mapped, MappedFile::open(path));
  GgufFile file(std::move(mapped));
  IPR_TRY(Parser(file).run());
  return file;
}

const StoredTensor* GgufFile::tensor(std::string_view name) const {
  const auto found =
      std::find_if(tensors_.begin(), tensors_.end(), [&](const StoredTensor& tensor) { return tensor.name == name; });
  return found == tensors_.end() ? nullptr : &*found;
}

Result<const GgufFile::Value*> GgufFile::find(const std::string& key, bool list, const char* expected,
                                              bool (*fits)(std::uint32_t type)) const {
  const auto found = values_.find(key);
  if (found == values_.end()) return nullptr;
  const Value& value = found->second;
  if (value.list != list || !fits(value.type))
    return bad_data(path() + ": key " + key + ": expected " + expected + "; the file is damaged or of another kind");
  if (list && value.count > kMostListed)
    return bad_data(path() + ": key " + key + ": " + std::to_string(value.count) +
                    " entries are more than any model's");
  return &value;
}

Result<std::optional<std::int64_t>> GgufFile::integer(const std::string& key) const {
  IPR_ASSIGN(const Value* value, find(key, false, "an integer", is_integer));
  return value == nullptr ? std::optional<std::int64_t>() : integer_at(value->type, value->bytes.data());
}

Result<std::optional<double>> GgufFile::number(const std::string& key) const {
  IPR_ASSIGN(const Value* value, find(key, false, "a number", is_number));
  return value == nullptr ? std::optional<double>() : number_at(value->type, value->bytes.data());
}

Result<std::optional<bool>> GgufFile::flag(const std::string& key) const {
  IPR_ASSIGN(const Value* value, find(key, false, "true or false", is_flag));
  return value == nullptr ? std::optional<bool>() : value->bytes[0] != 0;
}

Result<std::optional<std::string>> GgufFile::text(const std::string& key) const {
  IPR_ASSIGN(const Value* value, find(key, false, "a text", is_text));
  return value == nullptr ? std::optional<std::string>() : std::string(value->bytes.substr(8));
}

Result<std::vector<std::int64_t>> GgufFile::integers(const std::string& key) const {
  IPR_ASSIGN(const Value* value, find(key, true, "a list of integers", is_integer));
  std::vector<std::int64_t> list;
  if (value == nullptr) return list;
  const std::uint64_t width = bytes_of(value->type);
  for (std::uint64_t i = 0; i < value->count; ++i)
    list.push_back(integer_at(value->type, value->bytes.data() + i * width));
  return list;
}

Result<std::vector<float>> GgufFile::numbers(const std::string& key) const {
  IPR_ASSIGN(const Value* value, find(key, true, "a list of numbers", is_number));
  std::vector<float> list;
  if (value == nullptr) return list;
  const std::uint64_t width = bytes_of(value->type);
  for (std::uint64_t i = 0; i < value->count; ++i)
    list.push_back(static_cast<float>(number_at(value->type, value->bytes.data() + i * width)));
  return list;
}

Result<std::vector<std::string>> GgufFile::texts(const std::string& key) const {
  IPR_ASSIGN(const Value* value, find(key, true, "a list of texts", is_text));
  std::vector<std::string> list;
  if (value == nullptr) return list;
  std::string_view left = value->bytes;  // lengths were checked when the file was opened
  for (std::uint64_t i = 0; i < value->count; ++i) {
    const auto length = read_as<std::uint64_t>(left.data());
    list.emplace_back(left.substr(8, length));
    left.remove_prefix(8 + length);
  }
  return list;
}

}  // namespace ipr::model
