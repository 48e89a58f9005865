// REGEXP and its functions, and digests; see functions.h.
#include "engine/functions_regex.h"

#include <algorithm>
#include <string>

#include "engine/digest.h"
#include "engine/regex.h"
#include "engine/text.h"

namespace intercodesql {
namespace {

// The compiled pattern of argument `i`, kept while it stays the same. Null if it is no pattern; the error is raised.
const Regex* pattern_of(FunctionCall& call, int i, bool ignore_case) {
  if (const void* kept = sqlite3_get_auxdata(call.raw(), i)) return static_cast<const Regex*>(kept);
  auto compiled = Regex::compile(call.text(i), ignore_case);
  if (auto* error = std::get_if<RuntimeError>(&compiled)) {
    call.error(error->number, error->text);
    return nullptr;
  }
  sqlite3_set_auxdata(call.raw(), i, new Regex(std::get<Regex>(std::move(compiled))),
                      [](void* kept) { delete static_cast<Regex*>(kept); });
  // SQLite may drop at once what belongs to an argument that is no constant.
  return static_cast<const Regex*>(sqlite3_get_auxdata(call.raw(), i));
}

std::optional<Regex::Match> search(FunctionCall& call, const Regex& regex, std::string_view text, std::size_t from) {
  const std::int64_t left = std::max<std::int64_t>(call.context().steps_left, 0);
  std::size_t work = 0;
  auto match = regex.search(text, from, static_cast<std::size_t>(left), work);
  return call.charge(work * 32) ? match : std::nullopt;
}

// Runs `body(regex)` with the pattern in argument 1.
template <typename Body>
void with_pattern(FunctionCall& call, bool ignore_case, Body body) {
  if (const Regex* kept = pattern_of(call, 1, ignore_case)) return body(*kept);
  if (call.context().error) return;
  const auto compiled = Regex::compile(call.text(1), ignore_case);
  body(std::get<Regex>(compiled));
}

template <bool kIgnoreCase>
void matches(FunctionCall& call) {
  if (call.any_null()) return call.null();
  with_pattern(call, kIgnoreCase,
               [&](const Regex& regex) { call.result(search(call, regex, call.text(0), 0).has_value()); });
}

// Byte of the character position in argument `i`, 1 where it is absent; npos for one outside the text.
std::size_t start_of(FunctionCall& call, int i) {
  if (i >= call.count()) return 0;
  const std::int64_t position = call.integer(i);
  const std::string_view text = call.text(0);
  if (position < 1 || position > static_cast<std::int64_t>(count_characters(text)) + 1) {
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
std::optional<Regex::Match> find(FunctionCall& call, const Regex& regex, std::size_t from, std::int64_t occurrence) {
  const std::string_view text = call.text(0);
  std::optional<Regex::Match> match;
  for (std::int64_t i = 0; i < std::max<std::int64_t>(occurrence, 1); ++i) {
    if (from > text.size()) return std::nullopt;
    match = search(call, regex, text, from);
    if (!match) return std::nullopt;
    from = behind(text, *match);
  }
  return match;
}

// REGEXP_SUBSTR(text, pattern [, position [, occurrence]]).
void substr(FunctionCall& call) {
  if (call.any_null()) return call.null();
  const std::size_t from = start_of(call, 2);
  if (from == std::string_view::npos) return;
  with_pattern(call, true, [&](const Regex& regex) {
    const auto match = find(call, regex, from, call.count() > 3 ? call.integer(3) : 1);
    match ? call.result(call.text(0).substr((*match)[0], (*match)[1] - (*match)[0])) : call.null();
  });
}

// REGEXP_INSTR(text, pattern [, position [, occurrence [, 1 for the end]]]).
void instr(FunctionCall& call) {
  if (call.any_null()) return call.null();
  const std::size_t from = start_of(call, 2);
  if (from == std::string_view::npos) return;
  with_pattern(call, true, [&](const Regex& regex) {
    const auto match = find(call, regex, from, call.count() > 3 ? call.integer(3) : 1);
    if (!match) return call.result(std::int64_t{0});
    const std::size_t at = (*match)[call.count() > 4 && call.integer(4) != 0 ? 1 : 0];
    call.result(static_cast<std::int64_t>(count_characters(call.text(0).substr(0, at))) + 1);
  });
}

// `replacement` with $1 … $9 as the groups of a match.
void append_replacement(std::string_view text, const Regex::Match& match, std::string_view replacement,
                        std::string& out) {
  for (std::size_t i = 0; i < replacement.size(); ++i) {
    const char c = replacement[i];
    const bool more = i + 1 < replacement.size();
    if (c == '$' && more && replacement[i + 1] >= '0' && replacement[i + 1] <= '9') {
      const auto group = static_cast<std::size_t>(replacement[++i] - '0') * 2;
      if (group + 1 < match.size() && match[group + 1] != std::string_view::npos) {
        out += text.substr(match[group], match[group + 1] - match[group]);
      }
    } else {
      out += c == '\\' && more ? replacement[++i] : c;
    }
  }
}

// REGEXP_REPLACE(text, pattern, replacement [, position [, occurrence]]); occurrence 0: all.
void replace(FunctionCall& call) {
  if (call.any_null()) return call.null();
  const std::size_t begin = start_of(call, 3);
  if (begin == std::string_view::npos) return;
  with_pattern(call, true, [&](const Regex& regex) {
    const std::string_view text = call.text(0);
    const std::int64_t only = call.count() > 4 ? call.integer(4) : 0;
    std::string out;
    std::size_t copied = 0;
    std::size_t from = begin;
    for (std::int64_t i = 1; from <= text.size() && out.size() <= kLongestResult; ++i) {
      const auto match = search(call, regex, text, from);
      if (!match) break;
      if (only == 0 || only == i) {
        out += text.substr(copied, (*match)[0] - copied);
        append_replacement(text, *match, call.text(2), out);
        copied = (*match)[1];
      }
      if (only == i) break;
      from = behind(text, *match);
    }
    if (!call.context().error) call.result(out + std::string(text.substr(copied)));
  });
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
    {"my_regexp", 2, matches<true>},    {"my_regexp_binary", 2, matches<false>},
    {"my_regexp_substr", -1, substr},   {"my_regexp_instr", -1, instr},
    {"my_regexp_replace", -1, replace}, {"my_md5", 1, digest<md5>},
    {"my_sha1", 1, digest<sha1>},       {"my_sha2", 2, sha2},
    {"my_to_base64", 1, base64},        {"my_from_base64", 1, unbase64},
};

}  // namespace

std::span<const FunctionEntry> regex_functions() {
  return kFunctions;
}

}  // namespace intercodesql
