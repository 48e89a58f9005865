// The names that formulas refer to, while a task is being read.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "pddl/expressions.h"
#include "pddl/task.h"

namespace alfworld::pddl {

inline constexpr std::size_t kMaxTypes = 1000;

// The items of a typed list, "?a ?b - type ?c", each with its type's name: "object" where none is written.
[[nodiscard]] std::vector<std::pair<Expression, std::string_view>> typed_list(Expression::Iterator begin,
                                                                              Expression::Iterator end);

// Types, predicates and objects seen so far. Objects keep the order in which they are met; read_task sorts them at
// last.
class Names {
 public:
  Names();

  // `(:types …)`, `(:predicates …)`; `(:constants …)` and `(:objects …)` alike.
  void read_types(Expression section);
  void read_predicates(Expression section);
  void read_objects(Expression section);

  // The type that a variable names; made up, without objects, where it was never declared.
  [[nodiscard]] TypeId type_of_variable(std::string_view name);
  [[nodiscard]] std::vector<Variable> variables(Expression list);
  [[nodiscard]] PredicateId predicate(Expression atom) const;
  // An object of a formula, made up where it was never declared; or of a fact, which must be declared.
  [[nodiscard]] ObjectId object_or_new(Expression symbol);
  [[nodiscard]] ObjectId declared_object(Expression symbol) const;

  std::vector<Type> types;
  std::vector<Predicate> predicates;
  std::vector<Object> objects;

 private:
  std::unordered_map<std::string, TypeId> type_ids_;
  std::unordered_map<std::string, PredicateId> predicate_ids_;
  std::unordered_map<std::string_view, ObjectId> object_ids_;  // keys live in the expression trees
};

}  // namespace alfworld::pddl
