#include "engine/regex.h"

#include "engine/digest.h"
#include "tests/support/catch.h"

namespace intercodesql {
namespace {

// The text matched, "none", or the error.
std::string found(std::string_view text, std::string_view pattern, std::uint32_t flags = UREGEX_CASE_INSENSITIVE) {
  const auto compiled = Regex::compile(pattern, flags);
  if (const auto* error = std::get_if<RuntimeError>(&compiled)) return error->text;
  std::size_t work = 0;
  const auto result = std::get<Regex>(compiled).search(text, 0, work);
  if (const auto* error = std::get_if<RuntimeError>(&result)) return error->text;
  const auto& match = std::get<std::optional<Regex::Match>>(result);
  return match ? std::string(text.substr((*match)[0], (*match)[1] - (*match)[0])) : "none";
}

TEST_CASE("regular expressions match the leftmost part, greedy unless told otherwise", "[intercodesql]") {
  CHECK(found("xAbcx", "abc") == "Abc");
  CHECK(found("xAbcx", "abc", 0) == "none");
  CHECK(found("aaa", "a+") == "aaa");
  CHECK(found("aaa", "a+?") == "a");
  CHECK(found("aaaa", "a{2,3}") == "aaa");
  CHECK(found("abab", "(ab)*") == "abab");
  CHECK(found("foobar", "bar|foo") == "foo");
  CHECK(found("abcd", "ab|abcd") == "ab");
  CHECK(found("a1 b22", "[0-9]{2}") == "22");
  CHECK(found("a1 b22", "\\d+$") == "22");
  CHECK(found("Hello World", "[[:upper:]][a-z]+$", 0) == "World");
  CHECK(found("xyz", "[^x]+") == "yz");
  CHECK(found("a]b", "[]]") == "]");
  CHECK(found("in inside", "\\bin\\b") == "in");
  CHECK(found("\xC3\x89t\xC3\xA9", "\xC3\xA9t.") == "\xC3\x89t\xC3\xA9");
  CHECK(found("a.b", "a\\.b") == "a.b");
  CHECK(found("ac", "(?:ab?)c") == "ac");
  CHECK(found("abc", "^b") == "none");
  CHECK(found("ABC", "(?i)b", 0) == "B");
  CHECK(found("ABC", "(?-i)b") == "none");
  CHECK(found("a\nb", "a.b") == "none");
  CHECK(found("a\nb", "(?s)a.b") == "a\nb");
  CHECK(found("", "x*").empty());
}

TEST_CASE("patterns may look around and refer back", "[intercodesql]") {
  CHECK(found("price 12", "(?<=e )\\d+") == "12");
  CHECK(found("foobar foobaz", "foo(?!bar)\\w+") == "foobaz");
  CHECK(found("hello", "(l)\\1") == "ll");
}

TEST_CASE("match_type adds to the flags, the last letter counting", "[intercodesql]") {
  CHECK(match_type_flags("c", UREGEX_CASE_INSENSITIVE) == 0);
  CHECK(match_type_flags("ci", 0) == UREGEX_CASE_INSENSITIVE);
  CHECK(match_type_flags("mnu", 0) == (UREGEX_MULTILINE | UREGEX_DOTALL | UREGEX_UNIX_LINES));
  CHECK_FALSE(match_type_flags("x", 0));
}

TEST_CASE("what is no pattern gives MySQL's error", "[intercodesql]") {
  CHECK(found("a", "(a") == "Mismatched parenthesis in regular expression.");
  CHECK(found("a", "a)") == "Mismatched parenthesis in regular expression.");
  CHECK(found("a", "[a") == "The regular expression contains an unclosed bracket expression.");
  CHECK(found("a", "[b-a]") == "The regular expression contains an [x-y] character range where x comes after y.");
  CHECK(found("a", "*a") == "Syntax error in regular expression on line 1, character 1.");
  CHECK(found("a", "a{2,1}") == "The maximum is less than the minumum in a {min,max} interval.");
  CHECK(found("a", "a{}") == "Incorrect description of a {min,max} interval.");
  CHECK(found("a", "\\1") == "Invalid back-reference in regular expression.");
  CHECK(found("a", "\\") == "Unrecognized escape sequence in regular expression.");
  CHECK(found("a", "(?<=a+)b") == "The look-behind assertion exceeds the limit in regular expression.");
  CHECK(found("a", "[[:what:]]") == "Illegal argument to a regular expression.");
  CHECK(found("a", "") == "Illegal argument to a regular expression.");
  CHECK(found("a", std::string(5000, '(')) == "Internal error in the regular expression library.");
}

TEST_CASE("a hostile pattern ends at MySQL's limits", "[intercodesql]") {
  CHECK(found(std::string(30, 'a'), "(a+)+b") == "Timeout exceeded in regular expression match.");
  CHECK(found(std::string(20'000, 'a'), "(a*)*(a*)*(a*)*b") == "Timeout exceeded in regular expression match.");
}

TEST_CASE("digests and Base64 are those of their standards", "[intercodesql]") {
  CHECK(lower_hex(md5("abc")) == "900150983cd24fb0d6963f7d28e17f72");
  CHECK(lower_hex(sha1("abc")) == "a9993e364706816aba3e25717850c26c9cd0d89d");
  CHECK(lower_hex(sha256("abc", 0)) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(lower_hex(sha256("abc", true)) == "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7");
  CHECK(lower_hex(sha512("abc", 0)).starts_with("ddaf35a193617abacc417349ae204131"));
  CHECK(lower_hex(sha512("abc", true)).starts_with("cb00753f45a35e8bb5a03d699ac65007"));
  CHECK(to_base64("abcd") == "YWJjZA==");
  CHECK(from_base64("YWJj\nZA==") == "abcd");
  CHECK_FALSE(from_base64("YWJ"));
  CHECK_FALSE(from_base64("Y=Jj"));
}

}  // namespace
}  // namespace intercodesql
