// The numbers of one tensor: f32, or bf16 / f16 as their file stores them.
//
// A value with shared memory: copies share, edit() parts from the others first. So the frozen base weights of a policy,
// its reference and the scorer are in memory once, and two models can be asked whether they have them in common. They
// may lie in a mapped file, of which nothing is read before it is needed.
// Thread-safe as a const std::vector is: any number of readers, or one thread that edits.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/element_type.h"

namespace ipr::model {

class MappedFile;

class Values {
 public:
  Values() = default;
  Values(std::vector<float> values);  // NOLINT(google-explicit-constructor): a vector is what most tensors start from
  // kF32, kBF16 or kF16 in memory of `owner`, or in a file's bytes(), which is kept alive; aligned for its type.
  Values(ElementType type, const char* bytes, std::size_t count, std::shared_ptr<const void> owner);
  Values(ElementType type, const char* bytes, std::size_t count, std::shared_ptr<const MappedFile> file);

  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] ElementType type() const { return type_; }  // kF32, kBF16 or kF16
  [[nodiscard]] std::string_view bytes() const;

  // f32 only, as are the four that make it look like a vector.
  [[nodiscard]] const float* data() const { return reinterpret_cast<const float*>(bytes_); }
  [[nodiscard]] const float* begin() const { return data(); }
  [[nodiscard]] const float* end() const { return data() + size_; }
  [[nodiscard]] const float& operator[](std::size_t i) const { return data()[i]; }

  // Values [first, first + out.size()) as f32, of any type.
  void read(std::size_t first, std::span<float> out) const;
  // After a pass over all of them: where they lie in a mapped file, the system may have their memory back until they
  // are asked for again.
  void forget() const;
  // All of them as f32 of their own; the same memory where they are f32.
  [[nodiscard]] Values as_f32() const;
  // To be written: f32 that no other copy sees.
  [[nodiscard]] std::span<float> edit();

  // The same memory, hence the same numbers: no number is looked at.
  [[nodiscard]] bool shares_memory_with(const Values& other) const { return bytes_ == other.bytes_; }
  // What is kept to ask later, when the numbers may be gone, whether something was made of these: equal (by
  // owner_before) for copies that share, for nothing else, and never again for other numbers.
  [[nodiscard]] std::weak_ptr<const void> identity() const { return block_; }
  // SHA-256 (lower-case hex) of bytes(), computed once for all that share them.
  [[nodiscard]] const std::string& sha256() const;

  // Equal types and bytes.
  friend bool operator==(const Values& a, const Values& b) { return a.type_ == b.type_ && a.bytes() == b.bytes(); }

 private:
  struct Block;
  std::shared_ptr<Block> block_;
  const char* bytes_ = nullptr;
  std::size_t size_ = 0;
  ElementType type_ = ElementType::kF32;
};

}  // namespace ipr::model
