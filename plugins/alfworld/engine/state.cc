#include "engine/state.h"

#include <algorithm>
#include <optional>

#include "engine/command_list.h"
#include "engine/digest.h"
#include "engine/game_tables.h"
#include "engine/white_space.h"
#include "ipr/plugin.hpp"

namespace alfworld {

using engine::AtomKey;
using engine::Bindings;
using engine::ChangedAtoms;
using engine::CommandTemplate;
using engine::FactInfo;
using engine::Facts;
using engine::GameTables;
using engine::Schema;
using engine::Slots;
using engine::TextSource;
using engine::World;

namespace {

constexpr std::string_view kNothingHappens = "Nothing happens.";
constexpr std::size_t kMaxCommands = 4'000'000;

World world_of(const GameTables& tables, const ChangedAtoms& changed) {
  return {tables.types, Facts(tables.base, changed), 0};
}

TextSource texts_of(const GameTables& tables, const ChangedAtoms& changed) {
  return {tables.texts, tables.pddl.problem, tables.names, world_of(tables, changed)};
}

// An action's parameters, as its texts see them.
template <typename Arguments>
Bindings bind_parameters(const GameTables& tables, std::size_t action, const Arguments& arguments) {
  Bindings bindings;
  const auto& parameters = tables.texts.actions[action].parameters;
  for (std::size_t i = 0; i < parameters.size(); ++i) bindings.bind(parameters[i], arguments[i]);
  return bindings;
}

void write_command_of(const GameTables& tables, const ChangedAtoms& changed, std::size_t action, const Slots& slots,
                      std::string& out) {
  const CommandTemplate& command = tables.commands[action];
  if (command.is_simple) {
    engine::write_command(command, tables.names, tables.pddl.problem, slots, out);
  } else {
    Bindings bindings = bind_parameters(tables, action, slots);
    engine::write_text(texts_of(tables, changed), tables.texts.actions[action].command, bindings, out);
  }
}

GroundAction ground(const GameTables& tables, std::size_t action, const Slots& slots) {
  GroundAction ground;
  ground.action = static_cast<std::uint32_t>(action);
  std::copy_n(slots.begin(), tables.schemas[action].parameter_count, ground.arguments.begin());
  return ground;
}

// Calls visit(slots) for every way to take the action now; ways may repeat.
template <typename Visit>
void visit_applicable(const GameTables& tables, const World& world, std::size_t action, Visit&& visit) {
  const Schema& schema = tables.schemas[action];
  Slots slots;
  engine::run_joins(schema.joins, world, slots, [&] {
    if (!engine::changes_nothing(schema, slots)) visit(slots);
    return false;
  });
}

// The first action whose command is `text`: by the domain's order, then by arguments.
class CommandSearch {
 public:
  CommandSearch(const GameTables& tables, const ChangedAtoms& changed, std::string_view text)
      : tables_(tables), changed_(changed), world_(world_of(tables, changed)), text_(text) {}

  std::optional<GroundAction> find() {
    for (std::size_t action = 0; action < tables_.schemas.size() && !found_; ++action) {
      if (!tables_.commands[action].is_simple) {
        find_by_expansion(action);
      } else if (text_.size() <= tables_.longest_command) {
        find_by_names(action);
      }
    }
    return found_;
  }

 private:
  void find_by_names(std::size_t action) {
    const Schema& schema = tables_.schemas[action];
    const CommandTemplate& command = tables_.commands[action];
    Slots named;
    engine::match_command(command, tables_.names, tables_.pddl.problem, text_, named, 0, 0, [&] {
      for (std::size_t i = 0; i < schema.parameter_count; ++i) {
        const bool is_named = (command.named >> i & 1) != 0;
        if (is_named && !tables_.types.admits(schema.types[i], named[i])) return false;
      }
      Slots slots = named;
      engine::run_joins(schema.joins_if_named, world_, slots, [&] {
        if (!engine::changes_nothing(schema, slots)) keep(action, slots);
        return false;
      });
      return false;
    });
  }

  void find_by_expansion(std::size_t action) {
    std::string command;
    visit_applicable(tables_, world_, action, [&](const Slots& slots) {
      command.clear();
      write_command_of(tables_, changed_, action, slots, command);
      if (command == text_) keep(action, slots);
    });
  }

  void keep(std::size_t action, const Slots& slots) {
    const GroundAction candidate = ground(tables_, action, slots);
    if (!found_ || candidate < *found_) found_ = candidate;
  }

  const GameTables& tables_;
  const ChangedAtoms& changed_;
  World world_;
  std::string_view text_;
  std::optional<GroundAction> found_;
};

}  // namespace

State::State(std::shared_ptr<const Game> game) : game_(std::move(game)) {}

std::string State::intro() const {
  const GameTables& tables = game_->tables();
  std::string text;
  Bindings bindings;
  engine::write_rule(texts_of(tables, changed_), tables.texts.intro, bindings, text);
  return text;
}

bool State::step(std::string_view command, std::string& feedback) {
  const GameTables& tables = game_->tables();
  feedback.clear();
  const auto action = CommandSearch(tables, changed_, engine::stripped(command)).find();
  if (!action) {
    feedback = kNothingHappens;
    return false;
  }
  apply(*action);
  Bindings bindings = bind_parameters(tables, action->action, action->arguments);
  engine::write_text(texts_of(tables, changed_), tables.texts.actions[action->action].feedback, bindings, feedback);
  return true;
}

bool State::won() const {
  Slots slots;
  return engine::evaluate(game_->tables().goal, world_of(game_->tables(), changed_), slots);
}

void State::admissible(std::vector<std::string>& out) const {
  const GameTables& tables = game_->tables();
  const World world = world_of(tables, changed_);
  engine::CommandList commands;
  for (std::size_t action = 0; action < tables.schemas.size(); ++action) {
    visit_applicable(tables, world, action, [&](const Slots& slots) {
      if (commands.size() == kMaxCommands) World::fail_too_much_work();
      write_command_of(tables, changed_, action, slots, commands.text());
      commands.end_command();
    });
  }
  commands.take_sorted(out);
}

std::uint64_t State::fingerprint() const {
  engine::Digest digest;
  digest.add(game_->tables().future_digest);
  for (const AtomKey key : changed_) digest.add(key);
  return digest.value() == 0 ? 1 : digest.value();
}

bool State::holds(pddl::PredicateId predicate, std::span<const pddl::ObjectId> arguments) const {
  const GameTables& tables = game_->tables();
  if (arguments.size() != tables.base.facts[predicate].arity) return false;
  return Facts(tables.base, changed_).holds(tables.base.layout.key(predicate, arguments.data(), arguments.size()));
}

bool State::holds(std::string_view predicate, std::initializer_list<std::string_view> ids) const {
  const auto found = game_->domain().find_predicate(predicate);
  if (!found) return false;
  std::vector<pddl::ObjectId> arguments;
  for (const std::string_view id : ids) {
    const auto object = game_->problem().find_object(id);
    if (!object) return false;
    arguments.push_back(*object);
  }
  return holds(*found, arguments);
}

void State::visit(pddl::PredicateId predicate, const std::function<void(const pddl::Atom&)>& visitor) const {
  const GameTables& tables = game_->tables();
  std::array<pddl::ObjectId, pddl::kMaxArity> pattern;
  pattern.fill(engine::kAny);
  Facts(tables.base, changed_).scan(predicate, pattern, [&](const pddl::ObjectId* arguments) {
    pddl::Atom atom;
    atom.predicate = predicate;
    std::copy_n(arguments, tables.base.facts[predicate].arity, atom.arguments.begin());
    visitor(atom);
    return false;
  });
}

void State::applicable(std::vector<GroundAction>& out) const {
  const GameTables& tables = game_->tables();
  const World world = world_of(tables, changed_);
  out.clear();
  for (std::size_t action = 0; action < tables.schemas.size(); ++action) {
    visit_applicable(tables, world, action, [&](const Slots& slots) {
      if (out.size() == kMaxCommands) World::fail_too_much_work();
      out.push_back(ground(tables, action, slots));
    });
  }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
}

void State::apply(const GroundAction& action) {
  const GameTables& tables = game_->tables();
  Slots slots;
  std::copy(action.arguments.begin(), action.arguments.end(), slots.begin());
  engine::apply_effects(tables.schemas[action.action], tables.types, tables.base, slots, changed_);
}

std::string State::command(const GroundAction& action) const {
  Slots slots;
  std::copy(action.arguments.begin(), action.arguments.end(), slots.begin());
  std::string text;
  write_command_of(game_->tables(), changed_, action.action, slots, text);
  return text;
}

}  // namespace alfworld
