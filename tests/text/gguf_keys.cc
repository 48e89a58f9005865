#include "tests/text/gguf_keys.h"

#include <cstring>
#include <fstream>
#include <stdexcept>
#include <variant>

namespace ipr::test {
namespace {

using Value = std::variant<double, std::string, std::vector<double>, std::vector<std::string>>;

class Reader {
 public:
  explicit Reader(const std::string& path) : file_(path, std::ios::binary) {
    if (number<std::uint32_t>() != 0x46554747 || number<std::uint32_t>() != 3)
      throw std::runtime_error(path + ": no GGUF 3");
  }

  template <typename T>
  T number() {
    T value{};
    file_.read(reinterpret_cast<char*>(&value), sizeof(T));
    if (!file_) throw std::runtime_error("GGUF: the file ends early");
    return value;
  }

  std::string text() {
    std::string value(number<std::uint64_t>(), '\0');
    file_.read(value.data(), static_cast<std::streamsize>(value.size()));
    return value;
  }

  Value value(std::uint32_t type) {
    if (type == 8) return text();
    if (type != 9) return scalar(type);
    const auto inner = number<std::uint32_t>();
    const auto size = number<std::uint64_t>();
    if (inner == 8) {
      std::vector<std::string> texts;
      for (std::uint64_t i = 0; i < size; ++i) texts.push_back(text());
      return texts;
    }
    std::vector<double> numbers;
    for (std::uint64_t i = 0; i < size; ++i) numbers.push_back(scalar(inner));
    return numbers;
  }

 private:
  double scalar(std::uint32_t type) {
    switch (type) {
      case 0:
      case 7:
        return number<std::uint8_t>();
      case 1:
        return number<std::int8_t>();
      case 2:
        return number<std::uint16_t>();
      case 3:
        return number<std::int16_t>();
      case 4:
        return number<std::uint32_t>();
      case 5:
        return number<std::int32_t>();
      case 6:
        return number<float>();
      case 10:
        return static_cast<double>(number<std::uint64_t>());
      case 11:
        return static_cast<double>(number<std::int64_t>());
      case 12:
        return number<double>();
      default:
        throw std::runtime_error("GGUF: value type " + std::to_string(type));
    }
  }

  std::ifstream file_;
};

template <typename T>
std::vector<T> numbers(const Value& value) {
  const auto& list = std::get<std::vector<double>>(value);
  return {list.begin(), list.end()};
}

}  // namespace

text::GgufTokenizer gguf_tokenizer_keys(const std::string& path) {
  Reader reader(path);
  text::GgufTokenizer keys;
  reader.number<std::uint64_t>();  // tensors
  for (auto left = reader.number<std::uint64_t>(); left > 0; --left) {
    const std::string key = reader.text();
    const Value value = reader.value(reader.number<std::uint32_t>());
    const auto id = [&] { return static_cast<std::int64_t>(std::get<double>(value)); };
    if (key == "tokenizer.ggml.model") keys.model = std::get<std::string>(value);
    if (key == "tokenizer.ggml.pre") keys.pre = std::get<std::string>(value);
    if (key == "tokenizer.ggml.tokens") keys.tokens = std::get<std::vector<std::string>>(value);
    if (key == "tokenizer.ggml.merges") keys.merges = std::get<std::vector<std::string>>(value);
    if (key == "tokenizer.ggml.scores") keys.scores = numbers<float>(value);
    if (key == "tokenizer.ggml.token_type") keys.token_types = numbers<std::int32_t>(value);
    if (key == "tokenizer.ggml.bos_token_id") keys.bos = id();
    if (key == "tokenizer.ggml.eos_token_id") keys.eos = id();
    if (key == "tokenizer.ggml.unknown_token_id") keys.unk = id();
    if (key == "tokenizer.ggml.padding_token_id") keys.pad = id();
    if (key == "tokenizer.ggml.add_bos_token") keys.add_bos = id() != 0;
    if (key == "tokenizer.ggml.add_space_prefix") keys.add_space_prefix = id() != 0;
    if (key == "tokenizer.chat_template") keys.chat_template = std::get<std::string>(value);
  }
  return keys;
}

}  // namespace ipr::test
