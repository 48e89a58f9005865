#include "core/loop/leaks.h"

#include "tests/support/catch.h"

using namespace ipr;
using namespace ipr::loop;

namespace {

env::Task task(const std::string& id, const std::string& leak_key = "", const std::string& cluster = "") {
  Json meta = Json::object();
  if (!leak_key.empty()) meta["leak_key"] = leak_key;
  if (!cluster.empty()) meta["cluster"] = cluster;
  return {id, "", meta, 0};
}

Panel panel(const std::string& role, const std::vector<env::Task>& tasks) {
  return {role, tasks, std::vector<std::string>(tasks.size(), role + " split")};
}

}  // namespace

TEST_CASE("tasks overlap by id or by leak key, never by cluster", "[loop][leaks]") {
  const Panel train = panel("train", {task("1", "red shirt", "a"), task("2"), task("3", "", "b")});
  const Panel dev = panel("dev", {task("4", "blue shirt", "a")});
  const Panel test = panel("test", {task("2"), task("5", "red shirt"), task("6", "", "b"), task("7", "blue shirt")});
  const auto overlaps = find_overlaps({&train, &dev, &test});
  REQUIRE(overlaps.size() == 2);
  CHECK(overlaps[0].note.first == "train");
  CHECK(overlaps[0].note.second == "test");
  CHECK(overlaps[0].tasks == std::vector<std::string>{"2", "5"});
  CHECK(overlaps[0].note.splits == std::map<std::string, std::int64_t>{{"test split", 2}});
  CHECK(overlaps[1].note.first == "dev");
  CHECK(overlaps[1].tasks == std::vector<std::string>{"7"});
  CHECK(find_overlaps({&train, &dev}).empty());
}

TEST_CASE("an overlap is an error with its first ids and its count", "[loop][leaks]") {
  std::vector<env::Task> many;
  for (int i = 0; i < 12; ++i) many.push_back(task(std::to_string(i)));
  const Panel train = panel("train", many), test = panel("test", many);
  const Status refused = check_leaks({&train, &test}, false).status();
  CHECK(refused.code() == Code::kData);
  CHECK(refused.message() ==
        "train and test overlap in 12 tasks (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, and 2 more), by id or leak key; give splits "
        "without overlap, or --allow-overlap to run on them and have every table marked");
}

TEST_CASE("an allowed overlap is noted, splits without one leave no note", "[loop][leaks]") {
  const Panel train = panel("train", {task("1", "a"), task("2")}), test = panel("test", {task("2"), task("3", "b")});
  const auto noted = check_leaks({&train, &test}, true);
  REQUIRE(noted.ok());
  CHECK(report::to_json(*noted) == Json::parse(R"([{"first":"train","second":"test","splits":{"test split":1}}])"));
  const Panel other = panel("test", {task("3", "b"), task("4")});
  for (const bool allow : {false, true}) {
    const auto clean = check_leaks({&train, &other}, allow);
    REQUIRE(clean.ok());
    CHECK(clean->empty());
  }
}
