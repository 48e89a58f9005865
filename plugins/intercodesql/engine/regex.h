// Regular expressions as MySQL 8 (ICU) writes them, matched in time proportional to text times pattern.
//
// Literals, `.`, [sets] with ranges, POSIX classes and \d \w \s, ^ $ \b \B, groups ( ) and (?: ), alternatives |,
// repetitions * + ? {m,n} greedy and lazy; (?i) and (?s) in front. No back references and no look-around: those are
// syntax errors here. Works on code points; `.` does not match a line break without (?s).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "engine/statement_context.h"

namespace intercodesql {

class Regex {
 public:
  // MySQL's error for a pattern that is none.
  static std::variant<Regex, RuntimeError> compile(std::string_view pattern, bool ignore_case);

  // Byte positions of the whole match (0, 1) and of group i (2i, 2i + 1); npos for a group without part in it.
  using Match = std::vector<std::size_t>;
  // The leftmost match from byte `from` on. Every instruction tried for a character adds to `work`; beyond `limit` the
  // search ends without a match.
  [[nodiscard]] std::optional<Match> search(std::string_view text, std::size_t from, std::size_t limit,
                                            std::size_t& work) const;

 private:
  friend class RegexCompiler;

  struct Range {
    char32_t first, last;
  };
  struct Set {
    std::vector<Range> ranges;
    bool is_negated = false;
  };
  enum class Op : std::uint8_t {
    kCharacter,
    kAny,
    kSet,
    kSplit,
    kJump,
    kSave,
    kBegin,
    kEnd,
    kBoundary,
    kNoBoundary,
    kMatch
  };
  struct Instruction {
    Op op;
    std::uint32_t a = 0, b = 0;  // the character, set or slot; targets, the preferred one first
  };
  struct Thread {
    std::uint32_t at;
    Match saved;
  };
  struct Position {
    std::string_view text;
    std::size_t at;
  };

  [[nodiscard]] bool accepts(const Instruction& instruction, char32_t c) const;
  [[nodiscard]] bool holds(Op assertion, const Position& position) const;
  // Follows jumps from `start` and appends the threads that wait for a character, most preferred first.
  void follow(std::uint32_t start, const Position& position, Match saved, std::vector<Thread>& threads,
              std::vector<bool>& seen) const;

  std::vector<Instruction> program_;
  std::vector<Set> sets_;
  std::size_t slots_ = 2;
  bool ignore_case_ = false;
  bool any_matches_line_breaks_ = false;
};

}  // namespace intercodesql
