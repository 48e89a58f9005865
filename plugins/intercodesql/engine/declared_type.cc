#include "engine/declared_type.h"

#include <array>
#include <charconv>
#include <vector>
#include "engine/text.h"

namespace intercodesql {
namespace {

// What a type's parentheses may hold.
enum class Arguments { kNone, kLength, kNeedsLength, kPrecision, kWidth, kFraction, kList };

struct KnownType {
  std::string_view name, shown;  // as written and as DESC prints it
  BaseType base;
  Arguments arguments;
  int length;  // bytes of an integer; otherwise what stands for absent arguments
};

constexpr std::array kKnownTypes = {
    KnownType{"tinyint", "tinyint", BaseType::kInt, Arguments::kWidth, 1},
    KnownType{"bool", "tinyint(1)", BaseType::kInt, Arguments::kNone, 1},
    KnownType{"boolean", "tinyint(1)", BaseType::kInt, Arguments::kNone, 1},
    KnownType{"smallint", "smallint", BaseType::kInt, Arguments::kWidth, 2},
    KnownType{"mediumint", "mediumint", BaseType::kInt, Arguments::kWidth, 3},
    KnownType{"int", "int", BaseType::kInt, Arguments::kWidth, 4},
    KnownType{"integer", "int", BaseType::kInt, Arguments::kWidth, 4},
    KnownType{"bigint", "bigint", BaseType::kInt, Arguments::kWidth, 8},
    KnownType{"double", "double", BaseType::kDouble, Arguments::kPrecision, -1},
    KnownType{"double precision", "double", BaseType::kDouble, Arguments::kPrecision, -1},
    KnownType{"real", "double", BaseType::kDouble, Arguments::kPrecision, -1},
    KnownType{"float", "float", BaseType::kFloat, Arguments::kPrecision, -1},
    KnownType{"decimal", "decimal", BaseType::kDecimal, Arguments::kPrecision, 10},
    KnownType{"dec", "decimal", BaseType::kDecimal, Arguments::kPrecision, 10},
    KnownType{"numeric", "decimal", BaseType::kDecimal, Arguments::kPrecision, 10},
    KnownType{"fixed", "decimal", BaseType::kDecimal, Arguments::kPrecision, 10},
    KnownType{"char", "char", BaseType::kChar, Arguments::kLength, 1},
    KnownType{"character", "char", BaseType::kChar, Arguments::kLength, 1},
    KnownType{"nchar", "char", BaseType::kChar, Arguments::kLength, 1},
    KnownType{"varchar", "varchar", BaseType::kVarchar, Arguments::kNeedsLength, -1},
    KnownType{"nvarchar", "varchar", BaseType::kVarchar, Arguments::kNeedsLength, -1},
    KnownType{"character varying", "varchar", BaseType::kVarchar, Arguments::kNeedsLength, -1},
    KnownType{"tinytext", "tinytext", BaseType::kText, Arguments::kNone, 255},
    KnownType{"text", "text", BaseType::kText, Arguments::kWidth, 65535},
    KnownType{"mediumtext", "mediumtext", BaseType::kText, Arguments::kNone, 16777215},
    KnownType{"longtext", "longtext", BaseType::kText, Arguments::kNone, -1},
    KnownType{"enum", "enum", BaseType::kEnum, Arguments::kList, -1},
    KnownType{"set", "set", BaseType::kEnum, Arguments::kList, -1},
    KnownType{"binary", "binary", BaseType::kBlob, Arguments::kLength, 1},
    KnownType{"varbinary", "varbinary", BaseType::kBlob, Arguments::kNeedsLength, -1},
    KnownType{"tinyblob", "tinyblob", BaseType::kBlob, Arguments::kNone, 255},
    KnownType{"blob", "blob", BaseType::kBlob, Arguments::kWidth, 65535},
    KnownType{"mediumblob", "mediumblob", BaseType::kBlob, Arguments::kNone, 16777215},
    KnownType{"longblob", "longblob", BaseType::kBlob, Arguments::kNone, -1},
    KnownType{"json", "json", BaseType::kJson, Arguments::kNone, -1},
    KnownType{"date", "date", BaseType::kDate, Arguments::kNone, -1},
    KnownType{"datetime", "datetime", BaseType::kDatetime, Arguments::kFraction, -1},
    KnownType{"timestamp", "timestamp", BaseType::kTimestamp, Arguments::kFraction, -1},
    KnownType{"time", "time", BaseType::kTime, Arguments::kFraction, -1},
    KnownType{"year", "year", BaseType::kYear, Arguments::kWidth, -1},
    KnownType{"bit", "bit", BaseType::kBit, Arguments::kLength, 1},
};

bool is_blank(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

// "Double   PRECISION" to "double precision".
std::string name_of(std::string_view text) {
  std::string name;
  for (const char c : lower_ascii(trimmed(text))) {
    if (!is_blank(c)) {
      name += c;
    } else if (name.back() != ' ') {
      name += ' ';
    }
  }
  return name;
}

// Cuts the word `word` off the end of `name`.
bool take_last_word(std::string& name, std::string_view word) {
  if (name == word) {
    name.clear();
    return true;
  }
  const std::string ending = concat(" ", word);
  if (!name.ends_with(ending)) return false;
  name.resize(name.size() - ending.size());
  return true;
}

std::optional<std::vector<int>> read_numbers(std::string_view text) {
  std::vector<int> numbers;
  while (true) {
    const std::size_t comma = text.find(',');
    const std::string_view part = trimmed(text.substr(0, comma));
    int number = 0;
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), number);
    if (error != std::errc() || end != part.data() + part.size() || number < 0) return std::nullopt;
    numbers.push_back(number);
    if (comma == std::string_view::npos) return numbers;
    text.remove_prefix(comma + 1);
  }
}

const KnownType* find_type(std::string_view name) {
  for (const KnownType& known : kKnownTypes) {
    if (known.name == name) return &known;
  }
  return nullptr;
}

// Fills in what the numbers in parentheses say.
bool apply_arguments(const KnownType& known, const std::vector<int>& numbers, DeclaredType& result) {
  const std::string first = numbers.empty() ? "" : concat("(", std::to_string(numbers[0]), ")");
  Type& type = result.type;
  switch (known.arguments) {
    case Arguments::kNone:
    case Arguments::kList:
      return numbers.empty();
    case Arguments::kWidth:  // MySQL 8 shows no display width, but for tinyint(1), which tells a boolean
      if (numbers.size() > 1) return false;
      if (known.name == "tinyint" && !numbers.empty() && numbers[0] == 1) result.type_text += "(1)";
      return true;
    case Arguments::kNeedsLength:
      if (numbers.empty()) return false;
      [[fallthrough]];
    case Arguments::kLength:
      if (numbers.size() > 1) return false;
      if (!numbers.empty()) type.length = numbers[0];
      result.type_text += concat("(", std::to_string(type.length), ")");
      return true;
    case Arguments::kFraction:
      if (numbers.size() > 1 || (numbers.size() == 1 && numbers[0] > 6)) return false;
      if (!numbers.empty() && numbers[0] > 0) {
        type.scale = numbers[0];
        result.type_text += first;
      }
      return true;
    case Arguments::kPrecision:
      if (numbers.size() > 2) return false;
      if (type.base == BaseType::kDecimal) {
        if (!numbers.empty()) type.length = numbers[0];
        type.scale = numbers.size() == 2 ? numbers[1] : 0;
        if (type.length > 65 || type.scale > 30 || type.scale > type.length) return false;
        result.type_text += concat("(", std::to_string(type.length), ",", std::to_string(type.scale), ")");
      } else if (numbers.size() == 2) {
        type.length = numbers[0];
        type.scale = numbers[1];
        if (type.scale > type.length) return false;
        result.type_text += concat("(", std::to_string(type.length), ",", std::to_string(type.scale), ")");
      } else if (numbers.size() == 1) {  // FLOAT(p): single precision up to 24 bits
        if (type.base != BaseType::kFloat || numbers[0] > 53) return false;
        if (numbers[0] > 24) result = {Type{BaseType::kDouble}, "double"};
      }
      return true;
  }
  return false;
}

}  // namespace

std::optional<DeclaredType> read_declared_type(std::string_view text) {
  const std::size_t open = text.find('(');
  const std::size_t close = text.rfind(')');
  if ((open == std::string_view::npos) != (close == std::string_view::npos)) return std::nullopt;
  std::string name = name_of(text.substr(0, open));
  std::string_view inner;
  if (open != std::string_view::npos) {
    if (close < open) return std::nullopt;
    inner = text.substr(open + 1, close - open - 1);
    const std::string rest = name_of(text.substr(close + 1));
    if (!rest.empty()) name += concat(" ", rest);
  }
  const bool zerofill = take_last_word(name, "zerofill");
  const bool is_unsigned = take_last_word(name, "unsigned") || zerofill;
  if (!is_unsigned) take_last_word(name, "signed");

  const KnownType* known = find_type(name);
  if (known == nullptr) return std::nullopt;
  DeclaredType result{Type{known->base, known->length}, std::string(known->shown)};
  if (known->arguments == Arguments::kList) {
    if (trimmed(inner).empty()) return std::nullopt;
    result.type_text += concat("(", trimmed(inner), ")");
    return result;
  }
  std::vector<int> numbers;
  if (open != std::string_view::npos) {
    auto read = read_numbers(inner);
    if (!read) return std::nullopt;
    numbers = std::move(*read);
  }
  if (!apply_arguments(*known, numbers, result)) return std::nullopt;
  if (is_unsigned) {
    if (!is_number(result.type) || known->base == BaseType::kBit || known->base == BaseType::kYear) return std::nullopt;
    result.type.is_unsigned = true;
    result.type_text += " unsigned";
    if (zerofill) result.type_text += " zerofill";
  }
  return result;
}

}  // namespace intercodesql
