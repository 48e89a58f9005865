#include "word_tokenizer.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <vector>

#include "python_text.h"
#include "tables.h"
#include "unicode.h"

namespace webshop {
namespace {

using unicode::find_range;
using unicode::WordClass;

constexpr std::size_t kMaxUnits = 255;
constexpr std::size_t kWindow = 2048;  // bytes; more than kMaxUnits ever take, so that endless words cost linear time
constexpr char32_t kTextSelector = 0xFE0E;
constexpr char32_t kEmojiSelector = 0xFE0F;
constexpr char32_t kZeroWidthJoiner = 0x200D;
constexpr char32_t kKeyCap = 0x20E3;

constexpr std::array<WordClass, 128> kAsciiClass = [] {
  std::array<WordClass, 128> table{};
  for (const auto& range : unicode::kWordRanges) {
    for (char32_t c = range.first; c <= range.last && c < table.size(); ++c) table[c] = range.word_class;
  }
  return table;
}();

WordClass word_class(char32_t c) {
  if (c < kAsciiClass.size()) return kAsciiClass[c];
  const auto* range = find_range(unicode::kWordRanges, c);
  return range == nullptr ? WordClass::kOther : range->word_class;
}

bool is_southeast_asian(char32_t c) {
  return find_range(unicode::kSoutheastAsian, c) != nullptr;
}
bool is_emoji_modifier(char32_t c) {
  return c >= 0x1F3FB && c <= 0x1F3FF;
}
bool is_emoji_modifier_base(char32_t c) {
  return find_range(unicode::kEmojiModifierBase, c) != nullptr;
}

std::vector<unicode::CodePointRange> read_pictographs() {
  std::vector<unicode::CodePointRange> ranges;
  std::string_view rest = tables::extended_pictographic;
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    const std::size_t dots = line.find("..");
    if (line.starts_with('#') || dots == std::string_view::npos) continue;
    std::uint32_t first = 0;
    std::uint32_t last = 0;
    std::from_chars(line.data(), line.data() + dots, first, 16);
    std::from_chars(line.data() + dots + 2, line.data() + line.size(), last, 16);
    ranges.push_back({first, last});
  }
  return ranges;
}

bool is_pictograph(char32_t c) {
  static const std::vector<unicode::CodePointRange> ranges = read_pictographs();
  return c >= 0x80 && find_range(ranges, c) != nullptr;
}

// A position in the text with one character of look-ahead; copied to try and give up.
class Cursor {
 public:
  Cursor(std::string_view text, std::size_t pos) : text_(text), pos_(pos) { read(); }
  [[nodiscard]] bool at_end() const { return pos_ == text_.size(); }
  [[nodiscard]] std::size_t pos() const { return pos_; }
  [[nodiscard]] char32_t character() const { return character_; }  // 0 at the end
  void advance() {
    pos_ = next_;
    read();
  }
  // Advances if the character is `c`.
  bool take(char32_t c) {
    if (at_end() || character_ != c) return false;
    advance();
    return true;
  }
  // Skips marks and format characters.
  void skip_extend() {
    while (is_extend()) advance();
  }
  // Skips those that do not choose between text and emoji style.
  void skip_plain_extend() {
    while (is_plain_extend()) advance();
  }
  [[nodiscard]] bool is_extend() const { return !at_end() && word_class(character_) == WordClass::kExtend; }
  [[nodiscard]] bool is_plain_extend() const {
    return is_extend() && character_ != kTextSelector && character_ != kEmojiSelector;
  }

 private:
  void read() {
    next_ = pos_;
    character_ = 0;
    if (at_end()) return;
    const auto byte = static_cast<unsigned char>(text_[pos_]);
    if (byte < 0x80) {
      character_ = byte;
      ++next_;
    } else {
      character_ = next_code_point(text_, next_);
    }
  }
  std::string_view text_;
  std::size_t pos_;
  std::size_t next_ = 0;
  char32_t character_ = 0;
};

// Where a word stands. The three kMid states wait for the character that a mid-word mark must join.
enum class State {
  kStart,
  kLeading,  // only '_' so far
  kLetter,
  kHebrew,
  kNumber,
  kKatakana,
  kJoined,  // '_' after content
  kClosed,  // behind a Hebrew quotation: nothing joins
  kMidLetters,
  kMidNumbers,
  kMidHebrew,
  kNone,  // the word has ended
};

bool accepts(State state) {
  return state >= State::kLetter && state <= State::kClosed;
}

State after_letter(State state, bool hebrew) {
  switch (state) {
    case State::kKatakana:
    case State::kMidNumbers:
      return State::kNone;
    case State::kMidHebrew:
      return hebrew ? State::kClosed : State::kNone;
    case State::kMidLetters:
      return State::kLetter;
    default:
      return hebrew ? State::kHebrew : State::kLetter;
  }
}

State after_number(State state) {
  const bool refused = state == State::kKatakana || state == State::kMidLetters || state == State::kMidHebrew;
  return refused ? State::kNone : State::kNumber;
}

State after_katakana(State state) {
  const bool fits =
      state == State::kStart || state == State::kLeading || state == State::kJoined || state == State::kKatakana;
  return fits ? State::kKatakana : State::kNone;
}

State after_joiner(State state) {
  if (state == State::kStart || state == State::kLeading) return State::kLeading;
  return accepts(state) ? State::kJoined : State::kNone;
}

State after_mark(State state, bool joins_letters, bool joins_numbers) {
  if (joins_letters && (state == State::kLetter || state == State::kHebrew)) return State::kMidLetters;
  if (joins_numbers && state == State::kNumber) return State::kMidNumbers;
  return State::kNone;
}

State next_state(State state, WordClass c) {
  switch (c) {
    case WordClass::kLetter:
      return after_letter(state, false);
    case WordClass::kHebrew:
      return after_letter(state, true);
    case WordClass::kNumber:
      return after_number(state);
    case WordClass::kKatakana:
      return after_katakana(state);
    case WordClass::kJoiner:
      return after_joiner(state);
    case WordClass::kMidLetter:
      return after_mark(state, true, false);
    case WordClass::kMidNumber:
      return after_mark(state, false, true);
    case WordClass::kMidBoth:
      return after_mark(state, true, true);
    case WordClass::kSingleQuote:
      return state == State::kHebrew ? State::kClosed : after_mark(state, true, true);
    case WordClass::kDoubleQuote:
      return state == State::kHebrew ? State::kMidHebrew : State::kNone;
    default:
      return State::kNone;
  }
}

// Each of the following returns the end of its longest match at `at`, or `at` itself.

std::size_t match_word(std::string_view text, std::size_t at) {
  std::size_t end = at;
  State state = State::kStart;
  for (Cursor cursor(text, at); !cursor.at_end();) {
    state = next_state(state, word_class(cursor.character()));
    if (state == State::kNone) break;
    cursor.advance();
    if (cursor.character() >= 0x80) cursor.skip_extend();
    if (accepts(state)) end = cursor.pos();
  }
  return end;
}

std::size_t match_southeast_asian(std::string_view text, std::size_t at) {
  Cursor cursor(text, at);
  while (!cursor.at_end() && is_southeast_asian(cursor.character())) {
    cursor.advance();
    cursor.skip_extend();
  }
  return cursor.pos();
}

std::size_t match_single(std::string_view text, std::size_t at) {
  Cursor cursor(text, at);
  const WordClass c = word_class(cursor.character());
  if (c != WordClass::kHan && c != WordClass::kHiragana) return at;
  cursor.advance();
  cursor.skip_extend();
  return cursor.pos();
}

std::size_t match_flag(std::string_view text, std::size_t at) {
  Cursor cursor(text, at);
  for (int half = 0; half < 2; ++half) {
    if (cursor.at_end() || word_class(cursor.character()) != WordClass::kFlag) return at;
    cursor.advance();
    cursor.skip_extend();
  }
  return cursor.pos();
}

// Skips what belongs to the character before; true if a key cap is among it.
bool skip_key_cap(Cursor& cursor) {
  bool found = false;
  while (cursor.is_plain_extend()) {
    found = found || cursor.character() == kKeyCap;
    cursor.advance();
  }
  return found;
}

// '#' or '*' (digits are words already), an optional emoji selector, the key cap.
std::size_t match_key_cap(std::string_view text, std::size_t at) {
  Cursor cursor(text, at);
  if (!cursor.take('#') && !cursor.take('*')) return at;
  std::size_t end = at;
  if (skip_key_cap(cursor)) end = cursor.pos();
  if (cursor.take(kEmojiSelector) && cursor.character() == kKeyCap && skip_key_cap(cursor)) end = cursor.pos();
  return end;
}

// One element of an emoji sequence: a pictograph with selector, or a modifier with or without its base.
std::size_t match_emoji_element(std::string_view text, std::size_t at) {
  std::size_t end = at;
  Cursor cursor(text, at);
  if (is_emoji_modifier(cursor.character())) {
    cursor.advance();
    cursor.skip_plain_extend();
    end = cursor.pos();
  }
  cursor = Cursor(text, at);
  while (cursor.take(kZeroWidthJoiner)) {
  }
  const char32_t base = cursor.character();
  if (!is_pictograph(base) && !is_emoji_modifier_base(base)) return end;
  cursor.advance();
  cursor.skip_plain_extend();
  Cursor modified = cursor;
  if (is_pictograph(base)) {
    cursor.take(kEmojiSelector);
    end = std::max(end, cursor.pos());
  }
  if (is_emoji_modifier_base(base) && is_emoji_modifier(modified.character())) {
    modified.advance();
    modified.skip_plain_extend();
    end = std::max(end, modified.pos());
  }
  return end;
}

// A tag sequence behind an emoji (the flags of regions), if it has its end mark.
std::size_t match_tags(std::string_view text, std::size_t at) {
  Cursor cursor(text, at);
  while (cursor.character() >= 0xE0020 && cursor.character() <= 0xE007E) cursor.advance();
  return cursor.pos() > at && cursor.take(0xE007F) ? cursor.pos() : at;
}

std::size_t match_emoji(std::string_view text, std::size_t at) {
  std::size_t end = match_emoji_element(text, at);
  if (end == at) return at;
  const std::size_t tagged = match_tags(text, end);
  // An element may have eaten the joiners that connect it to the next.
  const auto ends_in_joiner = [&] { return text.substr(at, end - at).ends_with("\xE2\x80\x8D"); };
  while (ends_in_joiner() || Cursor(text, end).character() == kZeroWidthJoiner) {
    Cursor cursor(text, end);
    while (cursor.take(kZeroWidthJoiner)) {
    }
    const std::size_t next = match_emoji_element(text, cursor.pos());
    if (next == cursor.pos()) break;
    end = next;
  }
  return std::max(end, tagged);
}

std::size_t match_token(std::string_view text, std::size_t at) {
  std::size_t end = match_word(text, at);
  if (static_cast<unsigned char>(text[at]) < 0x80) return end > at ? end : match_key_cap(text, at);
  for (const auto match : {match_southeast_asian, match_single, match_flag, match_emoji}) {
    end = std::max(end, match(text, at));
  }
  return end;
}

// The part of `token` that fits into the tokenizer's buffer.
std::size_t buffer_end(std::string_view token) {
  std::size_t units = 0;
  for (std::size_t pos = 0; pos < token.size();) {
    const std::size_t start = pos;
    units += next_code_point(token, pos) > 0xFFFF ? 2 : 1;
    if (units > kMaxUnits) return start;
  }
  return token.size();
}

}  // namespace

std::string_view next_word(std::string_view text, std::size_t& pos) {
  while (pos < text.size()) {
    std::size_t end = match_token(text.substr(0, pos + std::min(text.size() - pos, kWindow)), pos);
    if (end == pos) {
      (void)next_code_point(text, pos);
      continue;
    }
    if (end - pos > kMaxUnits) {
      const std::string_view buffer = text.substr(0, pos + buffer_end(text.substr(pos, end - pos)));
      end = match_token(buffer, pos);
    }
    const std::string_view token = text.substr(pos, end - pos);
    pos = end;
    return token;
  }
  return {};
}

}  // namespace webshop
