// A concurrent memory of values that are dear to make and pure functions of their keys, with a bound.
//
// When two threads miss at once both compute, the first to finish is kept. A full shard is emptied whole: what is in
// use is soon there again, and nothing has to be counted at every look-up. Values are shared (shared_ptr) by the memory
// and whoever still reads them.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <utility>
#include <vector>

namespace webshop {

template <typename Key, typename Value, typename Hash, std::size_t kMostValues>
class BoundedMemory {
 public:
  // The value of `key`; `make()` returns a shared_ptr<const Value> and runs without a lock held.
  template <typename Make>
  [[nodiscard]] std::shared_ptr<const Value> get(const Key& key, Make&& make) const {
    Shard& shard = shards_[(Hash{}(key) >> 32) % kShards];
    {
      const std::lock_guard lock(shard.mutex);
      if (const auto found = shard.values.find(key); found != shard.values.end()) return found->second;
    }
    std::shared_ptr<const Value> made = make();
    const std::lock_guard lock(shard.mutex);
    const auto [place, is_new] = shard.values.try_emplace(key, std::move(made));
    const std::shared_ptr<const Value> kept = place->second;
    if (is_new) shard.make_room_for(key);
    return kept;
  }

 private:
  static constexpr std::size_t kShards = 16;
  static constexpr std::size_t kMostInShard = kMostValues / kShards;
  struct Shard {
    std::mutex mutex;
    std::unordered_map<Key, std::shared_ptr<const Value>, Hash> values;
    std::vector<Key> order;  // of all values, as a ring: the oldest is at `oldest`
    std::size_t oldest = 0;

    void make_room_for(const Key& added) {
      if (order.size() < kMostInShard) {
        order.push_back(added);
        return;
      }
      values.erase(order[oldest]);
      order[oldest] = added;
      oldest = (oldest + 1) % kMostInShard;
    }
  };
  mutable std::array<Shard, kShards> shards_;
};

}  // namespace webshop
