// What a loss over rows of role PLAIN must hold, whichever plugin computes it. `loss` is called as double(Batch&) and
// fills the batch's gradient.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "core/base/rng.h"
#include "tests/plugins/support/batch.h"
#include "tests/support/catch.h"

namespace ipr::test {

inline std::vector<Row> random_plain_rows(std::uint64_t seed, std::size_t count) {
  Rng rng(seed);
  std::vector<Row> rows(count);
  for (Row& row : rows) {
    row.role = IPR_ROLE_PLAIN;
    row.group = rng.next();
    row.weight = 0.5 + rng.uniform();
    row.outcome = 2 * rng.uniform() - 1;
    const std::size_t tokens = 3 + rng.below(6);
    for (std::size_t t = 0; t < tokens; ++t) {
      row.logp.push_back(static_cast<float>(-3 * rng.uniform()));
      row.ref.push_back(static_cast<float>(-3 * rng.uniform()));
      row.old.push_back(static_cast<float>(-3 * rng.uniform()));
      row.mask.push_back(t == 0 ? 0.0F : rng.below(2) == 0 ? 1.0F : 0.5F);
    }
    row.mask[1] = 1;
  }
  return rows;
}

// Micro-batches give the whole step's loss and, bit by bit, its gradient; the order of the rows does not matter.
template <typename Loss>
void check_parts_add_up(const Loss& loss) {
  std::vector<Row> rows = random_plain_rows(5, 9);
  const auto totals = totals_of(rows);
  Batch whole(rows, totals, 3);
  const double expected = loss(whole);
  double sum = 0;
  for (std::size_t start = 0; start < rows.size(); start += 4) {
    const std::size_t end = std::min(start + 4, rows.size());
    Batch part({rows.begin() + static_cast<std::ptrdiff_t>(start), rows.begin() + static_cast<std::ptrdiff_t>(end)},
               totals);
    sum += loss(part);
    for (std::size_t r = start; r < end; ++r) {
      for (std::size_t t = 0; t < rows[r].logp.size(); ++t) CHECK(part.gradient(r - start, t) == whole.gradient(r, t));
    }
  }
  CHECK(sum == Approx(expected).epsilon(1e-12));
  std::reverse(rows.begin(), rows.end());
  Batch turned(rows, totals);
  CHECK(loss(turned) == Approx(expected).epsilon(1e-12));
}

// Row::logp is what the loss acts on: log-probs, or values. Of these rows no ratio to the old policy lies within a
// difference of the edge of a clip of 0.2, where a surrogate has no derivative.
template <typename Loss>
void check_gradient(const Loss& loss, std::vector<Row> rows = random_plain_rows(9, 4)) {
  const auto totals = totals_of(rows);
  Batch batch(rows, totals);
  loss(batch);
  for (std::size_t r = 0; r < rows.size(); ++r) {
    for (std::size_t t = 0; t < rows[r].logp.size(); ++t) {
      constexpr float kStep = 0x1p-6F;
      const float here = rows[r].logp[t];
      rows[r].logp[t] = here + kStep;
      Batch above(rows, totals);
      rows[r].logp[t] = here - kStep;
      Batch below(rows, totals);
      rows[r].logp[t] = here;
      CHECK(batch.gradient(r, t) == Approx((loss(above) - loss(below)) / (2.0 * kStep)).epsilon(1e-4).margin(1e-5));
    }
  }
}

}  // namespace ipr::test
