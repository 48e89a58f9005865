#include "engine/commands.h"

#include <algorithm>
#include <optional>

namespace alfworld::engine {
namespace {

// match_command recurses over the pieces.
constexpr std::size_t kMaxPieces = 64;

class CommandCompiler {
 public:
  CommandCompiler(const pddl::Action& action, const pddl::Domain& domain) : action_(action), domain_(domain) {}

  CommandTemplate compile(const std::vector<grammar::Symbol>& symbols) {
    command_.is_simple = std::all_of(symbols.begin(), symbols.end(), [&](const auto& symbol) { return add(symbol); }) &&
                         command_.pieces.size() <= kMaxPieces;
    return std::move(command_);
  }

 private:
  // False where the symbol is not simple.
  bool add(const grammar::Symbol& symbol) {
    if (symbol.kind == grammar::SymbolKind::kText) {
      add_text(symbol.text);
      return true;
    }
    if (symbol.kind != grammar::SymbolKind::kExpression || symbol.expression.choices.size() != 1) return false;
    const auto& query = symbol.query;
    if (!std::all_of(query.begin(), query.end(), [&](const auto& atom) { return is_required(atom); })) return false;
    const auto& values = symbol.expression.choices.front();
    return std::all_of(values.begin(), values.end(), [&](const auto& value) { return add(value); });
  }

  bool add(const grammar::Value& value) {
    switch (value.attribute) {
      case grammar::Attribute::kLiteral:
        add_text(value.text);
        return true;
      case grammar::Attribute::kDefinite:
      case grammar::Attribute::kIndefinite:
        add_text(value.attribute == grammar::Attribute::kDefinite ? "the" : "a");
        return parameter(value.text).has_value();
      default:
        break;
    }
    const auto found = parameter(value.text);
    if (!found) return false;
    command_.pieces.push_back({true, {}, *found, value.attribute == grammar::Attribute::kId});
    command_.named |= VariableSet{1} << *found;
    return true;
  }

  void add_text(const std::string& text) {
    if (text.empty()) return;
    if (!command_.pieces.empty() && !command_.pieces.back().is_parameter) {
      command_.pieces.back().text += text;
    } else {
      command_.pieces.push_back({false, text});
    }
  }

  [[nodiscard]] std::optional<std::uint32_t> parameter(std::string_view name) const {
    for (std::uint32_t i = 0; i < action_.parameter_count; ++i) {
      if (action_.variables[i].name == name) return i;
    }
    return std::nullopt;
  }

  // The atom's variables are parameters, and it holds wherever the action can be taken.
  [[nodiscard]] bool is_required(const grammar::QueryAtom& atom) const {
    const auto predicate = domain_.find_predicate(atom.predicate);
    std::vector<pddl::Term> terms;
    for (const grammar::Placeholder& placeholder : atom.placeholders) {
      const auto found = parameter(placeholder.name);
      if (!found || domain_.types[action_.variables[*found].type].name != placeholder.type) return false;
      terms.push_back({true, *found});
    }
    const auto required = required_literals(action_.precondition);
    return predicate && std::any_of(required.begin(), required.end(), [&](const pddl::Condition* literal) {
             return literal->kind == pddl::ConditionKind::kAtom && !literal->negated &&
                    literal->predicate == *predicate && literal->terms == terms;
           });
  }

  const pddl::Action& action_;
  const pddl::Domain& domain_;
  CommandTemplate command_;
};

}  // namespace

CommandTemplate compile_command(const grammar::ActionTexts& texts, const pddl::Action& action,
                                const pddl::Domain& domain) {
  return CommandCompiler(action, domain).compile(texts.command);
}

void write_command(const CommandTemplate& command, const ObjectNames& names, const pddl::Problem& problem,
                   const Slots& slots, std::string& out) {
  for (const CommandPiece& piece : command.pieces) {
    if (!piece.is_parameter) {
      out += piece.text;
    } else if (piece.is_id) {
      out += problem.objects[slots[piece.parameter]].id;
    } else {
      out += names.name(slots[piece.parameter]);
    }
  }
}

}  // namespace alfworld::engine
