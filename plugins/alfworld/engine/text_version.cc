#include "engine/text_version.h"

#include <array>

namespace alfworld::engine {
namespace {

struct TextPair {
  std::string_view old_text;
  std::string_view new_text;
};

constexpr TextPair kPutTemplate = {"put {o} in/on {r}", "move {o} to {r}"};
constexpr std::array<TextPair, 3> kTexts = {{
    {"You arrive at {lend.name}.", "You arrive at {r.name}."},
    kPutTemplate,
    {"You put the {o.name} in/on the {r.name}.", "You move the {o.name} to the {r.name}."},
}};

constexpr std::string_view kHelp = "help";
constexpr std::string_view kHelpTexts = R"(
action help {
    template :: "help";
    feedback :: "
Available commands:
  look:                             look around your current location
  inventory:                        check your current inventory
  go to (receptacle):               move to a receptacle
  open (receptacle):                open a receptacle
  close (receptacle):               close a receptacle
  take (object) from (receptacle):  take an object from a receptacle
  move (object) to (receptacle):  place an object in or on a receptacle
  examine (something):              examine a receptacle or an object
  use (object):                     use an object
  heat (object) with (receptacle):  heat an object using a receptacle
  clean (object) with (receptacle): clean an object using a receptacle
  cool (object) with (receptacle):  cool an object using a receptacle
  slice (object) with (object):     slice an object using a sharp object
";
}
)";

std::string replace_all(std::string text, std::string_view from, std::string_view to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
  return text;
}

// `help` looks like `inventory`: anyone can always take it, and it marks the agent.
void add_help(pddl::Domain& domain) {
  const auto agent = domain.find_type("agent");
  const auto checked = domain.find_predicate("checked");
  if (!agent || !checked || domain.predicates[*checked].parameters.size() != 1) return;
  pddl::Action help;
  help.name = kHelp;
  help.variables = {{"a", *agent}};
  help.parameter_count = 1;
  pddl::Effect effect;
  effect.predicate = *checked;
  effect.terms = {{true, 0}};
  help.effects.push_back(std::move(effect));
  domain.actions.push_back(std::move(help));
}

}  // namespace

std::optional<TextVersion> version_of(std::string_view grammar) {
  if (grammar.find(kPutTemplate.new_text) != std::string_view::npos) return TextVersion::kNew;
  if (grammar.find(kPutTemplate.old_text) != std::string_view::npos) return TextVersion::kOld;
  return std::nullopt;
}

std::string convert_grammar(std::string grammar, TextVersion to) {
  for (const TextPair& pair : kTexts) {
    grammar = to == TextVersion::kNew ? replace_all(std::move(grammar), pair.old_text, pair.new_text)
                                      : replace_all(std::move(grammar), pair.new_text, pair.old_text);
  }
  if (to == TextVersion::kNew) grammar += kHelpTexts;
  return grammar;
}

void convert_domain(pddl::Domain& domain, TextVersion to) {
  std::erase_if(domain.actions, [](const pddl::Action& action) { return action.name == kHelp; });
  if (to == TextVersion::kNew) add_help(domain);
}

std::string convert_command(const std::string& command, TextVersion to) {
  const bool is_new = to == TextVersion::kNew;
  const std::string_view verb = is_new ? "put " : "move ";
  const std::string_view middle = is_new ? " in/on " : " to ";
  const std::size_t at = command.find(middle);
  if (!command.starts_with(verb) || at == std::string::npos) return command;
  const std::string object = command.substr(verb.size(), at - verb.size());
  return (is_new ? "move " : "put ") + object + (is_new ? " to " : " in/on ") + command.substr(at + middle.size());
}

}  // namespace alfworld::engine
