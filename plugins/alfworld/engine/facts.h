// The facts of an episode: the game's initial ones, sorted and indexed, and the few atoms that have changed since.
//
// A predicate p of the domain is the fact p; where a text reads `not_p`, the record of p's deleted atoms is a fact of
// its own. Of predicates that some action changes, only those that something reads are kept up to date.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "engine/atom_key.h"
#include "pddl/task.h"

namespace alfworld::engine {

inline constexpr FactId kNoFact = std::numeric_limits<FactId>::max();
inline constexpr pddl::ObjectId kAny = std::numeric_limits<pddl::ObjectId>::max();

// The sorted keys of atoms whose truth is not the initial one.
using ChangedAtoms = std::vector<AtomKey>;

struct FactInfo {
  std::uint32_t arity = 0;
  bool is_fluent = false;    // some action adds or deletes it
  bool is_kept = true;       // not fluent, or read by something: its changes are recorded
  FactId deleted = kNoFact;  // the record of its deleted atoms, if a text reads that
  FactId records = kNoFact;  // this is such a record: of which predicate
  std::uint32_t begin = 0;   // its initial atoms in FactBase::atoms
  std::uint32_t end = 0;
  std::vector<std::uint32_t> different;  // by argument: how many objects occur there initially
};

struct FactBase {
  KeyLayout layout;
  std::vector<FactInfo> facts;  // by FactId: the domain's predicates, then the records
  std::vector<AtomKey> atoms;   // sorted
  // [fact][i - 1]: the fact's keys with argument i moved to the front, sorted.
  std::vector<std::vector<std::vector<AtomKey>>> by_argument;

  [[nodiscard]] bool initially(AtomKey key) const {
    const FactInfo& info = facts[layout.fact(key)];
    return std::binary_search(atoms.begin() + info.begin, atoms.begin() + info.end, key);
  }
};

// Fills everything from `facts` (arity, is_fluent, deleted, records) and the initial atoms. Precondition: layout fits.
void index_facts(FactBase& base, const std::vector<pddl::Atom>& init);

// A view; both parts outlive it.
class Facts {
 public:
  Facts(const FactBase& base, const ChangedAtoms& changed) : base_(&base), changed_(&changed) {}

  [[nodiscard]] const FactBase& base() const { return *base_; }

  [[nodiscard]] bool holds(AtomKey key) const {
    const bool initially = base_->initially(key);
    if (!base_->facts[base_->layout.fact(key)].is_fluent) return initially;
    return initially != std::binary_search(changed_->begin(), changed_->end(), key);
  }

  // Calls visit(const ObjectId* arguments) for each true atom of `fact` that agrees with `pattern` where that is not
  // kAny, by arguments, until one call returns true. Returns whether one did.
  template <typename Visit>
  bool scan(FactId fact, const std::array<pddl::ObjectId, pddl::kMaxArity>& pattern, Visit&& visit) const {
    const FactInfo& info = base_->facts[fact];
    const KeyLayout& layout = base_->layout;
    std::size_t bound = 0;  // leading arguments that are given
    while (bound < info.arity && pattern[bound] != kAny) ++bound;
    std::size_t index = 0;  // the argument by which to look up
    if (bound == 0) {
      while (index < info.arity && pattern[index] == kAny) ++index;
      if (index == info.arity) index = 0;
    }
    std::span<const AtomKey> initial(base_->atoms.data() + info.begin, info.end - info.begin);
    const AtomKey low = layout.key(fact, pattern.data(), bound);
    const AtomKey high = layout.after(low, bound);
    if (index != 0) {
      initial = base_->by_argument[fact][index - 1];
      const AtomKey front = layout.key(fact, &pattern[index], 1);
      initial = between(initial, front, layout.after(front, 1));
    } else if (bound != 0) {
      initial = between(initial, low, high);
    }
    std::span<const AtomKey> changed;
    if (info.is_fluent) changed = between(*changed_, low, high);

    std::array<pddl::ObjectId, pddl::kMaxArity> arguments{};
    const auto unpack = [&](AtomKey key) {
      for (std::size_t i = 0; i < info.arity; ++i) {
        arguments[i] = layout.argument(key, i);
        if (pattern[i] != kAny && pattern[i] != arguments[i]) return false;
      }
      return true;
    };
    auto from_initial = initial.begin();
    auto from_changed = changed.begin();
    while (from_initial != initial.end() || from_changed != changed.end()) {
      AtomKey key = 0;
      const bool has_initial = from_initial != initial.end();
      if (has_initial) key = index == 0 ? *from_initial : layout.moved_back(*from_initial, index);
      if (from_changed == changed.end() || (has_initial && key < *from_changed)) {
        ++from_initial;
      } else if (has_initial && key == *from_changed) {
        ++from_initial;
        ++from_changed;
        continue;  // no longer true
      } else if (!unpack(*from_changed)) {
        ++from_changed;  // of another object, where the initial atoms are looked up by a later argument
        continue;
      } else {
        key = *from_changed++;
      }
      if (unpack(key) && visit(static_cast<const pddl::ObjectId*>(arguments.data()))) return true;
    }
    return false;
  }

 private:
  static std::span<const AtomKey> between(std::span<const AtomKey> keys, AtomKey low, AtomKey high) {
    const auto begin = std::lower_bound(keys.begin(), keys.end(), low);
    auto end = begin;
    // What is looked up is short; a search for its end would cost more.
    while (end != keys.end() && *end < high) ++end;
    return {begin, end};
  }

  const FactBase* base_;
  const ChangedAtoms* changed_;
};

}  // namespace alfworld::engine
