// Agent texts at random: the parsers answer all of them, and what they read stands in the message.

#include <string>
#include <string_view>
#include <vector>

#include "adapter/runner.h"
#include "adapter/text.h"
#include "ipr/draws.hpp"
#include "tests/support/catch.h"
#include "tests/support/fuzz_rounds.h"

using namespace intercodesql;
using ipr::sdk::Draws;

namespace {

constexpr std::string_view kParts[] = {
    "Action:", "Action: ", "Action 3: ", "Thought: ", "```sql", "```",    "``",   "`",    "submit", "execute[",
    "]",       ";",        "\n",         " ",         "\t",     "SELECT", "SHOW", "DESC", "SQL: ",  "sql",
    "\\_",     "\\",       "ü",          "\u3000",    "\u00a0", "\x1f",   "a",    "0",    "",       "\xF0\x9F\x98\x80"};

std::string random_message(std::uint64_t seed) {
  const Draws draws(seed, "message");
  std::string text;
  const std::size_t length = draws.below(14, "length");
  for (std::size_t i = 0; i < length; ++i) text += kParts[draws.below(std::size(kParts), "part", i)];
  return text;
}

}  // namespace

TEST_CASE("every message is either an action that stands in it or not understood", "[intercodesql][adapter]") {
  std::size_t understood = 0;
  for (std::uint64_t seed = 0; seed < ipr::test::fuzz_rounds(20000); ++seed) {
    const std::string message = random_message(seed);
    CAPTURE(message);
    for (const Dialect dialect : {Dialect::kReact, Dialect::kFigure8}) {
      const AgentAction action = parse_message(Runner::kIpr, dialect, message);
      understood += action.understood ? 1 : 0;
      if (!action.understood) continue;
      CHECK(message.find(action.action) != std::string::npos);
      CHECK(action.action.find('\n') == std::string::npos);
      CHECK_FALSE(action.action.empty());
    }
    const AgentAction react = parse_message(Runner::kReact, Dialect::kReact, message);
    if (react.understood) CHECK(message.find(react.action) != std::string::npos);
    const AgentAction again = parse_message(Runner::kTryAgain, Dialect::kReact, message);
    if (again.understood) CHECK(again.action.find(';') == std::string::npos);
  }
  CHECK(understood > 500);
}

TEST_CASE("the same message read with and without outer white space is the same action", "[intercodesql][adapter]") {
  for (std::uint64_t seed = 0; seed < ipr::test::fuzz_rounds(5000); ++seed) {
    const std::string message = random_message(seed);
    CAPTURE(message);
    const AgentAction bare = parse_message(Runner::kIpr, Dialect::kReact, strip(message));
    const AgentAction padded = parse_message(Runner::kIpr, Dialect::kReact, " \n" + message + "\n ");
    CHECK(bare.understood == padded.understood);
    CHECK(bare.action == padded.action);
  }
}

TEST_CASE("bytes at random become valid text once and for all", "[intercodesql][adapter]") {
  for (std::uint64_t seed = 0; seed < ipr::test::fuzz_rounds(5000); ++seed) {
    const Draws draws(seed, "bytes");
    std::string bytes;
    for (std::size_t i = 0; i < 24; ++i) bytes += static_cast<char>(draws.below(256, "byte", i));
    const std::string valid = valid_utf8(bytes);
    CHECK(valid_utf8(valid) == valid);
    CHECK(strip(valid).size() <= valid.size());
    CHECK(first_code_points(valid, 5).size() <= 20);
  }
}
