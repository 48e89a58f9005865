#include <algorithm>
#include <utility>

#include "engine/texts.h"
#include "ipr/plugin.hpp"
#include "source_text.h"

namespace alfworld::engine {
namespace {

// No text of a real game comes near these.
constexpr std::size_t kMaxNestedRules = 100;
constexpr std::size_t kMaxWork = 20'000'000;  // facts visited and pieces written
constexpr std::size_t kMaxBytes = std::size_t{1} << 28;

class TextWriter {
 public:
  TextWriter(const TextSource& source, Bindings& bindings, std::string& out)
      : source_(source), bindings_(bindings), out_(out) {}

  void write_rule(std::uint32_t rule) {
    const CompiledRule& compiled = source_.tables.rules[rule];
    if (++depth_ > kMaxNestedRules) fail("rule " + excerpt(compiled.name) + ": rules are nested too deeply");
    for (const CompiledAlternative& alternative : compiled.alternatives) {
      if (alternative.has_condition && !match(alternative.condition, 0, [] { return true; })) continue;
      write_text(alternative.text);
      --depth_;
      return;
    }
    fail("rule " + excerpt(compiled.name) + ": no alternative's condition holds; add one without a condition");
  }

  void write_text(const CompiledText& text) {
    for (const CompiledSymbol& symbol : text) write_symbol(symbol);
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    throw ipr::sdk::Failure(IPR_DATA_LOSS, source_.tables.place + ": " + what);
  }

  void count_work() {
    if (++work_ > kMaxWork || out_.size() > kMaxBytes) fail("a text of this grammar grows beyond all measure");
  }

  void write_symbol(const CompiledSymbol& symbol) {
    if (symbol.kind == grammar::SymbolKind::kText) {
      out_ += symbol.text;
    } else if (!symbol.has_query) {
      write_once(symbol);
    } else if (symbol.is_list) {
      write_list(symbol);
    } else {
      match(symbol.query, 0, [&] {
        write_once(symbol);
        return false;
      });
    }
  }

  void write_once(const CompiledSymbol& symbol) {
    count_work();
    if (symbol.kind == grammar::SymbolKind::kRule) {
      write_rule(symbol.rule);
    } else {
      write_expression(symbol);
    }
  }

  // Every item but the first comes after a separator; when there are no more, the last one is exchanged.
  void write_list(const CompiledSymbol& symbol) {
    const std::uint32_t outer_count = bindings_.count;
    std::size_t count = 0;
    std::size_t separator_begin = 0;
    std::size_t separator_end = 0;
    match(symbol.query, 0, [&] {
      if (count++ > 0) {
        separator_begin = out_.size();
        write_outside(source_.tables.list_separator, outer_count);
        separator_end = out_.size();
      }
      write_once(symbol);
      return false;
    });
    if (count == 0) {
      write_rule(source_.tables.list_empty);
    } else if (count > 1) {
      const std::size_t item_end = out_.size();
      write_rule(source_.tables.list_last_separator);
      const std::string last = out_.substr(item_end);
      out_.resize(item_end);
      out_.replace(separator_begin, separator_end - separator_begin, last);
    }
  }

  // A separator knows nothing of the items.
  void write_outside(std::uint32_t rule, std::uint32_t outer_count) {
    const std::uint32_t count = std::exchange(bindings_.count, outer_count);
    std::array<Bindings::Binding, kMaxPlaceholders> inner;
    std::copy(&bindings_.values[outer_count], &bindings_.values[count], inner.begin());
    write_rule(rule);
    std::copy_n(inner.begin(), count - outer_count, &bindings_.values[outer_count]);
    bindings_.count = count;
  }

  void write_expression(const CompiledSymbol& symbol) {
    const std::size_t begin = out_.size();
    for (const auto& values : symbol.choices) {
      for (const CompiledValue& value : values) write_value(value);
      if (out_.size() > begin) return;
    }
  }

  void write_value(const CompiledValue& value) {
    if (value.attribute == grammar::Attribute::kLiteral) {
      out_ += value.text;
      return;
    }
    const pddl::ObjectId object = object_of(value.name);
    switch (value.attribute) {
      case grammar::Attribute::kId:
        out_ += source_.problem.objects[object].id;
        break;
      case grammar::Attribute::kDefinite:
        out_ += "the";
        break;
      case grammar::Attribute::kIndefinite:
        out_ += 'a';
        break;
      default:
        out_ += source_.names.name(object);
    }
  }

  // The newest binding of a name counts.
  [[nodiscard]] pddl::ObjectId object_of(std::uint32_t name) const {
    for (std::uint32_t i = bindings_.count; i-- > 0;) {
      const Bindings::Binding& binding = bindings_.values[i];
      if (source_.tables.placeholders[binding.placeholder].name == name) return binding.object;
    }
    fail("a text uses " + excerpt(source_.tables.names[name]) + ", which stands for nothing there");
  }

  [[nodiscard]] pddl::ObjectId value_of(std::uint32_t placeholder) const {
    for (const Bindings::Binding& binding : bindings_.bound()) {
      if (binding.placeholder == placeholder) return binding.object;
    }
    return kAny;
  }

  // Two placeholders never stand for the same object, unless an action's parameters do.
  [[nodiscard]] bool is_used(pddl::ObjectId object) const {
    for (const Bindings::Binding& binding : bindings_.bound()) {
      if (binding.object == object) return true;
    }
    return false;
  }

  bool bind_arguments(const QueryStep& step, const pddl::ObjectId* arguments) {
    for (std::size_t i = 0; i < step.arity; ++i) {
      const std::uint32_t placeholder = step.placeholders[i];
      const pddl::ObjectId existing = value_of(placeholder);
      if (existing == kAny) {
        const pddl::TypeId type = source_.tables.placeholders[placeholder].type;
        if (!source_.world.types.admits(type, arguments[i]) || is_used(arguments[i])) return false;
        bindings_.bind(placeholder, arguments[i]);
      } else if (existing != arguments[i]) {
        return false;
      }
    }
    return true;
  }

  // Calls visit() with the bindings of each match of the query from step `i` on, until one call returns true.
  template <typename Visit>
  bool match(const CompiledQuery& query, std::size_t i, Visit&& visit) {
    if (i == query.size()) return visit();
    const QueryStep& step = query[i];
    if (step.fact == kNoFact) return false;
    std::array<pddl::ObjectId, pddl::kMaxArity> pattern;
    pattern.fill(kAny);
    for (std::size_t a = 0; a < step.arity; ++a) pattern[a] = value_of(step.placeholders[a]);
    return source_.world.facts.scan(step.fact, pattern, [&](const pddl::ObjectId* arguments) {
      count_work();
      const std::uint32_t count = bindings_.count;
      const bool is_done = bind_arguments(step, arguments) && match(query, i + 1, visit);
      bindings_.count = count;
      return is_done;
    });
  }

  const TextSource& source_;
  Bindings& bindings_;
  std::string& out_;
  std::size_t depth_ = 0;
  std::size_t work_ = 0;
};

}  // namespace

void write_rule(const TextSource& source, std::uint32_t rule, Bindings& bindings, std::string& out) {
  TextWriter(source, bindings, out).write_rule(rule);
}

void write_text(const TextSource& source, const CompiledText& text, Bindings& bindings, std::string& out) {
  TextWriter(source, bindings, out).write_text(text);
}

}  // namespace alfworld::engine
