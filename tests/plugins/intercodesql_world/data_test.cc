#include "data.h"

#include <fstream>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/base/json.h"
#include "ipr/plugin.hpp"
#include "tests/support/catch.h"
#include "tests/support/shared_data.h"

using namespace intercodesql;
using ipr::Json;
using ipr::sdk::Failure;

namespace {

void write(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

std::string message_of(const std::string& folder) {
  try {
    const TaskSet tasks = read_tasks(folder);
    return "";
  } catch (const Failure& failure) {
    return failure.what();
  }
}

std::string question(const std::string& database, int number) {
  const std::string digits = std::to_string(number);
  const Json record = {{"db", database}, {"gold", "SELECT " + digits}, {"query", "q" + digits}, {"hardness", "easy"}};
  return record.dump();
}

std::string list_of(const std::vector<std::string>& records) {
  std::string list;
  for (const std::string& record : records) list.append(list.empty() ? "[" : ",\n").append(record);
  return list.append("]");
}

// `databases` of four questions each.
std::string questions(const std::string& prefix, int databases) {
  std::vector<std::string> records;
  for (int i = 0; i < 4 * databases; ++i) records.push_back(question(prefix + std::to_string(i / 4), i));
  return list_of(records);
}

std::set<std::string> databases(const TaskSet& tasks, const TaskSplit& split) {
  std::set<std::string> names;
  for (const std::uint32_t task : split.tasks) names.insert(tasks.tasks()[task].database);
  return names;
}

}  // namespace

TEST_CASE("InterCode's questions become tasks by their index", "[intercodesql][data]") {
  const ipr::test::TempFolder folder;
  write(folder.file("ic_spider_dev.json"), list_of({question("Car_1", 7), question("pets", 8)}));
  const TaskSet tasks = read_tasks(folder.path());
  REQUIRE(tasks.tasks().size() == 2);
  const SqlTask& task = tasks.tasks()[*tasks.find("0")];
  CHECK(task.database == "car_1");
  CHECK(task.gold == "SELECT 7");
  CHECK(task.question == "q7");
  const Json meta = Json::parse(task.meta_json);
  CHECK(meta == Json({{"family", "easy"}, {"hardness", "easy"}, {"cluster", "car_1"}, {"leak_key", "car_1"}}));
  CHECK_FALSE(tasks.find("2").has_value());
  CHECK_FALSE(tasks.find("00").has_value());
}

TEST_CASE("Spider's questions load too, each file under its name", "[intercodesql][data]") {
  const ipr::test::TempFolder folder;
  write(folder.file("train_spider.json"), R"([{"db_id":"A","query":"SELECT 1","question":"one?"}])");
  CHECK(read_tasks(folder.path()).find("0").has_value());
  write(folder.file("dev.json"), R"([{"db_id":"B","query":"SELECT 2","question":"two?"}])");
  const TaskSet tasks = read_tasks(folder.path());
  CHECK(tasks.tasks()[*tasks.find("train:0")].question == "one?");
  CHECK(tasks.tasks()[*tasks.find("0")].question == "two?");
}

TEST_CASE("wrong question files are named with the record", "[intercodesql][data]") {
  const ipr::test::TempFolder folder;
  CHECK(message_of(folder.path()).find("holds no questions") != std::string::npos);
  const std::string file = folder.file("ic_spider_dev.json");
  write(file, list_of({question("a", 1), R"({"db":"a","gold":3,"query":"q"})"}));
  CHECK(message_of(folder.path()) == "intercodesql: " + file + ": record 2: expected a text under \"gold\", found 3");
  write(file, list_of({question("a", 1), "4"}));
  CHECK(message_of(folder.path()) == "intercodesql: " + file + ": record 2: expected a text under \"db\", found none");
  write(file, "{}");
  CHECK(message_of(folder.path()) == "intercodesql: " + file + ": expected an array of questions");
  write(file, "[\n{\"db\" 4}]");
  CHECK(message_of(folder.path()).find(": line 2, column 7: ") != std::string::npos);
}

TEST_CASE("a sole file is split by database", "[intercodesql][data]") {
  TaskSet tasks;
  tasks.begin_part("dev", "x", true);
  read_questions(questions("db", 20), "x", tasks);
  tasks.split_by_database();
  REQUIRE(tasks.splits().size() == 3);
  std::map<std::string, std::size_t> sizes;
  std::size_t sum = 0;
  std::set<std::string> all;
  for (const TaskSplit& split : tasks.splits()) {
    sizes[split.name] = split.tasks.size();
    const auto names = databases(tasks, split);
    sum += names.size();
    all.insert(names.begin(), names.end());
  }
  CHECK(sizes == std::map<std::string, std::size_t>{{"train", 48}, {"dev", 8}, {"test", 24}});
  CHECK(sum == 20);
  CHECK(all.size() == 20);
}

TEST_CASE("beside train questions those of dev are test", "[intercodesql][data]") {
  const ipr::test::TempFolder folder;
  write(folder.file("ic_spider_train.json"), questions("t", 20));
  write(folder.file("ic_spider_dev.json"), questions("d", 2));
  TaskSet tasks = read_tasks(folder.path());
  tasks.split_by_database();
  CHECK(tasks.splits()[0].tasks.size() == 72);
  CHECK(tasks.splits()[1].tasks.size() == 8);
  CHECK(databases(tasks, tasks.splits()[2]) == std::set<std::string>{"d0", "d1"});
}

TEST_CASE("lists make splits of their names and roles", "[intercodesql][data]") {
  const ipr::test::TempFolder folder;
  write(folder.file("a_train_indices.json"), "[3, 1, 3]");
  write(folder.file("more.json"), R"({"note":"x","rejected":{"4":"y"},"test_2":[0,2],"dev_1":[5]})");
  TaskSet tasks;
  tasks.begin_part("dev", "questions", true);
  read_questions(questions("db", 2), "questions", tasks);
  tasks.split_by_lists(read_split_lists(folder.file("a_train_indices.json") + "," + folder.file("more.json")));
  REQUIRE(tasks.splits().size() == 3);
  CHECK(tasks.splits()[0].name == "a_train");
  CHECK(tasks.splits()[0].role == IPR_SPLIT_TRAIN);
  CHECK(tasks.splits()[0].tasks == std::vector<std::uint32_t>{3, 1});
  CHECK(tasks.splits()[1].name == "test_2");
  CHECK(tasks.splits()[2].role == IPR_SPLIT_DEV);
  CHECK(read_split_lists(folder.path()).size() == 1);
}

TEST_CASE("lists that do not fit are refused", "[intercodesql][data]") {
  const ipr::test::TempFolder folder;
  write(folder.file("train_indices.json"), "[0, 99]");
  write(folder.file("some.json"), "[0]");
  write(folder.file("test.json"), "[0, -1]");
  TaskSet tasks;
  tasks.begin_part("dev", "questions", true);
  read_questions(questions("db", 1), "questions", tasks);
  CHECK_THROWS_WITH(tasks.split_by_lists(read_split_lists(folder.path())),
                    Catch::Contains("1 of 2 indices are beyond the 4 questions of questions"));
  CHECK_THROWS_WITH(read_split_lists(folder.file("some.json")), Catch::Contains("must hold train, dev or test"));
  CHECK_THROWS_WITH(read_split_lists(folder.file("test.json")), Catch::Contains("expected a task index, found -1"));
  CHECK_THROWS_WITH(read_split_lists(folder.file("none.json")), Catch::Contains("cannot be read"));
}

TEST_CASE("the databases of a folder are its dump or Spider's layout", "[intercodesql][data]") {
  const ipr::test::TempFolder folder;
  CHECK_THROWS_WITH(databases_of(folder.path()), Catch::Contains("holds no dump"));
  write(folder.file("tables.json"), "[]");
  CHECK(databases_of(folder.path()) == folder.path());
  write(folder.file("a.sql"), "");
  CHECK(databases_of(folder.path()) == folder.file("a.sql"));
  write(folder.file("b.sql"), "");
  CHECK(databases_of(folder.path()) == folder.path());
  write(folder.file("ic_spider_dbs.sql"), "");
  CHECK(databases_of(folder.path()) == folder.file("ic_spider_dbs.sql"));
}

TEST_CASE("the official questions: 1,034 on 20 databases", "[intercodesql][data][golden]") {
  const std::string file = ipr::test::shared_file("data/intercodesql/ic_spider_dev.json");
  if (file.empty()) return;
  const std::string folder = file.substr(0, file.rfind('/'));
  TaskSet tasks = read_tasks(folder);
  CHECK(tasks.tasks().size() == 1034);
  tasks.split_by_database();
  std::set<std::string> all;
  std::size_t count = 0;
  for (const TaskSplit& split : tasks.splits()) {
    const auto names = databases(tasks, split);
    count += names.size();
    all.insert(names.begin(), names.end());
    CHECK(split.tasks.size() >= 80);
  }
  CHECK(all.size() == 20);
  CHECK(count == 20);
  tasks.split_by_lists(read_split_lists(folder + "/ipr_test_inferred.json"));
  REQUIRE(tasks.splits().size() == 2);
  CHECK(tasks.splits()[0].tasks.size() == 1015);
  CHECK(tasks.splits()[1].tasks.size() == 200);
  CHECK_THROWS_AS(tasks.split_by_lists(read_split_lists(folder + "/ipr_train_indices.json")), Failure);
}
