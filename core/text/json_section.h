// Reading the sections of a tokenizer.json: what every reader of one needs. Errors are Code::kData, `where: what`.
// Pure functions, safe from any thread.
#pragma once

#include <string>

#include "core/base/json.h"

namespace ipr::text {

// A member of an object; null if it is absent: most of a tokenizer file's members say "not used" that way.
[[nodiscard]] const Json& member(const Json& object, const char* name);

// The member `type`; empty if there is none.
[[nodiscard]] std::string type_of(const Json& section);

// How tokenizer files write that an option is not used: null, false, "", 0.
[[nodiscard]] bool is_off(const Json& value);

// A member that must be true or false; `otherwise` if it is absent.
[[nodiscard]] Result<bool> flag(const Json& section, const char* name, bool otherwise, const std::string& where);

[[nodiscard]] Status expected(const std::string& where, const std::string& what, const Json& found);

// A regular expression that matches `literal` and nothing else.
[[nodiscard]] std::string literal_pattern(std::string_view literal);

// The member `pattern` of a section, {"Regex": …} or {"String": …}, as a regular expression's text.
[[nodiscard]] Result<std::string> pattern_of(const Json& section, const std::string& where);

}  // namespace ipr::text
