#include <algorithm>
#include <set>

#include "plugin_under_test.h"
#include "tests/support/catch.h"
#include "tests/support/shared_data.h"

using namespace ipr::test;
using ipr::Json;

namespace {

const Json kTiny = {{"world_size", "tiny"}};

Json tiny(const char* key, const char* value) {
  Json settings = kTiny;
  settings[key] = value;
  return settings;
}

std::string first_task(const PluginUnderTest& plugin) {
  return plugin.task_ids(IPR_SPLIT_TEST).at(0);
}

// Random actions from the present state; what was seen of each.
std::vector<SeenStep> walk(EpisodeUnderTest& episode, std::uint64_t seed, int steps) {
  std::vector<SeenStep> seen;
  for (int i = 0; i < steps; ++i) seen.push_back(episode.step(episode.sample(seed + static_cast<std::uint64_t>(i))));
  return seen;
}

}  // namespace

TEST_CASE("the generated world has its three splits without a shared wish", "[webshop][plugin]") {
  const PluginUnderTest plugin("");
  CHECK(plugin.task_ids(IPR_SPLIT_TRAIN).size() == 560);
  CHECK(plugin.task_ids(IPR_SPLIT_DEV).size() == 100);
  CHECK(plugin.task_ids(IPR_SPLIT_TEST).size() == 500);
  std::set<std::string> train;
  for (const auto& id : plugin.task_ids(IPR_SPLIT_TRAIN)) train.insert(plugin.task(id)["meta"]["leak_key"]);
  for (const auto& id : plugin.task_ids(IPR_SPLIT_TEST)) CHECK(train.count(plugin.task(id)["meta"]["leak_key"]) == 0);
  CHECK(plugin.task("5")["id"] == "5");
  CHECK(plugin.task("human:5")["id"] == "5");
  for (const char* none : {"", "x", "-1", "05", "5 ", "1160", "synthetic:0", "99999999999999999999"}) {
    CAPTURE(none);
    CHECK(plugin.task(none).is_null());
  }
}

TEST_CASE("the world seed makes another world, the same seed the same", "[webshop][plugin]") {
  const auto instructions = [](int seed) {
    const PluginUnderTest plugin("", {{"world_size", "tiny"}, {"world_seed", seed}});
    Json all = Json::array();
    for (int i = 0; i < 48; ++i) all.push_back(plugin.task(std::to_string(i))["instruction"]);
    return all;
  };
  CHECK(instructions(1) == instructions(1));
  CHECK(instructions(1) != instructions(2));
}

TEST_CASE("a forked episode and a replayed one go on alike", "[webshop][plugin]") {
  for (const char* mode : {"text", "text_rich"}) {
    const PluginUnderTest plugin("", tiny("observation", mode));
    const std::string task = first_task(plugin);
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
      EpisodeUnderTest walked(plugin), replayed(plugin);
      walked.reset(task);
      replayed.reset(task);
      const int turns = static_cast<int>(seed % 9);
      walk(walked, 100 * seed, turns);
      walk(replayed, 100 * seed, turns);
      EpisodeUnderTest forked = walked.fork();
      CHECK(forked.fingerprint() == replayed.fingerprint());
      CHECK(forked.fingerprint() != 0);
      const auto after = walk(forked, 7, 6);
      CHECK(after == walk(replayed, 7, 6));
      CHECK(after == walk(walked, 7, 6));  // the fork has not touched its source
      CHECK(forked.fingerprint() == walked.fingerprint());
    }
  }
}

TEST_CASE("equal states by different ways have equal fingerprints", "[webshop][plugin]") {
  const PluginUnderTest plain("", kTiny), rich("", tiny("observation", "text_rich"));
  const auto after = [](const PluginUnderTest& plugin, const std::vector<std::string>& actions) {
    EpisodeUnderTest episode(plugin);
    episode.reset("0");
    for (const std::string& action : actions) episode.step(action);
    return episode.fingerprint();
  };
  CHECK(after(plain, {"search[x]"}) == after(plain, {"search[y]", "nonsense", "search[X]"}));
  CHECK(after(plain, {"search[x]"}) != after(plain, {"search[y]"}));
  CHECK(after(plain, {"search[x]", "click[next >]"}) != after(plain, {"search[x]"}));
  CHECK(after(plain, {"search[<r>]", "click[back to search]"}) != after(plain, {}));

  EpisodeUnderTest episode(plain);
  episode.reset("0");
  const std::string search = episode.expert()["action"];
  const std::string open = episode.step(search).actions.back();
  REQUIRE(open != "click[next >]");
  CHECK(after(plain, {search, open, "click[< prev]"}) == after(plain, {search}));
  CHECK(after(rich, {search, open, "click[< prev]"}) != after(rich, {search}));  // the visited link looks different
}

TEST_CASE("odd actions are invalid steps, never failures", "[webshop][plugin]") {
  const PluginUnderTest plugin("", kTiny);
  EpisodeUnderTest episode(plugin);
  const SeenStep start = episode.reset(first_task(plugin));
  for (const std::string& odd :
       {std::string(), std::string(1 << 20, 'x'), std::string("\xFF\xFE["), std::string("\0[\0]", 4),
        std::string(1 << 20, '['), std::string("click[]"), std::string("buy now")}) {
    const SeenStep seen = episode.step(odd);
    CHECK(seen.invalid());
    CHECK(seen.observation == start.observation);
    CHECK(seen.reward == 0);
    CHECK(seen.progress == 0);
  }
  const SeenStep broken = episode.step("search[caf\xC3 \xFF]");
  CHECK_FALSE(broken.invalid());
  CHECK(broken.info["url"].get<std::string>().find("/caf\xEF\xBF\xBD+\xEF\xBF\xBD/1") != std::string::npos);
  const SeenStep long_search = episode.step("search[" + std::string(1 << 20, 'a') + " soft]");
  CHECK_FALSE(long_search.invalid());
  CHECK(long_search.info["url"].get<std::string>().size() > (1 << 20));
}

TEST_CASE("stepping goes on after a purchase and shows the present state", "[webshop][plugin]") {
  const PluginUnderTest plugin("", kTiny);
  EpisodeUnderTest episode(plugin);
  SeenStep seen = episode.reset(first_task(plugin));
  for (int i = 0; i < 12 && !seen.terminated(); ++i) seen = episode.step(episode.expert()["action"]);
  REQUIRE(seen.terminated());
  CHECK(seen.success());
  CHECK(seen.outcome == seen.reward);
  CHECK(seen.stats["bought"] == 1);
  CHECK(seen.info.contains("purchase_price"));
  CHECK(episode.expert().is_null());
  const SeenStep idle = episode.step("click[Buy Now]");
  CHECK((idle.invalid() && idle.terminated() && idle.success()));
  CHECK(idle.outcome == seen.outcome);
  CHECK(idle.reward == 0);
  CHECK_FALSE(idle.info.contains("reward_info"));
  const SeenStep again = episode.step("search[lamp]");
  CHECK_FALSE(again.terminated());
  CHECK_FALSE(again.success());
  CHECK(again.outcome == 0);
}

TEST_CASE("settings decide what a step and an unfinished episode pay", "[webshop][plugin]") {
  const PluginUnderTest sparse("", kTiny);
  Json settings = tiny("reward", "dense");
  settings["unfinished_reward"] = "last_dense";
  const PluginUnderTest dense("", settings);
  EpisodeUnderTest a(sparse), b(dense);
  a.reset(first_task(sparse));
  b.reset(first_task(dense));
  const std::string search = a.expert()["action"];
  const SeenStep paid_nothing = a.step(search), paid_score = b.step(search);
  CHECK(paid_nothing.progress > 0);
  CHECK(paid_nothing.progress == paid_score.progress);
  CHECK(paid_nothing.reward == 0);
  CHECK(paid_nothing.outcome == 0);
  CHECK(paid_score.reward == paid_score.progress);
  CHECK(paid_score.outcome == paid_score.progress);
  CHECK(b.parse("no form")["outcome"] == 0);
  CHECK(b.step("nonsense").outcome == 0);
}

TEST_CASE("the dialect reads and writes the ReAct form of the original wrapper", "[webshop][plugin]") {
  const PluginUnderTest plugin("", kTiny);
  EpisodeUnderTest episode(plugin);
  episode.reset(first_task(plugin));
  CHECK(episode.parse("Thought: a\nAction: search[x]\nmore ")["action"] == "search[x]\nmore");
  CHECK(episode.parse("Action: a Action: b")["action"] == "a Action: b");
  CHECK(episode.parse("Action:  search[x]")["action"] == " search[x]");
  for (const char* wrong : {"", "search[x]", "Action:search[x]", "Action: ", " Action: \n", "action: search[x]"}) {
    const Json parsed = episode.parse(wrong);
    CHECK(parsed["valid"] == false);
    CHECK(parsed["feedback"] == "Observation: Invalid format. The input must contains 'Action: '");
  }
  CHECK(episode.render("page", true) == "page");
  CHECK(episode.render("page", false) == "Observation:\npage");
  const std::string message = episode.compose("click[Buy Now]", "i buy it now.");
  CHECK(message == "Thought: i buy it now.\nAction: click[Buy Now]");
  CHECK(episode.parse(message)["action"] == "click[Buy Now]");
  CHECK(episode.parse(episode.compose("click[< Prev]", ""))["action"] == "click[< Prev]");
}

TEST_CASE("prompts are none, our own words, or the published ones", "[webshop][plugin]") {
  CHECK(PluginUnderTest("", kTiny).prompt().empty());
  const Json own = PluginUnderTest("", tiny("prompts", "own")).prompt();
  REQUIRE(own.size() == 2);
  CHECK(own[1] == Json::array({2, "OK", 0}));
  CHECK_THROWS_WITH(PluginUnderTest("", tiny("prompts", "/nowhere")), Catch::Contains("no webshop_inst.txt"));
  const std::string file = shared_file("data/prompts/webshop_inst.txt");
  if (file.empty()) return;
  Json settings = tiny("prompts", file.substr(0, file.rfind('/')).c_str());
  CHECK(PluginUnderTest("", settings).prompt().size() == 2);
  settings["icl"] = 1;
  const Json published = PluginUnderTest("", settings).prompt();
  REQUIRE(published.size() == 10);
  CHECK(published[0][1].get<std::string>().starts_with("You are web shopping."));
  for (std::size_t i = 0; i < published.size(); ++i) {
    CHECK(published[i][0] == (i % 2 == 0 ? 1 : 2));
    CHECK(published[i][2] == (i < 2 ? 0 : IPR_MESSAGE_EXAMPLE));
  }
}

TEST_CASE("the listed actions are valid and samples are plausible", "[webshop][plugin]") {
  const PluginUnderTest plugin("", kTiny);
  EpisodeUnderTest episode(plugin);
  SeenStep seen = episode.reset(first_task(plugin));
  CHECK(seen.actions.empty());  // the search bar is not listed
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const std::string action = episode.sample(seed);
    CHECK(action == episode.sample(seed));
    const bool listed = std::find(seen.actions.begin(), seen.actions.end(), action) != seen.actions.end();
    CHECK((listed || action.starts_with("search[")));
    seen = episode.step(action);
    CHECK_FALSE(seen.invalid());
  }
}
