#include "world/goal.h"

#include <vector>

namespace alfworld {
namespace {

struct Wording {
  TaskType type;
  // Thing and place stand between the first and the second, and behind the second.
  std::string_view before_thing, before_place;
};

// Two per type, in the order of kTaskTypes. Sentences are read with the first that fits, so `put a clean` must come
// before `put a`.
constexpr std::array<Wording, 12> kWordings = {{
    {TaskType::kClean, "put a clean ", " in "},
    {TaskType::kClean, "clean some ", " and put it in "},
    {TaskType::kHeat, "put a hot ", " in "},
    {TaskType::kHeat, "heat some ", " and put it in "},
    {TaskType::kCool, "put a cool ", " in "},
    {TaskType::kCool, "cool some ", " and put it in "},
    {TaskType::kTwo, "put two ", " in "},
    {TaskType::kTwo, "find two ", " and put them in "},
    {TaskType::kLook, "look at ", " under the "},
    {TaskType::kLook, "examine the ", " with the "},
    {TaskType::kPlace, "put a ", " in "},
    {TaskType::kPlace, "put some ", " on "},
}};

}  // namespace

std::string_view name_of(TaskType type) {
  switch (type) {
    case TaskType::kPlace:
      return "pick_and_place_simple";
    case TaskType::kLook:
      return "look_at_obj_in_light";
    case TaskType::kClean:
      return "pick_clean_then_place_in_recep";
    case TaskType::kHeat:
      return "pick_heat_then_place_in_recep";
    case TaskType::kCool:
      return "pick_cool_then_place_in_recep";
    case TaskType::kTwo:
      return "pick_two_obj_and_place";
  }
  return "";
}

std::string_view treatment(TaskType type) {
  switch (type) {
    case TaskType::kClean:
      return "clean";
    case TaskType::kHeat:
      return "heat";
    case TaskType::kCool:
      return "cool";
    default:
      return "";
  }
}

std::string_view treated(TaskType type) {
  return type == TaskType::kHeat ? "hot" : treatment(type);
}

std::string sentence(const Goal& goal, int wording) {
  for (const Wording& words : kWordings) {
    if (words.type != goal.type || wording-- > 0) continue;
    std::string text(words.before_thing);
    return text.append(goal.thing).append(words.before_place).append(goal.place).append(".");
  }
  return "";
}

std::optional<Goal> parse_sentence(std::string_view sentence) {
  if (sentence.ends_with('.')) sentence.remove_suffix(1);
  for (const Wording& words : kWordings) {
    if (!sentence.starts_with(words.before_thing)) continue;
    const std::string_view rest = sentence.substr(words.before_thing.size());
    const auto at = rest.find(words.before_place);
    if (at == std::string_view::npos) continue;
    const std::string_view thing = rest.substr(0, at), place = rest.substr(at + words.before_place.size());
    if (thing.empty() || place.empty() || thing.find(' ') != std::string_view::npos ||
        place.find(' ') != std::string_view::npos) {
      continue;
    }
    return Goal{words.type, std::string(thing), std::string(place)};
  }
  return {};
}

}  // namespace alfworld
