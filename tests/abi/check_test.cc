// `ipr-host plugin list|describe|check` on good plugins, and on plugins that each break one rule.
#include <map>

#include "core/base/files.h"
#include "ipr/plugin.h"
#include "tests/support/catch.h"
#include "tests/support/program.h"

using namespace ipr;
using namespace ipr::test;

namespace {

struct Checked {
  Ended ended;
  std::map<std::string, std::string> verdict, why;  // by case
};

Checked check(const std::string& library, std::vector<std::string> more = {}) {
  const Workplace place;
  std::vector<std::string> arguments = {"plugin", "check", library, "--json"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  Checked checked{place.host(arguments), {}, {}};
  if (checked.ended.out.empty()) return checked;
  const Json answer = Json::parse(checked.ended.out);
  for (const Json& one : answer.at("cases")) {
    checked.verdict[one.at("case")] = one.at("verdict");
    checked.why[one.at("case")] = one.at("why");
  }
  return checked;
}

std::string bundled(const std::string& name) {
  return std::string(IPR_PLUGIN_FOLDER) + "/" + name + ".so";
}
std::string bad(const std::string& name) {
  return std::string(IPR_BAD_PLUGINS) + "/ipr-test-" + name + ".so";
}

// The library cannot even be listed: exit 4 and one line with the reason.
void refused(const std::string& name, const std::string& reason) {
  INFO(name);
  const Checked checked = check(bad(name));
  CHECK(checked.ended.exit_code == 4);
  REQUIRE(checked.ended.error_lines().size() == 1);
  CHECK(contains(checked.ended.error_lines()[0], reason));
}

// Some cases fail by name; all other verdicts are passes or skips.
void fails(const std::string& name, const std::vector<std::string>& cases, const std::string& reason) {
  INFO(name);
  const Checked checked = check(bad(name));
  CHECK(checked.ended.exit_code == 4);
  CHECK(checked.ended.error_lines().size() == 1);
  for (const std::string& one : cases) {
    INFO(one);
    REQUIRE(checked.verdict.count(one) == 1);
    CHECK(checked.verdict.at(one) == "FAIL");
    CHECK(contains(checked.why.at(one), reason));
  }
}

}  // namespace

TEST_CASE("every bundled plugin and the example pass the conformance suite", "[abi]") {
  for (const char* name :
       {"ipr-env-webshop", "ipr-env-gridworld", "ipr-scorer-mc", "ipr-optimizer-ipr", "ipr-optimizer-sft",
        "ipr-optimizer-eto", "ipr-optimizer-rft", "ipr-optimizer-gigpo", "ipr-optimizer-ppo", "ipr-optimizer-step-ppo",
        "ipr-optimizer-reward-mse", "ipr-scorer-reward-model"}) {
    const Checked checked = check(bundled(name));
    INFO(name << "\n" << checked.ended.out << checked.ended.err);
    CHECK(checked.ended.exit_code == 0);
    CHECK(checked.verdict.at("abi-version") == "pass");
    CHECK(checked.verdict.at("one-export") == "pass");
    CHECK(checked.verdict.at("no-stdout") == "pass");
  }
}

TEST_CASE("a loss with a kink passes whether or not a difference spans it", "[abi]") {
  for (const int seed : {2, 13, 14, 19, 23}) {  // all but the first lay the kink between the points of a difference
    const Checked checked =
        check(bundled("ipr-optimizer-gigpo"), {"--seed", std::to_string(seed), "--only", "gradient-by-differences"});
    INFO("seed " << seed << "\n" << checked.ended.out);
    CHECK(checked.verdict.at("gradient-by-differences") == "pass");
  }
}

TEST_CASE("a library that is no plugin of this ABI is refused with the reason", "[abi]") {
  refused("wrong-abi", "built for plugin ABI 0." + std::to_string(IPR_ABI_MINOR + 1));
  refused("no-entry", "ipr_library_v0");
  refused("crashes-at-load", "crashed");
  refused("bad-schema", "\"size\": expected integer");
}

TEST_CASE("an exception becomes an error with its own words", "[abi]") {
  fails("throws-in-create", {"schema-accepts-defaults", "unknown-extension-is-null"}, "the cellar is flooded");
  fails("throws-in-step", {"random-walk", "empty-action"}, "the stairs are missing");
  const Workplace place;
  const Ended ended =
      place.host({"eval", "--env", "throws-in-create", "--policy", "noop", "--plugin-path", IPR_BAD_PLUGINS});
  CHECK(ended.exit_code == 4);
  REQUIRE(ended.error_lines().size() == 1);
  CHECK(contains(ended.error_lines()[0], "throws-in-create"));
  CHECK(contains(ended.error_lines()[0], "the cellar is flooded"));
}

TEST_CASE("a crash fails its case and no other", "[abi]") {
  fails("crashes-in-create", {"schema-accepts-defaults", "reset-twice-equal"}, "crashed");
  const Checked checked = check(bad("crashes-in-create"));
  CHECK(checked.verdict.at("abi-version") == "pass");
  CHECK(checked.verdict.at("descriptor-valid") == "pass");
}

TEST_CASE("broken promises are found by the case of that name", "[abi]") {
  fails("prints", {"no-stdout"}, "wrote to standard output");
  fails("second-export", {"one-export"}, "besides ipr_library_v0");
  fails("nondeterministic", {"reset-twice-equal", "replay-equal"}, "task");
  fails("wrong-gradient", {"gradient-by-differences"}, "differences say");
  fails("remembers-losses", {"resume-equal"}, "depends on the losses before it");
}

TEST_CASE("what does not apply is skipped, never passed", "[abi]") {
  const Checked checked = check(bad("no-expert"));
  CHECK(checked.ended.exit_code == 0);
  CHECK(checked.verdict.at("expert-reaches-success") == "skip");
  CHECK(checked.verdict.at("fork-equals-replay") == "skip");
}

TEST_CASE("--only, --skip and --quirks choose among the cases", "[abi]") {
  const Workplace place;
  const Checked only = check(bad("prints"), {"--only", "^one-export$"});
  CHECK(only.ended.exit_code == 0);
  CHECK(only.verdict.size() == 1);
  const Checked skip = check(bad("second-export"), {"--skip", "one-export|no-leak"});
  CHECK(skip.ended.exit_code == 0);
  CHECK(skip.verdict.count("one-export") == 0);
  REQUIRE(write_file(place.file("quirks.json"), R"({"absent": ["one-export"], "reason": "a test"})").ok());
  const Checked quirks = check(bad("second-export"), {"--only", "one-export", "--quirks", place.file("quirks.json")});
  CHECK(quirks.ended.exit_code == 0);
  CHECK(quirks.verdict.at("one-export") == "skip");
  CHECK(check(bad("prints"), {"--only", "("}).ended.exit_code == 2);
}

TEST_CASE("plugin list goes on beside broken libraries and names them", "[abi]") {
  const Workplace place;
  const Ended ended = place.host({"plugin", "list", "--plugin-path", IPR_BAD_PLUGINS, "--json"});
  REQUIRE(ended.exit_code == 0);
  const Json answer = Json::parse(ended.out);
  std::map<std::string, std::string> kinds;
  for (const Json& one : answer.at("plugins")) kinds[one.at("id")] = one.at("kind");
  CHECK(kinds.at("webshop") == "environment");
  CHECK(kinds.at("mc") == "scorer");
  CHECK(kinds.at("sft") == "optimizer");
  CHECK(kinds.at("no-expert") == "environment");
  CHECK(kinds.count("wrong-abi") == 0);
  const std::string warnings = answer.at("warnings").dump();
  for (const char* name : {"wrong-abi", "no-entry", "crashes-at-load", "bad-schema"}) {
    CHECK(contains(warnings, std::string("ipr-test-") + name + ".so"));
  }
  const Ended plain = place.host({"plugin", "list", "--plugin-path", IPR_BAD_PLUGINS});  // from the cache this time
  CHECK(plain.exit_code == 0);
  CHECK(contains(plain.out, "webshop"));
}

TEST_CASE("a plugin that is asked for by name says what is wrong with it", "[abi]") {
  const Workplace place;
  const Ended broken = place.host({"eval", "--env", "wrong-abi", "--policy", "noop", "--plugin-path", IPR_BAD_PLUGINS});
  CHECK(broken.exit_code == 4);
  REQUIRE(broken.error_lines().size() == 1);
  CHECK(contains(broken.error_lines()[0], "rebuild the plugin"));
  const Ended unknown = place.host({"plugin", "describe", "webshp"});
  CHECK(unknown.exit_code == 2);
  CHECK(contains(unknown.err, "did you mean \"webshop\"?"));
}
