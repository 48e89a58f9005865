#include "pddl/reader.h"

#include <algorithm>
#include <numeric>
#include <set>

#include "pddl/expressions.h"
#include "pddl/formulas.h"
#include "pddl/names.h"

namespace alfworld::pddl {
namespace {

// `(define (domain name) sections…)`: the name; `what` is "domain" or "problem".
std::string defined_name(Expression root, const char* what) {
  const auto items = root.items();
  if (!root.is_list_of("define") || items.size() < 2 || !items[1].is_list_of(what)) {
    root.fail(std::string("expected (define (") + what + " name) …)");
  }
  const auto head = items[1].items();
  return head.size() == 2 ? std::string(head[1].symbol()) : std::string();
}

std::vector<Expression> sections(Expression root) {
  auto items = root.items();
  items.erase(items.begin(), items.begin() + 2);
  for (const Expression section : items) {
    if (!section.is_list() || section.begin() == section.end() || (*section.begin()).symbol().empty()) {
      section.fail("expected a section: (:name …)");
    }
  }
  return items;
}

[[noreturn]] void fail_unsupported(Expression section) {
  section.fail("section " + excerpt((*section.begin()).symbol()) + " is not supported");
}

Action read_action(Expression section, Names& names) {
  const auto items = section.items();
  if (items.size() < 2 || items[1].is_list()) section.fail("expected (:action name …)");
  Action action;
  action.name = std::string(items[1].symbol());
  FormulaReader reader(names);
  const auto field = [&](std::string_view key) -> const Expression* {
    for (std::size_t i = 2; i + 1 < items.size(); i += 2) {
      if (items[i].symbol() == key) return &items[i + 1];
    }
    return nullptr;
  };
  for (std::size_t i = 2; i < items.size(); i += 2) {
    const std::string_view key = items[i].symbol();
    if (key != ":parameters" && key != ":precondition" && key != ":effect") {
      items[i].fail("expected :parameters, :precondition or :effect");
    }
    if (i + 1 == items.size()) items[i].fail("nothing follows");
  }
  if (const Expression* list = field(":parameters")) {
    reader.declare(*list);
    action.parameter_count = static_cast<std::uint32_t>(names.variables(*list).size());
    if (action.parameter_count > kMaxParameters) {
      list->fail("more than " + std::to_string(kMaxParameters) + " parameters are not supported");
    }
  }
  if (const Expression* condition = field(":precondition")) action.precondition = reader.condition(*condition);
  if (const Expression* effect = field(":effect")) action.effects = reader.effects(*effect);
  action.variables = reader.take_variables();
  return action;
}

Domain read_domain(Expression root, Names& names) {
  Domain domain;
  domain.name = defined_name(root, "domain");
  const auto all = sections(root);
  for (const Expression section : all) {
    if (section.is_list_of(":types")) names.read_types(section);
  }
  for (const Expression section : all) {
    if (section.is_list_of(":predicates")) names.read_predicates(section);
    if (section.is_list_of(":constants")) names.read_objects(section);
  }
  std::set<std::string> action_names;
  for (const Expression section : all) {
    const std::string_view head = (*section.begin()).symbol();
    if (head == ":action") {
      domain.actions.push_back(read_action(section, names));
      if (!action_names.insert(domain.actions.back().name).second) section.fail("action declared twice");
    } else if (head != ":types" && head != ":predicates" && head != ":constants" && head != ":requirements" &&
               head != ":functions") {
      fail_unsupported(section);
    }
  }
  return domain;
}

void read_init(Expression section, const Names& names, std::vector<Atom>& init) {
  auto it = section.begin();
  for (++it; it != section.end(); ++it) {
    const Expression fact = *it;
    if (fact.is_list_of("=")) continue;
    if (fact.is_list_of("not")) fact.fail("a negative fact; what is not listed is false: remove it");
    Atom atom;
    atom.predicate = names.predicate(fact);
    std::size_t i = 0;
    auto term = fact.begin();
    for (++term; term != fact.end(); ++term) atom.arguments[i++] = names.declared_object(*term);
    init.push_back(atom);
  }
}

Problem read_problem(Expression root, Names& names) {
  Problem problem;
  problem.name = defined_name(root, "problem");
  bool has_goal = false;
  const auto all = sections(root);
  for (const Expression section : all) {
    if (section.is_list_of(":objects")) names.read_objects(section);
  }
  for (const Expression section : all) {
    const std::string_view head = (*section.begin()).symbol();
    if (head == ":init") {
      read_init(section, names, problem.init);
    } else if (head == ":goal") {
      const auto items = section.items();
      if (items.size() != 2 || has_goal) section.fail("expected one (:goal condition)");
      FormulaReader reader(names);
      problem.goal.condition = reader.condition(items[1]);
      problem.goal.variables = reader.take_variables();
      has_goal = true;
    } else if (head != ":objects" && head != ":domain" && head != ":requirements" && head != ":metric") {
      fail_unsupported(section);
    }
  }
  if (!has_goal) root.fail("the problem has no :goal");
  return problem;
}

// ---- from the order in which objects were met to the order of their ids

using Renumbering = std::vector<ObjectId>;

void renumber(std::vector<Term>& terms, const Renumbering& to) {
  for (Term& term : terms) {
    if (!term.is_variable) term.index = to[term.index];
  }
}

void renumber(Condition& condition, const Renumbering& to) {
  renumber(condition.terms, to);
  for (Condition& part : condition.parts) renumber(part, to);
}

void sort_objects(Task& task) {
  std::vector<Object>& objects = task.problem.objects;
  std::vector<ObjectId> order(objects.size());
  std::iota(order.begin(), order.end(), ObjectId{0});
  std::sort(order.begin(), order.end(), [&](ObjectId a, ObjectId b) { return objects[a].id < objects[b].id; });
  Renumbering to(objects.size());
  std::vector<Object> sorted;
  sorted.reserve(objects.size());
  for (const ObjectId old : order) {
    to[old] = static_cast<ObjectId>(sorted.size());
    sorted.push_back(std::move(objects[old]));
  }
  objects = std::move(sorted);
  for (Action& action : task.domain.actions) {
    renumber(action.precondition, to);
    for (Effect& effect : action.effects) {
      renumber(effect.terms, to);
      renumber(effect.when, to);
    }
  }
  renumber(task.problem.goal.condition, to);
  std::vector<Atom>& init = task.problem.init;
  for (Atom& atom : init) {
    const std::size_t arity = task.domain.predicates[atom.predicate].parameters.size();
    for (std::size_t i = 0; i < arity; ++i) atom.arguments[i] = to[atom.arguments[i]];
  }
  std::sort(init.begin(), init.end());
  init.erase(std::unique(init.begin(), init.end()), init.end());
}

}  // namespace

Task read_task(const SourceText& domain, const SourceText& problem) {
  const ExpressionTree domain_tree(domain);
  const ExpressionTree problem_tree(problem);
  Names names;
  Task task;
  task.domain = read_domain(domain_tree.root(), names);
  task.problem = read_problem(problem_tree.root(), names);
  task.domain.types = std::move(names.types);
  task.domain.predicates = std::move(names.predicates);
  task.problem.objects = std::move(names.objects);
  sort_objects(task);
  return task;
}

}  // namespace alfworld::pddl
