// JSON text written by hand: what a step says about itself is built tens of thousands of times a second.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace webshop {

// A JSON string in UTF-8, with quotes; `text` must be valid UTF-8.
void append_json(std::string_view text, std::string& out);

// As Python's json.dumps: quoted, ASCII only, \uXXXX in lower case, surrogate pairs. `html_safe` also escapes < > & '
// as Flask's tojson does.
void append_python_json(std::string_view text, std::string& out, bool html_safe = false);

// The shortest number that reads back the same.
void append_number(double value, std::string& out);
void append_number(std::size_t value, std::string& out);

}  // namespace webshop
