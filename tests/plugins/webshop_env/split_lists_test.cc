#include "split_lists.h"

#include <algorithm>
#include <fstream>
#include <set>

#include "plugin_under_test.h"
#include "tests/support/catch.h"
#include "tests/support/shared_data.h"

using namespace ipr::test;
using namespace webshop;
using ipr::Json;

namespace {

using Ids = std::vector<std::string>;

void write(const std::string& path, const std::string& text) {
  std::ofstream(path) << text;
}

std::size_t count_shared(const Ids& a, const Ids& b) {
  const std::set<std::string> known(a.begin(), a.end());
  return static_cast<std::size_t>(
      std::count_if(b.begin(), b.end(), [&](const auto& id) { return known.contains(id); }));
}

std::string failure_of(const std::string& places) {
  try {
    static_cast<void>(read_split_lists(places));
  } catch (const std::exception& error) {
    return error.what();
  }
  return "no failure";
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// The leak keys of a role.
std::set<std::string> leak_keys(const PluginUnderTest& plugin, std::uint32_t role) {
  std::set<std::string> keys;
  for (const std::string& id : plugin.task_ids(role)) keys.insert(plugin.task(id)["meta"]["leak_key"]);
  return keys;
}

bool are_disjoint(const std::set<std::string>& a, const std::set<std::string>& b) {
  return std::none_of(a.begin(), a.end(), [&](const std::string& key) { return b.contains(key); });
}

void check_no_leak(const PluginUnderTest& plugin) {
  const auto train = leak_keys(plugin, IPR_SPLIT_TRAIN), dev = leak_keys(plugin, IPR_SPLIT_DEV),
             test = leak_keys(plugin, IPR_SPLIT_TEST);
  CHECK(are_disjoint(train, dev));
  CHECK(are_disjoint(train, test));
  CHECK(are_disjoint(dev, test));
  CHECK_FALSE(test.contains(""));
  for (const std::string& id : plugin.task_ids(IPR_SPLIT_TEST)) {
    CHECK_FALSE(plugin.task(id)["meta"]["cluster"].get<std::string>().empty());
  }
}

}  // namespace

TEST_CASE("IPR's published test ids overlap its train ids in 12, ETO's in 21", "[webshop][splits]") {
  const std::string ipr_train = shared_file("data/webshop/ipr_train_indices.json");
  if (ipr_train.empty()) return;
  const std::string folder = ipr_train.substr(0, ipr_train.rfind('/'));
  const SplitLists ipr = read_split_lists(folder);  // of several prefixes IPR's own
  CHECK(ipr.sessions[0].size() == 1624);
  CHECK(ipr.sessions[1].empty());
  CHECK(ipr.sessions[2].size() == 200);
  CHECK(ipr.remarks.empty());
  const std::string eto_places = folder + "/eto_train_indices.json," + folder + "/eto_test_indices.json";
  const SplitLists eto = read_split_lists(eto_places);
  CHECK(eto.sessions[0].size() == 1823);  // of 1,824: one is named twice
  CHECK(eto.remarks == std::vector<std::string>{"eto_train_indices.json: named twice and counted once: 4116"});

  // The full data set cannot be had: the plugin lists the ids all the same, so that the host finds the overlap.
  const PluginUnderTest ipr_plugin("", {{"world_size", "tiny"}, {"split_lists", folder}});
  const Ids train = ipr_plugin.task_ids(IPR_SPLIT_TRAIN), test = ipr_plugin.task_ids(IPR_SPLIT_TEST);
  CHECK(train.size() == 1624);
  CHECK(ipr_plugin.task_ids(IPR_SPLIT_DEV).empty());
  CHECK(count_shared(train, test) == 12);
  const PluginUnderTest eto_plugin("", {{"world_size", "tiny"}, {"split_lists", eto_places}});
  CHECK(count_shared(eto_plugin.task_ids(IPR_SPLIT_TRAIN), eto_plugin.task_ids(IPR_SPLIT_TEST)) == 21);
}

TEST_CASE("listed tasks whose goals the data lacks are counted and cannot be opened", "[webshop][splits]") {
  const TempFolder folder;
  write(folder.file("train_indices.json"), "[0, 7000, 7001]");
  write(folder.file("test_indices.json"), "[7000]");
  const PluginUnderTest plugin("", {{"world_size", "tiny"}, {"split_lists", folder.path()}});
  CHECK(plugin.task_ids(IPR_SPLIT_TRAIN) == Ids{"0", "7000", "7001"});
  CHECK(plugin.task("7001")["id"] == "7001");
  CHECK(plugin.task("5").is_null());  // not listed
  EpisodeUnderTest episode(plugin);
  for (const char* id : {"7000", "0"}) {  // session 0 of other data is another goal
    CHECK_THROWS_WITH(episode.reset(id),
                      Catch::Contains("3 of 4 sessions are none of the 48 human goals of this data") &&
                          Catch::Contains("(7000, 7001, 7000)"));
  }
  CHECK_NOTHROW(episode.reset("human:0"));  // of this data, by its full name
}

TEST_CASE("lists of the data's own goals make the splits", "[webshop][splits]") {
  const TempFolder folder;
  write(folder.file("my_train.json"), "[3, 1, 4]");
  write(folder.file("my_dev.json"), "[9]");
  write(folder.file("my_test.json"), "[2, 6, 5]");
  const std::string places =
      folder.file("my_train.json") + "," + folder.file("my_dev.json") + "," + folder.file("my_test.json");
  const PluginUnderTest plugin("", {{"world_size", "tiny"}, {"split_lists", places}});
  CHECK(plugin.task_ids(IPR_SPLIT_TRAIN) == Ids{"3", "1", "4"});
  CHECK(plugin.task_ids(IPR_SPLIT_DEV) == Ids{"9"});
  CHECK(plugin.task_ids(IPR_SPLIT_TEST) == Ids{"2", "6", "5"});
  EpisodeUnderTest episode(plugin);
  CHECK_FALSE(episode.reset("6").observation.empty());
  CHECK(plugin.task("6") == PluginUnderTest("", {{"world_size", "tiny"}}).task("6"));
}

TEST_CASE("wrong split lists are told with file and reason", "[webshop][splits]") {
  const TempFolder folder;
  const std::string train = folder.file("train_indices.json"), test = folder.file("test_indices.json");
  CHECK(contains(failure_of(folder.path()), "holds no train_indices.json"));
  write(train, "[1, 2");
  write(test, "[3]");
  CHECK(contains(failure_of(folder.path()), "train_indices.json: line 1, column"));
  for (const char* wrong : {"[1, -2]", "[1, \"2\"]", "[1, 2.5]", "[1, 99999999999]"}) {
    write(train, wrong);
    CHECK(contains(failure_of(folder.path()), "train_indices.json: element 2: expected a session number"));
  }
  write(train, "{}");
  CHECK(contains(failure_of(folder.path()), "train_indices.json"));
  write(train, "[1]");
  CHECK(failure_of(folder.path()) == "no failure");
  CHECK(contains(failure_of(train), "give a train and a test list"));
  CHECK(contains(failure_of(train + "," + test + "," + test), "a second list of the role test"));
  CHECK(contains(failure_of(folder.file("nothing_test.json") + "," + train), "nothing_test.json: no such file"));
  write(folder.file("x.json"), "[]");
  CHECK(contains(failure_of(folder.file("x.json")), "must hold train, dev or test"));
  write(folder.file("a_train_indices.json"), "[]");
  CHECK(failure_of(folder.path()) == "no failure");  // the list without a prefix
}

TEST_CASE("the default splits of generated worlds have no wish on two sides", "[webshop][splits]") {
  for (const int seed : {1, 2, 3}) check_no_leak(PluginUnderTest("", {{"world_size", "tiny"}, {"world_seed", seed}}));
  check_no_leak(PluginUnderTest(""));
}
