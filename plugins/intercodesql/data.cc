#include "data.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "ipr/draws.hpp"
#include "ipr/plugin.hpp"
#include "json_records.h"
#include "json_text.h"

namespace intercodesql {
namespace {

namespace fs = std::filesystem;
using ipr::sdk::Draws;
using ipr::sdk::Failure;

// Question files by their official names, and which part of the tasks each holds. The first of a part counts.
constexpr std::array<std::pair<const char*, const char*>, 7> kQuestionFiles = {{{"ic_spider_dev.json", "dev"},
                                                                                {"ic_spider_train.json", "train"},
                                                                                {"ic_spider_test.json", "test"},
                                                                                {"dev.json", "dev"},
                                                                                {"train_spider.json", "train"},
                                                                                {"test.json", "test"},
                                                                                {"train_others.json", "others"}}};

std::string lower(std::string text) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return text;
}

std::uint32_t role_of_part(std::string_view part) {
  if (part == "dev") return IPR_SPLIT_DEV;
  return part == "test" ? IPR_SPLIT_TEST : IPR_SPLIT_TRAIN;
}

std::string meta(const SqlTask& task, const std::string& family, const std::string& hardness) {
  const std::string database = json_text(task.database);
  std::string json = "{\"family\":" + json_text(family);
  if (!hardness.empty()) json += ",\"hardness\":" + json_text(hardness);
  return json + ",\"cluster\":" + database + ",\"leak_key\":" + database + "}";
}

}  // namespace

void TaskSet::begin_part(std::string name, std::string file, bool plain_ids) {
  parts_.push_back({std::move(name), std::move(file), plain_ids, static_cast<std::uint32_t>(tasks_.size()), 0});
}

void TaskSet::add(SqlTask task, const std::string& family, const std::string& hardness) {
  QuestionPart& part = parts_.back();
  const std::string index = std::to_string(part.count++);
  task.id = part.plain_ids ? index : part.name + ":" + index;
  task.database = lower(std::move(task.database));
  task.meta_json = meta(task, family, hardness);
  by_id_.emplace(task.id, static_cast<std::uint32_t>(tasks_.size()));
  tasks_.push_back(std::move(task));
}

std::optional<std::uint32_t> TaskSet::find(std::string_view id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? std::nullopt : std::optional(found->second);
}

const QuestionPart* TaskSet::part(std::string_view name) const {
  const auto found = std::find_if(parts_.begin(), parts_.end(), [&](const QuestionPart& p) { return p.name == name; });
  return found == parts_.end() ? nullptr : &*found;
}

// Whole databases into `taken` while they fit below `most` tasks, the others into `rest`.
void TaskSet::fill(std::vector<std::uint32_t> tasks, std::size_t most, TaskSplit& taken, TaskSplit& rest) const {
  const Draws draws(1, "splits");
  std::map<std::pair<std::uint64_t, std::string>, std::vector<std::uint32_t>> groups;
  for (const std::uint32_t task : tasks) {
    const std::string& database = tasks_[task].database;
    groups[{draws.bits(database), database}].push_back(task);
  }
  for (const auto& [key, members] : groups) {
    auto& into = taken.tasks.size() + members.size() <= most ? taken.tasks : rest.tasks;
    into.insert(into.end(), members.begin(), members.end());
  }
  std::sort(taken.tasks.begin(), taken.tasks.end());
  std::sort(rest.tasks.begin(), rest.tasks.end());
}

void TaskSet::split_by_database() {
  TaskSplit train{"train", IPR_SPLIT_TRAIN, {}}, dev{"dev", IPR_SPLIT_DEV, {}}, test{"test", IPR_SPLIT_TEST, {}};
  std::vector<std::uint32_t> learn, held_out;
  for (const QuestionPart& part : parts_) {
    auto& tasks = role_of_part(part.name) == IPR_SPLIT_TRAIN || parts_.size() == 1 ? learn : held_out;
    for (std::uint32_t i = 0; i < part.count; ++i) tasks.push_back(part.first + i);
  }
  TaskSplit rest;
  if (held_out.empty()) {
    const std::size_t whole = learn.size();
    fill(std::move(learn), whole * 3 / 10, test, rest);
    fill(std::move(rest.tasks), whole / 10, dev, train);
  } else {
    test.tasks = std::move(held_out);
    std::set<std::string_view> tested;
    for (const std::uint32_t task : test.tasks) tested.insert(tasks_[task].database);
    std::erase_if(learn, [&](std::uint32_t task) { return tested.count(tasks_[task].database) > 0; });
    const std::size_t most = learn.size() / 10;
    fill(std::move(learn), most, dev, train);
  }
  splits_ = {std::move(train), std::move(dev), std::move(test)};
}

void TaskSet::split_by_lists(const std::vector<SplitList>& lists) {
  constexpr std::array<const char*, 4> kNames = {"", "train", "dev", "test"};
  splits_.clear();
  for (const SplitList& list : lists) {
    const QuestionPart* numbered = parts_.size() == 1 ? &parts_[0] : part(kNames.at(list.role));
    if (numbered == nullptr) numbered = &parts_[0];
    TaskSplit split{list.name, list.role, {}};
    std::size_t beyond = 0;
    for (const std::uint32_t index : list.indices) {
      if (index >= numbered->count) ++beyond;
      split.tasks.push_back(numbered->first + index);
    }
    if (beyond > 0) {
      throw Failure(IPR_DATA_LOSS, "intercodesql: " + list.file + ": \"" + list.name + "\": " + std::to_string(beyond) +
                                       " of " + std::to_string(list.indices.size()) + " indices are beyond the " +
                                       std::to_string(numbered->count) + " questions of " + numbered->file +
                                       ", so the list numbers another file; give that one as --data");
    }
    splits_.push_back(std::move(split));
  }
}

void read_questions(std::string_view text, const std::string& file, TaskSet& tasks) {
  const Record list = parse_document(text, file);
  if (!list.is_array()) throw Failure(IPR_DATA_LOSS, "intercodesql: " + file + ": expected an array of questions");
  for (std::size_t i = 0; i < list.size(); ++i) {
    const Record& record = list[i];
    const std::string where = file + ": record " + std::to_string(i + 1);
    const bool spider = record.is_object() && record.contains("db_id");
    SqlTask task;
    task.database = text_member(record, spider ? "db_id" : "db", where);
    task.gold = text_member(record, spider ? "query" : "gold", where);
    task.question = text_member(record, spider ? "question" : "query", where);
    const std::string hardness = record.contains("hardness") ? text_member(record, "hardness", where) : "";
    const std::string family = record.contains("family") ? text_member(record, "family", where) : hardness;
    tasks.add(std::move(task), family.empty() ? "all" : family, hardness);
  }
}

std::string databases_of(const std::string& folder) {
  for (const char* name : {"ic_spider_dbs.sql", "spider_all.sql"}) {
    if (fs::exists(fs::path(folder) / name)) return folder + "/" + name;
  }
  std::vector<std::string> dumps;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() == ".sql") dumps.push_back(entry.path().string());
  }
  if (dumps.size() == 1) return dumps[0];
  if (fs::exists(fs::path(folder) / "tables.json")) return folder;
  throw Failure(IPR_DATA_LOSS,
                "intercodesql: " + folder + ": holds " + (dumps.empty() ? "no" : "more than one") +
                    " dump; give one *.sql as mysqldump writes it, or Spider's tables.json and database/");
}

TaskSet read_tasks(const std::string& folder) {
  std::vector<std::pair<std::string, std::string>> found;  // part, path
  for (const auto& [name, part] : kQuestionFiles) {
    const std::string path = folder + "/" + name;
    const bool known = std::any_of(found.begin(), found.end(), [&](const auto& other) { return other.first == part; });
    if (!known && fs::exists(path)) found.emplace_back(part, path);
  }
  if (found.empty()) {
    throw Failure(IPR_DATA_LOSS, "intercodesql: " + folder +
                                     ": holds no questions; give a folder with ic_spider_dev.json and its dump, or "
                                     "Spider's dev.json or train_spider.json with tables.json and database/");
  }
  TaskSet tasks;
  for (const auto& [part, path] : found) {
    tasks.begin_part(part, path, part == "dev" || found.size() == 1);
    read_questions(read_text(path), path, tasks);
  }
  return tasks;
}

}  // namespace intercodesql
