#include "core/train/torch/dropout.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/mul.h>

#include "core/base/rng.h"

namespace ipr::train {
namespace {

constexpr std::int64_t kGrain = 64;  // tokens that one thread takes at least

}  // namespace

at::Tensor Dropout::drop(const at::Tensor& x, std::uint64_t place) const {
  const std::int64_t tokens = x.size(0), columns = x.size(1);
  const auto limit = static_cast<std::uint64_t>(rate * 0x1p16);  // of 16 bits
  const float kept = 1 / (1 - static_cast<float>(limit) * 0x1p-16F);
  at::Tensor mask = at::empty({tokens, columns}, at::kFloat);
  float* const first = mask.mutable_data_ptr<float>();
  at::parallel_for(0, tokens, kGrain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t t = begin; t < end; ++t) {
      Rng rng(ipr_mix64(names[static_cast<std::size_t>(t)], place));
      float* const row = first + t * columns;
      std::uint64_t bits = 0;
      for (std::int64_t c = 0; c < columns; ++c, bits >>= 16) {
        if (c % 4 == 0) bits = rng.next();
        row[c] = (bits & 0xFFFF) < limit ? 0.0F : kept;
      }
    }
  });
  return at::mul(x, mask.to(x.device(), x.scalar_type()));
}

}  // namespace ipr::train
