// A tree of KV blocks keyed by tokens: what sequences have in common is kept, and computed, once.
//
// Each node holds the keys and values of up to 32 positions behind its parent's. A sequence is a path from the root. Full
// blocks are shared by reference; of a block that matches in part the common positions are copied, so sharing is exact to
// the token. A position is claimed by the first sequence that needs it: later ones wait for it instead of computing it
// again. Blocks that no sequence holds stay for later ones, least recently used leaves first out, within a byte budget.
//
// The tree plans; its user computes: claim, run the rows through the engine, mark them computed. Not thread-safe.
// Logits behind a prompt's last token are kept as well, so that N samples of one prompt cost no row of their own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <vector>

#include "core/rollout/kv_pool.h"

namespace ipr::rollout {

class PrefixTree {
 public:
  // `vocab`: length of the kept logits. `budget_bytes` bounds blocks and logits together; only blocks that sequences hold
  // can exceed it.
  PrefixTree(std::size_t block_floats, std::size_t vocab, std::size_t budget_bytes);
  ~PrefixTree();
  PrefixTree(const PrefixTree&) = delete;
  PrefixTree& operator=(const PrefixTree&) = delete;

  class Path;

  // Claims a prompt (at least one token). Positions before Path::first_own() are in the tree or claimed by paths admitted
  // earlier and not released; the caller computes the others, in order, once Path::ready().
  [[nodiscard]] std::unique_ptr<Path> admit(std::span<const std::int32_t> prompt);

  // Gives a path back. All positions it claimed must be computed (or the tree is about to go). Its generated tokens stay
  // in the tree for the next turn's prompt.
  void release(std::unique_ptr<Path> path);

  // Blocks held by paths now, and how many of those a prompt would share: for bounding the memory of what is admitted.
  [[nodiscard]] std::size_t held_blocks() const { return held_blocks_; }
  [[nodiscard]] std::size_t held_blocks_of(std::span<const std::int32_t> prompt) const;
  [[nodiscard]] std::size_t budget_blocks() const { return budget_bytes_ / block_bytes_; }

  // All blocks kept, held or not.
  [[nodiscard]] std::size_t blocks() const { return block_count_; }

 private:
  struct Node;
  struct ByTokens {
    bool operator()(const Node* a, const Node* b) const;
  };
  struct ByAge {
    bool operator()(const Node* a, const Node* b) const;
  };
  struct Match {
    Node* node = nullptr;  // nullptr: nothing in common
    std::size_t common = 0;
  };

  [[nodiscard]] Match best_child(const Node& parent, std::span<const std::int32_t> tokens) const;
  [[nodiscard]] std::size_t share_full_blocks(Path& path, std::span<const std::int32_t> prompt);
  [[nodiscard]] std::size_t claim_partial_block(Path& path, std::span<const std::int32_t> rest, bool ends_known);
  [[nodiscard]] Node* new_node(Node* parent);
  void publish(Node& node, std::span<const std::int32_t> tokens);
  [[nodiscard]] Node* same_in_tree(const Node& node) const;
  void drop(Node* node);
  void hold(Node& node);
  void let_go(Node& node);
  void make_room();

  const std::size_t block_floats_, block_bytes_, logits_bytes_, budget_bytes_;
  KvPool pool_;
  std::unique_ptr<Node> root_;
  std::set<Node*, ByAge> evictable_;  // leaves that nobody holds
  std::size_t used_bytes_ = 0, block_count_ = 0, held_blocks_ = 0;
  std::uint64_t clock_ = 0;
};

}  // namespace ipr::rollout
