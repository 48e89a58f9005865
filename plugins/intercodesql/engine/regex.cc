#include "engine/regex.h"

#include <algorithm>
#include <utility>

#include "engine/text.h"

namespace intercodesql {
namespace {

constexpr std::size_t kLongestProgram = 20'000;
constexpr int kDeepest = 200;
constexpr std::size_t kNone = std::string_view::npos;

char32_t lower_of(char32_t c) {
  if (c < 0x80) return c >= 'A' && c <= 'Z' ? c + 32 : c;
  std::string text;
  append_utf8(c, text);
  const std::string lower = lower_text(text);
  std::size_t pos = 0;
  return next_code_point(lower, pos);
}

bool is_word(char32_t c) {
  return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c >= 0xC0;
}

RuntimeError syntax_error(std::size_t character) {
  return {3688, concat("Syntax error in regular expression on line 1, character ", std::to_string(character), ".")};
}

}  // namespace

// Recursive descent; code is appended as it is read, and copied where it repeats.
class RegexCompiler {
 public:
  RegexCompiler(std::string_view pattern, bool ignore_case) {
    for (std::size_t pos = 0; pos < pattern.size();) pattern_ += next_code_point(pattern, pos);
    regex_.ignore_case_ = ignore_case;
  }

  std::variant<Regex, RuntimeError> run() {
    flags();
    emit(Op::kSave, 0);
    alternatives(0);
    if (!error_ && pos_ < pattern_.size()) error_ = RuntimeError{3691, "Mismatched parenthesis in regular expression."};
    if (error_) return *error_;
    emit(Op::kSave, 1);
    emit(Op::kMatch);
    return std::move(regex_);
  }

 private:
  using Op = Regex::Op;
  using Code = std::vector<Regex::Instruction>;

  std::uint32_t here() const { return static_cast<std::uint32_t>(regex_.program_.size()); }
  void emit(Op op, std::uint32_t a = 0, std::uint32_t b = 0) {
    if (regex_.program_.size() < kLongestProgram) {
      regex_.program_.push_back({op, a, b});
    } else if (!error_) {
      error_ = RuntimeError{3698, "Regular expression pattern exceeds limits on size or complexity."};
    }
  }
  bool at(char32_t c) const { return pos_ < pattern_.size() && pattern_[pos_] == c; }
  bool take(char32_t c) {
    if (!at(c)) return false;
    ++pos_;
    return true;
  }
  void fail() {
    if (!error_) error_ = syntax_error(pos_);
  }

  // Cuts the code from `begin` off. Its targets are relative to `begin` until it is appended again.
  Code cut(std::uint32_t begin) {
    Code code(regex_.program_.begin() + begin, regex_.program_.end());
    regex_.program_.resize(begin);
    for (Regex::Instruction& one : code) move(one, 0 - begin);
    return code;
  }
  void append(const Code& code) {
    const std::uint32_t begin = here();
    for (Regex::Instruction one : code) {
      move(one, begin);
      emit(one.op, one.a, one.b);
    }
  }
  static void move(Regex::Instruction& one, std::uint32_t by) {
    if (one.op == Op::kSplit) one.b += by;
    if (one.op == Op::kSplit || one.op == Op::kJump) one.a += by;
  }

  // (?i) in front: without regard to case; (?-i) with it; (?s): `.` matches line breaks too.
  void flags() {
    const std::size_t end = pattern_.find(U')');
    if (!pattern_.starts_with(U"(?") || end == std::u32string::npos || pattern_[2] == ':') return;
    bool on = true;
    for (pos_ = 2; pos_ < end; ++pos_) {
      switch (pattern_[pos_]) {
        case '-':
          on = false;
          break;
        case 'i':
          regex_.ignore_case_ = on;
          break;
        case 's':
          regex_.any_matches_line_breaks_ = on;
          break;
        default:
          return fail();
      }
    }
    pos_ = end + 1;
  }

  void alternatives(int depth) {
    if (depth > kDeepest) {
      error_ = RuntimeError{3698, "Regular expression pattern exceeds limits on size or complexity."};
      return;
    }
    const std::uint32_t begin = here();
    sequence(depth);
    if (error_ || !take('|')) return;
    const Code first = cut(begin);
    emit(Op::kSplit, begin + 1, begin + static_cast<std::uint32_t>(first.size()) + 2);
    append(first);
    const std::uint32_t jump = here();
    emit(Op::kJump);
    alternatives(depth + 1);
    if (!error_) regex_.program_[jump].a = here();
  }

  void sequence(int depth) {
    while (!error_ && pos_ < pattern_.size() && !at('|') && !at(')')) {
      const std::uint32_t begin = here();
      atom(depth);
      while (!error_ && repetition(begin)) {
      }
    }
  }

  // Reads what repeats the code from `begin` on, if anything does.
  bool repetition(std::uint32_t begin) {
    std::size_t least = 0;
    std::optional<std::size_t> most;
    if (take('*')) {
    } else if (take('+')) {
      least = 1;
    } else if (take('?')) {
      most = 1;
    } else if (at('{')) {
      if (!counts(least, most)) {
        fail();
        return false;
      }
    } else {
      return false;
    }
    const bool lazy = take('?');
    const Code code = cut(begin);
    for (std::size_t i = 0; i < least && !error_; ++i) append(code);
    const auto size = static_cast<std::uint32_t>(code.size());
    const auto split = [&](std::uint32_t inside, std::uint32_t outside) {
      lazy ? emit(Op::kSplit, outside, inside) : emit(Op::kSplit, inside, outside);
    };
    if (!most) {
      const std::uint32_t loop = here();
      split(loop + 1, loop + size + 2);
      append(code);
      emit(Op::kJump, loop);
    } else {
      for (std::size_t i = least; i < *most && !error_; ++i) {
        split(here() + 1, here() + static_cast<std::uint32_t>(*most - i) * (size + 1));
        append(code);
      }
    }
    return true;
  }

  // {m}, {m,} or {m,n}, up to a thousand.
  bool counts(std::size_t& least, std::optional<std::size_t>& most) {
    const auto number = [this]() -> std::optional<std::size_t> {
      std::optional<std::size_t> value;
      while (pos_ < pattern_.size() && pattern_[pos_] >= '0' && pattern_[pos_] <= '9') {
        value = std::min<std::size_t>(value.value_or(0) * 10 + pattern_[pos_++] - '0', 1001);
      }
      return value;
    };
    ++pos_;
    const auto first = number();
    if (!first || *first > 1000) return false;
    least = *first;
    most = least;
    if (take(',')) most = number();
    return take('}') && (!most || (*most >= least && *most <= 1000));
  }

  void atom(int depth) {
    const char32_t c = pattern_[pos_++];
    switch (c) {
      case '(':
        return group(depth);
      case '[':
        return set();
      case '.':
        return emit(Op::kAny);
      case '^':
        return emit(Op::kBegin);
      case '$':
        return emit(Op::kEnd);
      case '\\':
        return escape();
      case '*':
      case '+':
      case '?':
      case '{':
        return fail();
      default:
        return character(c);
    }
  }

  void character(char32_t c) {
    emit(Op::kCharacter, static_cast<std::uint32_t>(regex_.ignore_case_ ? lower_of(c) : c));
  }

  void group(int depth) {
    const bool captures = !at('?');
    if (!captures) {
      ++pos_;
      if (!take(':')) return fail();
    }
    const auto slot = static_cast<std::uint32_t>(regex_.slots_);
    if (captures) {
      regex_.slots_ += 2;
      emit(Op::kSave, slot);
    }
    alternatives(depth + 1);
    if (error_) return;
    if (!take(')')) {
      error_ = RuntimeError{3691, "Mismatched parenthesis in regular expression."};
      return;
    }
    if (captures) emit(Op::kSave, slot + 1);
  }

  void add_set(Regex::Set set) {
    regex_.sets_.push_back(std::move(set));
    emit(Op::kSet, static_cast<std::uint32_t>(regex_.sets_.size() - 1));
  }

  static bool add_class(char32_t letter, Regex::Set& set) {
    switch (letter) {
      case 'd':
        set.ranges.push_back({'0', '9'});
        return true;
      case 'w':
        for (const Regex::Range range :
             {Regex::Range{'0', '9'}, {'A', 'Z'}, {'a', 'z'}, {'_', '_'}, {0xC0, 0x10FFFF}}) {
          set.ranges.push_back(range);
        }
        return true;
      case 's':
        set.ranges.push_back({'\t', '\r'});
        set.ranges.push_back({' ', ' '});
        return true;
      default:
        return false;
    }
  }

  static char32_t control(char32_t c) {
    switch (c) {
      case 'n':
        return '\n';
      case 't':
        return '\t';
      case 'r':
        return '\r';
      default:
        return c;
    }
  }

  void escape() {
    if (pos_ == pattern_.size()) return fail();
    const char32_t c = pattern_[pos_++];
    Regex::Set set;
    set.is_negated = c == 'D' || c == 'W' || c == 'S';
    if (add_class(set.is_negated ? c + 32 : c, set)) return add_set(std::move(set));
    if (c == 'b') return emit(Op::kBoundary);
    if (c == 'B') return emit(Op::kNoBoundary);
    if (c >= '1' && c <= '9') return fail();  // a back reference
    character(control(c));
  }

  // [:alpha:] inside a set.
  bool posix_class(Regex::Set& set) {
    static constexpr std::pair<std::u32string_view, std::u32string_view> kClasses[] = {
        {U"alpha", U"AZaz\u00C0\U0010FFFF"},
        {U"digit", U"09"},
        {U"alnum", U"09AZaz\u00C0\U0010FFFF"},
        {U"upper", U"AZ"},
        {U"lower", U"az"},
        {U"space", U"\t\r  "},
        {U"blank", U"\t\t  "},
        {U"punct", U"!/:@[`{~"},
        {U"xdigit", U"09AFaf"}};
    for (const auto& [name, ranges] : kClasses) {
      if (std::u32string_view(pattern_).substr(pos_ + 2, name.size() + 2) != std::u32string(name) + U":]") continue;
      for (std::size_t i = 0; i < ranges.size(); i += 2) set.ranges.push_back({ranges[i], ranges[i + 1]});
      pos_ += name.size() + 4;
      return true;
    }
    return false;
  }

  void set() {
    Regex::Set set;
    set.is_negated = take('^');
    bool first = true;
    while (true) {
      if (pos_ == pattern_.size()) {
        error_ = RuntimeError{3696, "The regular expression contains an unclosed bracket expression."};
        return;
      }
      if (at(']') && !first) break;
      first = false;
      if (std::u32string_view(pattern_).substr(pos_, 2) == U"[:") {
        if (!posix_class(set)) return fail();
        continue;
      }
      char32_t begin = pattern_[pos_++];
      if (begin == '\\' && pos_ < pattern_.size()) {
        begin = pattern_[pos_++];
        if (add_class(begin, set)) continue;
        begin = control(begin);
      }
      char32_t end = begin;
      if (at('-') && pos_ + 1 < pattern_.size() && pattern_[pos_ + 1] != ']') {
        end = pattern_[++pos_];
        ++pos_;
        if (end < begin) return fail();
      }
      set.ranges.push_back({begin, end});
    }
    ++pos_;
    add_set(std::move(set));
  }

  std::u32string pattern_;
  std::size_t pos_ = 0;
  Regex regex_;
  std::optional<RuntimeError> error_;
};

std::variant<Regex, RuntimeError> Regex::compile(std::string_view pattern, bool ignore_case) {
  if (pattern.empty()) return RuntimeError{3685, "Illegal argument to a regular expression."};
  return RegexCompiler(pattern, ignore_case).run();
}

bool Regex::accepts(const Instruction& instruction, char32_t c) const {
  switch (instruction.op) {
    case Op::kCharacter:
      return instruction.a == static_cast<std::uint32_t>(ignore_case_ ? lower_of(c) : c);
    case Op::kAny:
      return any_matches_line_breaks_ || (c != '\n' && c != '\r');
    case Op::kSet: {
      const Set& set = sets_[instruction.a];
      const auto holds = [&](char32_t wanted) {
        return std::any_of(set.ranges.begin(), set.ranges.end(),
                           [wanted](const Range& range) { return wanted >= range.first && wanted <= range.last; });
      };
      bool inside = holds(c);
      if (!inside && ignore_case_) {
        const char32_t lower = lower_of(c);
        inside = holds(lower) || (lower >= 'a' && lower <= 'z' && holds(lower - 32));
      }
      return inside != set.is_negated;
    }
    default:
      return false;
  }
}

bool Regex::holds(Op assertion, const Position& position) const {
  const std::string_view text = position.text;
  if (assertion == Op::kBegin) return position.at == 0;
  if (assertion == Op::kEnd)
    return position.at == text.size() || (position.at + 1 == text.size() && text.back() == '\n');
  std::size_t before = position.at;
  while (before > 0 && (static_cast<unsigned char>(text[--before]) & 0xC0) == 0x80) {
  }
  std::size_t after = position.at;
  const bool word_before = position.at > 0 && is_word(next_code_point(text, before));
  const bool word_after = after < text.size() && is_word(next_code_point(text, after));
  return (word_before != word_after) == (assertion == Op::kBoundary);
}

void Regex::follow(std::uint32_t start, const Position& position, Match saved, std::vector<Thread>& threads,
                   std::vector<bool>& seen) const {
  std::vector<std::pair<std::uint32_t, Match>> waiting;
  waiting.emplace_back(start, std::move(saved));
  while (!waiting.empty()) {
    auto [at, slots] = std::move(waiting.back());
    waiting.pop_back();
    if (seen[at]) continue;
    seen[at] = true;
    const Instruction& instruction = program_[at];
    switch (instruction.op) {
      case Op::kSplit:
        waiting.emplace_back(instruction.b, slots);
        waiting.emplace_back(instruction.a, std::move(slots));
        break;
      case Op::kJump:
        waiting.emplace_back(instruction.a, std::move(slots));
        break;
      case Op::kSave:
        slots[instruction.a] = position.at;
        waiting.emplace_back(at + 1, std::move(slots));
        break;
      case Op::kBegin:
      case Op::kEnd:
      case Op::kBoundary:
      case Op::kNoBoundary:
        if (holds(instruction.op, position)) waiting.emplace_back(at + 1, std::move(slots));
        break;
      default:
        threads.push_back({at, std::move(slots)});
    }
  }
}

std::optional<Regex::Match> Regex::search(std::string_view text, std::size_t from, std::size_t limit,
                                          std::size_t& work) const {
  std::vector<Thread> threads;
  std::vector<Thread> next;
  std::vector<bool> seen(program_.size());
  std::optional<Match> found;
  for (std::size_t pos = from;;) {
    work += program_.size() / 16 + threads.size() + 1;
    if (work > limit) return std::nullopt;
    // A match that begins here is less preferred than one under way; `seen` still holds for this position.
    if (!found) follow(0, {text, pos}, Match(slots_, kNone), threads, seen);
    std::fill(seen.begin(), seen.end(), false);
    const std::size_t here = pos;
    const char32_t c = pos < text.size() ? next_code_point(text, pos) : 0;
    next.clear();
    for (Thread& thread : threads) {
      const Instruction& instruction = program_[thread.at];
      if (instruction.op == Op::kMatch) {
        found = std::move(thread.saved);
        break;
      }
      if (here < text.size() && accepts(instruction, c))
        follow(thread.at + 1, {text, pos}, std::move(thread.saved), next, seen);
    }
    threads.swap(next);
    if (here == text.size() || (found && threads.empty())) return found;
  }
}

}  // namespace intercodesql
