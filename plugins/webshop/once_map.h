// A concurrent map from an object's address to a value made once from it.
//
// For values that are pure functions of a long-lived key: when two threads miss at once both compute, the first to
// finish is kept. Values never move and live as long as the map. Reads take a shared lock of one of eight shards.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <unordered_map>

namespace webshop {

template <typename Key, typename Value>
class OnceMap {
 public:
  // The value of `key`; `make()` returns a unique_ptr<const Value> and runs without a lock held.
  template <typename Make>
  const Value& get(const Key& key, Make&& make) const {
    Shard& shard = shards_[(reinterpret_cast<std::uintptr_t>(&key) >> 6) % shards_.size()];
    {
      const std::shared_lock lock(shard.mutex);
      if (const auto found = shard.values.find(&key); found != shard.values.end()) return *found->second;
    }
    std::unique_ptr<const Value> made = make();
    const std::unique_lock lock(shard.mutex);
    return *shard.values.try_emplace(&key, std::move(made)).first->second;
  }

 private:
  struct Shard {
    std::shared_mutex mutex;
    std::unordered_map<const Key*, std::unique_ptr<const Value>> values;
  };
  mutable std::array<Shard, 8> shards_;
};

}  // namespace webshop
