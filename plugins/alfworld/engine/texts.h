// The grammar of a game, compiled: names resolved to facts, types and numbers; and its expansion to text.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "engine/join.h"
#include "engine/object_names.h"
#include "grammar/text_grammar.h"
#include "pddl/task.h"

namespace alfworld::engine {

// Different placeholders that one game's texts and actions may use.
inline constexpr std::size_t kMaxPlaceholders = 64;

struct QueryStep {
  FactId fact = kNoFact;  // kNoFact: never true
  std::uint32_t arity = 0;
  std::array<std::uint32_t, pddl::kMaxArity> placeholders{};
};
using CompiledQuery = std::vector<QueryStep>;

struct CompiledValue {
  grammar::Attribute attribute = grammar::Attribute::kLiteral;
  std::string text;        // kLiteral
  std::uint32_t name = 0;  // the variable, else
};

struct CompiledSymbol {
  grammar::SymbolKind kind = grammar::SymbolKind::kText;
  std::string text;
  std::uint32_t rule = 0;
  std::vector<std::vector<CompiledValue>> choices;
  bool is_list = false;
  bool has_query = false;
  CompiledQuery query;
};
using CompiledText = std::vector<CompiledSymbol>;

struct CompiledAlternative {
  bool has_condition = false;
  CompiledQuery condition;
  CompiledText text;
};

struct CompiledRule {
  std::string name;
  std::vector<CompiledAlternative> alternatives;
};

struct CompiledPlaceholder {
  std::uint32_t name = 0;
  pddl::TypeId type = pddl::kRootType;
};

struct ActionText {
  CompiledText command;
  CompiledText feedback;
  std::vector<std::uint32_t> parameters;  // the placeholder of each
};

struct TextTables {
  std::string place;  // for errors
  std::vector<std::string> names;
  std::vector<CompiledPlaceholder> placeholders;
  std::vector<CompiledRule> rules;
  std::vector<ActionText> actions;  // as the domain's
  std::uint32_t intro = 0;          // rules
  std::uint32_t task = 0;           // rules.size(): none
  std::uint32_t list_empty = 0;
  std::uint32_t list_separator = 0;
  std::uint32_t list_last_separator = 0;
};

// Predicates whose deleted atoms the grammar reads, ascending; and those that it reads as they are.
struct QueriedPredicates {
  std::vector<pddl::PredicateId> deleted;
  std::vector<pddl::PredicateId> plain;
};
[[nodiscard]] QueriedPredicates queried_predicates(const grammar::Grammar& grammar, const pddl::Domain& domain);

// Throws sdk::Failure (IPR_DATA_LOSS) beginning with `place` where a query names an unknown type.
[[nodiscard]] TextTables compile_texts(const grammar::Grammar& grammar, const pddl::Domain& domain,
                                       const FactBase& base, const std::string& place);

// The values of placeholders, in the order in which they were bound.
struct Bindings {
  struct Binding {
    std::uint32_t placeholder;
    pddl::ObjectId object;
  };
  std::array<Binding, kMaxPlaceholders> values;
  std::uint32_t count = 0;

  void bind(std::uint32_t placeholder, pddl::ObjectId object) { values[count++] = {placeholder, object}; }
  [[nodiscard]] std::span<const Binding> bound() const { return {values.data(), count}; }
};

// What texts are expanded from. All parts outlive it.
struct TextSource {
  const TextTables& tables;
  const pddl::Problem& problem;
  const ObjectNames& names;
  World world;
};

// Appends the expansion of a rule or a text. Throws sdk::Failure (IPR_DATA_LOSS) where a text uses an unbound variable,
// no alternative applies, or the text grows beyond all measure.
void write_rule(const TextSource& source, std::uint32_t rule, Bindings& bindings, std::string& out);
void write_text(const TextSource& source, const CompiledText& text, Bindings& bindings, std::string& out);

}  // namespace alfworld::engine
