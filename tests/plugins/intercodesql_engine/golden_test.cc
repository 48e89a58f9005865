// What MariaDB and MySQL 8 answered to golds and to agents, against this engine.
#include <algorithm>
#include <fstream>
#include <map>

#include "core/base/json.h"
#include "tests/plugins/intercodesql_engine/gold_world.h"
#include "tests/support/catch.h"

namespace intercodesql {
namespace {

std::vector<ipr::Json> lines_of(const std::string& relative) {
  std::vector<ipr::Json> lines;
  const std::string path = ipr::test::shared_file(relative);
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) lines.push_back(ipr::Json::parse(line));
  return lines;
}

std::string observed(const Server& server, const std::string& database, const std::string& statement) {
  Connection connection(server, 1);
  REQUIRE(connection.use(database));
  return test::observation(connection.execute(statement));
}

// The tuples of "[(…), (…)]", sorted. Texts that hold "), (" are cut alike on both sides.
std::vector<std::string> sorted_rows(const std::string& text) {
  std::vector<std::string> rows;
  if (text.size() < 2 || text.front() != '[' || text.back() != ']') return {text};
  const std::string inner = text.substr(1, text.size() - 2);
  std::size_t begin = 0;
  while (begin < inner.size()) {
    const std::size_t end = inner.find("), (", begin);
    rows.push_back(inner.substr(begin, end == std::string::npos ? end : end + 1 - begin));
    if (end == std::string::npos) break;
    begin = end + 3;
  }
  std::sort(rows.begin(), rows.end());
  return rows;
}

bool has_limit(const std::string& statement) {
  std::string upper = statement;
  std::transform(upper.begin(), upper.end(), upper.begin(), [](unsigned char c) { return std::toupper(c); });
  return upper.find("LIMIT") != std::string::npos;
}

struct Share {
  int right = 0, all = 0;
  void count(bool is_right) {
    right += is_right ? 1 : 0;
    ++all;
  }
  [[nodiscard]] double percent() const { return all == 0 ? 100 : 100.0 * right / all; }
};

TEST_CASE("gold statements give the recorded rows", "[intercodesql][golden]") {
  const auto server = test::released_server();
  if (server == nullptr) return;
  Share rows;
  Share refusals;
  for (const ipr::Json& line : lines_of("golden/intercodesql/gold_rows.jsonl")) {
    const auto statement = line.at("gold").get<std::string>();
    const std::string seen = observed(*server, line.at("db"), statement);
    if (!line.at("mysql8_rejects_gold").is_null()) {
      refusals.count(seen.starts_with("Error"));
      continue;
    }
    const auto wanted = line.at("observation_mariadb").get<std::string>();
    const bool same =
        seen == wanted || (!line.at("order_matters").get<bool>() && sorted_rows(seen) == sorted_rows(wanted));
    // A tie that LIMIT cuts, or that ORDER BY leaves open, may be cut otherwise.
    if (same || !has_limit(statement)) rows.count(same);
  }
  CAPTURE(rows.right, rows.all);
  CHECK(rows.percent() >= 99);
  CHECK(refusals.right == refusals.all);
}

TEST_CASE("agents' statements give what MySQL 8 answered", "[intercodesql][golden]") {
  const auto server = test::released_server();
  if (server == nullptr) return;
  Share rows;
  Share refused;
  std::map<std::string, Share> texts;
  for (const ipr::Json& line : lines_of("golden/intercodesql/mysql8_observations.jsonl")) {
    const auto statement = line.at("sql").get<std::string>();
    const auto wanted = line.at("observation").get<std::string>();
    const auto kind = line.at("kind").get<std::string>();
    const std::string seen = observed(*server, line.at("db"), statement);
    if (kind == "error") {
      refused.count(seen.starts_with("Error"));
      texts[line.at("class")].count(seen == wanted);
    } else if (kind == "rows" && wanted.ends_with(']')) {  // longer ones were cut when they were recorded
      const bool same = seen == wanted || sorted_rows(seen) == sorted_rows(wanted);
      if (same || !has_limit(statement)) rows.count(same);
    } else if (kind == "none") {
      CHECK(seen == "None");
    }
  }
  CAPTURE(rows.right, rows.all);
  CHECK(rows.percent() >= 98);
  CHECK(refused.percent() >= 99.5);
  for (const auto& [name, share] : texts) {
    CAPTURE(name, share.right, share.all);
    CHECK(share.percent() >= 98);
  }
}

}  // namespace
}  // namespace intercodesql
