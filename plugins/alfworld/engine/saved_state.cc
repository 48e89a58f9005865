// State::save and State::load.
//
// The bytes: "ALFS", a version, the digest of the game's facts, then the changed atoms' keys, ascending. Numbers have
// eight bytes, the least first.

#include "engine/game_tables.h"
#include "engine/state.h"
#include "ipr/plugin.hpp"

namespace alfworld {
namespace {

using engine::AtomKey;

constexpr std::string_view kMark = "ALFS1";

void append(std::uint64_t value, std::string& out) {
  for (unsigned i = 0; i < 8; ++i) out += static_cast<char>(value >> (8 * i) & 0xff);
}

std::uint64_t number_at(std::string_view bytes, std::size_t at) {
  std::uint64_t value = 0;
  for (unsigned i = 0; i < 8; ++i) value |= std::uint64_t{static_cast<unsigned char>(bytes[at + i])} << (8 * i);
  return value;
}

// The key is of an atom that an episode can have changed.
bool is_valid(AtomKey key, const engine::GameTables& tables) {
  const engine::KeyLayout& layout = tables.base.layout;
  if (layout.fact(key) >= tables.base.facts.size()) return false;
  const engine::FactInfo& info = tables.base.facts[layout.fact(key)];
  if (!info.is_fluent || !info.is_kept) return false;
  std::array<pddl::ObjectId, pddl::kMaxArity> arguments{};
  for (std::size_t i = 0; i < info.arity; ++i) {
    arguments[i] = layout.argument(key, i);
    if (arguments[i] >= tables.pddl.problem.objects.size()) return false;
  }
  return layout.key(layout.fact(key), arguments.data(), info.arity) == key;
}

}  // namespace

std::string State::save() const {
  std::string bytes(kMark);
  append(game_->tables().facts_digest, bytes);
  for (const AtomKey key : changed_) append(key, bytes);
  return bytes;
}

State State::load(std::shared_ptr<const Game> game, std::string_view bytes) {
  const auto fail = [](const char* what) {
    throw ipr::sdk::Failure(IPR_INVALID_ARGUMENT, std::string("saved ALFWorld state: ") + what);
  };
  const std::size_t head = kMark.size() + 8;
  if (bytes.size() < head || (bytes.size() - head) % 8 != 0 || !bytes.starts_with(kMark)) {
    fail("these are not the bytes of one");
  }
  const engine::GameTables& tables = game->tables();
  if (number_at(bytes, kMark.size()) != tables.facts_digest) fail("it is of another game");
  State state(std::move(game));
  for (std::size_t at = head; at < bytes.size(); at += 8) {
    const AtomKey key = number_at(bytes, at);
    const bool is_ascending = state.changed_.empty() || state.changed_.back() < key;
    if (!is_ascending || !is_valid(key, tables)) fail("its facts are damaged");
    state.changed_.push_back(key);
  }
  return state;
}

}  // namespace alfworld
