#include "engine/object_names.h"

#include <algorithm>
#include <bit>
#include <unordered_map>

namespace alfworld::engine {
namespace {

constexpr std::string_view kMark = "_bar_";

// The class in an id with coordinates. "sink_bar_…_bar_sinkbasin" is a sinkbasin.
std::string base_name(std::string_view id) {
  std::string base(id.substr(0, id.find(kMark)));
  if (id.find("basin") != std::string_view::npos) base += "basin";
  return base;
}

std::vector<bool> objects_in_facts(const pddl::Task& task) {
  std::vector<bool> occurs(task.problem.objects.size());
  for (const pddl::Atom& atom : task.problem.init) {
    const std::size_t arity = task.domain.predicates[atom.predicate].parameters.size();
    for (std::size_t i = 0; i < arity; ++i) occurs[atom.arguments[i]] = true;
  }
  return occurs;
}

}  // namespace

ObjectNames::ObjectNames(const pddl::Task& task) {
  const std::vector<pddl::Object>& objects = task.problem.objects;
  is_numbered_ = objects_in_facts(task);
  std::unordered_map<std::string, std::size_t> free_number;
  for (std::size_t i = 0; i < objects.size(); ++i) {
    is_numbered_[i] = is_numbered_[i] && objects[i].id.find(kMark) != std::string::npos;
    if (is_numbered_[i]) ++free_number[base_name(objects[i].id)];
  }
  names_.reserve(objects.size());
  for (std::size_t i = 0; i < objects.size(); ++i) {
    if (is_numbered_[i]) {
      std::string base = base_name(objects[i].id);
      const std::size_t number = free_number[base]--;
      names_.push_back(std::move(base) + " " + std::to_string(number));
    } else {
      names_.push_back(objects[i].id + " ");
    }
    longest_ = std::max(longest_, names_.back().size());
  }
  table_.assign(std::bit_ceil(2 * objects.size() + 1), kEmpty);
  for (std::uint32_t object = 0; object < names_.size(); ++object) {
    std::size_t i = start(names_[object]);
    while (table_[i] != kEmpty) i = (i + 1) & (table_.size() - 1);
    table_[i] = object;
  }
}

std::size_t ObjectNames::start(std::string_view name) const {
  return std::hash<std::string_view>()(name) & (table_.size() - 1);
}

}  // namespace alfworld::engine
