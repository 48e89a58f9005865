#include "core/model/values.h"

#include <algorithm>
#include <cstring>

#include "core/base/files.h"
#include "core/base/hash.h"
#include "core/model/mapped_file.h"
#include "tests/support/catch.h"
#include "tests/support/shared_data.h"

using namespace ipr;
using namespace ipr::model;

namespace {

bool same_identity(const Values& a, const Values& b) {
  return !a.identity().owner_before(b.identity()) && !b.identity().owner_before(a.identity());
}

std::vector<float> numbers_of(const Values& values) {
  std::vector<float> numbers(values.size());
  values.read(0, numbers);
  return numbers;
}

}  // namespace

TEST_CASE("copies of values share their memory until one is edited", "[model][values]") {
  Values values(std::vector<float>{1, 2, 3});
  const Values copy = values;
  CHECK(copy.shares_memory_with(values));
  CHECK(same_identity(copy, values));
  CHECK(copy.as_f32().shares_memory_with(values));
  values.edit()[1] = 7;
  CHECK(numbers_of(values) == std::vector<float>{1, 7, 3});
  CHECK(numbers_of(copy) == std::vector<float>{1, 2, 3});
  CHECK_FALSE(copy.shares_memory_with(values));
  CHECK_FALSE(same_identity(copy, values));
}

TEST_CASE("values that nobody shares are edited in place, under a new identity and hash", "[model][values]") {
  Values values(std::vector<float>{1, 2, 3});
  const float* const memory = values.data();
  const auto identity = values.identity();
  const std::string hash = values.sha256();
  CHECK(hash == sha256_hex(values.bytes()));
  values.edit()[0] = 5;
  CHECK(values.data() == memory);
  CHECK(identity.expired());
  CHECK(values.sha256() != hash);
  CHECK(values.sha256() == sha256_hex(values.bytes()));
}

TEST_CASE("half precision is read as f32, piece by piece", "[model][values]") {
  // 1, -2, 0.5, 65504 (f16) or its like (bf16).
  const auto half =
      std::make_shared<std::vector<std::uint16_t>>(std::vector<std::uint16_t>{0x3c00, 0xc000, 0x3800, 0x7bff});
  const Values f16(ElementType::kF16, reinterpret_cast<const char*>(half->data()), 4, half);
  CHECK(numbers_of(f16) == std::vector<float>{1, -2, 0.5, 65504});
  std::vector<float> piece(2);
  f16.read(1, piece);
  CHECK(piece == std::vector<float>{-2, 0.5});
  const auto brain = std::make_shared<std::vector<std::uint16_t>>(std::vector<std::uint16_t>{0x3f80, 0xc000, 0x3f00});
  Values bf16(ElementType::kBF16, reinterpret_cast<const char*>(brain->data()), 3, brain);
  CHECK(numbers_of(bf16) == std::vector<float>{1, -2, 0.5});
  CHECK(bf16 != bf16.as_f32());
  bf16.edit()[0] = 3;
  CHECK(bf16.type() == ElementType::kF32);
  CHECK(numbers_of(bf16) == std::vector<float>{3, -2, 0.5});
  CHECK(brain->front() == 0x3f80);
}

TEST_CASE("a forgotten part of a mapped file is read again", "[model][values]") {
  const test::TempFolder folder;
  std::vector<float> numbers(20000);
  for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = static_cast<float>(i);
  const std::string_view bytes(reinterpret_cast<const char*>(numbers.data()), numbers.size() * sizeof(float));
  REQUIRE(write_file(folder.file("f"), bytes).ok());
  const auto file = std::make_shared<const MappedFile>(MappedFile::open(folder.file("f")).value());
  for (const std::size_t first : {0, 1, 1023, 1024, 19999}) {
    const Values values(ElementType::kF32, file->bytes().data() + first * sizeof(float), numbers.size() - first, file);
    for (int pass = 0; pass < 2; ++pass) {
      CHECK(std::equal(values.begin(), values.end(), numbers.begin() + static_cast<std::ptrdiff_t>(first)));
      values.forget();
    }
  }
  const Values own(numbers);
  own.forget();  // nothing to give back
  CHECK(numbers_of(own) == numbers);
}
