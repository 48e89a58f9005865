#include "pddl/task.h"

#include <algorithm>

namespace alfworld::pddl {

std::optional<TypeId> Domain::find_type(std::string_view type_name) const {
  const auto found = std::find_if(types.begin(), types.end(), [&](const Type& type) { return type.name == type_name; });
  if (found == types.end()) return std::nullopt;
  return static_cast<TypeId>(found - types.begin());
}

std::optional<PredicateId> Domain::find_predicate(std::string_view predicate_name) const {
  const auto found =
      std::find_if(predicates.begin(), predicates.end(), [&](const Predicate& p) { return p.name == predicate_name; });
  if (found == predicates.end()) return std::nullopt;
  return static_cast<PredicateId>(found - predicates.begin());
}

bool Domain::is_a(TypeId type, TypeId ancestor) const {
  for (; type != kNoType; type = types[type].parent) {
    if (type == ancestor) return true;
  }
  return false;
}

std::optional<ObjectId> Problem::find_object(std::string_view id) const {
  const auto found = std::lower_bound(objects.begin(), objects.end(), id,
                                      [](const Object& o, std::string_view i) { return o.id < i; });
  if (found == objects.end() || found->id != id) return std::nullopt;
  return static_cast<ObjectId>(found - objects.begin());
}

}  // namespace alfworld::pddl
