#include "engine/game.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/digest.h"
#include "engine/game_tables.h"
#include "engine/text_version.h"
#include "grammar/reader.h"
#include "ipr/plugin.hpp"
#include "pddl/reader.h"
#include "source_text.h"

namespace alfworld {
namespace engine {
namespace {

constexpr std::string_view kTaskPrefix = "Your task is to: ";

// The keys of a game file.
struct GameFile {
  std::string domain;
  std::string problem;
  std::string grammar;
  std::vector<std::string> walkthrough;
  bool solvable = false;
};

GameFile read_keys(std::string_view text, const std::string& file) {
  nlohmann::json json;
  try {
    json = nlohmann::json::parse(text);
  } catch (const nlohmann::json::parse_error& error) {
    SourceText{file, text}.fail(error.byte > 0 ? error.byte - 1 : 0, "no JSON: something is wrong here");
  }
  const auto fail = [&](const std::string& what) { throw ipr::sdk::Failure(IPR_DATA_LOSS, file + ": " + what); };
  if (!json.is_object()) fail("expected a JSON object");
  GameFile keys;
  const auto take_text = [&](const char* key, std::string& out) {
    const auto found = json.find(key);
    if (found == json.end() || !found->is_string()) fail(std::string("no text under the key \"") + key + "\"");
    out = std::move(found->get_ref<std::string&>());
  };
  take_text("pddl_domain", keys.domain);
  take_text("pddl_problem", keys.problem);
  take_text("grammar", keys.grammar);
  if (const auto found = json.find("solvable"); found != json.end() && found->is_boolean()) {
    keys.solvable = found->get<bool>();
  }
  if (const auto found = json.find("walkthrough"); found != json.end() && !found->is_null()) {
    const bool is_list = found->is_array() && std::all_of(found->begin(), found->end(),
                                                          [](const nlohmann::json& item) { return item.is_string(); });
    if (!is_list) fail("the key \"walkthrough\" is no list of commands");
    keys.walkthrough = found->get<std::vector<std::string>>();
  }
  return keys;
}

void collect_predicates(const pddl::Condition& condition, std::vector<bool>& read) {
  if (condition.kind == pddl::ConditionKind::kAtom) read[condition.predicate] = true;
  for (const pddl::Condition& part : condition.parts) collect_predicates(part, read);
}

// Which facts there are, which change, and of which the changes matter.
std::vector<FactInfo> list_facts(const pddl::Task& task, const QueriedPredicates& queried) {
  const std::size_t count = task.domain.predicates.size();
  std::vector<FactInfo> facts(count);
  std::vector<bool> read(count);
  for (const pddl::PredicateId predicate : queried.plain) read[predicate] = true;
  collect_predicates(task.problem.goal.condition, read);
  for (const pddl::Action& action : task.domain.actions) {
    collect_predicates(action.precondition, read);
    for (const pddl::Effect& effect : action.effects) {
      collect_predicates(effect.when, read);
      facts[effect.predicate].is_fluent = true;
    }
  }
  for (std::size_t i = 0; i < count; ++i) {
    facts[i].arity = static_cast<std::uint32_t>(task.domain.predicates[i].parameters.size());
    facts[i].is_kept = !facts[i].is_fluent || read[i];
  }
  for (const pddl::PredicateId predicate : queried.deleted) {
    FactInfo record;
    record.arity = facts[predicate].arity;
    record.is_fluent = true;
    record.records = predicate;
    facts[predicate].deleted = static_cast<FactId>(facts.size());
    facts.push_back(std::move(record));
  }
  return facts;
}

void build_facts(GameTables& tables, const QueriedPredicates& queried, const std::string& file) {
  FactBase& base = tables.base;
  base.facts = list_facts(tables.pddl, queried);
  std::size_t arity = 1;
  for (const FactInfo& info : base.facts) arity = std::max<std::size_t>(arity, info.arity);
  base.layout = KeyLayout(base.facts.size(), tables.pddl.problem.objects.size(), arity);
  if (!base.layout.fits()) {
    throw ipr::sdk::Failure(IPR_DATA_LOSS,
                            file + ": pddl_problem: " + std::to_string(tables.pddl.problem.objects.size()) +
                                " objects are too many for predicates of " + std::to_string(arity) + " parameters");
  }
  index_facts(base, tables.pddl.problem.init);
}

void compile_actions(GameTables& tables, const grammar::Grammar& grammar) {
  const pddl::Domain& domain = tables.pddl.domain;
  const std::size_t longest_id = [&] {
    std::size_t longest = 0;
    for (const pddl::Object& object : tables.pddl.problem.objects) longest = std::max(longest, object.id.size());
    return longest;
  }();
  for (std::size_t i = 0; i < domain.actions.size(); ++i) {
    tables.commands.push_back(compile_command(grammar.actions[i], domain.actions[i], domain));
    const CommandTemplate& command = tables.commands.back();
    tables.schemas.push_back(compile_schema(domain.actions[i], tables.base, tables.types, command.named));
    std::size_t length = 0;
    for (const CommandPiece& piece : command.pieces) {
      length += piece.is_parameter ? (piece.is_id ? longest_id : tables.names.longest()) : piece.text.size();
    }
    tables.longest_command = std::max(tables.longest_command, length);
  }
}

void list_entities(GameTables& tables) {
  const auto& objects = tables.pddl.problem.objects;
  for (pddl::ObjectId object = 0; object < objects.size(); ++object) {
    if (!tables.names.is_numbered(object)) continue;
    const std::string& type = tables.pddl.domain.types[objects[object].type].name;
    tables.entities.push_back({objects[object].id, tables.names.name(object), type});
  }
}

std::string task_sentence(const GameTables& tables) {
  std::string sentence;
  if (tables.texts.task == tables.texts.rules.size()) return sentence;
  const ChangedAtoms unchanged;
  const TextSource source{tables.texts, tables.pddl.problem, tables.names, {tables.types, {tables.base, unchanged}, 0}};
  Bindings bindings;
  write_rule(source, tables.texts.task, bindings, sentence);
  if (sentence.starts_with(kTaskPrefix)) sentence.erase(0, kTaskPrefix.size());
  return sentence;
}

void compute_digests(GameTables& tables, const GameFile& keys) {
  Digest facts;
  for (const pddl::Predicate& predicate : tables.pddl.domain.predicates) {
    facts.add(predicate.name);
    facts.add(std::uint64_t{predicate.parameters.size()});
  }
  for (const FactInfo& info : tables.base.facts) facts.add(std::uint64_t{info.records});
  for (const pddl::Object& object : tables.pddl.problem.objects) facts.add(object.id);
  for (const AtomKey key : tables.base.atoms) facts.add(key);
  tables.facts_digest = facts.value();
  facts.add(keys.domain);
  facts.add(keys.problem);
  facts.add(keys.grammar);
  tables.future_digest = facts.value();
}

}  // namespace
}  // namespace engine

std::shared_ptr<const Game> read_game(std::string_view json, const std::string& file, TextVersion version) {
  using namespace engine;
  GameFile keys = read_keys(json, file);
  auto tables = std::make_unique<GameTables>();
  tables->version = version;
  tables->solvable = keys.solvable;
  tables->walkthrough = std::move(keys.walkthrough);
  tables->pddl = pddl::read_task({file + ": pddl_domain", keys.domain}, {file + ": pddl_problem", keys.problem});
  if (const auto written = version_of(keys.grammar); written && *written != version) {
    keys.grammar = convert_grammar(std::move(keys.grammar), version);
    convert_domain(tables->pddl.domain, version);
    for (std::string& command : tables->walkthrough) command = convert_command(command, version);
  }
  std::vector<std::string> action_names;
  for (const pddl::Action& action : tables->pddl.domain.actions) action_names.push_back(action.name);
  const std::string place = file + ": grammar";
  const grammar::Grammar grammar = grammar::read_grammar({place, keys.grammar}, action_names);

  tables->types = TypeTable(tables->pddl);
  tables->names = ObjectNames(tables->pddl);
  build_facts(*tables, queried_predicates(grammar, tables->pddl.domain), file);
  tables->texts = compile_texts(grammar, tables->pddl.domain, tables->base, place);
  compile_actions(*tables, grammar);
  const pddl::Formula& goal = tables->pddl.problem.goal;
  const ConditionCompiler compiler(tables->base, tables->types);
  tables->goal = compiler.formula(compiler.simplified(goal.condition, goal.variables), goal.variables, 0);
  list_entities(*tables);
  tables->task = task_sentence(*tables);
  compute_digests(*tables, keys);
  return std::make_shared<const Game>(std::move(tables));
}

Game::Game(std::unique_ptr<const engine::GameTables> tables) : tables_(std::move(tables)) {}
Game::~Game() = default;

const std::string& Game::task() const {
  return tables_->task;
}
const std::vector<Entity>& Game::entities() const {
  return tables_->entities;
}
const std::vector<std::string>& Game::walkthrough() const {
  return tables_->walkthrough;
}
bool Game::solvable() const {
  return tables_->solvable;
}
TextVersion Game::text_version() const {
  return tables_->version;
}
const pddl::Domain& Game::domain() const {
  return tables_->pddl.domain;
}
const pddl::Problem& Game::problem() const {
  return tables_->pddl.problem;
}
std::string_view Game::name(pddl::ObjectId object) const {
  return tables_->names.name(object);
}

}  // namespace alfworld
