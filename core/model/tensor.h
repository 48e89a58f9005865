// A tensor by shape and numbers.
#pragma once

#include <cstdint>
#include <vector>

#include "core/model/values.h"

namespace ipr::model {

struct Tensor {
  std::vector<std::int64_t> shape;  // slowest dimension first: [out, in]
  Values values;
};

}  // namespace ipr::model
