#include "core/store/database.h"

#include <unistd.h>

#include <filesystem>

#include "core/base/files.h"
#include "core/store/run_store.h"
#include "core/store/schema.h"
#include "tests/support/catch.h"
#include "tests/support/shared_data.h"

using namespace ipr;
using namespace ipr::store;
namespace fs = std::filesystem;

namespace {

// Permissions mean nothing to root: gives them up for a scope.
class OrdinaryUser {
 public:
  OrdinaryUser() : was_root_(::geteuid() == 0) {
    if (was_root_) REQUIRE(::seteuid(65534) == 0);
  }
  ~OrdinaryUser() {
    if (was_root_ && ::seteuid(0) != 0) std::abort();
  }
  OrdinaryUser(const OrdinaryUser&) = delete;
  OrdinaryUser& operator=(const OrdinaryUser&) = delete;

 private:
  bool was_root_;
};

bool says(const Status& status, const std::string& part) {
  return status.message().find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("values come back from the database as they went in", "[store][database]") {
  const test::TempFolder folder;
  auto database = Database::open(folder.file("a.db"), Database::Access::kWrite);
  REQUIRE(database.ok());
  REQUIRE(database->execute("CREATE TABLE t (i INTEGER, r REAL, t TEXT, b BLOB)").ok());
  const std::string hostile("a\0b\xFF'\"\n", 7);
  const std::vector<std::int32_t> ids{0, 1, -1, 2147483647, -2147483647 - 1};
  auto insert = database->prepare("INSERT INTO t VALUES (?,?,?,?)");
  REQUIRE(insert->bind_all(std::uint64_t{0xFFFFFFFFFFFFFFFFull}, 0.1, hostile, ids).run().ok());
  REQUIRE(insert->bind_all(true, kNone, std::string_view(), std::vector<std::int32_t>()).run().ok());
  auto query = database->prepare("SELECT i, r, t, b, typeof(r), typeof(t) FROM t");
  REQUIRE(query->next().value());
  CHECK(static_cast<std::uint64_t>(query->integer(0)) == 0xFFFFFFFFFFFFFFFFull);
  CHECK(query->real(1) == 0.1);
  CHECK(query->text(2) == hostile);
  CHECK(query->integers(3) == ids);
  REQUIRE(query->next().value());
  CHECK(query->integer(0) == 1);
  CHECK(std::isnan(query->real(1)));
  CHECK(query->text(4) == "null");
  CHECK(query->text(5) == "text");
  CHECK(query->integers(3).empty());
  CHECK_FALSE(query->next().value());
}

TEST_CASE("bad SQL is an error with the file's name", "[store][database]") {
  const test::TempFolder folder;
  auto database = Database::open(folder.file("a.db"), Database::Access::kWrite);
  const auto statement = database->prepare("SELEKT 1");
  REQUIRE_FALSE(statement.ok());
  CHECK(statement.status().code() == Code::kFailed);
  CHECK(says(statement.status(), folder.file("a.db")));
}

TEST_CASE("a file that is not a database is refused and left alone", "[store]") {
  const test::TempFolder folder;
  const std::string path = folder.file("run.db");
  const std::string text(5000, 'x');
  REQUIRE(write_file(path, text).ok());
  for (const auto& opened : {RunStore::open(path).status(), RunStore::open_to_read(path).status()}) {
    CHECK(opened.code() == Code::kData);
    CHECK(says(opened, path));
    CHECK(says(opened, "not a database"));
  }
  CHECK(read_file(path).value() == text);
}

TEST_CASE("a database of another program is refused and left alone", "[store]") {
  const test::TempFolder folder;
  const std::string path = folder.file("run.db");
  {
    auto other = Database::open(path, Database::Access::kWrite);
    REQUIRE(other->execute("CREATE TABLE bookmarks (url TEXT)").ok());
  }
  const std::string before = read_file(path).value();
  CHECK(RunStore::open(path).status().code() == Code::kData);
  CHECK(says(RunStore::open(path).status(), "not a run record"));
  CHECK(RunStore::open_to_read(path).status().code() == Code::kData);
  CHECK(read_file(path).value() == before);
}

TEST_CASE("a record of another schema version is refused with both versions", "[store]") {
  const test::TempFolder folder;
  const std::string path = folder.file("run.db");
  REQUIRE(RunStore::open(path).ok());
  {
    auto database = Database::open(path, Database::Access::kWrite);
    REQUIRE(database->execute("PRAGMA user_version = 77").ok());
  }
  for (const auto& status : {RunStore::open(path).status(), RunStore::open_to_read(path).status()}) {
    CHECK(status.code() == Code::kData);
    CHECK(says(status, "schema version 77"));
    CHECK(says(status, "reads version " + std::to_string(kSchemaVersion)));
  }
}

TEST_CASE("a damaged record is a data error, not a crash", "[store]") {
  const test::TempFolder folder;
  const std::string path = folder.file("run.db");
  {
    auto record = RunStore::open(path);
    Episode episode;
    episode.stage = kEval;
    for (int i = 0; i < 200; ++i) {
      episode.task_id = std::to_string(i);
      episode.turns = {Turn{}};
      episode.turns[0].observation = std::string(300, 'o');
      REQUIRE(record->add_episode(episode).ok());
    }
  }
  std::string bytes = read_file(path).value();
  for (std::size_t i = 8192; i < bytes.size(); i += 7) bytes[i] = static_cast<char>(0xA5);
  REQUIRE(write_file(path, bytes).ok());
  auto record = RunStore::open_to_read(path);
  const Status status = record.ok() ? record->episodes({}).status() : record.status();
  CHECK(status.code() == Code::kData);
}

TEST_CASE("a record that is absent is not made by reading it", "[store]") {
  const test::TempFolder folder;
  const auto record = RunStore::open_to_read(folder.file("run.db"));
  CHECK(record.status().code() == Code::kData);
  CHECK_FALSE(fs::exists(folder.file("run.db")));
}

TEST_CASE("a folder that cannot be written to is an error that says so; reading there works", "[store]") {
  const test::TempFolder folder;
  const std::string path = folder.file("run.db");
  {
    auto record = RunStore::open(path);
    REQUIRE(record->set_state("chosen", "iter-2").ok());
  }
  fs::permissions(path, fs::perms::owner_read | fs::perms::group_read | fs::perms::others_read);
  fs::permissions(folder.path(), static_cast<fs::perms>(0555));
  Status opened, unmade;
  std::string chosen;
  {
    const OrdinaryUser user;
    opened = RunStore::open(path).status();
    unmade = RunStore::open(folder.file("new.db")).status();
    auto record = RunStore::open_to_read(path);
    if (record.ok()) chosen = record->state("chosen").value().value_or("");
  }
  fs::permissions(folder.path(), static_cast<fs::perms>(0755));
  CHECK(opened.code() == Code::kFailed);
  CHECK(unmade.code() == Code::kFailed);
  CHECK(says(unmade, "new.db: unable to open database file; choose a folder you can write to"));
  CHECK(chosen == "iter-2");
}
