#include "core/rollout/prefix_tree.h"

#include <algorithm>
#include <map>
#include <utility>

#include "core/model/engine.h"

namespace ipr::rollout {
namespace {

constexpr auto kBlock = static_cast<std::size_t>(model::kBlockPositions);

std::size_t common_prefix(std::span<const std::int32_t> a, std::span<const std::int32_t> b) {
  const std::size_t size = std::min(a.size(), b.size());
  return static_cast<std::size_t>(
      std::mismatch(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(size), b.begin()).first - a.begin());
}

}  // namespace

struct PrefixTree::Node {
  // Order of children: by tokens, so that the best match is a neighbour of the place where a prompt would stand.
  struct ByTokens {
    using is_transparent = void;
    bool operator()(const Node* a, const Node* b) const {
      return a->tokens != b->tokens ? a->tokens < b->tokens : a->id < b->id;
    }
    bool operator()(const Node* a, std::span<const std::int32_t> b) const {
      return std::lexicographical_compare(a->tokens.begin(), a->tokens.end(), b.begin(), b.end());
    }
    bool operator()(std::span<const std::int32_t> a, const Node* b) const {
      return std::lexicographical_compare(a.begin(), a.end(), b->tokens.begin(), b->tokens.end());
    }
  };

  // A prompt that ends inside known tokens still needs the logits there: kept, or still to come with their row.
  [[nodiscard]] bool logits_come(std::size_t offset) const {
    if (logits.contains(offset)) return true;
    return offset < copy_count ? copy_from->logits_come(offset) : computed <= offset;
  }
  void await_logits(std::size_t offset) {
    if (logits.contains(offset)) return;
    awaited.insert(offset);
    if (offset < copy_count) copy_from->await_logits(offset);
  }

  std::uint64_t id = 0;
  Node* parent = nullptr;
  std::list<Node>::iterator place;                   // in nodes_
  std::vector<std::int32_t> tokens;                  // what others may match; a key of parent->children
  std::vector<std::int32_t> appended;                // generated behind them, not matched until the block is finished
  std::set<Node*, ByTokens> children;                // shown ones
  std::map<std::size_t, std::vector<float>> logits;  // behind the token at an offset
  std::set<std::size_t> awaited;                     // offsets whose logits a path waits for
  float* memory = nullptr;
  std::size_t scheduled = 0, computed = 0;  // positions from the front
  Node* copy_from = nullptr;                // held; its first copy_count positions are still to be copied here
  std::size_t copy_count = 0;
  std::size_t holders = 0;
  std::uint64_t last_use = 0;
  bool shown = false;     // among parent->children
  bool growing = false;   // the tail of an active path
  bool copy_due = false;  // its memory is still to be filled by a copy that was asked for
};

bool PrefixTree::OlderFirst::operator()(const Node* a, const Node* b) const {
  return a->last_use != b->last_use ? a->last_use < b->last_use : a->id < b->id;
}

PrefixTree::PrefixTree(const model::Engine& engine, std::size_t budget_bytes)
    : engine_(engine),
      block_bytes_(engine.block_floats() * sizeof(float)),
      logits_bytes_(static_cast<std::size_t>(engine.config().vocab_size) * sizeof(float)),
      budget_bytes_(budget_bytes),
      pool_(engine),
      root_(std::make_unique<Node>()) {}

PrefixTree::~PrefixTree() = default;

// ---------------------------------------------------------------------------------------------------------- admission

std::unique_ptr<PrefixTree::Path> PrefixTree::admit(std::span<const std::int32_t> prompt) {
  std::unique_ptr<Path> path(new Path(*this));
  path->length_ = path->prompt_length_ = prompt.size();
  share_full_blocks(*path, prompt);
  path->shared_ = path->nodes_.size();
  start_own_blocks(*path, prompt);
  return path;
}

std::size_t PrefixTree::held_blocks_of(std::span<const std::int32_t> prompt) const {
  const Node* node = root_.get();
  std::size_t held = 0;
  for (std::size_t at = 0; at < prompt.size(); at += kBlock) {
    const Match match = best_child(*node, prompt.subspan(at));
    if (match.common < kBlock) break;
    node = match.node;
    held += node->holders > 0 ? 1 : 0;
  }
  return held;
}

PrefixTree::Match PrefixTree::best_child(const Node& parent, std::span<const std::int32_t> tokens) {
  const auto wanted = tokens.first(std::min(tokens.size(), kBlock));
  Match best;
  const auto consider = [&](Node* node) {
    const std::size_t common = common_prefix(node->tokens, wanted);
    if (common > best.common) best = {node, common};
  };
  const auto behind = parent.children.lower_bound(wanted);
  if (behind != parent.children.end()) consider(*behind);
  if (behind != parent.children.begin()) consider(*std::prev(behind));
  return best;
}

void PrefixTree::share_full_blocks(Path& path, std::span<const std::int32_t> prompt) {
  Node* node = root_.get();
  for (std::size_t at = 0; at < prompt.size(); at += kBlock) {
    const Match match = best_child(*node, prompt.subspan(at));
    if (match.common < kBlock) break;
    if (at + kBlock == prompt.size() && !match.node->logits_come(kBlock - 1)) break;
    node = match.node;
    hold(*node);
    path.nodes_.push_back(node);
    path.blocks_.push_back(node->memory);
  }
  path.first_own_ = path.nodes_.size() * kBlock;
  if (path.first_own_ == prompt.size()) node->await_logits(kBlock - 1);
}

void PrefixTree::start_own_blocks(Path& path, std::span<const std::int32_t> prompt) {
  std::size_t at = path.first_own_;
  if (at == prompt.size()) return;
  const Node& parent = path.nodes_.empty() ? *root_ : *path.nodes_.back();
  const auto rest = prompt.subspan(at);
  Match match = best_child(parent, rest);
  if (match.common == rest.size() && !match.node->logits_come(match.common - 1)) match.common -= 1;  // run it again
  if (match.common == rest.size()) match.node->await_logits(match.common - 1);
  path.first_own_ += match.common;
  if (match.common > 0) hold(*match.node);  // before room is made for new blocks
  if (match.common > 0 && match.common == match.node->tokens.size() && !match.node->growing) {
    // Nobody writes behind these tokens any more (an earlier turn of this episode, mostly): go on in the same block.
    path.nodes_.push_back(match.node);
    path.blocks_.push_back(match.node->memory);
  } else {
    Node& own = add_node(path);
    if (match.common > 0) own.copy_from = match.node;
    own.copy_count = match.common;
  }
  for (;; at += kBlock) {
    const std::size_t count = std::min(kBlock, prompt.size() - at);
    Node& node = *path.nodes_.back();
    show(node, prompt.subspan(at, count));
    node.growing = count < kBlock;
    if (at + count == prompt.size()) return;
    add_node(path);
  }
}

// A new, empty block at the path's end, held by it.
PrefixTree::Node& PrefixTree::add_node(Path& path) {
  while (used_bytes_ + block_bytes_ > budget_bytes_ && !evictable_.empty()) drop(**evictable_.begin());
  Node& node = nodes_.emplace_back();
  node.place = std::prev(nodes_.end());
  node.id = ++next_id_;
  node.parent = path.nodes_.empty() ? root_.get() : path.nodes_.back();
  node.memory = pool_.allocate();
  used_bytes_ += block_bytes_;
  hold(node);
  path.nodes_.push_back(&node);
  path.blocks_.push_back(node.memory);
  return node;
}

// Makes `tokens` what others match of the node.
void PrefixTree::show(Node& node, std::span<const std::int32_t> tokens) {
  if (node.shown) node.parent->children.erase(&node);
  node.tokens.assign(tokens.begin(), tokens.end());
  node.parent->children.insert(&node);
  node.shown = true;
}

// ------------------------------------------------------------------------------------------------------------- release

void PrefixTree::release(std::unique_ptr<Path> path) {
  finish_tail(*path);
  // From the end: leaves become the oldest, so that a prefix outlives what hangs on it.
  for (auto node = path->nodes_.rbegin(); node != path->nodes_.rend(); ++node) let_go(**node);
}

// The path writes no more into its last block: its generated tokens become visible. If the tree got the same block from
// another path meanwhile (two samples that said the same), that one is kept and ours dropped; the bits are equal.
void PrefixTree::finish_tail(Path& path) {
  if (path.nodes_.empty()) return;
  Node& tail = *path.nodes_.back();
  if (path.nodes_.size() <= path.shared_) return;
  tail.growing = false;
  if (tail.appended.empty()) return;
  std::vector<std::int32_t> tokens = tail.tokens;
  tokens.insert(tokens.end(), tail.appended.begin(), tail.appended.end());
  tail.appended.clear();
  const Match match = best_child(*tail.parent, tokens);
  const bool known = match.node != nullptr && match.node != &tail && match.common == tokens.size() &&
                     match.node->computed >= tokens.size();
  if (!known || tail.holders > 1) {
    show(tail, tokens);
    return;
  }
  match.node->logits.merge(tail.logits);
  hold(*match.node);
  path.nodes_.back() = match.node;
  path.blocks_.back() = match.node->memory;
  tail.holders = 0;
  --held_blocks_;
  drop(tail);
}

void PrefixTree::hold(Node& node) {
  if (node.holders++ > 0) return;
  ++held_blocks_;
  evictable_.erase(&node);
}

void PrefixTree::let_go(Node& node) {
  if (--node.holders > 0) return;
  --held_blocks_;
  node.last_use = ++clock_;
  if (node.children.empty()) evictable_.insert(&node);
}

// Forgets a leaf that nobody holds.
void PrefixTree::drop(Node& node) {
  evictable_.erase(&node);
  Node& parent = *node.parent;
  if (node.shown) parent.children.erase(&node);
  pool_.release(node.memory);
  used_bytes_ -= block_bytes_ + node.logits.size() * logits_bytes_;
  nodes_.erase(node.place);
  if (&parent != root_.get() && parent.children.empty() && parent.holders == 0) evictable_.insert(&parent);
}

void PrefixTree::keep_logits(Node& node, std::size_t offset, std::span<const float> logits) {
  const auto [place, added] = node.logits.try_emplace(offset, logits.begin(), logits.end());
  if (added) used_bytes_ += logits_bytes_;
  node.awaited.erase(offset);
}

// Copies whole blocks: it is one run of memory, and positions behind the common ones are written before they are read.
// False while the source is not there yet.
bool PrefixTree::ask_for_copy(Node& node) {
  if (node.copy_count == 0) return true;
  Node& source = *node.copy_from;
  if (source.computed < node.copy_count || source.copy_due) return false;
  copies_.push_back({&source, &node});
  node.copy_due = true;
  for (const auto& [offset, logits] : source.logits) {
    if (offset < node.copy_count) keep_logits(node, offset, logits);
  }
  node.scheduled = node.computed = std::exchange(node.copy_count, 0);
  node.copy_from = nullptr;
  return true;
}

void PrefixTree::copy(std::size_t index) const {
  engine_.copy_block(copies_[index].from->memory, copies_[index].to->memory);
}

void PrefixTree::copied() {
  for (const Copy& copy : copies_) {
    copy.to->copy_due = false;
    let_go(*copy.from);
  }
  copies_.clear();
}

// ---------------------------------------------------------------------------------------------------------------- path

PrefixTree::Node& PrefixTree::Path::node_of(std::size_t position) const {
  return *nodes_[position / kBlock];
}

bool PrefixTree::Path::ready() {
  for (; checked_ < shared_; ++checked_) {
    if (nodes_[checked_]->scheduled < kBlock) return false;
  }
  Node* own = shared_ < nodes_.size() ? nodes_[shared_] : nullptr;
  if (first_own_ == prompt_length_ && prompt_logits_.empty()) {
    const bool copying = own != nullptr && own->copy_count > 0;
    const Node& last = copying ? *own->copy_from : *nodes_.back();
    const auto kept = last.logits.find((prompt_length_ - 1) % kBlock);
    if (kept == last.logits.end()) return false;
    prompt_logits_ = kept->second;
  }
  return own == nullptr || tree_.ask_for_copy(*own);
}

void PrefixTree::Path::schedule(std::size_t begin, std::size_t end) {
  for (std::size_t block = begin / kBlock; block * kBlock < end; ++block) {
    Node& node = *nodes_[block];
    node.scheduled = std::max(node.scheduled, std::min(kBlock, end - block * kBlock));
  }
}

void PrefixTree::Path::computed(std::size_t begin, std::size_t end) {
  schedule(begin, end);
  for (std::size_t block = begin / kBlock; block * kBlock < end; ++block) {
    Node& node = *nodes_[block];
    node.computed = std::max(node.computed, std::min(kBlock, end - block * kBlock));
  }
}

bool PrefixTree::Path::wants_logits(std::size_t position) const {
  return position + 1 == prompt_length_ || node_of(position).awaited.contains(position % kBlock);
}

void PrefixTree::Path::give_logits(std::size_t position, std::span<const float> logits) {
  tree_.keep_logits(node_of(position), position % kBlock, logits);
}

void PrefixTree::Path::append(std::int32_t token) {
  if (length_ % kBlock == 0) {
    tree_.finish_tail(*this);
    tree_.add_node(*this).growing = true;
  }
  nodes_.back()->appended.push_back(token);
  ++length_;
}

}  // namespace ipr::rollout
