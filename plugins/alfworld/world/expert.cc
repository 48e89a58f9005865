#include "world/expert.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>
#include <vector>

#include "world/vocabulary.h"

namespace alfworld {
namespace {

constexpr std::size_t kLikelyKinds = 2;  // kinds of places where a thing is looked for first

constexpr std::size_t kFlawShare = 5;  // one kind of so many has a flaw
// Rooms that have kinds in common are taken together: kitchens; living rooms and bedrooms; bathrooms.
constexpr std::array<std::uint8_t, 3> kRoomGroups = {1, 2 | 4, 8};

constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kAlike = {
    {{"mug", "cup"}, {"apple", "tomato"}, {"egg", "potato"}, {"pen", "pencil"}, {"soapbar", "cloth"}}};

std::string_view looks_like(std::string_view kind) {
  for (const auto& [one, other] : kAlike) {
    if (one == kind) return other;
    if (other == kind) return one;
  }
  return {};
}

// The place where a treatment is done.
std::string_view appliance(TaskType type) {
  switch (type) {
    case TaskType::kClean:
      return "sinkbasin";
    case TaskType::kHeat:
      return "microwave";
    case TaskType::kCool:
      return "fridge";
    default:
      return {};
  }
}

bool is_treated(const SeenThing& thing, TaskType type) {
  switch (type) {
    case TaskType::kClean:
      return thing.clean;
    case TaskType::kHeat:
      return thing.hot;
    case TaskType::kCool:
      return thing.cool;
    default:
      return true;
  }
}

bool can_be_treated(std::string_view kind, TaskType type) {
  const auto known = find_thing_kind(kind);
  if (!known) return false;
  const std::uint8_t traits = thing_kinds()[*known].traits;
  switch (type) {
    case TaskType::kClean:
      return (traits & kCleanable) != 0;
    case TaskType::kHeat:
      return (traits & kHeatable) != 0;
    case TaskType::kCool:
      return (traits & kCoolable) != 0;
    default:
      return true;
  }
}

bool fits_by_kind(std::string_view thing, std::string_view place) {
  const auto thing_kind = find_thing_kind(thing);
  const auto place_kind = find_place_kind(place);
  return thing_kind && place_kind && fits(*thing_kind, *place_kind);
}

class Thinker {
 public:
  Thinker(const Memory& memory, TextVersion version, const Draws& draws, const Habits& habits)
      : memory_(memory), goal_(*memory.goal), version_(version), draws_(draws), habits_(habits) {}

  [[nodiscard]] std::optional<Advice> advice() const {
    if (memory_.held) return with_something();
    if (const auto place = believed_done()) return say("done.", "examine " + name(*place));
    if (const SeenThing* wanted = wanted_thing()) return fetch(*wanted);
    if (const SeenThing* other = mistaken_thing()) return fetch(*other);
    return search(goal_.thing);
  }

 private:
  // ---- what is known
  [[nodiscard]] const std::string& name(std::size_t place) const { return memory_.places[place].name; }
  [[nodiscard]] bool is_goal_place(std::size_t place) const { return kind_of(name(place)) == goal_.place; }
  [[nodiscard]] bool is_here(std::size_t place) const { return memory_.here == place; }

  // The place of the goal's kind where things go: where the first of two lies, else where the agent stands, else the
  // first.
  [[nodiscard]] std::optional<std::size_t> goal_place() const {
    std::optional<std::size_t> best;
    for (const SeenThing& thing : memory_.things) {
      if (goal_.type != TaskType::kTwo || kind_of(thing.name) != goal_.thing || !thing.place) continue;
      if (is_goal_place(*thing.place)) return thing.place;
    }
    for (std::size_t i = 0; i < memory_.places.size(); ++i) {
      if (is_goal_place(i) && (!best || is_here(i))) best = i;
    }
    return best;
  }

  [[nodiscard]] bool in_goal_place(const SeenThing& thing) const {
    if (goal_.type == TaskType::kLook || !thing.place) return false;
    return goal_.type == TaskType::kTwo ? thing.place == goal_place() : is_goal_place(*thing.place);
  }

  [[nodiscard]] std::size_t wanted_in_place() const {
    return static_cast<std::size_t>(std::count_if(
        memory_.things.begin(), memory_.things.end(),
        [&](const SeenThing& thing) { return kind_of(thing.name) == goal_.thing && in_goal_place(thing); }));
  }

  // A thing of the goal's kind that still has to be taken; one that is here before others.
  [[nodiscard]] const SeenThing* wanted_thing() const { return find(goal_.thing); }
  [[nodiscard]] const SeenThing* find(std::string_view kind) const {
    const SeenThing* found = nullptr;
    for (const SeenThing& thing : memory_.things) {
      if (kind_of(thing.name) != kind || !thing.place) continue;
      if (in_goal_place(thing) && is_treated(thing, goal_.type)) continue;
      if (found == nullptr || (is_here(*thing.place) && !is_here(*found->place))) found = &thing;
    }
    return found;
  }

  // ---- habits
  [[nodiscard]] bool is(Flaw flaw, std::string_view kind) const {
    const auto known = find_thing_kind(kind);
    return known && *known < habits_.flaws.size() && habits_.flaws[*known] == flaw;
  }
  [[nodiscard]] bool stubborn(std::string_view kind) const {
    return is(Flaw::kStubborn, kind) && draws_.uniform("looks again", memory_.steps) < habits_.looks_again;
  }
  [[nodiscard]] bool careless() const {
    return is(Flaw::kCareless, goal_.thing) && draws_.uniform("forgets") < habits_.forgets;
  }
  [[nodiscard]] bool confused() const {
    return is(Flaw::kConfused, goal_.thing) && draws_.uniform("mistakes") < habits_.mistakes;
  }

  // Where it stands and has just put something, if it takes the task for done.
  [[nodiscard]] std::optional<std::size_t> believed_done() const {
    if (!memory_.here || !is_goal_place(*memory_.here) || goal_.type == TaskType::kLook) return {};
    const bool just_put = memory_.last.starts_with("put ") || memory_.last.starts_with("move ");
    if (!just_put && memory_.last != "examine " + name(*memory_.here)) return {};
    const bool something = std::any_of(memory_.things.begin(), memory_.things.end(), [&](const SeenThing& thing) {
      return thing.puts > 0 && thing.place == memory_.here;
    });
    // Who has taken one kind for another, or has not thought of the treatment, does not see it at once either.
    const bool deceived = wanted_in_place() == 0 || goal_.type != TaskType::kTwo || careless();
    if (!something || !deceived || draws_.uniform("believes", memory_.steps) >= habits_.believes) return {};
    return memory_.here;
  }

  // A thing here that it takes for the wanted kind.
  [[nodiscard]] const SeenThing* mistaken_thing() const {
    const std::string_view other = looks_like(goal_.thing);
    if (other.empty() || goal_.type == TaskType::kLook || goal_.type == TaskType::kTwo || !memory_.here) return nullptr;
    if (!confused() || !fits_by_kind(other, goal_.place) || !can_be_treated(other, goal_.type) ||
        is_goal_place(*memory_.here)) {
      return nullptr;
    }
    for (const SeenThing& thing : memory_.things) {
      if (kind_of(thing.name) == other && thing.puts > 0) return nullptr;  // it has noticed
    }
    for (const SeenThing& thing : memory_.things) {
      if (kind_of(thing.name) == other && thing.place == memory_.here) return &thing;
    }
    return nullptr;
  }

  // ---- acting
  [[nodiscard]] std::string need() const {
    std::string text = "need ";
    if (goal_.type == TaskType::kTwo) text += wanted_in_place() == 0 ? "first " : "second ";
    if (const std::string_view word = treated(goal_.type); !word.empty()) text.append(word).append(" ");
    return text + goal_.thing + (goal_.type == TaskType::kLook ? " under " : " in ") + goal_.place + ". ";
  }
  [[nodiscard]] std::optional<Advice> say(const std::string& finding, std::string action) const {
    if (memory_.failed && action == memory_.last) return {};
    return Advice{std::move(action), need() + finding};
  }

  // Goes to a place and opens it; nothing where that is done.
  [[nodiscard]] std::optional<Advice> approach(std::size_t place, const std::string& finding, bool open) const {
    if (!is_here(place)) return say(finding, "go to " + name(place));
    if (open && memory_.places[place].closed) return say(finding, "open " + name(place));
    return {};
  }

  [[nodiscard]] std::optional<Advice> fetch(const SeenThing& thing) const {
    const std::size_t place = *thing.place;
    const bool untreated = in_goal_place(thing);  // put down too early
    const std::string finding = untreated        ? thing.name + " is not " + std::string(treated(goal_.type)) + "."
                                : is_here(place) ? thing.name + " is here."
                                                 : thing.name + " is at " + name(place) + ".";
    if (auto first = approach(place, finding, true)) return first;
    return say(finding, "take " + thing.name + " from " + name(place));
  }

  [[nodiscard]] std::optional<Advice> put(const SeenThing& thing, std::size_t place, const std::string& finding) const {
    if (auto first = approach(place, finding, true)) return first;
    return say(finding, version_ == TextVersion::kOld ? "put " + thing.name + " in/on " + name(place)
                                                      : "move " + thing.name + " to " + name(place));
  }

  [[nodiscard]] std::optional<Advice> with_something() const {
    const SeenThing& thing = memory_.things[*memory_.held];
    const std::string_view kind = kind_of(thing.name);
    const bool mistaken = kind != goal_.thing && kind == looks_like(goal_.thing) && thing.puts == 0 && confused();
    if (kind != goal_.thing && !mistaken) return drop(thing);
    if (goal_.type == TaskType::kLook) return light();
    if (!is_treated(thing, goal_.type) && (thing.puts > 0 || !careless())) {
      const std::string finding = std::string(treatment(goal_.type)) + " " + thing.name + ".";
      for (std::size_t i = 0; i < memory_.places.size(); ++i) {
        if (kind_of(name(i)) != appliance(goal_.type)) continue;
        if (auto first = approach(i, finding, false)) return first;
        return say(finding, std::string(treatment(goal_.type)) + " " + thing.name + " with " + name(i));
      }
      return {};
    }
    const auto place = goal_place();
    return place ? put(thing, *place, "put " + thing.name + ".") : std::nullopt;
  }

  // To where it fits, here if it can.
  [[nodiscard]] std::optional<Advice> drop(const SeenThing& thing) const {
    std::optional<std::size_t> best;
    for (std::size_t i = 0; i < memory_.places.size(); ++i) {
      if (fits_by_kind(kind_of(thing.name), kind_of(name(i))) && (!best || is_here(i))) best = i;
    }
    return best ? put(thing, *best, "drop " + thing.name + ".") : std::nullopt;
  }

  [[nodiscard]] std::optional<Advice> light() const {
    for (const SeenThing& thing : memory_.things) {
      if (kind_of(thing.name) != goal_.place || !thing.place) continue;
      const std::string finding = "use " + thing.name + ".";
      if (auto first = approach(*thing.place, finding, false)) return first;
      return say(finding, "use " + thing.name);
    }
    return search(goal_.place);
  }

  // ---- searching
  // Places where things of this kind mostly lie, by likelihood.
  [[nodiscard]] std::vector<std::size_t> likely_places(std::string_view kind) const {
    std::vector<std::size_t> likely;
    const auto known = find_thing_kind(kind);
    if (!known) return likely;
    std::size_t kinds = 0;
    for (const PlaceKind place_kind : thing_kinds()[*known].fits_into) {
      const std::string word = shown(place_kinds()[place_kind].name);
      const std::size_t before = likely.size();
      for (std::size_t i = 0; i < memory_.places.size(); ++i) {
        if (kind_of(name(i)) == word) likely.push_back(i);
      }
      kinds += likely.size() > before ? 1 : 0;
      if (kinds == kLikelyKinds) break;
    }
    return likely;
  }

  [[nodiscard]] std::optional<Advice> search(std::string_view kind) const {
    const std::string finding = std::string(kind) + " not here.";
    const std::size_t count = memory_.places.size();
    if (memory_.here && !memory_.places[*memory_.here].looked) {
      if (auto first = approach(*memory_.here, name(*memory_.here) + " is closed.", true)) return first;
    }
    std::vector<std::size_t> unknown;  // in turn, from the place behind this one on
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t place = ((memory_.here ? *memory_.here + 1 : 0) + i) % count;
      if (!memory_.places[place].looked) unknown.push_back(place);
    }
    if (unknown.empty()) return {};
    if (!memory_.here && draws_.uniform("elsewhere") < habits_.elsewhere) {
      return say(finding, "go to " + name(unknown[draws_.below(unknown.size(), "where")]));
    }
    const std::vector<std::size_t> likely = likely_places(kind);
    for (const std::size_t place : likely) {
      if (!memory_.places[place].looked) return say(finding, "go to " + name(place));
    }
    if (!likely.empty() && stubborn(kind)) return look_again(likely, finding);
    return say(finding, "go to " + name(unknown.front()));
  }

  // At the next likely place, or once more at this one.
  [[nodiscard]] std::optional<Advice> look_again(const std::vector<std::size_t>& likely,
                                                 const std::string& finding) const {
    const auto at = std::find(likely.begin(), likely.end(), memory_.here.value_or(memory_.places.size()));
    const std::size_t next = at == likely.end() ? 0 : static_cast<std::size_t>(at - likely.begin() + 1) % likely.size();
    if (is_here(likely[next])) return say(finding, "examine " + name(likely[next]));
    return say(finding, "go to " + name(likely[next]));
  }

  const Memory& memory_;
  const Goal& goal_;
  TextVersion version_;
  const Draws& draws_;
  const Habits& habits_;
};

}  // namespace

Habits no_habits() {
  Habits habits;
  habits.elsewhere = habits.believes = 0;
  return habits;
}

Habits world_habits(std::uint64_t world_seed) {
  Habits habits;
  habits.flaws.resize(thing_kinds().size());
  const Draws draws(world_seed, "habits");
  for (const std::uint8_t rooms : kRoomGroups) {
    std::vector<std::size_t> group;
    for (std::size_t kind = 0; kind < thing_kinds().size(); ++kind) {
      const ThingKindInfo& info = thing_kinds()[kind];
      if ((info.rooms & rooms) != 0 && (info.traits & kLamp) == 0) group.push_back(kind);
    }
    draws.shuffle(group, "kinds " + std::to_string(rooms));
    const std::size_t share = (group.size() + kFlawShare - 1) / kFlawShare;
    for (std::size_t i = 0; i < group.size(); ++i) {
      constexpr std::array<Flaw, 3> kFlaws = {Flaw::kCareless, Flaw::kStubborn, Flaw::kConfused};
      if (i / share < kFlaws.size()) habits.flaws[group[i]] = kFlaws.at(i / share);
    }
  }
  return habits;
}

std::optional<Advice> expert_advice(const Memory& memory, TextVersion version, const Draws& draws,
                                    const Habits& habits) {
  if (!memory.goal || memory.places.empty()) return {};
  return Thinker(memory, version, draws, habits).advice();
}

}  // namespace alfworld
