#include "core/loop/leaks.h"

#include <unordered_set>

#include "core/base/strings.h"

namespace ipr::loop {
namespace {

constexpr std::size_t kNamed = 10;  // ids in an error

std::string leak_key(const env::Task& task) {
  return task.meta.value("leak_key", "");
}

Overlap find_overlap(const Panel& first, const Panel& second) {
  std::unordered_set<std::string> ids, keys;
  for (const env::Task& task : first.tasks) {
    ids.insert(task.id);
    if (const std::string key = leak_key(task); !key.empty()) keys.insert(key);
  }
  Overlap overlap{{}, {first.role, second.role, {}}};
  for (std::size_t i = 0; i < second.tasks.size(); ++i) {
    const env::Task& task = second.tasks[i];
    if (!ids.contains(task.id) && !keys.contains(leak_key(task))) continue;
    overlap.tasks.push_back(task.id);
    ++overlap.note.splits[second.splits[i]];
  }
  return overlap;
}

std::string sentence(const Overlap& overlap) {
  const std::size_t count = overlap.tasks.size(), named = std::min(count, kNamed);
  std::vector<std::string> ids(overlap.tasks.begin(), overlap.tasks.begin() + static_cast<std::ptrdiff_t>(named));
  if (count > named) ids.push_back("and " + std::to_string(count - named) + " more");
  return overlap.note.first + " and " + overlap.note.second + " overlap in " + std::to_string(count) + " tasks (" +
         join(ids, ", ") + ")";
}

}  // namespace

std::vector<Overlap> find_overlaps(const std::vector<const Panel*>& panels) {
  std::vector<Overlap> overlaps;
  for (std::size_t i = 0; i < panels.size(); ++i) {
    for (std::size_t j = i + 1; j < panels.size(); ++j) {
      Overlap overlap = find_overlap(*panels[i], *panels[j]);
      if (!overlap.tasks.empty()) overlaps.push_back(std::move(overlap));
    }
  }
  return overlaps;
}

Status overlap_error(const std::vector<Overlap>& overlaps) {
  std::vector<std::string> sentences;
  for (const Overlap& overlap : overlaps) sentences.push_back(sentence(overlap));
  return bad_data(join(sentences, "; ") +
                  ", by id or leak key; give splits without overlap, or --allow-overlap to run on them and have every "
                  "table marked");
}

Result<std::vector<report::OverlapNote>> check_leaks(const std::vector<const Panel*>& panels, bool allow) {
  const std::vector<Overlap> overlaps = find_overlaps(panels);
  if (!overlaps.empty() && !allow) return overlap_error(overlaps);
  std::vector<report::OverlapNote> notes;
  for (const Overlap& overlap : overlaps) notes.push_back(overlap.note);
  return notes;
}

}  // namespace ipr::loop
