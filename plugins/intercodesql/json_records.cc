#include "json_records.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "ipr/plugin.hpp"

namespace intercodesql {
namespace {

using ipr::sdk::Failure;

std::string place(std::string_view text, std::size_t position) {
  const std::string_view before = text.substr(0, std::min(position, text.size()));
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  const std::size_t start = before.rfind('\n') + 1;  // npos + 1 is 0: the first line
  return "line " + std::to_string(line) + ", column " + std::to_string(before.size() - start + 1);
}

}  // namespace

Record parse_document(std::string_view text, const std::string& source) {
  try {
    return Record::parse(text.begin(), text.end());
  } catch (const Record::parse_error& error) {
    const std::string message = error.what();
    const auto reason = message.find("syntax error");
    throw Failure(IPR_DATA_LOSS, "intercodesql: " + source + ": " + place(text, error.byte == 0 ? 0 : error.byte - 1) +
                                     ": " + (reason == std::string::npos ? message : message.substr(reason)));
  }
}

std::string read_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw Failure(IPR_DATA_LOSS, "intercodesql: " + path + ": cannot be read");
  return std::string(std::istreambuf_iterator<char>(file), {});
}

std::string text_member(const Record& record, const char* key, const std::string& where) {
  const auto found = record.is_object() ? record.find(key) : record.end();
  if (!record.is_object() || found == record.end() || !found->is_string()) {
    throw Failure(IPR_DATA_LOSS, "intercodesql: " + where + ": expected a text under \"" + key + "\", found " +
                                     (record.is_object() && found != record.end() ? found->dump() : "none"));
  }
  return found->get<std::string>();
}

}  // namespace intercodesql
