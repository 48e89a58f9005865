#define PCRE2_CODE_UNIT_WIDTH 8
#include "core/text/regex.h"

#include <pcre2.h>

#include <algorithm>
#include <array>
#include <new>
#include <stdexcept>

#include "core/base/json.h"

namespace ipr::text {
namespace {

// The work space of one match. Each thread has its own, for all patterns: only the whole match is asked for (one pair).
struct Scratch {
  Scratch() : data(pcre2_match_data_create(1, nullptr)), context(pcre2_match_context_create(nullptr)) {
    if (data == nullptr || context == nullptr) throw std::bad_alloc();
    pcre2_set_depth_limit(context, UINT32_MAX);  // steps are what is counted
  }
  ~Scratch() {
    pcre2_match_data_free(data);
    pcre2_match_context_free(context);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  pcre2_match_data* data;
  pcre2_match_context* context;
};

const Scratch& scratch() {
  thread_local const Scratch own;
  return own;
}

// Steps of backtracking in one search: a long text is no fault, but one of a tokenizer's patterns takes a few steps for
// each of its bytes.
std::uint32_t step_limit(std::size_t bytes) {
  constexpr std::size_t kLeast = 10'000'000;
  return static_cast<std::uint32_t>(std::min<std::size_t>(kLeast + 100 * bytes, UINT32_MAX));
}

// The pattern in PCRE2's words: `\s` and `\S` as White_Space, inside and outside of character classes.
Result<std::string> translate(const std::string& pattern, const std::string& where) {
  // PCRE2's own switches, such as (*LIMIT_MATCH=…), stand at the start.
  if (pattern.starts_with("(*"))
    return bad_data(where + ": " + dump_brief(pattern) + ": a pattern that begins with (* is not supported");
  std::string translated;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    translated += pattern[i];
    if (pattern[i] != '\\' || i + 1 == pattern.size()) continue;
    const char escaped = pattern[++i];
    if (std::string_view("wWbBhH").find(escaped) != std::string_view::npos) {
      return bad_data(where + ": `\\" + escaped + "` in " + dump_brief(pattern) +
                      " is not supported: regex libraries do not agree on its characters; write a \\p{…} class");
    }
    if (escaped == 's') {
      translated += "p{White_Space}";
    } else if (escaped == 'S') {
      translated += "P{White_Space}";
    } else {
      translated += escaped;
    }
  }
  return translated;
}

std::string message_of(int error) {
  std::array<PCRE2_UCHAR, 256> buffer{};
  pcre2_get_error_message(error, buffer.data(), buffer.size());
  return reinterpret_cast<const char*>(buffer.data());
}

}  // namespace

void Regex::FreeCode::operator()(pcre2_real_code_8* code) const {
  pcre2_code_free(code);
}

Result<Regex> Regex::compile(const std::string& pattern, const std::string& where) {
  IPR_ASSIGN(const std::string translated, translate(pattern, where));
  int error = 0;
  PCRE2_SIZE offset = 0;
  pcre2_code* code = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(translated.data()), translated.size(),
                                   PCRE2_UTF | PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C, &error, &offset, nullptr);
  if (code == nullptr) {
    return bad_data(where + ": character " + std::to_string(offset + 1) + " of " + dump_brief(translated) + ": " +
                    message_of(error));
  }
  Regex regex(code);
  std::uint32_t can_be_empty = 0;
  pcre2_pattern_info(code, PCRE2_INFO_MATCHEMPTY, &can_be_empty);
  if (can_be_empty != 0)
    return bad_data(where + ": " + dump_brief(pattern) + " can match an empty text, which cuts nothing");
  pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);  // where there is no JIT the interpreter gives the same matches
  if (!regex.ends_soon()) {
    return bad_data(where + ": " + dump_brief(pattern) +
                    " backtracks without bound, so that some texts would take hours; it is no tokenizer's pattern");
  }
  return regex;
}

// Runs of one kind of character that end in something else are what nested repetitions try to cut in every way. All of
// ASCII comes behind: where a character that the pattern needs is nowhere, PCRE2 does not begin to search.
bool Regex::ends_soon() const {
  constexpr std::size_t kRun = 200;
  constexpr std::uint32_t kSteps = 1'000'000;
  for (const char* const piece : {"a", "A", "aB", "1", " ", "\n", " \n", "!", "'s", "é", "世"}) {
    std::string text;
    for (std::size_t i = 0; i < kRun; ++i) text += piece;
    for (char c = 1; c < 0x7F; ++c) text += c;
    if (search(text, 0, kSteps) == PCRE2_ERROR_MATCHLIMIT) return false;
  }
  return true;
}

int Regex::search(std::string_view text, std::size_t from, std::uint32_t most_steps) const {
  const auto match = [&](std::uint32_t options) {
    return pcre2_match(code_.get(), reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), from,
                       PCRE2_NO_UTF_CHECK | options, scratch().data, scratch().context);
  };
  pcre2_set_match_limit(scratch().context, most_steps);
  const int found = match(0);
  // The interpreter backtracks on the heap.
  return found == PCRE2_ERROR_JIT_STACKLIMIT ? match(PCRE2_NO_JIT) : found;
}

std::optional<Regex::Match> Regex::find(std::string_view text, std::size_t from) const {
  const int found = search(text, from, step_limit(text.size()));
  if (found == PCRE2_ERROR_NOMATCH) return std::nullopt;
  if (found == PCRE2_ERROR_MATCHLIMIT)
    throw std::runtime_error("a pattern of the tokenizer backtracks without bound on a text of " +
                             std::to_string(text.size()) + " bytes; use another tokenizer file");
  // The text is valid and no other limit is set: memory is all that can lack.
  if (found < 0) throw std::bad_alloc();
  const PCRE2_SIZE* range = pcre2_get_ovector_pointer(scratch().data);
  return Match{range[0], range[1]};
}

}  // namespace ipr::text
