#include "engine/filesort.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "engine/collation.h"

namespace intercodesql {
namespace {

constexpr std::size_t kFewRows = 100;

double number_of(const Value& value) {
  return value.kind == Value::Kind::kDouble ? value.real : static_cast<double>(value.integer);
}

bool is_number(const Value& value) {
  return value.kind == Value::Kind::kInt || value.kind == Value::Kind::kDouble;
}

int compare_values(const Value& a, const Value& b, bool by_collation) {
  const bool a_null = a.kind == Value::Kind::kNull, b_null = b.kind == Value::Kind::kNull;
  if (a_null || b_null) return static_cast<int>(b_null) - static_cast<int>(a_null);
  if (a.kind == Value::Kind::kInt && b.kind == Value::Kind::kInt) {
    return a.integer < b.integer ? -1 : static_cast<int>(a.integer > b.integer);
  }
  if (is_number(a) && is_number(b)) {
    return number_of(a) < number_of(b) ? -1 : static_cast<int>(number_of(a) > number_of(b));
  }
  if (is_number(a) != is_number(b)) return is_number(a) ? -1 : 1;
  return by_collation ? compare_general_ci(a.text, b.text) : a.text.compare(b.text);
}

class Less {
 public:
  Less(const std::vector<Row>& keys, const std::string& directions) : keys_(&keys), directions_(&directions) {}

  bool operator()(std::size_t a, std::size_t b) const {
    const Row& x = (*keys_)[a];
    const Row& y = (*keys_)[b];
    for (std::size_t i = 0; i < directions_->size(); ++i) {
      const char direction = (*directions_)[i];
      const int order = compare_values(x[i], y[i], direction == 'A' || direction == 'D');
      if (order != 0) return (order < 0) == (direction == 'a' || direction == 'A');
    }
    return false;
  }

 private:
  const std::vector<Row>* keys_;
  const std::string* directions_;
};

// The smallest rows, one more than wanted, in a binary heap with the largest at its top; a new row takes that one's
// place, and its place in the list.
class SmallestRows {
 public:
  SmallestRows(std::size_t most, Less less) : most_(most), less_(less) {}

  void add(std::size_t row) {
    if (slots_.size() == most_) {
      slots_[heap_.front()] = row;
      sink();
    } else {
      slots_.push_back(row);
      heap_.push_back(slots_.size() - 1);
      rise();
    }
  }

  [[nodiscard]] std::vector<std::size_t> take() { return std::move(slots_); }

 private:
  [[nodiscard]] bool less(std::size_t a, std::size_t b) const { return less_(slots_[heap_[a]], slots_[heap_[b]]); }

  void sink() {
    std::size_t place = 0;
    while (true) {
      std::size_t largest = place;
      for (const std::size_t child : {2 * place + 1, 2 * place + 2}) {
        if (child < heap_.size() && less(largest, child)) largest = child;
      }
      if (largest == place) return;
      std::swap(heap_[place], heap_[largest]);
      place = largest;
    }
  }

  void rise() {
    for (std::size_t place = heap_.size() - 1; place > 0;) {
      const std::size_t parent = (place - 1) / 2;
      if (less(place, parent)) return;
      std::swap(heap_[place], heap_[parent]);
      place = parent;
    }
  }

  std::size_t most_;
  Less less_;
  std::vector<std::size_t> slots_;
  std::vector<std::size_t> heap_;  // positions in slots_
};

}  // namespace

bool is_stable(std::size_t rows) {
  constexpr std::size_t kInsertionSorted = 16;  // by std::sort
  return rows <= kInsertionSorted || rows > kFewRows;
}

std::vector<std::size_t> sorted_by(const std::vector<Row>& keys, const std::string& directions) {
  std::vector<std::size_t> rows(keys.size());
  std::iota(rows.begin(), rows.end(), std::size_t{0});
  std::stable_sort(rows.begin(), rows.end(), Less(keys, directions));
  return rows;
}

std::vector<std::size_t> sorted_positions(const std::vector<Row>& keys, const SortOrder& order) {
  constexpr double kHeapIsSlower = 3;
  const Less less(keys, order.directions);
  const std::size_t wanted = order.limit ? std::min<std::uint64_t>(*order.limit, keys.size()) : keys.size();
  if (wanted == 0) return {};
  std::vector<std::size_t> rows;
  const bool limited = order.limit.has_value();
  const double expected = std::floor(order.expected_rows.value_or(static_cast<double>(keys.size())) + 0.5);
  if (limited && static_cast<double>(*order.limit) < expected / kHeapIsSlower) {
    SmallestRows smallest(static_cast<std::size_t>(*order.limit) + 1, less);
    for (std::size_t i = 0; i < keys.size(); ++i) smallest.add(i);
    rows = smallest.take();
  } else {
    rows.resize(keys.size());
    std::iota(rows.begin(), rows.end(), std::size_t{0});
  }
  const std::size_t count = rows.size();
  if (limited && *order.limit < count / 2) {
    std::nth_element(rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(wanted) - 1, rows.end(), less);
    rows.resize(wanted);
  }
  if (count <= kFewRows) {
    std::sort(rows.begin(), rows.end(), less);
  } else {
    std::stable_sort(rows.begin(), rows.end(), less);
  }
  rows.resize(std::min(rows.size(), wanted));
  return rows;
}

}  // namespace intercodesql
