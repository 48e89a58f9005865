// One step of the forward pass in pieces: each method does one thing for rows [begin, end), where it says so only for
// some blocks of 16 output columns, or for some heads. Internal to the engine, which decides who does what when.
//
// Threads may run pieces side by side that write different rows or columns. Every output is summed in one fixed order,
// however the pieces were cut: the base's product, then the change's, then the bias.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "core/model/engine.h"
#include "core/model/packed_lora.h"
#include "core/model/packed_model.h"
#include "core/model/rope.h"

namespace ipr::model {

class Forward {
 public:
  // `threads`: how many may attend() at once. Precondition: check_weights(weights) is ok.
  Forward(const Weights& weights, int threads, const Kernels& kernels);

  [[nodiscard]] const LlamaConfig& config() const { return config_; }
  [[nodiscard]] const Kernels& kernels() const { return kernels_; }
  [[nodiscard]] const PackedModel& base() const { return *base_; }
  [[nodiscard]] const LayerChange& change(int layer) const { return changes_.layers[static_cast<std::size_t>(layer)]; }

  // Makes room for a step; rows and logits stay the caller's, who keeps them until the step's last piece. `keep_order`:
  // rows attend in their own order, so that one piece may take the same rows through all of a layer.
  void begin_step(std::span<const Row> rows, float* logits, bool keep_order);
  // Of rows [0, r), how many want logits.
  [[nodiscard]] int logits_before(int r) const { return logit_index_[static_cast<std::size_t>(r)]; }

  void embed(int begin, int end);

  void attention_input(int layer, int begin, int end);
  void qkv(int layer, int begin, int end, int first_block, int last_block);
  // Norms (where the model does) and rotates q and k, then files k (transposed) and v in the row's KV block.
  void write_keys_values(int layer, int begin, int end);
  // The rows that stand at [begin, end) of an order in which those that share most of their past are neighbours. All
  // keys and values of the layer that they read must be written.
  void attend(int layer, int begin, int end, int first_kv_head, int last_kv_head, int thread);
  // Rows that attend() takes at once where they share a past.
  [[nodiscard]] int rows_together() const;
  // Of such a place.
  [[nodiscard]] int row_at(int place) const { return order_[static_cast<std::size_t>(place)]; }
  // Before output(), once all heads have attended. Does nothing unless the product is changed.
  void output_input(int layer, int begin, int end);
  void output(int layer, int begin, int end, int first_block, int last_block);

  void mlp_input(int layer, int begin, int end);
  // Gates, ups and their activation; a pair is 16 units.
  void gate_up(int layer, int begin, int end, int first_pair, int last_pair);
  // Before down(), once all units are there. Does nothing unless the product is changed.
  void down_input(int layer, int begin, int end);
  void down(int layer, int begin, int end, int first_block, int last_block);

  // The final norm of those rows that want logits, which from here on stand side by side: head() and copy_logits() take
  // logits_before() for row numbers.
  void last_norm(int begin, int end);
  void head(int begin, int end, int first_block, int last_block);
  // The padding of a vocabulary goes.
  void copy_logits(int begin, int end);

 private:
  // Activations, [row][stride].
  struct Rows {
    float* values = nullptr;
    int stride = 0;

    [[nodiscard]] float* at(int row) const { return values + product(row, stride); }
  };
  // The same rows as the kernels take them for a product; in f32 the very same memory.
  struct Cells {
    std::byte* values = nullptr;
    int stride = 0;  // in cells
    std::size_t bytes = 0;

    [[nodiscard]] void* at(int row, int column = 0) const {
      return values + (product(row, stride) + static_cast<std::size_t>(column)) * bytes;
    }
  };
  struct Input {
    Rows rows;
    Cells cells;
  };
  struct Memory {  // grown, never shrunk
    struct Input {
      AlignedFloats rows, cells;
    };
    AlignedFloats x, qkv, gate_up, logits, attention;
    Input normed, attended, inner, low, last;
  };
  // A rectangle of a product's outputs.
  struct Part {
    int begin, end, first_block, last_block;
  };

  [[nodiscard]] const Layer& layer(int index) const { return base_->layers[static_cast<std::size_t>(index)]; }
  void need_positions(int longest);
  void norm(const AlignedFloats& weight, int begin, int end);
  void norm_heads(const Layer& layer, float* heads);
  void order_rows(bool keep_order);
  // Fills shared_before_.
  void compare_neighbours();
  // Rows that attend together, and how many first blocks all of them share.
  struct Group {
    int end, shared_blocks;
  };
  // The group that begins at the place `begin`: it grows as long as another row spares more loads than it costs.
  [[nodiscard]] Group group_at(int begin, int end) const;
  [[nodiscard]] Input need_input(Memory::Input& memory, int count, int stride, int cell_stride) const;
  // Some columns of a row as cells; a multiple of 16.
  void take(const Input& input, int row, int first, int count) const;
  // low_ = A x.
  void lower(const ProductChange& change, const Input& x, int begin, int end);
  // y (+)= W x + scale B low_ + bias.
  void multiply(const Input& x, const PackedMatrix& matrix, const ProductChange& change, Rows y, Part part,
                bool accumulate);
  void add_change(const ProductChange& change, Rows y, Part part);

  const LlamaConfig config_;
  const Kernels& kernels_;
  const std::shared_ptr<const PackedModel> base_;  // with the engines over the same base
  const Shape& shape_ = base_->shape;
  const PackedLora changes_;
  const int threads_;

  RopeTable rope_;
  Memory memory_;
  std::size_t attention_stride_ = 0;  // of a thread's part in memory_.attention
  // The running step.
  std::span<const Row> rows_;
  std::vector<int> order_;          // of attention
  std::vector<int> shared_before_;  // first blocks that the row at a place shares with the one before it
  std::vector<int> logit_index_;    // of row r, and of the row behind the last
  float* logits_ = nullptr;
  Rows x_, qkv_, gate_up_, head_out_;
  Input normed_, attended_, inner_, low_, last_;
};

}  // namespace ipr::model
