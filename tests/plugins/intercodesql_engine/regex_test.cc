#include "engine/regex.h"

#include "engine/digest.h"
#include "tests/support/catch.h"

namespace intercodesql {
namespace {

std::string found(std::string_view text, std::string_view pattern, bool ignore_case = true) {
  const auto compiled = Regex::compile(pattern, ignore_case);
  if (const auto* error = std::get_if<RuntimeError>(&compiled)) return error->text;
  std::size_t work = 0;
  const auto match = std::get<Regex>(compiled).search(text, 0, 1'000'000, work);
  return match ? std::string(text.substr((*match)[0], (*match)[1] - (*match)[0])) : "none";
}

TEST_CASE("regular expressions match the leftmost part, greedy unless told otherwise", "[intercodesql]") {
  CHECK(found("xAbcx", "abc") == "Abc");
  CHECK(found("xAbcx", "abc", false) == "none");
  CHECK(found("aaa", "a+") == "aaa");
  CHECK(found("aaa", "a+?") == "a");
  CHECK(found("aaaa", "a{2,3}") == "aaa");
  CHECK(found("abab", "(ab)*") == "abab");
  CHECK(found("foobar", "bar|foo") == "foo");
  CHECK(found("abcd", "ab|abcd") == "ab");
  CHECK(found("a1 b22", "[0-9]{2}") == "22");
  CHECK(found("a1 b22", "\\d+$") == "22");
  CHECK(found("Hello World", "[[:upper:]][a-z]+$", false) == "World");
  CHECK(found("xyz", "[^x]+") == "yz");
  CHECK(found("a]b", "[]]") == "]");
  CHECK(found("in inside", "\\bin\\b") == "in");
  CHECK(found("\xC3\x89t\xC3\xA9", "\xC3\xA9t.") == "\xC3\x89t\xC3\xA9");
  CHECK(found("a.b", "a\\.b") == "a.b");
  CHECK(found("ac", "(?:ab?)c") == "ac");
  CHECK(found("abc", "^b") == "none");
  CHECK(found("ABC", "(?i)b", false) == "B");
  CHECK(found("ABC", "(?-i)b", true) == "none");
  CHECK(found("a\nb", "a.b") == "none");
  CHECK(found("a\nb", "(?s)a.b") == "a\nb");
  CHECK(found("", "x*").empty());
}

TEST_CASE("what is no pattern gives MySQL's error", "[intercodesql]") {
  CHECK(found("a", "(a") == "Mismatched parenthesis in regular expression.");
  CHECK(found("a", "a)") == "Mismatched parenthesis in regular expression.");
  CHECK(found("a", "[a") == "The regular expression contains an unclosed bracket expression.");
  CHECK(found("a", "*a").starts_with("Syntax error in regular expression"));
  CHECK(found("a", "a{2,1}").starts_with("Syntax error in regular expression"));
  CHECK(found("a", "").starts_with("Illegal argument"));
  CHECK(found("a", "((a{900}){900}){900}").starts_with("Regular expression pattern exceeds"));
  CHECK(found("a", std::string(5000, '(')).starts_with("Regular expression pattern exceeds"));
}

TEST_CASE("a hostile pattern takes no more than its share", "[intercodesql]") {
  const auto compiled = Regex::compile("(a*)*(a*)*(a*)*b", true);
  std::size_t work = 0;
  CHECK_FALSE(std::get<Regex>(compiled).search(std::string(20'000, 'a'), 0, 100'000'000, work));
  CHECK(work < 1'000'000);
}

TEST_CASE("digests and Base64 are those of their standards", "[intercodesql]") {
  CHECK(lower_hex(md5("abc")) == "900150983cd24fb0d6963f7d28e17f72");
  CHECK(lower_hex(sha1("abc")) == "a9993e364706816aba3e25717850c26c9cd0d89d");
  CHECK(lower_hex(sha256("abc", false)) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(lower_hex(sha256("abc", true)) == "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7");
  CHECK(lower_hex(sha512("abc", false)).starts_with("ddaf35a193617abacc417349ae204131"));
  CHECK(lower_hex(sha512("abc", true)).starts_with("cb00753f45a35e8bb5a03d699ac65007"));
  CHECK(to_base64("abcd") == "YWJjZA==");
  CHECK(from_base64("YWJj\nZA==") == "abcd");
  CHECK_FALSE(from_base64("YWJ"));
  CHECK_FALSE(from_base64("Y=Jj"));
}

}  // namespace
}  // namespace intercodesql
