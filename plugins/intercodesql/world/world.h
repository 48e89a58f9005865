// The embedded databases: small generated ones in the official formats, so that the official loaders, the SQL engine
// and the reward run on them unchanged (shared spec mini-worlds-other.md, section 2).
//
//  - A database has two or three tables; a table has an id, a name, two text and two number columns and 8 to 12 rows.
//    Numbers of a column are distinct, so that no LIMIT cuts a tie.
//  - Each column concept has two spellings, such as color and paint. A table uses either, questions the first, so that
//    looking at the table before asking is necessary.
//  - Questions are of six kinds: a condition; two; the top k; a count; two columns; a condition and the top k. Their
//    words come in the order of the SQL, texts stand in quotes, numbers behind a blank: a small model can only copy
//    what is the same token in both. No gold result is empty, and no condition is true of all rows.
//  - Train, dev and test have different databases.
//
// Pure functions of their arguments, equal on every machine, safe on any thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data.h"

namespace intercodesql {

enum class WorldSize : std::uint8_t {
  kTiny,   // 4 train, 2 dev, 2 test databases; 24, 8 and 16 questions: for tests
  kNormal  // 160 train, 8 dev, 25 test databases; 2,400, 96 and 500 questions
};

enum class QuestionKind : std::uint8_t { kOne, kTwo, kTop, kCount, kColumns, kOneTop };

// A column as a question calls it and as the table does.
struct Term {
  std::string_view asked, column;
};

struct Condition {
  Term term;
  std::string_view relation;  // "", " over" or " under": of a text, of numbers
  std::string value;          // a text without quotes, or digits
};

// A question before it is put in words.
struct Plan {
  QuestionKind kind = QuestionKind::kOne;
  std::string_view table, other_table;  // other: one of the same database, which does not help
  std::vector<Term> columns;            // what is shown; empty: a count
  std::vector<Condition> conditions;
  std::optional<Term> order;  // by what the rows are put in order
  bool highest = true;        // highest first
  int limit = 0;              // 0: all
};

// The words of a question, in its own terms or in the table's.
enum class Words : std::uint8_t { kAsked, kColumns };
[[nodiscard]] std::string sentence(const Plan& plan, Words words);
// The statement that answers it; with the question's terms it fails where the table spells another.
[[nodiscard]] std::string statement(const Plan& plan, Words words = Words::kColumns);

struct World {
  std::string dump;         // as mysqldump writes it
  std::string questions;    // array of records as in ic_spider_dev.json, with `family`
  std::vector<Plan> plans;  // parallel to the questions
  std::vector<TaskSplit> splits;
};
[[nodiscard]] World generate_world(std::uint64_t seed, WorldSize size);

}  // namespace intercodesql
