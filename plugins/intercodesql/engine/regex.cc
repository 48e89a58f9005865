#include "engine/regex.h"

#include <unicode/ustring.h>
#include <unicode/utext.h>

#include <algorithm>
#include <string>
#include <utility>

#include "engine/text.h"

namespace intercodesql {
namespace {

constexpr std::int32_t kTimeLimit = 32;
constexpr std::int32_t kStackLimit = 8'000'000;
constexpr std::size_t kStepsOfTick = 10'000;  // ICU calls back after so many

struct ErrorText {
  UErrorCode code;
  RuntimeError error;
};

RuntimeError error_of(UErrorCode code, const UParseError* place) {
  if (code == U_REGEX_RULE_SYNTAX && place != nullptr) {
    return {3688, concat("Syntax error in regular expression on line ", std::to_string(place->line), ", character ",
                         std::to_string(place->offset), ".")};
  }
  static const ErrorText kTexts[] = {
      {U_ILLEGAL_ARGUMENT_ERROR, {3685, "Illegal argument to a regular expression."}},
      {U_REGEX_PROPERTY_SYNTAX, {3685, "Illegal argument to a regular expression."}},
      {U_INDEX_OUTOFBOUNDS_ERROR, {3686, "Index out of bounds in regular expression search."}},
      {U_REGEX_INTERNAL_ERROR, {3687, "Internal error in the regular expression library."}},
      {U_REGEX_BAD_ESCAPE_SEQUENCE, {3689, "Unrecognized escape sequence in regular expression."}},
      {U_REGEX_UNIMPLEMENTED,
       {3690, "The regular expression contains a feature that is not implemented in this library version."}},
      {U_REGEX_MISMATCHED_PAREN, {3691, "Mismatched parenthesis in regular expression."}},
      {U_REGEX_BAD_INTERVAL, {3692, "Incorrect description of a {min,max} interval."}},
      {U_REGEX_MAX_LT_MIN, {3693, "The maximum is less than the minumum in a {min,max} interval."}},
      {U_REGEX_INVALID_BACK_REF, {3694, "Invalid back-reference in regular expression."}},
      {U_REGEX_LOOK_BEHIND_LIMIT, {3695, "The look-behind assertion exceeds the limit in regular expression."}},
      {U_REGEX_MISSING_CLOSE_BRACKET, {3696, "The regular expression contains an unclosed bracket expression."}},
      {U_REGEX_INVALID_RANGE,
       {3697, "The regular expression contains an [x-y] character range where x comes after y."}},
      {U_REGEX_STACK_OVERFLOW, {3698, "Overflow in the regular expression backtrack stack."}},
      {U_REGEX_TIME_OUT, {3699, "Timeout exceeded in regular expression match."}},
      {U_REGEX_PATTERN_TOO_BIG, {3700, "The regular expression pattern exceeds limits on size or complexity."}},
      {U_REGEX_INVALID_CAPTURE_GROUP_NAME, {3887, "A capture group has an invalid name."}},
      {U_REGEX_INVALID_FLAG, {3900, "Invalid match mode flag in regular expression."}},
  };
  for (const ErrorText& one : kTexts) {
    if (one.code == code) return one.error;
  }
  return {1139, concat("Got error '", u_errorName(code), "' from regexp")};
}

std::u16string utf16(std::string_view text) {
  std::u16string wide(text.size(), u'\0');
  std::int32_t length = 0;
  UErrorCode status = U_ZERO_ERROR;
  u_strFromUTF8WithSub(wide.data(), static_cast<std::int32_t>(wide.size()), &length, text.data(),
                       static_cast<std::int32_t>(text.size()), 0xFFFD, nullptr, &status);
  wide.resize(static_cast<std::size_t>(length));
  return wide;
}

UBool count_tick(const void* work, std::int32_t /*ticks*/) {
  *static_cast<std::size_t*>(const_cast<void*>(work)) += kStepsOfTick;
  return true;
}

}  // namespace

std::variant<Regex, RuntimeError> Regex::compile(std::string_view pattern, std::uint32_t flags) {
  const std::u16string wide = utf16(pattern);
  UErrorCode status = U_ZERO_ERROR;
  UParseError place{};
  std::unique_ptr<URegularExpression, Close> regex(
      uregex_open(wide.data(), static_cast<std::int32_t>(wide.size()), flags, &place, &status));
  if (U_SUCCESS(status)) uregex_setTimeLimit(regex.get(), kTimeLimit, &status);
  if (U_SUCCESS(status)) uregex_setStackLimit(regex.get(), kStackLimit, &status);
  if (U_FAILURE(status)) return error_of(status, &place);
  return Regex(std::move(regex));
}

std::variant<std::optional<Regex::Match>, RuntimeError> Regex::search(std::string_view text, std::size_t from,
                                                                      std::size_t& work) const {
  work += text.size() - from + 1;
  URegularExpression* regex = regex_.get();
  UErrorCode status = U_ZERO_ERROR;
  UText utf8 = UTEXT_INITIALIZER;
  utext_openUTF8(&utf8, text.data(), static_cast<std::int64_t>(text.size()), &status);
  uregex_setMatchCallback(regex, count_tick, &work, &status);
  uregex_setUText(regex, &utf8, &status);
  std::optional<Match> match;
  if (uregex_find64(regex, static_cast<std::int64_t>(from), &status)) {
    const std::int32_t groups = uregex_groupCount(regex, &status);
    match.emplace();
    for (std::int32_t group = 0; group <= groups; ++group) {
      match->push_back(static_cast<std::size_t>(uregex_start64(regex, group, &status)));  // -1 becomes npos
      match->push_back(static_cast<std::size_t>(uregex_end64(regex, group, &status)));
    }
  }
  utext_close(&utf8);
  if (U_FAILURE(status)) return error_of(status, nullptr);
  return match;
}

std::optional<std::uint32_t> match_type_flags(std::string_view letters, std::uint32_t flags) {
  for (const char letter : letters) {
    switch (letter) {
      case 'c':
        flags &= ~std::uint32_t{UREGEX_CASE_INSENSITIVE};
        break;
      case 'i':
        flags |= UREGEX_CASE_INSENSITIVE;
        break;
      case 'm':
        flags |= UREGEX_MULTILINE;
        break;
      case 'n':
        flags |= UREGEX_DOTALL;
        break;
      case 'u':
        flags |= UREGEX_UNIX_LINES;
        break;
      default:
        return std::nullopt;
    }
  }
  return flags;
}

}  // namespace intercodesql
