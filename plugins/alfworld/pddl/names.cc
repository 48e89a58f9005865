#include "pddl/names.h"

#include <algorithm>

namespace alfworld::pddl {

std::vector<std::pair<Expression, std::string_view>> typed_list(Expression::Iterator begin, Expression::Iterator end) {
  std::vector<std::pair<Expression, std::string_view>> list;
  std::size_t untyped = 0;  // items from here on wait for their type
  for (auto it = begin; it != end; ++it) {
    if ((*it).is_list()) (*it).fail("expected a name, found a list");
    if ((*it).symbol() != "-") {
      list.emplace_back(*it, "object");
      continue;
    }
    const Expression dash = *it;
    ++it;
    if (it == end || (*it).is_list()) dash.fail("expected a type's name after \"-\" (`either` is not supported)");
    if (untyped == list.size()) dash.fail("\"-\" without a name before it");
    for (; untyped < list.size(); ++untyped) list[untyped].second = (*it).symbol();
  }
  return list;
}

namespace {

std::vector<std::pair<Expression, std::string_view>> typed_list_of(Expression section) {
  auto begin = section.begin();
  ++begin;
  return typed_list(begin, section.end());
}

}  // namespace

Names::Names() {
  types.push_back({"object", kNoType});
  type_ids_["object"] = kRootType;
}

void Names::read_types(Expression section) {
  const auto list = typed_list_of(section);
  for (const auto& [item, parent] : list) {
    const std::string name(item.symbol());
    if (name == "object") continue;  // the root itself
    if (!type_ids_.emplace(name, static_cast<TypeId>(types.size())).second) item.fail("type declared twice");
    types.push_back({name, kNoType});
  }
  if (types.size() > kMaxTypes) section.fail("more than " + std::to_string(kMaxTypes) + " types are not supported");
  for (const auto& [item, parent] : list) {
    const TypeId id = type_ids_.at(std::string(item.symbol()));
    if (id == kRootType) continue;
    const auto found = type_ids_.find(std::string(parent));
    if (found == type_ids_.end()) item.fail("its parent type " + excerpt(parent) + " is not declared");
    types[id].parent = found->second;
    std::size_t steps = 0;
    for (TypeId up = id; up != kNoType; up = types[up].parent) {
      if (++steps > types.size()) item.fail("type is its own ancestor");
    }
  }
}

void Names::read_predicates(Expression section) {
  auto it = section.begin();
  for (++it; it != section.end(); ++it) {
    const Expression declaration = *it;
    if (!declaration.is_list() || declaration.begin() == declaration.end()) {
      declaration.fail("expected a predicate: (name ?parameter - type)");
    }
    const Expression head = *declaration.begin();
    if (head.is_list()) head.fail("expected a predicate's name");
    Predicate predicate{std::string(head.symbol()), {}};
    for (const auto& [item, type] : typed_list_of(declaration)) {
      predicate.parameters.push_back({std::string(item.symbol()), type_of_variable(type)});
    }
    if (predicate.parameters.size() > kMaxArity) {
      head.fail("a predicate of more than " + std::to_string(kMaxArity) + " parameters is not supported");
    }
    if (!predicate_ids_.emplace(predicate.name, static_cast<PredicateId>(predicates.size())).second) {
      head.fail("predicate declared twice");
    }
    predicates.push_back(std::move(predicate));
  }
}

void Names::read_objects(Expression section) {
  const auto list = typed_list_of(section);
  objects.reserve(objects.size() + list.size());
  object_ids_.reserve(objects.size() + list.size());
  std::string_view last_name;  // most items share their neighbour's type
  TypeId last_type = kNoType;
  for (const auto& [item, type_name] : list) {
    if (type_name != last_name || last_type == kNoType) {
      const auto type = type_ids_.find(std::string(type_name));
      if (type == type_ids_.end()) item.fail("its type " + excerpt(type_name) + " is not declared");
      last_name = type_name;
      last_type = type->second;
    }
    const auto [found, is_new] = object_ids_.emplace(item.symbol(), static_cast<ObjectId>(objects.size()));
    if (is_new) {
      objects.push_back({std::string(item.symbol()), last_type});
      continue;
    }
    // An action may have named it before.
    TypeId& known = objects[found->second].type;
    if (known != kNoType && known != last_type) item.fail("object declared twice, with two types");
    known = last_type;
  }
}

TypeId Names::type_of_variable(std::string_view name) {
  const auto [found, is_new] = type_ids_.emplace(std::string(name), static_cast<TypeId>(types.size()));
  if (is_new) types.push_back({std::string(name), kNoType});
  return found->second;
}

std::vector<Variable> Names::variables(Expression list) {
  if (!list.is_list()) list.fail("expected a list of variables");
  std::vector<Variable> variables;
  for (const auto& [item, type] : typed_list(list.begin(), list.end())) {
    const std::string name(item.symbol().substr(1));
    if (item.symbol().front() != '?') item.fail("expected a variable: its name begins with \"?\"");
    if (std::any_of(variables.begin(), variables.end(), [&](const Variable& v) { return v.name == name; })) {
      item.fail("variable declared twice");
    }
    variables.push_back({name, type_of_variable(type)});
  }
  return variables;
}

PredicateId Names::predicate(Expression atom) const {
  if (!atom.is_list() || atom.begin() == atom.end()) atom.fail("expected an atom: (predicate …)");
  const Expression head = *atom.begin();
  if (head.is_list()) head.fail("expected a predicate's name");
  const auto found = predicate_ids_.find(std::string(head.symbol()));
  if (found == predicate_ids_.end()) {
    head.fail("unknown predicate " + excerpt(head.symbol()) + "; declare it in :predicates");
  }
  std::size_t count = 0;
  for (auto it = atom.begin(); it != atom.end(); ++it) ++count;
  const std::size_t arity = predicates[found->second].parameters.size();
  if (count - 1 != arity) {
    head.fail(excerpt(head.symbol()) + " takes " + std::to_string(arity) + " terms, not " + std::to_string(count - 1));
  }
  return found->second;
}

ObjectId Names::object_or_new(Expression symbol) {
  if (symbol.is_list()) symbol.fail("expected a variable or an object, found a list");
  const auto [found, is_new] = object_ids_.emplace(symbol.symbol(), static_cast<ObjectId>(objects.size()));
  if (is_new) objects.push_back({std::string(symbol.symbol()), kNoType});
  return found->second;
}

ObjectId Names::declared_object(Expression symbol) const {
  if (symbol.is_list()) symbol.fail("expected an object, found a list");
  const auto found = object_ids_.find(symbol.symbol());
  if (found == object_ids_.end() || objects[found->second].type == kNoType) {
    symbol.fail("unknown object " + excerpt(symbol.symbol()) + "; declare it in :objects");
  }
  return found->second;
}

}  // namespace alfworld::pddl
