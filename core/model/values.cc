#include "core/model/values.h"

#include <mutex>
#include <utility>

#include "core/base/hash.h"
#include "core/model/mapped_file.h"

namespace ipr::model {

struct Values::Block {
  std::vector<float> own;                  // f32, or
  std::shared_ptr<const void> owner;       // of somebody else's bytes
  std::shared_ptr<const MappedFile> file;  // the owner, if it is one
  std::once_flag hashed;
  std::string sha256;
};

Values::Values(std::vector<float> values) : block_(std::make_shared<Block>()), size_(values.size()) {
  block_->own = std::move(values);
  bytes_ = reinterpret_cast<const char*>(block_->own.data());
}

Values::Values(ElementType type, const char* bytes, std::size_t count, std::shared_ptr<const void> owner)
    : block_(std::make_shared<Block>()), bytes_(bytes), size_(count), type_(type) {
  block_->owner = std::move(owner);
}

Values::Values(ElementType type, const char* bytes, std::size_t count, std::shared_ptr<const MappedFile> file)
    : Values(type, bytes, count, std::shared_ptr<const void>(file)) {
  block_->file = std::move(file);
}

std::string_view Values::bytes() const {
  return {bytes_, size_ * layout_of(type_).bytes};
}

void Values::read(std::size_t first, std::span<float> out) const {
  expand(type_, bytes_ + first * layout_of(type_).bytes, out.size(), out.data());
}

void Values::forget() const {
  if (block_ != nullptr && block_->file != nullptr) block_->file->forget(bytes());
}

Values Values::as_f32() const {
  if (type_ == ElementType::kF32) return *this;
  std::vector<float> values(size_);
  read(0, values);
  return values;
}

std::span<float> Values::edit() {
  if (block_ == nullptr) return {};
  std::vector<float> values;
  if (block_.use_count() == 1 && !block_->own.empty()) {
    values = std::move(block_->own);  // nobody else sees them
  } else {
    values.resize(size_);
    read(0, values);
  }
  *this = Values(std::move(values));  // hash and identity are of the numbers as they were
  return block_->own;
}

const std::string& Values::sha256() const {
  static const std::string kOfNothing = sha256_hex({});
  if (block_ == nullptr) return kOfNothing;
  std::call_once(block_->hashed, [this] {
    block_->sha256 = sha256_hex(bytes());
    forget();
  });
  return block_->sha256;
}

}  // namespace ipr::model
