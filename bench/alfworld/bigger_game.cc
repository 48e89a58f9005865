#include "bench/alfworld/bigger_game.h"

#include <nlohmann/json.hpp>

#include "pddl/reader.h"

namespace alfworld::bench {
namespace {

using pddl::ObjectId;

// Things and places have coordinates in their ids; only they are copied.
std::string copied_id(const std::string& id, std::size_t copy) {
  const bool has_place = id.find("_bar_") != std::string::npos;
  return has_place && copy > 0 ? id + "_bar_" + std::to_string(copy) : id;
}

}  // namespace

std::string bigger_game(const std::string& text, std::size_t times) {
  nlohmann::json json = nlohmann::json::parse(text);
  const auto domain = json.at("pddl_domain").get<std::string>();
  const auto problem = json.at("pddl_problem").get<std::string>();
  const pddl::Task task = pddl::read_task({"domain", domain}, {"problem", problem});
  const auto at_location = task.domain.find_predicate("atlocation");
  std::string objects;
  std::string init;
  for (std::size_t copy = 0; copy < times; ++copy) {
    for (const pddl::Object& object : task.problem.objects) {
      const std::string id = copied_id(object.id, copy);
      if (object.type == pddl::kNoType || (copy > 0 && id == object.id)) continue;
      objects += id + " - " + task.domain.types[object.type].name + "\n";
    }
    for (const pddl::Atom& atom : task.problem.init) {
      if (copy > 0 && atom.predicate == at_location) continue;
      const pddl::Predicate& predicate = task.domain.predicates[atom.predicate];
      init += "(" + predicate.name;
      for (std::size_t i = 0; i < predicate.parameters.size(); ++i) {
        init.append(" ").append(copied_id(task.problem.objects[atom.arguments[i]].id, copy));
      }
      init += ")\n";
    }
  }
  const std::size_t goal = problem.find("(:goal");
  json["pddl_problem"] = "(define (problem bigger) (:domain alfred)\n(:objects " + objects + ")\n(:init " + init +
                         ")\n" + problem.substr(goal);
  return json.dump();
}

}  // namespace alfworld::bench
