#include "world/memory.h"

#include <algorithm>

namespace alfworld {
namespace {

std::string_view strip(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n\f\v";
  const auto first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

// What stands between the end of `before` and the next `after`; nothing where either is missing.
std::optional<std::string_view> between(std::string_view text, std::string_view before, std::string_view after) {
  const auto at = text.find(before);
  if (at == std::string_view::npos) return {};
  text.remove_prefix(at + before.size());
  const auto end = text.find(after);
  if (end == std::string_view::npos) return {};
  return text.substr(0, end);
}

// The names of "a apple 1, a mug 2, and a mug 1"; none of "nothing".
std::vector<std::string_view> names_of(std::string_view list) {
  std::vector<std::string_view> names;
  while (!list.empty()) {
    const auto end = std::min(list.find(", "), list.size());
    std::string_view name = list.substr(0, end);
    if (name.starts_with("and ")) name.remove_prefix(4);
    if (name.starts_with("a ")) names.push_back(name.substr(2));
    list.remove_prefix(std::min(end + 2, list.size()));
  }
  return names;
}

struct Command {
  std::string_view verb, thing, place;
};

// "take apple 1 from fridge 1" and its like; `place` alone for what has no thing.
Command parse_command(std::string_view text) {
  const auto blank = text.find(' ');
  if (blank == std::string_view::npos) return {text, {}, {}};
  const std::string_view verb = text.substr(0, blank), rest = text.substr(blank + 1);
  if (verb == "go") return {verb, {}, rest.substr(std::min<std::size_t>(3, rest.size()))};
  if (verb == "open" || verb == "close") return {verb, {}, rest};
  for (const std::string_view middle : {" from ", " in/on ", " to ", " with "}) {
    const auto at = rest.find(middle);
    if (at != std::string_view::npos) return {verb, rest.substr(0, at), rest.substr(at + middle.size())};
  }
  return {verb, rest, {}};
}

}  // namespace

std::string_view kind_of(std::string_view name) {
  return name.substr(0, name.rfind(' '));
}

Memory::Memory(std::string_view intro) {
  if (const auto list = between(intro, "you see ", ".")) {
    for (const std::string_view name : names_of(*list)) places.push_back({std::string(name)});
  }
  constexpr std::string_view kTask = "Your task is to: ";
  if (const auto at = intro.find(kTask); at != std::string_view::npos) {
    const std::string_view rest = intro.substr(at + kTask.size());
    goal = parse_sentence(rest.substr(0, rest.find('\n')));
  }
}

std::optional<std::size_t> Memory::find_place(std::string_view name) const {
  const auto found = std::find_if(places.begin(), places.end(), [&](const SeenPlace& p) { return p.name == name; });
  if (found == places.end()) return {};
  return static_cast<std::size_t>(found - places.begin());
}

SeenThing& Memory::thing(std::string_view name) {
  const auto found = std::find_if(things.begin(), things.end(), [&](const SeenThing& t) { return t.name == name; });
  if (found != things.end()) return *found;
  SeenThing seen;
  seen.name = name;
  things.push_back(std::move(seen));
  return things.back();
}

void Memory::note(std::string_view command, std::string_view answer) {
  command = strip(command);
  ++steps;
  last = command;
  failed = answer.starts_with("Nothing happens.");
  if (failed) return;
  note_deed(command);
  note_view(answer);
}

void Memory::note_deed(std::string_view text) {
  const Command command = parse_command(text);
  const auto place = find_place(command.place);
  if (command.verb == "go") here = place;
  if (command.verb == "close" && place) places[*place].closed = true;
  if (command.thing.empty()) return;
  if (command.verb == "take") {
    SeenThing& taken = thing(command.thing);
    taken.place.reset();
    held = static_cast<std::size_t>(&taken - things.data());
  } else if (command.verb == "put" || command.verb == "move") {
    SeenThing& put = thing(command.thing);
    put.place = place;
    ++put.puts;
    held.reset();
  } else if (command.verb == "clean") {
    thing(command.thing).clean = true;
  } else if (command.verb == "heat" || command.verb == "cool") {
    SeenThing& changed = thing(command.thing);
    changed.hot = command.verb == "heat";
    changed.cool = !changed.hot;
  } else if (command.verb == "use") {
    thing(command.thing).used = true;
  }
}

void Memory::note_view(std::string_view answer) {
  if (const auto name = between(answer, "The ", " is closed.")) {
    if (const auto place = find_place(*name)) places[*place].closed = true;
    return;
  }
  const bool on_top = answer.find("On the ") != std::string_view::npos;
  const auto name = on_top ? between(answer, "On the ", ", you see ") : between(answer, "The ", " is open. In it");
  const auto list = between(answer, "you see ", ".");
  if (!name || !list) return;
  const auto place = find_place(*name);
  if (!place) return;
  places[*place].looked = true;
  places[*place].closed = false;
  const std::vector<std::string_view> names = names_of(*list);
  for (const std::string_view one : names) thing(one).place = *place;
  // What was thought to be here and is not may be anywhere: it is forgotten, unless it is in the hand.
  const std::string in_hand = held ? things[*held].name : std::string();
  std::erase_if(things, [&](const SeenThing& one) {
    return one.place == *place && std::find(names.begin(), names.end(), one.name) == names.end();
  });
  if (!held) return;
  const auto still = std::find_if(things.begin(), things.end(), [&](const SeenThing& t) { return t.name == in_hand; });
  held = static_cast<std::size_t>(still - things.begin());
}

}  // namespace alfworld
