// A planning task, domain and problem, as read: names interned to small numbers, formulas as trees.
//
// Plain values. All symbols are lower-case. A number is an index: TypeId into Domain::types, PredicateId into
// Domain::predicates, ObjectId into Problem::objects, which are sorted by the bytes of their ids: comparing two
// ObjectIds compares the names, and that is the order in which the game visits facts.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace alfworld::pddl {

using TypeId = std::uint32_t;
using PredicateId = std::uint32_t;
using ObjectId = std::uint32_t;

inline constexpr TypeId kRootType = 0;  // "object"
inline constexpr TypeId kNoType = std::numeric_limits<TypeId>::max();
inline constexpr std::size_t kMaxArity = 4;
inline constexpr std::size_t kMaxParameters = 12;  // of an action

// Types form a tree under the root "object". A variable's type need not be declared: it then has no objects, and no
// parent. In `?l - location, ?r - receptacle` the comma makes such a type, "location,".
struct Type {
  std::string name;
  TypeId parent = kNoType;
};

struct Variable {
  std::string name;  // without "?"
  TypeId type = kRootType;
};

struct Predicate {
  std::string name;
  std::vector<Variable> parameters;  // at most kMaxArity
};

// A variable of the surrounding Formula or Action, or an object.
struct Term {
  bool is_variable = false;
  std::uint32_t index = 0;  // into `variables`, or an ObjectId
  friend bool operator==(const Term&, const Term&) = default;
};

enum class ConditionKind : std::uint8_t {
  kAtom,    // predicate(terms), or its negation
  kEqual,   // terms[0] = terms[1], or its negation
  kAnd,     // all parts; true if there is none
  kOr,      // some part; false if there is none
  kExists,  // some value of `variables` makes parts[0] true
  kForall,  // every value does
};

// In negation normal form: only kAtom and kEqual are negated.
struct Condition {
  ConditionKind kind = ConditionKind::kAnd;
  bool negated = false;
  PredicateId predicate = 0;
  std::vector<Term> terms;
  std::vector<std::uint32_t> variables;  // quantified here; every quantifier has numbers of its own
  std::vector<Condition> parts;
};

// A condition with its free and quantified variables.
struct Formula {
  std::vector<Variable> variables;
  Condition condition;
};

// One added or deleted atom. `forall` and `when` nest no further: they are collected here.
struct Effect {
  bool adds = true;
  PredicateId predicate = 0;
  std::vector<Term> terms;
  std::vector<std::uint32_t> variables;  // of `forall`: the effect happens once per value
  Condition when;                        // true (an empty kAnd) if unconditional
};

struct Action {
  std::string name;
  std::vector<Variable> variables;  // the parameters, then those of quantifiers in the precondition and the effects
  std::uint32_t parameter_count = 0;
  Condition precondition;
  std::vector<Effect> effects;  // costs (`increase`) are left out
};

struct Domain {
  std::string name;
  std::vector<Type> types;
  std::vector<Predicate> predicates;
  std::vector<Action> actions;

  [[nodiscard]] std::optional<TypeId> find_type(std::string_view type_name) const;
  [[nodiscard]] std::optional<PredicateId> find_predicate(std::string_view predicate_name) const;
  // `type` is `ancestor` or below it.
  [[nodiscard]] bool is_a(TypeId type, TypeId ancestor) const;
};

struct Object {
  std::string id;
  TypeId type = kNoType;  // kNoType: named in a formula but never declared; no variable takes it
};

struct Atom {
  PredicateId predicate = 0;
  std::array<ObjectId, kMaxArity> arguments{};  // unused ones are 0
  friend auto operator<=>(const Atom&, const Atom&) = default;
};

struct Problem {
  std::string name;
  std::vector<Object> objects;  // by id; constants of the domain included
  std::vector<Atom> init;       // sorted, each once; `(= …)` entries are left out
  Formula goal;

  [[nodiscard]] std::optional<ObjectId> find_object(std::string_view id) const;
};

struct Task {
  Domain domain;
  Problem problem;
};

}  // namespace alfworld::pddl
