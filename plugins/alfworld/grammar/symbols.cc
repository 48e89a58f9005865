#include "grammar/symbols.h"

#include "grammar/scanner.h"

namespace alfworld::grammar {
namespace {

// ---- expressions: a or b, a + 'text' + b, x, x.attribute

Value read_value(Scanner& in) {
  const char quote = in.peek();
  if (quote == '\'' || quote == '"') {
    in.advance();
    Value literal{Attribute::kLiteral, std::string(in.take_while([&](char c) { return c != quote; }))};
    in.expect(quote);
    return literal;
  }
  Value value{Attribute::kName, std::string(in.take_while(is_word))};
  if (value.text.empty()) in.fail("expected a variable or a quoted text" + in.found());
  if (!in.accept('.')) return value;
  const std::string_view attribute = in.take_while(is_word);
  if (attribute == "id") {
    value.attribute = Attribute::kId;
  } else if (attribute == "definite") {
    value.attribute = Attribute::kDefinite;
  } else if (attribute == "indefinite") {
    value.attribute = Attribute::kIndefinite;
  } else if (attribute != "name") {
    in.fail("unknown attribute " + excerpt(attribute) + "; there are name, id, definite and indefinite");
  }
  return value;
}

bool accept_or(Scanner& in) {
  const std::string_view rest = in.rest();
  if (!rest.starts_with("or") || (rest.size() > 2 && is_word(rest[2]))) return false;
  in.advance(2);
  return true;
}

Expression read_expression(Scanner& in) {
  Expression expression;
  do {
    std::vector<Value>& values = expression.choices.emplace_back();
    do {
      in.skip_blanks();
      values.push_back(read_value(in));
      in.skip_blanks();
    } while (in.accept('+'));
  } while (accept_or(in));
  return expression;
}

// ---- queries: p(x:type, y) & not_q(x)

Placeholder read_placeholder(Scanner& in) {
  const auto is_name = [](char c) { return is_word(c) || c == '\''; };
  in.skip_blanks();
  Placeholder placeholder{std::string(in.take_while(is_name)), {}};
  if (placeholder.name.empty()) in.fail("expected a variable" + in.found());
  in.skip_blanks();
  if (in.accept(':')) {
    in.skip_blanks();
    placeholder.type = std::string(in.take_while(is_name));
    if (placeholder.type.empty()) in.fail("expected a type" + in.found());
    in.skip_blanks();
  } else {
    placeholder.type = placeholder.name.substr(0, placeholder.name.find_last_not_of('\'') + 1);
  }
  return placeholder;
}

QueryAtom read_query_atom(Scanner& in) {
  in.skip_blanks();
  QueryAtom atom{std::string(in.take_while([](char c) { return is_word(c) || c == '/' || c == '!'; })), {}};
  if (atom.predicate.empty()) in.fail("expected a predicate" + in.found());
  in.skip_blanks();
  in.expect('(');
  in.skip_blanks();
  if (in.accept(')')) return atom;
  do {
    atom.placeholders.push_back(read_placeholder(in));
  } while (in.accept(','));
  in.expect(')');
  return atom;
}

Query read_conjunction(Scanner& in) {
  Query query;
  do {
    if (query.size() == kMaxQueryAtoms) in.fail("more than " + std::to_string(kMaxQueryAtoms) + " atoms in a query");
    query.push_back(read_query_atom(in));
    in.skip_blanks();
  } while (in.accept('&'));
  return query;
}

// ---- symbols

bool is_literal(char c) {
  return std::string_view(";|\"<>[]#{}").find(c) == std::string_view::npos;
}

// A newline may be written as a backslash and an "n".
std::string with_newlines(std::string_view literal) {
  std::string text;
  text.reserve(literal.size());
  for (std::size_t i = 0; i < literal.size(); ++i) {
    const bool is_newline = literal.substr(i).starts_with("\\n");
    text += is_newline ? '\n' : literal[i];
    if (is_newline) ++i;
  }
  return text;
}

class SymbolReader {
 public:
  SymbolReader(Scanner& in, const RuleNumber& rule_number) : in_(in), rule_number_(rule_number) {}

  std::vector<Symbol> read() {
    std::vector<Symbol> symbols;
    in_.skip_blanks();
    while (true) {
      static_cast<void>(in_.take_while([](char c) { return c == '\t'; }));
      if (in_.at_end()) return symbols;
      symbols.push_back(read_symbol());
    }
  }

 private:
  Symbol read_symbol() {
    switch (in_.peek()) {
      case '#':
        return read_rule();
      case '{':
        return read_conditional();
      case '[': {
        in_.advance();
        in_.skip_blanks();
        Symbol list = read_conditional();
        in_.skip_blanks();
        in_.expect(']');
        list.is_list = true;
        return list;
      }
      default:
        return read_text();
    }
  }

  Symbol read_text() {
    Symbol symbol;
    const bool is_quoted = in_.accept('"');
    const std::string_view literal = in_.take_while(is_literal);
    if (is_quoted) in_.expect('"');
    if (!is_quoted && literal.empty()) in_.fail("this cannot stand here" + in_.found());
    symbol.text = with_newlines(literal);
    return symbol;
  }

  Symbol read_rule() {
    in_.expect('#');
    Symbol symbol;
    symbol.kind = SymbolKind::kRule;
    const std::string_view name = in_.take_while([](char c) { return c != '#'; });
    if (in_.at_end()) in_.fail("\"#\" of a rule's name is never closed");
    symbol.rule = rule_number_(name);
    in_.expect('#');
    return symbol;
  }

  Symbol read_conditional() {
    in_.expect('{');
    in_.skip_blanks();
    Symbol symbol;
    if (in_.peek() == '#') {
      symbol = read_rule();
    } else {
      symbol.kind = SymbolKind::kExpression;
      symbol.expression = read_expression(in_);
    }
    in_.skip_blanks();
    if (in_.accept('|')) symbol.query = read_conjunction(in_);
    in_.expect('}');
    return symbol;
  }

  Scanner& in_;
  const RuleNumber& rule_number_;
};

}  // namespace

std::vector<Symbol> read_symbols(std::string_view text, const std::string& where, const RuleNumber& rule_number) {
  Scanner in(text, where);
  return SymbolReader(in, rule_number).read();
}

Query read_query(std::string_view text, const std::string& where) {
  Scanner in(text, where);
  Query query = read_conjunction(in);
  if (!in.at_end()) in.fail("expected \"&\"" + in.found());
  return query;
}

}  // namespace alfworld::grammar
