// A tree of KV blocks keyed by tokens: what sequences have in common is kept, and computed, once.
//
// Each node holds the keys and values of up to 32 positions behind its parent's; a sequence is a path from the root.
// Full blocks are shared by reference; of a block that matches in part the common positions are copied, so sharing is
// exact to the token. A position belongs to the first path that needs it: later ones wait for it instead of computing
// it again. Logits behind a prompt's last token are kept too, so that N samples of one prompt cost no row of their own.
// Blocks that no path holds stay for later ones; least recently used leaves go first, within a byte budget.
//
// The tree plans; its user copies and computes. Not thread-safe but for copy(), and never to be called while a step
// runs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <set>
#include <span>
#include <vector>

#include "core/rollout/kv_pool.h"

namespace ipr::rollout {

class PrefixTree {
 public:
  class Path;
  struct Node;  // internal

  // `engine`, whose blocks these are, must outlive the tree. `budget_bytes` bounds blocks and logits together; only
  // what paths hold can exceed it.
  PrefixTree(const model::Engine& engine, std::size_t budget_bytes);
  ~PrefixTree();
  PrefixTree(const PrefixTree&) = delete;
  PrefixTree& operator=(const PrefixTree&) = delete;

  // A path for a prompt of at least one token. Release it before the tree goes.
  [[nodiscard]] std::unique_ptr<Path> admit(std::span<const std::int32_t> prompt);

  // Gives a path back; all positions that it owns must be computed (or the tree goes next). Its tokens, the appended
  // ones too, stay in the tree: the next turn's prompt will ask for them.
  void release(std::unique_ptr<Path> path);

  // Copies of partly shared blocks that Path::ready found due. All are made before the step that is being put together,
  // in any order and on any threads, then reported by copied(), with no other call in between.
  [[nodiscard]] std::size_t due_copies() const { return copies_.size(); }
  void copy(std::size_t index) const;
  void copied();

  // Blocks that paths hold now; how many of those `prompt` would share; and how many the budget has room for.
  [[nodiscard]] std::size_t held_blocks() const { return held_blocks_; }
  [[nodiscard]] std::size_t held_blocks_of(std::span<const std::int32_t> prompt) const;
  [[nodiscard]] std::size_t budget_blocks() const { return budget_bytes_ / block_bytes_; }
  // All blocks kept, held or not.
  [[nodiscard]] std::size_t blocks() const { return nodes_.size(); }

 private:
  struct OlderFirst {
    bool operator()(const Node* a, const Node* b) const;
  };
  // The child that shares the most leading tokens, and how many.
  struct Match {
    Node* node = nullptr;
    std::size_t common = 0;
  };

  [[nodiscard]] static Match best_child(const Node& parent, std::span<const std::int32_t> tokens);
  void share_full_blocks(Path& path, std::span<const std::int32_t> prompt);
  void start_own_blocks(Path& path, std::span<const std::int32_t> prompt);
  Node& add_node(Path& path);
  void show(Node& node, std::span<const std::int32_t> tokens);
  void finish_tail(Path& path);
  [[nodiscard]] bool ask_for_copy(Node& node);
  void hold(Node& node);
  void let_go(Node& node);
  void drop(Node& node);
  void keep_logits(Node& node, std::size_t offset, std::span<const float> logits);

  const model::Engine& engine_;
  const std::size_t block_bytes_, logits_bytes_, budget_bytes_;
  KvPool pool_;
  std::unique_ptr<Node> root_;
  std::list<Node> nodes_;                  // all but the root
  std::set<Node*, OlderFirst> evictable_;  // leaves that nobody holds
  struct Copy {
    Node* from;  // held until it is made
    Node* to;
  };
  std::vector<Copy> copies_;  // due
  std::size_t used_bytes_ = 0, held_blocks_ = 0;
  std::uint64_t clock_ = 0, next_id_ = 0;
};

// One active sequence: the prompt, then appended (generated) tokens.
class PrefixTree::Path {
 public:
  // Block table for engine rows; valid until the next append().
  [[nodiscard]] float* const* blocks() const { return blocks_.data(); }
  // Positions so far.
  [[nodiscard]] std::size_t length() const { return length_; }
  // Prompt positions [first_own, prompt length) are this path's to compute, in order. Equal to the prompt length where
  // another path computes, or has computed, all of them.
  [[nodiscard]] std::size_t first_own() const { return first_own_; }

  // Whether own rows may run in the step being put together: the positions before them are computed, or scheduled in
  // it. Without own rows: whether prompt_logits() is there. Asks for the copy of a partly shared block when that is
  // due.
  [[nodiscard]] bool ready();
  // Own positions [begin, end) are in the step being put together; paths that share them may follow in the same step.
  void schedule(std::size_t begin, std::size_t end);
  // Own or appended positions [begin, end) have been computed.
  void computed(std::size_t begin, std::size_t end);

  // Whether the logits behind an own position must be computed: the prompt's last, or another path waits for them.
  [[nodiscard]] bool wants_logits(std::size_t position) const;
  void give_logits(std::size_t position, std::span<const float> logits);
  // Where there are no own rows, once ready.
  [[nodiscard]] std::span<const float> prompt_logits() const { return prompt_logits_; }

  // Takes the next position for a generated token; the caller computes it before the next append or the release.
  void append(std::int32_t token);

 private:
  friend class PrefixTree;
  explicit Path(PrefixTree& tree) : tree_(tree) {}
  [[nodiscard]] Node& node_of(std::size_t position) const;

  PrefixTree& tree_;
  std::vector<Node*> nodes_;
  std::vector<float*> blocks_;
  std::size_t length_ = 0, prompt_length_ = 0, first_own_ = 0;
  std::size_t checked_ = 0;  // nodes before it are known to be there
  std::size_t shared_ = 0;   // nodes before it are shared by reference
  std::vector<float> prompt_logits_;
};

}  // namespace ipr::rollout
