// Shell completion, asked as plain bash asks it.
#include <algorithm>

#include "core/base/files.h"
#include "tests/support/catch.h"
#include "tests/support/program.h"

using namespace ipr;
using namespace ipr::test;

namespace {

// What bash would offer where this line ends.
std::vector<std::string> offered(const Workplace& place, const std::string& line) {
  Call call = place.call({});
  const std::string program = call.program;
  call.program = "/bin/bash";
  call.arguments = {"--norc",
                    "-c",
                    "source <(\"$1\" completion bash); COMP_LINE=\"$2\"; COMP_POINT=${#2}; _ipr_host \"$1\"; "
                    "printf '%s\\n' \"${COMPREPLY[@]}\"",
                    "bash",
                    program,
                    line};
  const Ended ended = run_program(call);
  INFO(line << "\n" << ended.err);
  REQUIRE(ended.exit_code == 0);
  std::vector<std::string> words;
  std::string word;
  for (const char c : ended.out) {
    if (c != '\n') {
      word += c;
      continue;
    }
    if (!word.empty()) words.push_back(word);
    word.clear();
  }
  return words;
}

bool has(const std::vector<std::string>& words, const std::string& word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

}  // namespace

TEST_CASE("commands and their subcommands are completed", "[host][completion]") {
  const Workplace place;
  const auto commands = offered(place, "ipr-host ");
  for (const char* command : {"run", "eval", "collect", "score", "train", "plugin", "completion"}) {
    INFO(command);
    CHECK(has(commands, command));
  }
  CHECK(offered(place, "ipr-host tra") == std::vector<std::string>{"train", "train-scorer"});
  CHECK(offered(place, "ipr-host plugin d") == std::vector<std::string>{"describe"});
  CHECK(offered(place, "ipr-host analyze runs/a step-") == std::vector<std::string>{"step-accuracy", "step-reward"});
}

TEST_CASE("flags are completed, with the default command's where none is named", "[host][completion]") {
  const Workplace place;
  CHECK(offered(place, "ipr-host eval --pol") == std::vector<std::string>{"--policy"});
  CHECK(has(offered(place, "ipr-host --sco"), "--scorer"));
  CHECK(has(offered(place, "ipr-host --env gridworld --it"), "--iterations"));
  CHECK_FALSE(has(offered(place, "ipr-host replay --"), "--scorer"));
}

TEST_CASE("plugin ids are completed by kind", "[host][completion]") {
  const Workplace place;
  CHECK(has(offered(place, "ipr-host --env web"), "webshop"));
  CHECK_FALSE(has(offered(place, "ipr-host --env "), "mc"));
  CHECK(has(offered(place, "ipr-host run --scorer "), "mc"));
  CHECK(has(offered(place, "ipr-host train --optimizer "), "sft"));
  CHECK(has(offered(place, "ipr-host plugin describe "), "webshop"));
}

TEST_CASE("settings are completed after --set, keys first, then their words", "[host][completion]") {
  const Workplace place;
  CHECK(offered(place, "ipr-host --env webshop --set env.world_si") == std::vector<std::string>{"env.world_size="});
  CHECK(offered(place, "ipr-host --env webshop --set env.world_size=ti") == std::vector<std::string>{"tiny"});
  CHECK(has(offered(place, "ipr-host --env webshop --set scorer."), "scorer.samples="));
  CHECK(has(offered(place, "ipr-host --env webshop --set train.l"), "train.lr="));
  CHECK(offered(place, "ipr-host --env webshop --set optimizer.lazy=") == std::vector<std::string>{"false", "true"});
  CHECK_FALSE(has(offered(place, "ipr-host --env webshop --set "), "gridworld.detours="));
}

TEST_CASE("a flag's own words are completed, and files are left to the shell", "[host][completion]") {
  const Workplace place;
  CHECK(offered(place, "ipr-host --preset ") == std::vector<std::string>{"full", "quick"});
  CHECK(offered(place, "ipr-host --profile=pa") == std::vector<std::string>{"paper"});
  CHECK(offered(place, "ipr-host eval --policy no") == std::vector<std::string>{"noop"});
  CHECK(offered(place, "ipr-host --out ").empty());
}

TEST_CASE("each shell has a script", "[host][completion]") {
  const Workplace place;
  for (const char* shell : {"bash", "zsh", "fish"}) {
    const Ended ended = place.host({"completion", shell});
    CHECK(ended.exit_code == 0);
    CHECK(contains(ended.out, "completion words"));
  }
  CHECK(place.host({"completion", "tcsh"}).exit_code == 2);
}
