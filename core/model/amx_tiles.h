// AMX's eight tile registers: what both the engine's and the trainer's kernels need of them.
//
// A tile holds up to 16 rows of 64 bytes. TDPBF16PS adds A B to C: A has up to 16 rows of 32 cells of bf16, B 16 rows
// of 16 pairs of cells, C the f32 sums. The instructions are spelled out: GCC 12's intrinsics do not tell the compiler
// which memory they touch. A process asks for the tiles once (model::has_amx) before any thread uses them.
#pragma once

#include <cstddef>
#include <cstdint>

#define IPR_TILE_ZERO(tile) __asm__ volatile("tilezero %%tmm" #tile ::: "memory")
#define IPR_TILE_LOAD(tile, from, stride)                                                                   \
  __asm__ volatile("tileloadd (%0,%1,1), %%tmm" #tile ::"r"(from), "r"(static_cast<std::ptrdiff_t>(stride)) \
                   : "memor"                                                                                \
                     "y")
#define IPR_TILE_STORE(tile, to, stride)                                                                      \
  __asm__ volatile("tilestored %%tmm" #tile ", (%0,%1,1)" ::"r"(to), "r"(static_cast<std::ptrdiff_t>(stride)) \
                   : "memory")
#define IPR_TILE_DOT(sum, a, b) __asm__ volatile("tdpbf16ps %%tmm" #b ", %%tmm" #a ", %%tmm" #sum ::: "memory")

namespace ipr::model {
namespace {

constexpr int kTileRows = 16;
constexpr int kTileCells = 32;  // of a row
constexpr int kTileBytes = 64;  // of a row

// Tiles 0 to 3 are sums, 4 and 5 inputs, 6 and 7 weights. `first`: rows of tiles 0, 1 and 4; `second`: of 2, 3 and 5.
struct alignas(64) TileConfig {
  TileConfig(int first, int second) {
    const int heights[8] = {first, first, second, second, first, second, kTileRows, kTileRows};
    for (int i = 0; i < 8; ++i) {
      rows[i] = static_cast<std::uint8_t>(heights[i]);
      row_bytes[i] = heights[i] == 0 ? 0 : kTileBytes;  // a tile without rows must not have columns
    }
  }
  std::uint8_t palette = 1, start_row = 0, reserved[14] = {};
  std::uint16_t row_bytes[16] = {};
  std::uint8_t rows[16] = {};
};

// The tile registers of this thread, given back at the end: a thread without them is cheaper to switch.
class Tiles {
 public:
  Tiles() = default;
  ~Tiles() { __asm__ volatile("tilerelease" ::: "memory"); }
  Tiles(const Tiles&) = delete;
  Tiles& operator=(const Tiles&) = delete;

  void use(const TileConfig& config) { __asm__ volatile("ldtilecfg %0" ::"m"(config) : "memory"); }
};

}  // namespace
}  // namespace ipr::model
