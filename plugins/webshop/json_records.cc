#include "json_records.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "ipr/plugin.hpp"

namespace webshop {
namespace {

using ipr::sdk::Failure;

// Room for these from the start: an ordered object that grows copies all its keys.
constexpr std::size_t kUsualFields = 8;

std::string place(std::string_view text, std::size_t position) {
  const std::string_view before = text.substr(0, std::min(position, text.size()));
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  const std::size_t start = before.rfind('\n') + 1;  // npos + 1 is 0: the first line
  return "line " + std::to_string(line) + ", column " + std::to_string(before.size() - start + 1);
}

// The library's own words, less its tag and its place.
std::string reason(const std::string& message) {
  const auto at = message.find("syntax error");
  return at == std::string::npos ? message : message.substr(at);
}

// Builds the values below the outermost container and hands each over when it is complete.
class RecordHandler : public nlohmann::json_sax<Record> {
 public:
  RecordHandler(std::string_view text, std::string source, bool array, const RecordVisitor& visit)
      : text_(text), source_(std::move(source)), array_(array), visit_(visit) {}

  bool null() override { return put(nullptr); }
  bool boolean(bool value) override { return put(value); }
  bool number_integer(number_integer_t value) override { return put(value); }
  bool number_unsigned(number_unsigned_t value) override { return put(value); }
  bool number_float(number_float_t value, const string_t&) override { return put(value); }
  bool string(string_t& value) override { return put(std::move(value)); }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return start(Record::object()); }
  bool start_array(std::size_t) override { return start(Record::array()); }
  bool end_object() override { return end(); }
  bool end_array() override { return end(); }
  bool key(string_t& value) override {
    (depth_ == 1 ? record_key_ : keys_.back()) = std::move(value);
    return true;
  }
  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception& error) override {
    throw Failure(IPR_DATA_LOSS,
                  source_ + ": " + place(text_, position == 0 ? 0 : position - 1) + ": " + reason(error.what()));
  }

 private:
  bool start(Record empty) {
    if (depth_ == 0 && empty.is_array() != array_) wrong_shape();
    if (++depth_ == 1) return true;
    if (auto* const object = empty.get_ptr<Record::object_t*>()) object->reserve(kUsualFields);
    open_.push_back(std::move(empty));
    keys_.emplace_back();
    return true;
  }
  bool end() {
    if (--depth_ == 0) return true;
    Record done = std::move(open_.back());
    open_.pop_back();
    keys_.pop_back();
    return put(std::move(done));
  }
  bool put(Record value) {
    if (depth_ == 0) wrong_shape();
    if (open_.empty()) {
      visit_(index_++, record_key_, value);
    } else if (open_.back().is_array()) {
      open_.back().push_back(std::move(value));
    } else {
      open_.back()[keys_.back()] = std::move(value);
    }
    return true;
  }
  [[noreturn]] void wrong_shape() const {
    throw Failure(IPR_DATA_LOSS, source_ + ": expected " + (array_ ? "an array" : "an object") + " of records");
  }

  std::string_view text_;
  std::string source_;
  bool array_;
  const RecordVisitor& visit_;
  std::size_t depth_ = 0, index_ = 0;
  std::string record_key_;
  std::vector<Record> open_;       // containers inside the record, outermost first
  std::vector<std::string> keys_;  // of each of them: the key that waits for its value
};

void for_each(std::string_view text, const std::string& source, bool array, const RecordVisitor& visit) {
  RecordHandler handler(text, source, array, visit);
  Record::sax_parse(text.begin(), text.end(), &handler);
}

}  // namespace

void for_each_in_array(std::string_view text, const std::string& source, const RecordVisitor& visit) {
  for_each(text, source, /*array=*/true, visit);
}
void for_each_in_object(std::string_view text, const std::string& source, const RecordVisitor& visit) {
  for_each(text, source, /*array=*/false, visit);
}

}  // namespace webshop
