// The records of a big JSON file, one at a time: memory never holds more than one of them beside the text.
//
// The official files are an array of products, or an object from product id to record. Order and duplicate keys matter
// (Python's json keeps the place of the first and the value of the last), so records are nlohmann's ordered_json.
#pragma once

#include <cstddef>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace webshop {

using Record = nlohmann::ordered_json;

// `index` counts from 0; `key` is empty in an array.
using RecordVisitor = std::function<void(std::size_t index, const std::string& key, Record& record)>;

// Visits the elements of the array (or the members of the object) that `text` holds. Throws sdk::Failure
// (IPR_DATA_LOSS) with `source: line L, column C: …` if the text is not JSON, and if it is not that kind of container.
void for_each_in_array(std::string_view text, const std::string& source, const RecordVisitor& visit);
void for_each_in_object(std::string_view text, const std::string& source, const RecordVisitor& visit);

}  // namespace webshop
