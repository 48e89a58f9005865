// REGEXP and its functions, and digests; see functions.h.
#include "engine/functions_regex.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>

#include "engine/digest.h"
#include "engine/regex.h"
#include "engine/text.h"

namespace intercodesql {
namespace {

constexpr std::uint32_t kIgnoreCase = UREGEX_CASE_INSENSITIVE;

// A call's pattern, argument 1, with the match_type in argument `type_argument` where there is one.
class Pattern {
 public:
  Pattern(FunctionCall& call, int type_argument, std::uint32_t flags, const char* name) : call_(call) {
    const std::uint32_t wanted = call.count() > type_argument ? typed_flags(type_argument, flags, name) : flags;
    if (!call.context().error) compile(wanted);
  }
  Pattern(const Pattern&) = delete;
  Pattern& operator=(const Pattern&) = delete;

  // False: the call has ended with an error.
  [[nodiscard]] bool usable() const { return regex_ != nullptr; }

  // The leftmost match in argument 0 from byte `from` on; nothing also where the call has ended with an error.
  [[nodiscard]] std::optional<Regex::Match> search(std::size_t from) {
    std::size_t work = 0;
    auto found = regex_->search(call_.text(0), from, work);
    if (const auto* error = std::get_if<RuntimeError>(&found)) {
      call_.error(error->number, error->text);
      return std::nullopt;
    }
    return call_.charge(work * 32) ? std::get<std::optional<Regex::Match>>(std::move(found)) : std::nullopt;
  }

 private:
  std::uint32_t typed_flags(int type_argument, std::uint32_t flags, const char* name) {
    const auto typed = match_type_flags(call_.text(type_argument), flags);
    if (!typed) call_.error(1210, concat("Incorrect arguments to ", name));
    return typed.value_or(flags);
  }

  // Most statements have few patterns, which serve for all their rows.
  void compile(std::uint32_t flags) {
    constexpr std::size_t kCost = 4096;  // of the shortest pattern, as of so many bytes touched
    const std::string_view pattern = call_.text(1);
    if (!call_.charge(pattern.size())) return;
    const std::string key = concat("regex ", std::to_string(flags), " ", pattern);
    regex_ = call_.kept<Regex>(key);
    if (regex_ != nullptr || !call_.charge(kCost + pattern.size() * 64)) return;
    auto compiled = Regex::compile(pattern, flags);
    if (const auto* error = std::get_if<RuntimeError>(&compiled)) return call_.error(error->number, error->text);
    regex_ = std::make_shared<const Regex>(std::get<Regex>(std::move(compiled)));
    call_.keep(key, regex_);
  }

  FunctionCall& call_;
  std::shared_ptr<const Regex> regex_;
};

// REGEXP, and REGEXP_LIKE(text, pattern [, match_type]).
template <std::uint32_t kFlags>
void matches(FunctionCall& call) {
  if (call.any_null()) return call.null();
  Pattern pattern(call, 2, kFlags, "regexp_like");
  if (!pattern.usable()) return;
  const bool found = pattern.search(0).has_value();
  if (!call.context().error) call.result(found);
}

// Byte of the character position in argument `i`, 1 where it is absent; npos: the call has ended with an error.
std::size_t start_of(FunctionCall& call, int i, const char* name) {
  if (i >= call.count()) return 0;
  const std::int64_t position = call.integer(i);
  const std::string_view text = call.text(0);
  if (position < 1) {
    call.error(1583, concat("Incorrect parameters in the call to native function '", name, "'"));
    return std::string_view::npos;
  }
  if (position > static_cast<std::int64_t>(count_characters(text)) + 1) {
    call.error(3686, "Index out of bounds in regular expression search.");
    return std::string_view::npos;
  }
  return byte_of_character(text, static_cast<std::size_t>(position - 1));
}

// Where the search goes on behind a match: one character further if it was empty.
std::size_t behind(std::string_view text, const Regex::Match& match) {
  std::size_t next = match[1];
  if (match[1] == match[0] && next < text.size()) next_code_point(text, next);
  return match[1] == match[0] && next == match[1] ? text.size() + 1 : next;
}

// The match number `occurrence` (from 1) from byte `from` on.
std::optional<Regex::Match> find(FunctionCall& call, Pattern& pattern, std::size_t from, std::int64_t occurrence) {
  const std::string_view text = call.text(0);
  std::optional<Regex::Match> match;
  for (std::int64_t i = 0; i < std::max<std::int64_t>(occurrence, 1); ++i) {
    if (from > text.size()) return std::nullopt;
    match = pattern.search(from);
    if (!match) return std::nullopt;
    from = behind(text, *match);
  }
  return match;
}

// REGEXP_SUBSTR(text, pattern [, position [, occurrence [, match_type]]]).
void substr(FunctionCall& call) {
  if (call.any_null()) return call.null();
  const std::size_t from = start_of(call, 2, "regexp_substr");
  if (from == std::string_view::npos) return;
  Pattern pattern(call, 4, kIgnoreCase, "regexp_substr");
  if (!pattern.usable()) return;
  const auto match = find(call, pattern, from, call.count() > 3 ? call.integer(3) : 1);
  if (call.context().error) return;
  match ? call.result(call.text(0).substr((*match)[0], (*match)[1] - (*match)[0])) : call.null();
}

// REGEXP_INSTR(text, pattern [, position [, occurrence [, 1 for the end [, match_type]]]]).
void instr(FunctionCall& call) {
  if (call.any_null()) return call.null();
  const std::size_t from = start_of(call, 2, "regexp_instr");
  if (from == std::string_view::npos) return;
  const std::int64_t end = call.count() > 4 ? call.integer(4) : 0;
  if (end != 0 && end != 1) return call.error(1210, "Incorrect arguments to regexp_instr");
  Pattern pattern(call, 5, kIgnoreCase, "regexp_instr");
  if (!pattern.usable()) return;
  const auto match = find(call, pattern, from, call.count() > 3 ? call.integer(3) : 1);
  if (call.context().error) return;
  if (!match) return call.result(std::int64_t{0});
  const std::size_t at = (*match)[static_cast<std::size_t>(end)];
  call.result(static_cast<std::int64_t>(count_characters(call.text(0).substr(0, at))) + 1);
}

// Appends `replacement` with $n as the groups of a match; n takes as many digits as still name a group. False: an error
// has ended the call.
bool append_replacement(FunctionCall& call, const Regex::Match& match, std::string_view replacement, std::string& out) {
  const std::string_view text = call.text(0);
  const auto digit = [&](std::size_t i) {
    return i < replacement.size() && replacement[i] >= '0' && replacement[i] <= '9';
  };
  for (std::size_t i = 0; i < replacement.size(); ++i) {
    if (replacement[i] == '\\' && i + 1 < replacement.size()) {
      out += replacement[++i];
    } else if (replacement[i] != '$') {
      out += replacement[i];
    } else if (!digit(i + 1)) {
      call.error(3887, "A capture group has an invalid name.");
      return false;
    } else {
      auto group = static_cast<std::size_t>(replacement[++i] - '0');
      while (digit(i + 1)) {
        const std::size_t longer = group * 10 + static_cast<std::size_t>(replacement[i + 1] - '0');
        if (2 * longer >= match.size()) break;
        group = longer;
        ++i;
      }
      if (2 * group >= match.size()) {
        call.error(3686, "Index out of bounds in regular expression search.");
        return false;
      }
      const std::size_t begin = match[2 * group];
      if (begin != std::string_view::npos) out += text.substr(begin, match[2 * group + 1] - begin);
    }
  }
  return true;
}

// REGEXP_REPLACE(text, pattern, replacement [, position [, occurrence [, match_type]]]); occurrence 0: all.
void replace(FunctionCall& call) {
  if (call.any_null()) return call.null();
  const std::size_t begin = start_of(call, 3, "regexp_replace");
  if (begin == std::string_view::npos) return;
  Pattern pattern(call, 5, kIgnoreCase, "regexp_replace");
  if (!pattern.usable()) return;
  const std::string_view text = call.text(0);
  const std::int64_t only = call.count() > 4 ? call.integer(4) : 0;
  std::string out;
  std::size_t copied = 0;
  std::size_t from = begin;
  for (std::int64_t i = 1; from <= text.size() && out.size() <= kLongestResult; ++i) {
    const auto match = pattern.search(from);
    if (!match) break;
    if (only == 0 || only == i) {
      out += text.substr(copied, (*match)[0] - copied);
      if (!append_replacement(call, *match, call.text(2), out)) return;
      copied = (*match)[1];
    }
    if (only == i) break;
    from = behind(text, *match);
  }
  if (!call.context().error) call.result(out + std::string(text.substr(copied)));
}

template <std::string (*kDigest)(std::string_view)>
void digest(FunctionCall& call) {
  if (call.is_null(0)) return call.null();
  if (call.charge(call.text(0).size() * 8)) call.result(lower_hex(kDigest(call.text(0))));
}

// SHA2(text, bits).
void sha2(FunctionCall& call) {
  if (call.any_null() || !call.charge(call.text(0).size() * 8)) return call.null();
  switch (call.integer(1)) {
    case 224:
      return call.result(lower_hex(sha256(call.text(0), true)));
    case 0:
    case 256:
      return call.result(lower_hex(sha256(call.text(0), false)));
    case 384:
      return call.result(lower_hex(sha512(call.text(0), true)));
    case 512:
      return call.result(lower_hex(sha512(call.text(0), false)));
    default:
      return call.null();
  }
}

void base64(FunctionCall& call) {
  call.is_null(0) ? call.null() : call.result(to_base64(call.text(0)));
}

void unbase64(FunctionCall& call) {
  const auto bytes = call.is_null(0) ? std::nullopt : from_base64(call.text(0));
  bytes ? call.result_bytes(*bytes) : call.null();
}

constexpr FunctionEntry kFunctions[] = {
    {"my_regexp", -1, matches<kIgnoreCase>},
    {"my_regexp_binary", -1, matches<0>},
    {"my_regexp_substr", -1, substr},
    {"my_regexp_instr", -1, instr},
    {"my_regexp_replace", -1, replace},
    {"my_md5", 1, digest<md5>},
    {"my_sha1", 1, digest<sha1>},
    {"my_sha2", 2, sha2},
    {"my_to_base64", 1, base64},
    {"my_from_base64", 1, unbase64},
};

}  // namespace

std::span<const FunctionEntry> regex_functions() {
  return kFunctions;
}

}  // namespace intercodesql
