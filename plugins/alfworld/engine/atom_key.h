// A ground atom as one integer: the predicate, then the arguments, each in as many bits as the game's objects need.
//
// Keys sort as (predicate, arguments), and ObjectIds sort as names do: the order of keys is the order of texts.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#include "pddl/task.h"

namespace alfworld::engine {

using AtomKey = std::uint64_t;
using FactId = std::uint32_t;  // a predicate, or the record of its deleted atoms (FactBase)

class KeyLayout {
 public:
  KeyLayout() = default;
  KeyLayout(std::size_t facts, std::size_t objects, std::size_t arity)
      : bits_(bits(objects)), arity_(static_cast<unsigned>(arity)), needed_(bits(facts) + bits_ * arity_) {}

  // Atoms fit into a key. If not, the game is too big.
  [[nodiscard]] bool fits() const { return needed_ <= 63; }

  [[nodiscard]] AtomKey key(FactId fact, const pddl::ObjectId* arguments, std::size_t count) const {
    AtomKey key = AtomKey{fact} << (bits_ * arity_);
    for (std::size_t i = 0; i < count; ++i) key |= AtomKey{arguments[i]} << shift(i);
    return key;
  }
  [[nodiscard]] FactId fact(AtomKey key) const { return static_cast<FactId>(key >> (bits_ * arity_)); }
  [[nodiscard]] pddl::ObjectId argument(AtomKey key, std::size_t i) const {
    return static_cast<pddl::ObjectId>((key >> shift(i)) & mask());
  }
  // The first key after those that agree with `key` in the predicate and the first `count` arguments.
  [[nodiscard]] AtomKey after(AtomKey key, std::size_t count) const {
    return key + (AtomKey{1} << (bits_ * (arity_ - count)));
  }
  // The key with argument i moved to the front, and back.
  [[nodiscard]] AtomKey moved_to_front(AtomKey key, std::size_t i) const {
    pddl::ObjectId moved[pddl::kMaxArity];
    moved[0] = argument(key, i);
    for (std::size_t j = 0, to = 1; j < arity_; ++j) {
      if (j != i) moved[to++] = argument(key, j);
    }
    return this->key(fact(key), moved, arity_);
  }
  [[nodiscard]] AtomKey moved_back(AtomKey key, std::size_t i) const {
    pddl::ObjectId moved[pddl::kMaxArity];
    moved[i] = argument(key, 0);
    for (std::size_t j = 0, from = 1; j < arity_; ++j) {
      if (j != i) moved[j] = argument(key, from++);
    }
    return this->key(fact(key), moved, arity_);
  }

 private:
  static unsigned bits(std::size_t count) { return count < 2 ? 1 : static_cast<unsigned>(std::bit_width(count - 1)); }
  [[nodiscard]] unsigned shift(std::size_t i) const { return bits_ * (arity_ - 1 - static_cast<unsigned>(i)); }
  [[nodiscard]] AtomKey mask() const { return (AtomKey{1} << bits_) - 1; }

  unsigned bits_ = 1;
  unsigned arity_ = 1;  // of every key: the game's largest
  unsigned needed_ = 2;
};

}  // namespace alfworld::engine
