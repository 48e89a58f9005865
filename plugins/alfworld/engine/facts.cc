#include "engine/facts.h"

namespace alfworld::engine {
namespace {

std::uint32_t count_different(std::span<const AtomKey> sorted, const KeyLayout& layout) {
  std::uint32_t count = 0;
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    if (i == 0 || layout.argument(sorted[i], 0) != layout.argument(sorted[i - 1], 0)) ++count;
  }
  return count;
}

}  // namespace

void index_facts(FactBase& base, const std::vector<pddl::Atom>& init) {
  base.atoms.reserve(init.size());
  for (const pddl::Atom& atom : init) {
    const std::size_t arity = base.facts[atom.predicate].arity;
    base.atoms.push_back(base.layout.key(atom.predicate, atom.arguments.data(), arity));
  }
  base.by_argument.resize(base.facts.size());
  std::uint32_t at = 0;
  const auto size = static_cast<std::uint32_t>(base.atoms.size());
  for (FactId fact = 0; fact < base.facts.size(); ++fact) {
    FactInfo& info = base.facts[fact];
    info.begin = at;
    while (at < size && base.layout.fact(base.atoms[at]) == fact) ++at;
    info.end = at;
    const std::span<const AtomKey> atoms(base.atoms.data() + info.begin, info.end - info.begin);
    if (info.arity > 0) info.different.push_back(count_different(atoms, base.layout));
    for (std::size_t i = 1; i < info.arity; ++i) {
      std::vector<AtomKey>& moved = base.by_argument[fact].emplace_back();
      moved.reserve(atoms.size());
      for (const AtomKey key : atoms) moved.push_back(base.layout.moved_to_front(key, i));
      std::sort(moved.begin(), moved.end());
      info.different.push_back(count_different(moved, base.layout));
    }
  }
}

}  // namespace alfworld::engine
