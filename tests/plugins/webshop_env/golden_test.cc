// The environment against recordings of the original engine on the official 1,000 products.

#include <string>
#include <vector>

#include "goals.h"
#include "load.h"
#include "plugin_under_test.h"
#include "tests/support/catch.h"
#include "tests/support/shared_data.h"

using namespace ipr::test;
using ipr::Json;

namespace {

constexpr double kTolerance = 1e-9;

std::string data_folder() {
  const std::string file = shared_file("data/webshop/items_shuffle_1000.json");
  return file.empty() ? file : file.substr(0, file.rfind('/'));
}

std::vector<std::string> clicks(const Json& texts) {
  std::vector<std::string> actions;
  for (const auto& text : texts) {  // the search bar is not listed
    if (text != "search") actions.push_back("click[" + text.get<std::string>() + "]");
  }
  return actions;
}

Json page_facts(const Json& golden) {
  return {{"has_search_bar", golden["has_search_bar"]}, {"url", golden["url"]}};
}

void check_page(const SeenStep& seen, const Json& golden, const char* observation) {
  CHECK(seen.observation == golden[observation]);
  CHECK(seen.actions == clicks(golden["clickables"]));
  Json facts = seen.info;
  facts.erase("reward_info");
  facts.erase("purchase_price");
  CHECK(facts == page_facts(golden));
}

void check_purchase(const SeenStep& seen, const Json& golden) {
  REQUIRE(seen.info.contains("reward_info") == golden.contains("reward_info"));
  CHECK(seen.terminated() == golden["done"]);
  CHECK(seen.success() == golden["done"]);
  if (!golden.contains("reward_info")) return;
  CHECK(seen.outcome == Approx(golden["reward"].get<double>()).margin(kTolerance));
  CHECK(seen.info["purchase_price"].get<double>() == Approx(golden["purchase_price"].get<double>()).margin(kTolerance));
  const Json& info = golden["reward_info"];
  REQUIRE(seen.info["reward_info"].size() == info.size());
  for (const auto& [key, value] : info.items()) {
    CAPTURE(key);
    if (value.is_boolean()) {
      CHECK(seen.info["reward_info"][key] == value);
    } else {
      CHECK(seen.info["reward_info"][key].get<double>() == Approx(value.get<double>()).margin(kTolerance));
    }
  }
}

// One recording, once as IPR plays it (text, dense) and once as Princeton's own (text_rich, sparse).
void check_episode(const PluginUnderTest& dense, const PluginUnderTest& sparse, const Json& golden) {
  const std::string task = golden["mode"].get<std::string>() + ":" + std::to_string(golden["session"].get<int>());
  EpisodeUnderTest text(dense), rich(sparse);
  CAPTURE(task);
  CHECK(dense.task(task)["instruction"] == golden["goal"]["instruction_text"]);
  check_page(text.reset(task), golden["initial"], "observation");
  check_page(rich.reset(task), golden["initial"], "observation_rich");
  for (const auto& step : golden["steps"]) {
    const std::string action = step["action"];
    CAPTURE(action);
    const SeenStep seen = text.step(action), seen_rich = rich.step(action);
    check_page(seen, step, "observation");
    check_page(seen_rich, step, "observation_rich");
    CHECK(seen.reward == Approx(step["reward"].get<double>()).margin(kTolerance));
    CHECK(seen.progress == Approx(step["reward"].get<double>()).margin(kTolerance));
    CHECK(seen_rich.progress == Approx(step["reward"].get<double>()).margin(kTolerance));
    CHECK(seen_rich.reward == Approx(step["reward_sparse"].get<double>()).margin(kTolerance));
    check_purchase(seen, step);
    check_purchase(seen_rich, step);
  }
}

}  // namespace

TEST_CASE("every recorded episode is repeated byte for byte", "[webshop][golden]") {
  const std::string data = data_folder();
  if (data.empty()) return;
  const PluginUnderTest dense(data, {{"reward", "dense"}});
  const PluginUnderTest sparse(data, {{"observation", "text_rich"}});
  for (const char* name : {"episodes_synthetic", "episodes_human"}) {
    const std::string file = shared_file(std::string("golden/webshop/") + name + ".json");
    if (file.empty()) continue;
    for (const auto& golden : load_json(file)) check_episode(dense, sparse, golden);
  }
}

TEST_CASE("IPR's wrapper sees the recorded messages, rewards and final reward", "[webshop][golden]") {
  const std::string data = data_folder(), file = shared_file("golden/webshop/wrapper_cases.json");
  const std::string prompts = shared_file("data/prompts/webshop_inst.txt");
  if (data.empty() || file.empty() || prompts.empty()) return;
  const PluginUnderTest plugin(
      data,
      {{"reward", "dense"}, {"unfinished_reward", "last_dense"}, {"prompts", prompts.substr(0, prompts.rfind('/'))}});
  for (const auto& golden : load_json(file)) {
    CAPTURE(golden["name"], golden["session"]);
    EpisodeUnderTest episode(plugin);
    const SeenStep start = episode.reset("synthetic:" + std::to_string(golden["session"].get<int>()));
    Json history = Json::array();
    for (const auto& message : plugin.prompt()) {
      history.push_back({{"role", message[0] == 2 ? "assistant" : "user"}, {"content", message[1]}});
    }
    history.push_back({{"role", "user"}, {"content", episode.render(start.observation, true)}});
    CHECK(history == golden["initial_history"]);

    double outcome = 0;
    for (const auto& step : golden["steps"]) {
      const std::string said = step["llm_output"];
      CAPTURE(said);
      const Json parsed = episode.parse(said);
      if (parsed["valid"] == false) {
        CHECK(parsed["feedback"] == step["observation"]);
        CHECK(step["reward"] == 0);
        outcome = parsed["outcome"];
        continue;
      }
      const SeenStep seen = episode.step(parsed["action"]);
      CHECK(episode.render(seen.observation, false) == step["observation"]);
      CHECK(seen.reward == Approx(step["reward"].get<double>()).margin(kTolerance));
      outcome = seen.outcome;
    }
    CHECK(outcome == Approx(golden["final"]["meta"]["reward"].get<double>()).margin(kTolerance));
  }
}

TEST_CASE("goals come out in the original's order with the original's prices", "[webshop][golden]") {
  const std::string data = data_folder();
  if (data.empty()) return;
  webshop::Catalog catalog = webshop::load_catalog(webshop::read_documents(data));
  CHECK(catalog.products.size() == 1000);
  webshop::draw_prices(catalog.products, 20240615);
  for (const auto mode : {webshop::Mode::kSynthetic, webshop::Mode::kHuman}) {
    const bool human = mode == webshop::Mode::kHuman;
    const std::string file =
        shared_file(human ? "data/webshop/goals_human_1k.json" : "data/webshop/goals_synthetic_1k.json");
    if (file.empty()) return;
    const Json golden = load_json(file);
    for (const auto& product : catalog.products) {
      CHECK(golden["product_prices"][product.asin].get<double>() == product.effective_price);
    }
    const auto goals = webshop::make_goals(catalog, mode, 20240615);
    REQUIRE(goals.size() == golden["goals"].size());
    for (std::size_t i = 0; i < goals.size(); ++i) {
      const Json& expected = golden["goals"][i];
      Json options = human ? Json::array() : Json::object();
      for (const auto& [name, value] : goals[i].options) human ? options.push_back(value) : void(options[name] = value);
      REQUIRE(goals[i].asin == expected["asin"]);
      REQUIRE(goals[i].instruction == expected["instruction_text"]);
      REQUIRE(Json(goals[i].attributes) == expected["attributes"]);
      REQUIRE(options == expected["goal_options"]);
      REQUIRE(goals[i].price_upper == expected["price_upper"].get<double>());
      REQUIRE(goals[i].weight == Approx(expected["weight"].get<double>()).margin(1e-15));
    }
  }
}

TEST_CASE("official splits have no product on two sides", "[webshop][golden]") {
  const std::string data = data_folder();
  if (data.empty()) return;
  const PluginUnderTest plugin(data);
  const auto train = plugin.task_ids(IPR_SPLIT_TRAIN), dev = plugin.task_ids(IPR_SPLIT_DEV),
             test = plugin.task_ids(IPR_SPLIT_TEST);
  CHECK(train.size() == 792);
  CHECK(dev.size() == 226);
  REQUIRE(test.size() == 500);
  CHECK(test.front() == "synthetic:0");
  CHECK(test.back() == "synthetic:499");
  std::map<std::string, std::uint32_t> side;
  for (const auto& [role, ids] :
       {std::pair{IPR_SPLIT_TRAIN, train}, std::pair{IPR_SPLIT_DEV, dev}, std::pair{IPR_SPLIT_TEST, test}}) {
    for (const std::string& id : ids) {
      const Json meta = plugin.task(id)["meta"];
      CHECK(meta["leak_key"] == meta["cluster"]);
      CHECK(side.try_emplace(meta["leak_key"], role).first->second == static_cast<std::uint32_t>(role));
    }
  }
  for (int i = 0; i < 13; ++i) CHECK(plugin.task("human:" + std::to_string(i))["id"] == "human:" + std::to_string(i));
  CHECK(plugin.task("human:13").is_null());
  CHECK(plugin.task("synthetic:9679")["meta"]["family"].is_string());
  CHECK(plugin.task("synthetic:9680").is_null());
  CHECK(plugin.task("synthetic:07").is_null());
}
