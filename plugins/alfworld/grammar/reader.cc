#include "grammar/reader.h"

#include <array>
#include <map>
#include <utility>

#include "grammar/document.h"
#include "grammar/symbols.h"
#include "ipr/plugin.hpp"

namespace alfworld::grammar {
namespace {

constexpr std::array kListRules = {kListEmpty, kListSeparator, kListLastSeparator};

class GrammarReader {
 public:
  GrammarReader(const SourceText& source, const Document& document) : source_(source), document_(document) {}

  Grammar read(std::span<const std::string> action_names) {
    static_cast<void>(number(kIntro));
    if (document_.rules.contains(kTask)) static_cast<void>(number(kTask));
    for (const std::string& name : action_names) read_action(name);
    // Reading a rule may append rules.
    for (std::size_t i = 0; i < grammar_.rules.size(); ++i) read_rule(i);
    for (const std::string_view list_rule : kListRules) {
      if (has_list_) static_cast<void>(number(list_rule));
    }
    for (std::size_t i = read_count_; i < grammar_.rules.size(); ++i) read_rule(i);
    refuse_recursion();
    return std::move(grammar_);
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    throw ipr::sdk::Failure(IPR_DATA_LOSS, source_.place + ": " + what);
  }

  std::uint32_t number(std::string_view name) {
    const auto next = static_cast<std::uint32_t>(grammar_.rules.size());
    const auto [found, is_new] = numbers_.emplace(std::string(name), next);
    if (is_new) grammar_.rules.push_back({std::string(name), {}});
    return found->second;
  }

  std::vector<Symbol> read_text(const std::string& text, const std::string& where) {
    auto symbols = read_symbols(text, where, [this](std::string_view name) { return number(name); });
    for (const Symbol& symbol : symbols) has_list_ = has_list_ || symbol.is_list;
    return symbols;
  }

  void read_action(const std::string& name) {
    const auto found = document_.actions.find(name);
    if (found == document_.actions.end()) {
      fail("no action " + excerpt(name) + ", which the domain has; give it a template and a feedback");
    }
    const std::string where = source_.place + ": action " + excerpt(name);
    ActionTexts texts;
    texts.name = name;
    texts.command = read_text(found->second.command, where + ": template");
    texts.feedback = read_text(found->second.feedback, where + ": feedback");
    grammar_.actions.push_back(std::move(texts));
  }

  void read_rule(std::size_t i) {
    const std::string name = grammar_.rules[i].name;
    const auto found = document_.rules.find(name);
    if (found == document_.rules.end()) fail("unknown rule " + excerpt(name) + "; define it or correct its name");
    if (found->second.empty()) fail("rule " + excerpt(name) + " has no alternative");
    std::vector<Alternative> alternatives;
    for (const WrittenAlternative& written : found->second) {
      const std::string where = source_.place + ": rule " + excerpt(name);
      Alternative alternative;
      if (!written.condition.empty()) alternative.condition = read_query(written.condition, where + ": condition");
      alternative.symbols = read_text(written.symbols, where);
      alternatives.push_back(std::move(alternative));
    }
    grammar_.rules[i].alternatives = std::move(alternatives);
    read_count_ = i + 1;
  }

  // Depth first; a rule met again on the way down leads to itself.
  void refuse_recursion() const {
    enum class Mark : std::uint8_t { kNew, kOpen, kDone };
    std::vector<Mark> marks(grammar_.rules.size(), Mark::kNew);
    struct Visit {
      std::uint32_t rule;
      std::vector<std::uint32_t> next;
    };
    std::vector<Visit> way;
    const auto enter = [&](std::uint32_t rule) {
      marks[rule] = Mark::kOpen;
      way.push_back({rule, references(rule)});
    };
    for (std::uint32_t start = 0; start < marks.size(); ++start) {
      if (marks[start] == Mark::kNew) enter(start);
      while (!way.empty()) {
        if (way.back().next.empty()) {
          marks[way.back().rule] = Mark::kDone;
          way.pop_back();
          continue;
        }
        const std::uint32_t next = way.back().next.back();
        way.back().next.pop_back();
        if (marks[next] == Mark::kOpen) {
          fail("rule " + excerpt(grammar_.rules[next].name) + " leads to itself through " +
               excerpt(grammar_.rules[way.back().rule].name) + "; its text would never end");
        }
        if (marks[next] == Mark::kNew) enter(next);
      }
    }
  }

  [[nodiscard]] std::vector<std::uint32_t> references(std::uint32_t rule) const {
    std::vector<std::uint32_t> references;
    bool has_list = false;
    for (const Alternative& alternative : grammar_.rules[rule].alternatives) {
      for (const Symbol& symbol : alternative.symbols) {
        if (symbol.kind == SymbolKind::kRule) references.push_back(symbol.rule);
        has_list = has_list || symbol.is_list;
      }
    }
    for (const std::string_view name : kListRules) {
      if (has_list) references.push_back(numbers_.find(name)->second);
    }
    return references;
  }

  const SourceText& source_;
  const Document& document_;
  Grammar grammar_;
  std::map<std::string, std::uint32_t, std::less<>> numbers_;
  std::size_t read_count_ = 0;
  bool has_list_ = false;
};

}  // namespace

Grammar read_grammar(const SourceText& source, std::span<const std::string> action_names) {
  const Document document = read_document(source);
  return GrammarReader(source, document).read(action_names);
}

}  // namespace alfworld::grammar
