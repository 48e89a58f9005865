// Dropout of the residual branches (Srivastava et al. 2014): what attention and MLP add to the stream, each number left
// out with a given chance, the others scaled up so that the mean stays.
//
// What is left out is a function of the seed, the place in the model and the tokens up to there: rows that begin alike
// drop alike as long as they do, and neither the layout of a step, nor a second pass, nor layers that are run again
// change it.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace ipr::train {

struct Dropout {
  double rate = 0;                   // below 1; 0: off
  std::vector<std::uint64_t> names;  // of each packed token: the seed and all tokens up to it

  [[nodiscard]] bool on() const { return rate > 0; }
  // x [tokens, n] without what is dropped at this place; of x's type, on its device. Forward drops the branch, backward
  // its gradient.
  [[nodiscard]] at::Tensor drop(const at::Tensor& x, std::uint64_t place) const;
};

}  // namespace ipr::train
