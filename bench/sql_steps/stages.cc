#include "bench/sql_steps/stages.h"

#include <map>
#include <memory>

#include "bench/support/open_environment.h"
#include "emit/emit.h"
#include "engine/connection.h"
#include "engine/handle.h"
#include "engine/server.h"
#include "import/load.h"
#include "ipr/plugin.hpp"
#include "mysql/parser.h"
#include "resolve/resolve.h"

namespace ipr::bench {
namespace {

using namespace intercodesql;

constexpr int kRounds = 5;

// Median microseconds that `stage` takes per call, of several rounds over all calls.
template <typename Stage>
double microseconds(std::size_t calls, Stage stage) {
  std::vector<double> rounds;
  for (int round = 0; round < kRounds; ++round) {
    const double began = thread_seconds();
    for (std::size_t i = 0; i < calls; ++i) stage(i);
    rounds.push_back(thread_seconds() - began);
  }
  return 1e6 * median(rounds) / static_cast<double>(calls);
}

// A gold query that MySQL accepts, with what each stage hands to the next.
struct Prepared {
  std::string database, text;
  mysql::Statement tree;
  RowsQuery query;
  std::vector<Row> rows;
};

class Stages {
 public:
  explicit Stages(const std::string& path) : databases_(load_databases(path, "")), server_(databases_) {
    for (const StoredDatabase& database : databases_) {
      auto& handle = handles_[database.schema->database] = std::make_unique<Handle>();
      handle->attach(database.schema->database, database.image);
    }
  }

  void add(const std::string& database, const std::string& text) {
    auto parsed = mysql::parse(text);
    auto* tree = std::get_if<mysql::Statement>(&parsed);
    if (tree == nullptr || !std::holds_alternative<mysql::QueryPtr>(tree->command)) return;
    auto translated = translate_query(*std::get<mysql::QueryPtr>(tree->command), tree->expressions, server_.catalog(),
                                      database, counting_);
    auto* query = std::get_if<RowsQuery>(&translated);
    if (query == nullptr) return;
    Connection connection(server_, 1);
    connection.use(database);
    auto rows = connection.execute(text).rows;
    statements_.push_back({database, text, std::move(*tree), std::move(*query), std::move(rows)});
  }

  void measure(Figures& figures) {
    const std::size_t count = statements_.size();
    const auto add = [&](const char* name, double spent) { figures.add(name, spent, "us"); };
    add("per gold statement: lex and parse",
        microseconds(count, [&](std::size_t i) { (void)mysql::parse(statements_[i].text); }));
    const double resolving = microseconds(count, [&](std::size_t i) {
      const Prepared& one = statements_[i];
      (void)resolve_query(query_of(one), one.tree.expressions, server_.catalog(), one.database, {});
    });
    add("  resolve", resolving);
    const double translating = microseconds(count, [&](std::size_t i) {
      const Prepared& one = statements_[i];
      (void)translate_query(query_of(one), one.tree.expressions, server_.catalog(), one.database, counting_);
    });
    add("  plan and emit", translating - resolving);
    add("  prepare", microseconds(count, [&](std::size_t i) {
          (void)sqlite::prepare(handles_.at(statements_[i].database)->raw(), statements_[i].query.sql);
        }));
    add("  run, translated and prepared before", run_time());
    add("  Python's text of the rows",
        microseconds(count, [&](std::size_t i) { (void)python_text(statements_[i].rows); }));
  }

 private:
  static const mysql::Query& query_of(const Prepared& one) { return *std::get<mysql::QueryPtr>(one.tree.command); }

  // The golds of one database after the other, so that its handle keeps their prepared statements.
  double run_time() {
    std::map<std::string, std::unique_ptr<Connection>> connections;
    for (const Prepared& one : statements_) {
      auto& connection = connections[one.database];
      if (connection != nullptr) continue;
      connection = std::make_unique<Connection>(server_, 1);
      connection->use(one.database);
    }
    const auto run = [&](std::size_t i) {
      (void)connections.at(statements_[i].database)->execute(statements_[i].text);
    };
    for (std::size_t i = 0; i < statements_.size(); ++i) run(i);
    return microseconds(statements_.size(), run);
  }

  std::optional<std::int64_t> count(const std::string& sql, const std::string& database) {
    Session session;
    const auto answer = handles_.at(database)->query(sql, {Type{BaseType::kInt}}, Budget{}, session);
    const auto* rows = std::get_if<std::vector<Row>>(&answer);
    return rows == nullptr || rows->size() != 1 ? std::nullopt : std::optional(rows->front().front().integer);
  }

  std::vector<StoredDatabase> databases_;
  Server server_;
  std::map<std::string, std::unique_ptr<Handle>> handles_;
  TranslationSettings counting_{
      true, [this](const std::string& sql, const std::string& database) { return count(sql, database); }};
  std::vector<Prepared> statements_;
};

}  // namespace

void measure_stages(const std::string& path, const std::vector<std::pair<std::string, std::string>>& golds,
                    Figures& figures) {
  try {
    Stages stages(path);
    for (const auto& [database, text] : golds) stages.add(lower_ascii(database), text);
    stages.measure(figures);
  } catch (const sdk::Failure& failure) {
    give_up(Status(Code::kData, failure.what()));
  }
}

}  // namespace ipr::bench
