// A SQLite file layer under the record that counts what is written, fails when told to, and knows what a power cut
// would leave: for each file its bytes at the last sync, and what was written since.
//
// The one made last is SQLite's default while it lives; all stand directly on the system's files. One thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace ipr::test {

enum class Fault { kDiskFull, kIoError };

class FaultyVfs {
 public:
  FaultyVfs();  // registers itself
  ~FaultyVfs();
  FaultyVfs(const FaultyVfs&) = delete;
  FaultyVfs& operator=(const FaultyVfs&) = delete;

  // Writes, syncs and truncations so far: the steps at which something can break.
  [[nodiscard]] std::uint64_t steps() const;
  // The k-th step from now on (counted from 1) fails; with `for_good` all later ones too.
  void fail_at(std::uint64_t k, Fault fault, bool for_good);
  // Notes from now on, after every step, what a power cut there would leave.
  void watch_power();
  // Number of moments noted; each may be materialized.
  [[nodiscard]] std::size_t cuts() const;
  // The files after a cut at moment `cut`, into `folder`. Of what was not yet synced nothing is kept, or with `seed` a
  // random part of the writes, each whole, in any order a disk may choose.
  void after_cut(std::size_t cut, const std::string& folder, std::uint64_t seed) const;

  struct Layer;

 private:
  std::unique_ptr<Layer> layer_;
};

}  // namespace ipr::test
