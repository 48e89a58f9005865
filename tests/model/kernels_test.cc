#include "core/model/kernels.h"

#include <bit>
#include <cmath>
#include <limits>
#include <vector>

#include "core/base/rng.h"
#include "core/model/element_type.h"
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
  const PackedMatrix packed = pack(kOutputs, kInputs, Width::kF32, [&](int row, std::span<float> values) {
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

TEST_CASE("a product of bf16 is right and its bits do not depend on how many rows or columns share the call",
          "[model][kernels]") {
  constexpr int kInputs = 70;  // padded to 96
  constexpr int kStride = 96;
  constexpr int kOutputs = 80;
  constexpr int kRows = 67;  // two groups of tiles and a rest
  const auto weights = random_floats(kInputs * kOutputs, 1);
  const auto x = random_floats(kInputs * kRows, 2);
  const PackedMatrix packed = pack(kOutputs, kInputs, Width::kBf16, [&](int row, std::span<float> values) {
    std::copy_n(weights.begin() + row * kInputs, kInputs, values.begin());
  });
  REQUIRE(packed.k == kStride);
  for (const Kernels* kernels : available_kernels(Width::kBf16)) {
    CAPTURE(kernels->family);
    std::vector<std::uint16_t> cells(kRows * kStride);
    for (std::size_t r = 0; r < kRows; ++r) {
      std::vector<float> row(80);
      std::copy_n(x.begin() + static_cast<std::ptrdiff_t>(r * kInputs), kInputs, row.begin());
      kernels->to_cells(row.data(), 80, cells.data() + r * kStride);
      for (std::size_t i = 0; i < kInputs; ++i) CHECK(cells[r * kStride + i] == to_bf16(row[i]));
    }
    const auto widened = [](float value) {
      return static_cast<double>(std::bit_cast<float>(static_cast<std::uint32_t>(to_bf16(value)) << 16));
    };
    std::vector<float> all(kRows * kOutputs);
    kernels->matmul(cells.data(), kStride, kRows, packed.block(0), kStride, packed.blocks, all.data(), kOutputs, false);
    for (std::size_t r = 0; r < kRows; ++r) {
      for (std::size_t c = 0; c < kOutputs; ++c) {
        double sum = 0;
        for (std::size_t i = 0; i < kInputs; ++i)
          sum += widened(x[r * kInputs + i]) * widened(weights[c * kInputs + i]);
        CHECK(static_cast<double>(all[r * kOutputs + c]) == Approx(sum).margin(2e-5));
      }
    }
    for (const int rows : {1, 2, 15, 16, 17, 31, 32, 33, 48, 64, 66}) {
      for (int blocks = 1; blocks <= packed.blocks; ++blocks) {
        std::vector<float> some(kRows * kOutputs, 1.0f);
        kernels->matmul(cells.data(), kStride, rows, packed.block(packed.blocks - blocks), kStride, blocks,
                        some.data() + kOutputs - blocks * kLane, kOutputs, false);
        for (int i = 0; i < kRows * kOutputs; ++i) {
          const bool written = i < rows * kOutputs && i % kOutputs >= kOutputs - blocks * kLane;
          if (some[static_cast<std::size_t>(i)] != (written ? all[static_cast<std::size_t>(i)] : 1.0f))
            FAIL("rows " << rows << ", blocks " << blocks << ", output " << i);
        }
      }
    }
    std::vector<float> sum = all;
    kernels->matmul(cells.data(), kStride, kRows, packed.block(0), kStride, packed.blocks, sum.data(), kOutputs, true);
    for (std::size_t i = 0; i < sum.size(); ++i)
      CHECK(static_cast<double>(sum[i]) == Approx(2.0 * static_cast<double>(all[i])).margin(2e-5));
  }
}

TEST_CASE("bf16 is rounded to nearest even and keeps what is not finite", "[model][kernels]") {
  const auto bits = [](std::uint32_t word) { return std::bit_cast<float>(word); };
  const std::vector<std::pair<std::uint32_t, std::uint16_t>> cases = {
      {0x3f800000, 0x3f80}, {0x3f808000, 0x3f80}, {0x3f818000, 0x3f82}, {0x3f808001, 0x3f81},
      {0x7f800000, 0x7f80}, {0xff800000, 0xff80}, {0x7f7fffff, 0x7f80}, {0x80000000, 0x8000},
      {0x7fc00000, 0x7fc0}, {0x7f800001, 0x7fc0}, {0xffffffff, 0xffff}};
  std::vector<float> values(16);
  for (std::size_t i = 0; i < cases.size(); ++i) {
    values[i] = bits(cases[i].first);
    CHECK(to_bf16(values[i]) == cases[i].second);
  }
  for (const Kernels* kernels : available_kernels(Width::kBf16)) {
    std::vector<std::uint16_t> cells(16);
    kernels->to_cells(values.data(), 16, cells.data());
    for (std::size_t i = 0; i < cases.size(); ++i) CHECK(cells[i] == cases[i].second);
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
  CHECK(std::string(available_kernels(Width::kBf16).back()->family) == "bf16-portable");
}
