// The tasks: questions with their gold statements, their ids and their splits.
//
// Question files are read in the form of InterCode and IPR (`db`, `gold`, `query`, `hardness`) or of Spider (`db_id`,
// `query`, `question`). Task ids are positions in the file: `<index>` of the dev questions (ic_spider_dev.json, or
// Spider's dev.json) and of a sole file, `train:<index>`, `test:<index>` and `others:<index>` beside it.
//
// Immutable once made; safe on any thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "split_lists.h"

namespace intercodesql {

struct SqlTask {
  std::string id;
  std::string database;  // lower case
  std::string question, gold;
  std::string meta_json;  // family, hardness where known, cluster and leak_key: the database
};

// Tasks of one split, as positions in TaskSet::tasks.
struct TaskSplit {
  std::string name;
  std::uint32_t role = 0;  // IPR_SPLIT_*
  std::vector<std::uint32_t> tasks;
};

// The questions of one file.
struct QuestionPart {
  std::string name;  // "dev", "train", "test" or "others"
  std::string file;  // as errors call it
  bool plain_ids = true;
  std::uint32_t first = 0, count = 0;  // its tasks in TaskSet::tasks
};

class TaskSet {
 public:
  // Tasks are added to the part begun last. `plain_ids`: without the part's name. `family` is what reports slice by.
  void begin_part(std::string name, std::string file, bool plain_ids);
  void add(SqlTask task, const std::string& family, const std::string& hardness);

  [[nodiscard]] const std::vector<SqlTask>& tasks() const { return tasks_; }
  [[nodiscard]] const std::vector<TaskSplit>& splits() const { return splits_; }
  [[nodiscard]] std::optional<std::uint32_t> find(std::string_view id) const;

  // Train, dev and test without a database on two sides. A sole file gives three tenths of its tasks to test and a
  // tenth to dev. Beside train questions those of dev and test are all test, and dev is a tenth of the train questions.
  // Databases are taken in an order that depends on their names alone.
  void split_by_database();
  // The given lists, each a split. Throws sdk::Failure (IPR_DATA_LOSS) where a list does not fit its question file.
  void split_by_lists(const std::vector<SplitList>& lists);
  // Given splits, of the generated databases.
  void use_splits(std::vector<TaskSplit> splits) { splits_ = std::move(splits); }

 private:
  [[nodiscard]] const QuestionPart* part(std::string_view name) const;
  void fill(std::vector<std::uint32_t> tasks, std::size_t most, TaskSplit& taken, TaskSplit& rest) const;

  std::vector<SqlTask> tasks_;
  std::vector<QuestionPart> parts_;
  std::vector<TaskSplit> splits_;
  std::map<std::string, std::uint32_t, std::less<>> by_id_;
};

// The question files of a data folder. Throws sdk::Failure (IPR_DATA_LOSS): none there, or a wrong one with its record.
[[nodiscard]] TaskSet read_tasks(const std::string& folder);

// Where the folder's databases are, as load_databases takes it: its dump (ic_spider_dbs.sql, spider_all.sql, or the
// only
// *.sql), or the folder itself in Spider's layout. Throws sdk::Failure (IPR_DATA_LOSS) where there is neither.
[[nodiscard]] std::string databases_of(const std::string& folder);

// Adds the questions of one document to the part begun.
void read_questions(std::string_view text, const std::string& file, TaskSet& tasks);

}  // namespace intercodesql
