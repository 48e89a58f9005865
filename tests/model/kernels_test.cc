#include "core/model/kernels.h"

#include <cmath>
#include <limits>
#include <vector>

#include "core/base/rng.h"
#include "core/model/packed.h"
#include "tests/support/catch.h"

using namespace ipr;
using namespace ipr::model;

namespace {

std::vector<float> random_floats(std::size_t count, std::uint64_t seed) {
  Rng rng(seed);
  std::vector<float> values(count);
  for (float& value : values) value = static_cast<float>(2 * rng.uniform() - 1);
  return values;
}

}  // namespace

TEST_CASE("a product is right and its bits do not depend on how many rows or columns share the call",
          "[model][kernels]") {
  constexpr int kInputs = 37;
  constexpr int kOutputs = 112;
  constexpr int kRows = 15;
  const auto weights = random_floats(kInputs * kOutputs, 1);
  const auto x = random_floats(kInputs * kRows, 2);
  const PackedMatrix packed = pack(kOutputs, kInputs, [&](int row, std::span<float> values) {
    std::copy_n(weights.begin() + row * kInputs, kInputs, values.begin());
  });
  for (const Kernels* kernels : available_kernels()) {
    CAPTURE(kernels->family);
    std::vector<float> all(kRows * kOutputs);
    kernels->matmul(x.data(), kInputs, kRows, packed.block(0), kInputs, packed.blocks, all.data(), kOutputs, false);
    for (std::size_t r = 0; r < kRows; ++r) {
      for (std::size_t c = 0; c < kOutputs; ++c) {
        double sum = 0;
        for (std::size_t i = 0; i < kInputs; ++i)
          sum += static_cast<double>(x[r * kInputs + i]) * static_cast<double>(weights[c * kInputs + i]);
        CHECK(static_cast<double>(all[r * kOutputs + c]) == Approx(sum).margin(1e-5));
      }
    }
    for (int rows = 1; rows <= kRows; ++rows) {
      for (int blocks = 1; blocks <= packed.blocks; ++blocks) {
        std::vector<float> some(kRows * kOutputs, 1.0f);
        kernels->matmul(x.data(), kInputs, rows, packed.block(packed.blocks - blocks), kInputs, blocks,
                        some.data() + kOutputs - blocks * kLane, kOutputs, false);
        for (int i = 0; i < kRows * kOutputs; ++i) {
          const bool written = i < rows * kOutputs && i % kOutputs >= kOutputs - blocks * kLane;
          if (some[static_cast<std::size_t>(i)] != (written ? all[static_cast<std::size_t>(i)] : 1.0f))
            FAIL("rows " << rows << ", blocks " << blocks << ", output " << i);
        }
      }
    }
    std::vector<float> sum = all;
    kernels->matmul(x.data(), kInputs, kRows, packed.block(0), kInputs, packed.blocks, sum.data(), kOutputs, true);
    for (std::size_t i = 0; i < sum.size(); ++i) CHECK(sum[i] == 2 * all[i]);
  }
}

TEST_CASE("exp is within two units in the last place and safe at the ends", "[model][kernels]") {
  for (const Kernels* kernels : available_kernels()) {
    CAPTURE(kernels->family);
    std::vector<float> x;
    for (float value = -87.0f; value <= 0; value += 0.0137f) x.push_back(value);
    std::vector<float> weights(x.size());
    const double sum = kernels->exp_weights(x.data(), x.size(), 0, 1, weights.data());
    double expected_sum = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double expected = std::exp(static_cast<double>(x[i]));
      expected_sum += expected;
      CHECK(static_cast<double>(weights[i]) == Approx(expected).epsilon(2.4e-7));
    }
    CHECK(sum == Approx(expected_sum).epsilon(1e-6));
    const float infinity = std::numeric_limits<float>::infinity();
    const std::vector<float> ends = {0, -200, -infinity, std::numeric_limits<float>::quiet_NaN()};
    std::vector<float> out(ends.size());
    (void)kernels->exp_weights(ends.data(), ends.size(), 0, 1, out.data());
    CHECK(out[0] == 1);
    CHECK(out[1] == 0);
    CHECK(out[2] == 0);
    CHECK(std::isnan(out[3]));
  }
}

TEST_CASE("a value's exponential does not depend on its place", "[model][kernels]") {
  for (const Kernels* kernels : available_kernels()) {
    const auto x = random_floats(41, 5);
    std::vector<float> all(x.size());
    (void)kernels->exp_weights(x.data(), x.size(), 1, 0.7f, all.data());
    for (std::size_t i = 0; i < x.size(); ++i) {
      float one = 0;
      (void)kernels->exp_weights(&x[i], 1, 1, 0.7f, &one);
      CHECK(one == all[i]);
    }
  }
}

TEST_CASE("the largest value is found wherever it stands", "[model][kernels]") {
  for (const Kernels* kernels : available_kernels()) {
    CHECK(kernels->max_value(nullptr, 0) == -std::numeric_limits<float>::infinity());
    for (std::size_t size = 1; size < 50; ++size) {
      std::vector<float> x(size, -3.0f);
      x[size * 7 % size] = x[(size - 1) / 2] = -1.0f;
      CHECK(kernels->max_value(x.data(), size) == -1.0f);
    }
  }
}

TEST_CASE("the portable kernels are always there and the best set is one of the available", "[model][kernels]") {
  CHECK(std::string(available_kernels().back()->family) == "portable");
  CHECK(&best_kernels() == available_kernels().front());
}
