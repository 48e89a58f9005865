#include <algorithm>
#include <set>

#include "engine/texts.h"
#include "ipr/plugin.hpp"
#include "source_text.h"

namespace alfworld::engine {
namespace {

constexpr std::string_view kDeletedPrefix = "not_";

// A queried name is a predicate of the domain, or "not_" and one; else nothing ever matches it.
struct QueriedName {
  bool is_known = false;
  bool is_deleted = false;
  pddl::PredicateId predicate = 0;
};

QueriedName resolve(const grammar::QueryAtom& atom, const pddl::Domain& domain) {
  QueriedName name;
  auto predicate = domain.find_predicate(atom.predicate);
  if (!predicate && atom.predicate.starts_with(kDeletedPrefix)) {
    name.is_deleted = true;
    predicate = domain.find_predicate(std::string_view(atom.predicate).substr(kDeletedPrefix.size()));
  }
  if (!predicate || domain.predicates[*predicate].parameters.size() != atom.placeholders.size()) return name;
  name.is_known = true;
  name.predicate = *predicate;
  return name;
}

template <typename Visit>
void visit_queries(const std::vector<grammar::Symbol>& symbols, Visit&& visit) {
  for (const grammar::Symbol& symbol : symbols) visit(symbol.query);
}

template <typename Visit>
void visit_queries(const grammar::Grammar& grammar, Visit&& visit) {
  for (const grammar::Rule& rule : grammar.rules) {
    for (const grammar::Alternative& alternative : rule.alternatives) {
      visit(alternative.condition);
      visit_queries(alternative.symbols, visit);
    }
  }
  for (const grammar::ActionTexts& action : grammar.actions) {
    visit_queries(action.command, visit);
    visit_queries(action.feedback, visit);
  }
}

class TextCompiler {
 public:
  TextCompiler(const pddl::Domain& domain, const FactBase& base, const std::string& place)
      : domain_(domain), base_(base) {
    tables_.place = place;
  }

  TextTables compile(const grammar::Grammar& grammar) {
    for (std::size_t i = 0; i < domain_.actions.size(); ++i) {
      const pddl::Action& action = domain_.actions[i];
      ActionText& text = tables_.actions.emplace_back();
      for (std::size_t p = 0; p < action.parameter_count; ++p) {
        text.parameters.push_back(placeholder(action.variables[p].name, action.variables[p].type));
      }
      text.command = this->text(grammar.actions[i].command);
      text.feedback = this->text(grammar.actions[i].feedback);
    }
    for (const grammar::Rule& rule : grammar.rules) {
      CompiledRule& compiled = tables_.rules.emplace_back();
      compiled.name = rule.name;
      for (const grammar::Alternative& alternative : rule.alternatives) {
        compiled.alternatives.push_back(
            {!alternative.condition.empty(), query(alternative.condition), this->text(alternative.symbols)});
      }
    }
    tables_.intro = grammar.find_rule(grammar::kIntro);
    tables_.task = grammar.find_rule(grammar::kTask);
    tables_.list_empty = grammar.find_rule(grammar::kListEmpty);
    tables_.list_separator = grammar.find_rule(grammar::kListSeparator);
    tables_.list_last_separator = grammar.find_rule(grammar::kListLastSeparator);
    return std::move(tables_);
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    throw ipr::sdk::Failure(IPR_DATA_LOSS, tables_.place + ": " + what);
  }

  std::uint32_t name(const std::string& text) {
    const auto found = std::find(tables_.names.begin(), tables_.names.end(), text);
    if (found != tables_.names.end()) return static_cast<std::uint32_t>(found - tables_.names.begin());
    tables_.names.push_back(text);
    return static_cast<std::uint32_t>(tables_.names.size() - 1);
  }

  std::uint32_t placeholder(const std::string& text, pddl::TypeId type) {
    const std::uint32_t number = name(text);
    for (std::uint32_t i = 0; i < tables_.placeholders.size(); ++i) {
      if (tables_.placeholders[i].name == number && tables_.placeholders[i].type == type) return i;
    }
    if (tables_.placeholders.size() == kMaxPlaceholders) {
      fail("more than " + std::to_string(kMaxPlaceholders) + " different variables are not supported");
    }
    tables_.placeholders.push_back({number, type});
    return static_cast<std::uint32_t>(tables_.placeholders.size() - 1);
  }

  CompiledQuery query(const grammar::Query& query) {
    CompiledQuery compiled;
    for (const grammar::QueryAtom& atom : query) {
      QueryStep step;
      const QueriedName queried = resolve(atom, domain_);
      for (const grammar::Placeholder& item : atom.placeholders) {
        const auto type = domain_.find_type(item.type);
        if (!type) fail("query of " + excerpt(atom.predicate) + ": unknown type " + excerpt(item.type));
        const std::uint32_t number = placeholder(item.name, *type);
        if (queried.is_known) step.placeholders[step.arity++] = number;
      }
      if (queried.is_known) {
        step.fact = queried.is_deleted ? base_.facts[queried.predicate].deleted : queried.predicate;
      }
      compiled.push_back(step);
    }
    return compiled;
  }

  CompiledText text(const std::vector<grammar::Symbol>& symbols) {
    CompiledText text;
    for (const grammar::Symbol& symbol : symbols) {
      CompiledSymbol& compiled = text.emplace_back();
      compiled.kind = symbol.kind;
      compiled.text = symbol.text;
      compiled.rule = symbol.rule;
      compiled.is_list = symbol.is_list;
      compiled.has_query = !symbol.query.empty();
      compiled.query = query(symbol.query);
      for (const auto& values : symbol.expression.choices) {
        std::vector<CompiledValue>& choice = compiled.choices.emplace_back();
        for (const grammar::Value& value : values) {
          const bool is_literal = value.attribute == grammar::Attribute::kLiteral;
          choice.push_back(
              {value.attribute, is_literal ? value.text : std::string(), is_literal ? 0 : name(value.text)});
        }
      }
    }
    return text;
  }

  const pddl::Domain& domain_;
  const FactBase& base_;
  TextTables tables_;
};

}  // namespace

QueriedPredicates queried_predicates(const grammar::Grammar& grammar, const pddl::Domain& domain) {
  std::set<pddl::PredicateId> deleted;
  std::set<pddl::PredicateId> plain;
  visit_queries(grammar, [&](const grammar::Query& query) {
    for (const grammar::QueryAtom& atom : query) {
      const QueriedName name = resolve(atom, domain);
      if (name.is_known) (name.is_deleted ? deleted : plain).insert(name.predicate);
    }
  });
  return {{deleted.begin(), deleted.end()}, {plain.begin(), plain.end()}};
}

TextTables compile_texts(const grammar::Grammar& grammar, const pddl::Domain& domain, const FactBase& base,
                         const std::string& place) {
  return TextCompiler(domain, base, place).compile(grammar);
}

}  // namespace alfworld::engine
