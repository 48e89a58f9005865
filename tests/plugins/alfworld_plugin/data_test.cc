// Which games of a folder count, and in which splits they stand.

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "core/base/files.h"
#include "data/listing.h"
#include "tests/plugins/support/fake_host.h"
#include "tests/support/catch.h"
#include "tests/support/shared_data.h"

using namespace alfworld;
using ipr::test::FakeHost;
using ipr::test::TempFolder;
namespace fs = std::filesystem;

namespace {

// A data folder with files that a listing reads; no engine reads them.
class Games {
 public:
  Games() = default;
  explicit Games(std::string below) : below_(std::move(below) + "/") {}

  void add(const std::string& id, const std::string& solvable = R"(,"solvable":true)") const {
    write(id, R"({"pddl_domain":"","pddl_problem":"","grammar":"\"task\": [{\"rhs\": \"Your task is to: of )" + id +
                  R"(.\"}]")" + solvable + "}");
  }
  void write(const std::string& id, const std::string& text) const {
    fs::create_directories(path(id));
    REQUIRE(ipr::write_file(path(id) + "/game.tw-pddl", text).ok());
  }
  [[nodiscard]] std::string path(const std::string& id) const { return folder_.file(below_ + id); }
  [[nodiscard]] const std::string& data() const { return folder_.path(); }

 private:
  TempFolder folder_;
  std::string below_;
};

std::string simple(const std::string& split, int plan, int trial) {
  return split + "/pick_and_place_simple-Mug-None-Desk-" + std::to_string(plan) + "/trial_T" + std::to_string(trial);
}

struct Opened {
  explicit Opened(const std::string& data, DataSettings settings = {})
      : folder(data, settings, ipr::sdk::Host(host.get())) {}
  FakeHost host;
  DataFolder folder;

  [[nodiscard]] std::vector<std::string> ids(const std::string& split) const {
    std::vector<std::string> found;
    for (const TaskSplit& one : folder.tasks().splits()) {
      if (one.name != split) continue;
      for (const std::uint32_t task : one.tasks) found.push_back(folder.tasks().tasks()[task].id);
    }
    return found;
  }
  [[nodiscard]] std::uint32_t role(const std::string& split) const {
    for (const TaskSplit& one : folder.tasks().splits()) {
      if (one.name == split) return one.role;
    }
    return 0;
  }
  [[nodiscard]] std::string log() const {
    std::string text;
    for (const std::string& line : host.lines) text += line + "\n";
    return text;
  }
};

std::string failure_of(const std::string& data, DataSettings settings = {}) {
  try {
    const Opened opened(data, settings);
  } catch (const ipr::sdk::Failure& failure) {
    return failure.what();
  }
  return {};
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("splits by role, sorted by id, with task type, floor plan and trial", "[alfworld][data]") {
  const Games games;
  for (const char* id : {"valid_seen/look_at_obj_in_light-Book-None-DeskLamp-301/trial_T2",
                         "valid_seen/look_at_obj_in_light-Book-None-DeskLamp-301/trial_T1",
                         "valid_unseen/pick_two_obj_and_place-Pen-None-Desk-9/trial_T3"})
    games.add(id);
  games.add(simple("train", 1, 4));
  games.add(simple("valid_train", 1, 5));
  const Opened opened(games.data());
  CHECK(opened.ids("train") == std::vector<std::string>{simple("train", 1, 4)});
  CHECK(opened.ids("valid_seen") ==
        std::vector<std::string>{"valid_seen/look_at_obj_in_light-Book-None-DeskLamp-301/trial_T1",
                                 "valid_seen/look_at_obj_in_light-Book-None-DeskLamp-301/trial_T2"});
  CHECK(opened.role("train") == IPR_SPLIT_TRAIN);
  CHECK(opened.role("valid_seen") == IPR_SPLIT_TEST);
  CHECK(opened.role("valid_unseen") == IPR_SPLIT_TEST);
  CHECK(opened.role("valid_train") == 0);
  CHECK(opened.role("dev") == 0);  // a tenth of one game is none
  const GameTask* task = opened.folder.find("valid_seen/look_at_obj_in_light-Book-None-DeskLamp-301/trial_T2");
  REQUIRE(task != nullptr);
  CHECK(task->meta_json == R"({"family":"look_at_obj_in_light","cluster":"301","leak_key":"trial_T2"})");
  CHECK(task->instruction == "of valid_seen/look_at_obj_in_light-Book-None-DeskLamp-301/trial_T2.");
  CHECK(opened.log().empty());
}

TEST_CASE("dev is whole task folders held out of train, drawn from the seed", "[alfworld][data]") {
  const Games games;
  for (int plan = 0; plan < 40; ++plan) {
    for (int trial = 0; trial < 1 + plan % 3; ++trial) games.add(simple("train", plan, 10 * plan + trial));
  }
  games.add(simple("valid_train", 99, 1));
  const Opened one(games.data()), again(games.data());
  DataSettings other_seed;
  other_seed.split_seed = 2;
  const Opened two(games.data(), other_seed);
  const auto dev = one.ids("dev"), train = one.ids("train");
  CHECK(dev.size() + train.size() == 79);
  CHECK(dev.size() == 7);
  CHECK(dev == again.ids("dev"));
  CHECK(dev != two.ids("dev"));
  std::map<std::string, int> side;
  for (const std::string& id : dev) side[id.substr(0, id.rfind('/'))] |= 1;
  for (const std::string& id : train) side[id.substr(0, id.rfind('/'))] |= 2;
  for (const auto& [folder, sides] : side) CHECK(sides != 3);

  DataSettings valid_train;
  valid_train.valid_train_is_dev = true;
  const Opened other(games.data(), valid_train);
  CHECK(other.ids("dev") == std::vector<std::string>{simple("valid_train", 99, 1)});
  CHECK(other.ids("train").size() == 79);
}

TEST_CASE("a folder without train trains on valid_train and says so", "[alfworld][data]") {
  const Games games;
  for (int plan = 0; plan < 10; ++plan) games.add(simple("valid_train", plan, plan));
  games.add(simple("valid_seen", 1, 100));
  const Opened opened(games.data());
  CHECK(opened.ids("train").size() == 9);
  CHECK(opened.ids("dev").size() == 1);
  CHECK(contains(opened.log(), "valid_train/ is the train split"));
  DataSettings valid_train;
  valid_train.valid_train_is_dev = true;
  CHECK(contains(failure_of(games.data(), valid_train), "env.dev"));
}

TEST_CASE("games that are not offered are counted and a few of them named", "[alfworld][data]") {
  const Games games;
  games.add(simple("valid_seen", 1, 1));
  games.add("valid_seen/pick_and_place_with_movable_recep-Knife-Cup-Desk-1/trial_T1");
  games.add("valid_seen/pick_cool_then_place_in_recep-BreadSliced-None-Desk-1/trial_T1");
  games.add("valid_seen/pick_and_dance-Bread-None-Desk-1/trial_T1");
  for (int trial = 2; trial < 6; ++trial) games.add(simple("valid_seen", 1, trial), R"(,"solvable":false)");
  games.add(simple("valid_seen", 1, 6), "");
  const Opened opened(games.data());
  CHECK(opened.folder.tasks().tasks().size() == 1);
  const std::string log = opened.log();
  INFO(log);
  CHECK(opened.host.lines.size() == 1);
  CHECK(contains(log, "1 of a movable receptacle (valid_seen/pick_and_place_with_movable_recep-"));
  CHECK(contains(log, "1 of a sliced object"));
  CHECK(contains(log, "1 of an unknown task type"));
  CHECK(contains(
      log, "4 not solvable (" + simple("valid_seen", 1, 2) + ", " + simple("valid_seen", 1, 3) + ", and 2 more)"));
  CHECK(contains(log, "1 without the key \"solvable\""));
  CHECK_THROWS_WITH(opened.folder.find(simple("valid_seen", 1, 2)), Catch::Contains("key \"solvable\" is false"));
  CHECK_THROWS_WITH(opened.folder.find(simple("valid_seen", 1, 6)), Catch::Contains("key \"solvable\" is missing"));
}

TEST_CASE("broken files and unreadable places are named and stop nobody", "[alfworld][data]") {
  const Games games;
  games.add(simple("valid_seen", 1, 1));
  games.write(simple("valid_seen", 1, 2), "{\"pddl_domain\": \"(define");
  games.write(simple("valid_seen", 1, 3), R"({"pddl_domain":"","grammar":"","solvable":true})");
  fs::create_directories(games.path(simple("valid_seen", 2, 1)) + "/game.tw-pddl");  // a folder of that name
  fs::create_directory_symlink("loop", games.path("valid_seen/loop"));
  fs::create_directory_symlink(".", games.path("valid_seen/pick_and_place_simple-Mug-None-Desk-1/again"));
  fs::create_directory_symlink("..", games.path("valid_seen/pick_and_place_simple-Mug-None-Desk-1/up"));
  REQUIRE(ipr::write_file(games.path("valid_seen/notes.txt"), "no folder").ok());
  const Opened opened(games.data());
  CHECK(opened.folder.tasks().tasks().size() == 1);
  const std::string log = opened.log();
  INFO(log);
  CHECK(contains(log, "4 left out below "));
  CHECK(contains(log, "valid_seen/loop: "));
  CHECK(contains(log, simple("valid_seen", 1, 2) + "/game.tw-pddl: line 1, column 17: "));
  CHECK_THROWS_WITH(opened.folder.find(simple("valid_seen", 1, 3)),
                    Catch::Contains("trial_T3/game.tw-pddl: key \"pddl_problem\" is missing"));
}

TEST_CASE("a folder that cannot be read is named", "[alfworld][data]") {
  const Games games;
  games.add(simple("valid_seen", 1, 1));
  games.add(simple("valid_seen", 2, 2));
  const std::string closed = games.path("valid_seen/pick_and_place_simple-Mug-None-Desk-2");
  fs::permissions(closed, fs::perms::none);
  std::error_code error;
  const bool refused = fs::directory_iterator(closed, error) == fs::directory_iterator() && error;
  if (refused) {  // root reads everything
    const Opened opened(games.data());
    CHECK(opened.folder.tasks().tasks().size() == 1);
    CHECK(contains(opened.log(), "Desk-2: Permission denied"));
  }
  fs::permissions(closed, fs::perms::owner_all);
}

TEST_CASE("the generation folder is found, chosen, or missed in clear words", "[alfworld][data]") {
  const TempFolder empty;
  CHECK(contains(failure_of(empty.path()), "holds no games; give ALFWorld's folder"));
  fs::create_directories(empty.file("valid_seen/task"));
  CHECK(contains(failure_of(empty.path()), "holds no game that can be offered"));

  const Games old_games("json_2.1.1");
  old_games.add(simple("valid_seen", 1, 1));
  CHECK(Opened(old_games.data()).ids("valid_seen").size() == 1);
  CHECK(Opened(old_games.data() + "/json_2.1.1").ids("valid_seen").size() == 1);
  DataSettings generation;
  generation.generation = "json_2.1.3";
  CHECK(contains(failure_of(old_games.data(), generation), "holds no json_2.1.3 (env.generation), only json_2.1.1"));

  const std::string newer = old_games.data() + "/json_2.1.3/" + simple("valid_seen", 1, 2);
  fs::create_directories(newer);
  fs::copy(old_games.path(simple("valid_seen", 1, 1)) + "/game.tw-pddl", newer + "/game.tw-pddl");
  CHECK(Opened(old_games.data()).ids("valid_seen") == std::vector<std::string>{simple("valid_seen", 1, 2)});
  generation.generation = "json_2.1.1";
  CHECK(Opened(old_games.data(), generation).ids("valid_seen") == std::vector<std::string>{simple("valid_seen", 1, 1)});
}

TEST_CASE("any game below the data folder is found by id or path", "[alfworld][data]") {
  const Games games("json_2.1.3");
  games.add(simple("valid_seen", 1, 1));
  games.add(simple("valid_train", 1, 2));
  games.add("train/pick_and_place_with_movable_recep-Knife-Cup-Desk-1/trial_T1");
  const std::string other = games.data() + "/json_2.1.1/";
  for (const int trial : {1, 3}) {
    const std::string folder = other + simple("valid_seen", 1, trial);
    fs::create_directories(folder);
    fs::copy(games.path(simple("valid_seen", 1, 1)) + "/game.tw-pddl", folder + "/game.tw-pddl");
  }
  const Opened opened(games.data());
  const auto id_of = [&](const std::string& id) {
    const GameTask* task = opened.folder.find(id);
    return task == nullptr ? "" : task->id;
  };
  const std::string listed = simple("valid_seen", 1, 1);
  CHECK(id_of(listed) == listed);
  CHECK(id_of(listed + "/game.tw-pddl") == listed);
  CHECK(id_of("/somewhere/json_2.1.3/" + listed + "/game.tw-pddl") == listed);
  CHECK(opened.folder.find("x/" + listed) == opened.folder.find(listed));
  CHECK(id_of(simple("valid_train", 1, 2)) == simple("valid_train", 1, 2));
  CHECK(id_of("train/pick_and_place_with_movable_recep-Knife-Cup-Desk-1/trial_T1") ==
        "train/pick_and_place_with_movable_recep-Knife-Cup-Desk-1/trial_T1");
  CHECK(id_of(simple("valid_seen", 1, 3)) == simple("valid_seen", 1, 3));  // of the other generation
  const std::string both = "json_2.1.1/" + listed;
  CHECK(id_of(both) == both);
  CHECK(opened.folder.find(both)->path == other + listed + "/game.tw-pddl");
  for (const char* id : {"", "/", "//", "///", "a", "a/b", "valid_seen/../valid_seen", "../x/y", "valid_seen/x/y",
                         "valid_seen//trial_T1", "game.tw-pddl", "/game.tw-pddl"}) {
    CAPTURE(id);
    CHECK(opened.folder.find(id) == nullptr);
  }
  CHECK(opened.folder.find(std::string_view("valid_seen/a\0b/c", 16)) == nullptr);
}

TEST_CASE("task types choose the splits' games, not what can be opened", "[alfworld][data]") {
  const Games games;
  games.add(simple("valid_seen", 1, 1));
  games.add("valid_seen/pick_two_obj_and_place-Pen-None-Desk-9/trial_T3");
  DataSettings two;
  two.task_types = {"pick_two_obj_and_place"};
  const Opened opened(games.data(), two);
  CHECK(opened.folder.tasks().tasks().size() == 1);
  CHECK(opened.folder.find(simple("valid_seen", 1, 1)) != nullptr);
  two.task_types = {"look_at_obj_in_light"};
  CHECK(contains(failure_of(games.data(), two), "env.task_types"));
}

TEST_CASE("the real folders count as the reference counts them", "[alfworld][data]") {
  const std::string readme = ipr::test::shared_file("data/alfworld/README.md");
  if (readme.empty()) return;
  const std::string data = readme.substr(0, readme.rfind('/'));
  const Opened newer(data);
  CHECK(newer.ids("train").size() + newer.ids("dev").size() == 190);
  CHECK(newer.ids("dev").size() == 19);
  CHECK(newer.ids("valid_seen").size() == 29);
  CHECK(newer.ids("valid_unseen").size() == 23);
  CHECK(newer.log().empty());
  DataSettings generation;
  generation.generation = "json_2.1.1";
  const Opened older(data, generation);
  CHECK(older.folder.tasks().tasks().size() == 250);
  CHECK(older.host.lines.size() == 2);
  INFO(older.log());
  CHECK(contains(older.log(), "3 not solvable"));
  CHECK(contains(older.log(), "1 of a movable receptacle"));
  CHECK(contains(older.log(), "1 of a sliced object"));
}
