#include "world/world.h"

#include <algorithm>
#include <initializer_list>
#include <set>

#include "ipr/draws.hpp"
#include "ipr/plugin.h"
#include "json_text.h"
#include "world/words.h"

namespace intercodesql {
namespace {

using ipr::sdk::Draws;

constexpr std::size_t kKinds = 6;
constexpr std::array<std::string_view, kKinds> kKindNames = {"one", "two", "top", "count", "columns", "one-top"};
constexpr std::size_t kTexts = 2, kNumbers = 2;  // columns of each sort in a table
constexpr std::size_t kLeastRows = 8, kMostRows = 12;
constexpr int kHighestNumber = 60;

struct MadeColumn {
  const Concept* meaning = nullptr;
  std::size_t spelling = 0;  // which of the two the table uses
  [[nodiscard]] std::string_view name() const { return meaning->spellings[spelling]; }
};

// A table: the name column, the text columns, the number columns; `texts[0]` are the names.
struct MadeTable {
  std::string_view name;
  MadeColumn label;
  std::array<MadeColumn, kTexts> text_columns;
  std::array<MadeColumn, kNumbers> number_columns;
  struct MadeRow {
    std::string_view label;
    std::array<std::string_view, kTexts> texts;
    std::array<int, kNumbers> numbers;
  };
  std::vector<MadeRow> rows;
};

struct MadeDatabase {
  std::string name;
  std::vector<MadeTable> tables;
};

void append(std::initializer_list<std::string_view> parts, std::string& out) {
  for (const std::string_view part : parts) out += part;
}

std::vector<std::size_t> shuffled(std::size_t count, const Draws& draws, std::string_view name) {
  std::vector<std::size_t> order(count);
  for (std::size_t i = 0; i < count; ++i) order[i] = i;
  draws.shuffle(order, name);
  return order;
}

// ------------------------------------------------------------------------------------------- databases

void fill_rows(MadeTable& table, const std::array<const TextConcept*, kTexts>& texts, const Draws& draws) {
  const std::size_t count = kLeastRows + draws.below(kMostRows - kLeastRows + 1, "rows");
  const auto labels = shuffled(kNames.size(), draws, "names");
  std::array<std::vector<std::size_t>, kNumbers> numbers;
  for (std::size_t k = 0; k < kNumbers; ++k) numbers[k] = shuffled(kHighestNumber, draws, k == 0 ? "first" : "second");
  for (std::size_t i = 0; i < count; ++i) {
    MadeTable::MadeRow row;
    row.label = kNames[labels[i]];
    // Three of the six values per column, so that each is there more than once.
    for (std::size_t k = 0; k < kTexts; ++k) {
      const auto values = shuffled(texts[k]->values.size(), draws, k == 0 ? "values" : "more values");
      row.texts[k] = texts[k]->values[values[draws.below(3, k == 0 ? "text" : "more text", i)]];
    }
    for (std::size_t k = 0; k < kNumbers; ++k) row.numbers[k] = 1 + static_cast<int>(numbers[k][i]);
    table.rows.push_back(row);
  }
}

MadeTable make_table(std::string_view name, const Draws& draws) {
  MadeTable table;
  table.name = name;
  table.label = {&kNameConcept, draws.below(2, "label")};
  const auto texts = shuffled(kTextConcepts.size(), draws, "text columns");
  const auto numbers = shuffled(kNumberConcepts.size(), draws, "number columns");
  std::array<const TextConcept*, kTexts> concepts{};
  for (std::size_t k = 0; k < kTexts; ++k) {
    concepts.at(k) = &kTextConcepts.at(texts[k]);
    table.text_columns.at(k) = {concepts.at(k), draws.below(2, "text spelling", k)};
  }
  for (std::size_t k = 0; k < kNumbers; ++k) {
    table.number_columns.at(k) = {&kNumberConcepts.at(numbers[k]), draws.below(2, "number spelling", k)};
  }
  fill_rows(table, concepts, draws);
  return table;
}

MadeDatabase make_database(std::uint64_t seed, std::size_t number) {
  MadeDatabase database{"mini_" + std::to_string(number), {}};
  const Draws draws(seed, database.name);
  const auto names = shuffled(kTables.size(), draws, "tables");
  const std::size_t count = 2 + draws.below(2, "table count");
  for (std::size_t i = 0; i < count; ++i) {
    const std::string_view name = kTables.at(names[i]);
    database.tables.push_back(make_table(name, Draws(seed, database.name + "." + std::string(name))));
  }
  return database;
}

// --------------------------------------------------------------------------------------------- dump

void append_column(std::string_view name, std::string_view type, std::string& out) {
  append({",\n  `", name, "` ", type}, out);
}

void append_table(const MadeTable& table, std::string& out) {
  append({"DROP TABLE IF EXISTS `", table.name, "`;\nCREATE TABLE `", table.name, "` (\n  `id` int NOT NULL"}, out);
  append_column(table.label.name(), "text", out);
  for (const MadeColumn& column : table.text_columns) append_column(column.name(), "text", out);
  for (const MadeColumn& column : table.number_columns) append_column(column.name(), "int DEFAULT NULL", out);
  append({",\n  PRIMARY KEY (`id`)\n) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;\n"}, out);
  append({"LOCK TABLES `", table.name, "` WRITE;\nINSERT INTO `", table.name, "` VALUES "}, out);
  for (std::size_t i = 0; i < table.rows.size(); ++i) {
    const MadeTable::MadeRow& row = table.rows[i];
    append({i == 0 ? "(" : ",(", std::to_string(i + 1), ",'", row.label, "'"}, out);
    for (const std::string_view text : row.texts) append({",'", text, "'"}, out);
    for (const int number : row.numbers) append({",", std::to_string(number)}, out);
    out += ')';
  }
  out += ";\nUNLOCK TABLES;\n";
}

void append_database(const MadeDatabase& database, std::string& out) {
  append({"CREATE DATABASE `", database.name, "`;\nUSE `", database.name, "`;\n"}, out);
  for (const MadeTable& table : database.tables) append_table(table, out);
}

// ------------------------------------------------------------------------------------------- questions

// Questions use a concept's first spelling.
Term term(const MadeColumn& column) {
  return {column.meaning->spellings[0], column.name()};
}

Condition text_condition(const MadeTable& table, std::size_t k, std::size_t row) {
  return {term(table.text_columns.at(k)), "", std::string(table.rows[row].texts.at(k))};
}

// True of row `row`, and of others as it happens.
Condition number_condition(const MadeTable& table, std::size_t k, std::size_t row, const Draws& draws) {
  const int number = table.rows[row].numbers.at(k);
  const bool over = draws.below(2, "relation") == 0;
  const int margin = 1 + static_cast<int>(draws.below(9, "margin"));
  const int bound = over ? std::max(0, number - margin) : number + margin;
  return {term(table.number_columns.at(k)), over ? " over" : " under", std::to_string(bound)};
}

bool holds(const Condition& condition, const MadeTable& table, const MadeTable::MadeRow& row) {
  for (std::size_t k = 0; k < kTexts; ++k) {
    if (table.text_columns.at(k).name() == condition.term.column) return row.texts.at(k) == condition.value;
  }
  const int bound = std::stoi(condition.value);
  for (std::size_t k = 0; k < kNumbers; ++k) {
    if (table.number_columns.at(k).name() != condition.term.column) continue;
    return condition.relation == " over" ? row.numbers.at(k) > bound : row.numbers.at(k) < bound;
  }
  return false;
}

std::size_t rows_that_fit(const Plan& plan, const MadeTable& table) {
  return static_cast<std::size_t>(std::count_if(table.rows.begin(), table.rows.end(), [&](const auto& row) {
    return std::all_of(plan.conditions.begin(), plan.conditions.end(),
                       [&](const Condition& condition) { return holds(condition, table, row); });
  }));
}

void put_in_order(const MadeTable& table, const Draws& draws, Plan& plan) {
  plan.order = term(table.number_columns.at(draws.below(kNumbers, "order")));
  plan.highest = draws.below(2, "highest") == 0;
  plan.limit = 1 + static_cast<int>(draws.below(3, "limit"));
}

Plan make_plan(const MadeDatabase& database, QuestionKind kind, const Draws& draws) {
  const std::size_t which = draws.below(database.tables.size(), "table");
  const MadeTable& table = database.tables[which];
  Plan plan;
  plan.kind = kind;
  plan.table = table.name;
  plan.other_table = database.tables[(which + 1) % database.tables.size()].name;
  const std::size_t row = draws.below(table.rows.size(), "row"), text = draws.below(kTexts, "text");
  if (kind != QuestionKind::kCount) plan.columns.push_back(term(table.label));
  if (kind == QuestionKind::kColumns) {
    plan.columns.push_back(term(table.number_columns.at(draws.below(kNumbers, "shown"))));
  }
  if (kind != QuestionKind::kTop) plan.conditions.push_back(text_condition(table, text, row));
  if (kind == QuestionKind::kTwo) {
    plan.conditions.push_back(number_condition(table, draws.below(kNumbers, "number"), row, draws));
  }
  if (kind == QuestionKind::kTop || kind == QuestionKind::kOneTop) put_in_order(table, draws, plan);
  return plan;
}

// Is there something to find out: does every condition and the limit leave rows out?
bool is_worth_asking(const Plan& plan, const MadeDatabase& database) {
  const auto table = std::find_if(database.tables.begin(), database.tables.end(),
                                  [&](const MadeTable& made) { return made.name == plan.table; });
  std::size_t before = table->rows.size();
  Plan partial = plan;
  partial.conditions.clear();
  for (const Condition& condition : plan.conditions) {
    partial.conditions.push_back(condition);
    const std::size_t after = rows_that_fit(partial, *table);
    if (after == 0 || after == before) return false;
    before = after;
  }
  return plan.limit < static_cast<int>(before);
}

// The kinds take turns; one that finds nothing new in many draws is passed over.
std::vector<Plan> make_plans(const MadeDatabase& database, std::size_t count, std::uint64_t seed) {
  constexpr std::size_t kPatience = 64;
  std::vector<Plan> plans;
  std::set<std::string> asked;
  for (std::size_t attempt = 0; plans.size() < count; ++attempt) {
    const Draws draws(seed, database.name + " question " + std::to_string(attempt));
    const std::size_t kind = (plans.size() + attempt / kPatience) % kKinds;
    Plan plan = make_plan(database, static_cast<QuestionKind>(kind), draws);
    if (!is_worth_asking(plan, database) || !asked.insert(statement(plan)).second) continue;
    plans.push_back(std::move(plan));
  }
  return plans;
}

std::string question_json(const Plan& plan, const std::string& database) {
  std::string json = "{\"db\": " + json_text(database) + ", \"gold\": " + json_text(statement(plan));
  json += ", \"query\": " + json_text(sentence(plan, Words::kAsked));
  return json + ", \"family\": " + json_text(kKindNames.at(static_cast<std::size_t>(plan.kind))) + "}";
}

std::string_view word(const Term& term, Words words) {
  return words == Words::kAsked ? term.asked : term.column;
}

bool is_text(const Condition& condition) {
  return condition.relation.empty();
}

struct Extent {
  std::string_view split;
  std::uint32_t role;
  std::size_t databases, questions;  // questions: of each database
};

std::array<Extent, 3> extents(WorldSize size) {
  if (size == WorldSize::kTiny) {
    return {{{"train", IPR_SPLIT_TRAIN, 4, 6}, {"dev", IPR_SPLIT_DEV, 2, 4}, {"test", IPR_SPLIT_TEST, 2, 8}}};
  }
  return {{{"train", IPR_SPLIT_TRAIN, 160, 15}, {"dev", IPR_SPLIT_DEV, 8, 12}, {"test", IPR_SPLIT_TEST, 25, 20}}};
}

}  // namespace

std::string sentence(const Plan& plan, Words words) {
  std::string text = plan.columns.empty() ? "how many" : "show";
  for (std::size_t i = 0; i < plan.columns.size(); ++i) {
    append({i == 0 ? " " : " and ", word(plan.columns[i], words)}, text);
  }
  append({plan.columns.empty() ? " " : " of ", plan.table}, text);
  for (std::size_t i = 0; i < plan.conditions.size(); ++i) {
    const Condition& condition = plan.conditions[i];
    const std::string_view quote = is_text(condition) ? "'" : "";
    append({i == 0 ? " with " : " and ", word(condition.term, words), condition.relation, " ", quote, condition.value,
            quote},
           text);
  }
  if (plan.order) {
    append({", ", word(*plan.order, words), plan.highest ? " highest" : " lowest", " first"}, text);
    if (plan.limit > 0) append({", only ", std::to_string(plan.limit)}, text);
  }
  return text;
}

std::string statement(const Plan& plan, Words words) {
  std::string sql = "SELECT ";
  if (plan.columns.empty()) sql += "COUNT(*)";
  for (std::size_t i = 0; i < plan.columns.size(); ++i) append({i == 0 ? "" : ", ", word(plan.columns[i], words)}, sql);
  append({" FROM ", plan.table}, sql);
  for (std::size_t i = 0; i < plan.conditions.size(); ++i) {
    const Condition& condition = plan.conditions[i];
    const std::string_view quote = is_text(condition) ? "'" : "";
    const std::string_view relation = is_text(condition) ? " = " : condition.relation == " over" ? " > " : " < ";
    append({i == 0 ? " WHERE " : " AND ", word(condition.term, words), relation, quote, condition.value, quote}, sql);
  }
  if (plan.order) append({" ORDER BY ", word(*plan.order, words), plan.highest ? " DESC" : " ASC"}, sql);
  if (plan.limit > 0) append({" LIMIT ", std::to_string(plan.limit)}, sql);
  return sql;
}

World generate_world(std::uint64_t seed, WorldSize size) {
  World world;
  std::size_t number = 0;
  for (const Extent& extent : extents(size)) {
    TaskSplit split{std::string(extent.split), extent.role, {}};
    for (std::size_t i = 0; i < extent.databases; ++i) {
      const MadeDatabase database = make_database(seed, ++number);
      append_database(database, world.dump);
      for (Plan& plan : make_plans(database, extent.questions, seed)) {
        world.questions += (world.plans.empty() ? "[" : ",\n") + question_json(plan, database.name);
        split.tasks.push_back(static_cast<std::uint32_t>(world.plans.size()));
        world.plans.push_back(std::move(plan));
      }
    }
    world.splits.push_back(std::move(split));
  }
  world.questions += "]\n";
  return world;
}

}  // namespace intercodesql
