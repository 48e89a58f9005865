// The texts of a game, as read from its TWL2 file: rules that expand to text, and the commands of actions.
//
// Plain values. Names of rules, predicates, types and variables are case-sensitive, as the language has them; names of
// actions are lower case.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace alfworld::grammar {

// `x:type`. Two placeholders are the same only if both names are equal.
struct Placeholder {
  std::string name;
  std::string type;
  friend bool operator==(const Placeholder&, const Placeholder&) = default;
};

// `p(x:type, …)`, or `not_p(…)`: an atom that an action has deleted.
struct QueryAtom {
  std::string predicate;
  std::vector<Placeholder> placeholders;
  friend bool operator==(const QueryAtom&, const QueryAtom&) = default;
};

// A conjunction. Its matches come depth first, atoms from left to right, the facts of each by their arguments' ids.
using Query = std::vector<QueryAtom>;

enum class Attribute : std::uint8_t { kLiteral, kName, kId, kDefinite, kIndefinite };

// A quoted text, or what an entity is called.
struct Value {
  Attribute attribute = Attribute::kLiteral;
  std::string text;  // the literal, or the variable's name
  friend bool operator==(const Value&, const Value&) = default;
};

// `a + ' ' + b or c`: the first of `choices` that is not empty, else the last; each is its values in a row.
struct Expression {
  std::vector<std::vector<Value>> choices;
  friend bool operator==(const Expression&, const Expression&) = default;
};

enum class SymbolKind : std::uint8_t { kText, kRule, kExpression };

// A piece of a right-hand side. With a query it stands once for each match, with the match's bindings; a list puts
// separators between them.
struct Symbol {
  SymbolKind kind = SymbolKind::kText;
  std::string text;        // kText
  std::uint32_t rule = 0;  // kRule: into Grammar::rules
  Expression expression;   // kExpression
  bool is_list = false;
  Query query;  // empty: none
  friend bool operator==(const Symbol&, const Symbol&) = default;
};

struct Alternative {
  Query condition;  // empty: always; else it must have a match
  std::vector<Symbol> symbols;
  friend bool operator==(const Alternative&, const Alternative&) = default;
};

// The first alternative whose condition holds counts.
struct Rule {
  std::string name;
  std::vector<Alternative> alternatives;
  friend bool operator==(const Rule&, const Rule&) = default;
};

struct ActionTexts {
  std::string name;
  std::vector<Symbol> command;
  std::vector<Symbol> feedback;
  friend bool operator==(const ActionTexts&, const ActionTexts&) = default;
};

inline constexpr std::string_view kIntro = "intro";
inline constexpr std::string_view kTask = "task";
inline constexpr std::string_view kListEmpty = "list_empty";
inline constexpr std::string_view kListSeparator = "list_separator";
inline constexpr std::string_view kListLastSeparator = "list_last_separator";

// Only what can be reached: from the rules above and from the actions that were asked for. No rule leads to itself.
struct Grammar {
  std::vector<Rule> rules;
  std::vector<ActionTexts> actions;  // in the order asked for

  // The rule's number, or rules.size().
  [[nodiscard]] std::uint32_t find_rule(std::string_view name) const {
    std::uint32_t i = 0;
    while (i < rules.size() && rules[i].name != name) ++i;
    return i;
  }
  friend bool operator==(const Grammar&, const Grammar&) = default;
};

}  // namespace alfworld::grammar
