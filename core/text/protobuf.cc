#include "core/text/protobuf.h"

#include <bit>

namespace ipr::text {

std::optional<bool> ProtoField::as_bool() const {
  return type == Type::kVarint ? std::optional(number_value != 0) : std::nullopt;
}

std::optional<std::int64_t> ProtoField::as_int() const {
  return type == Type::kVarint ? std::optional(static_cast<std::int64_t>(number_value)) : std::nullopt;
}

std::optional<float> ProtoField::as_float() const {
  if (type != Type::kFixed32) return std::nullopt;
  return std::bit_cast<float>(static_cast<std::uint32_t>(number_value));
}

Result<std::optional<ProtoField>> ProtoReader::next() {
  if (at_ == message_.size()) return std::optional<ProtoField>();
  IPR_ASSIGN(const std::uint64_t key, varint());
  ProtoField field;
  if ((key >> 3) == 0 || (key >> 3) > 0x1FFFFFFF) return fault("a field with number " + std::to_string(key >> 3));
  field.number = static_cast<std::uint32_t>(key >> 3);
  switch (key & 7) {
    case 0: {
      field.type = ProtoField::Type::kVarint;
      IPR_ASSIGN(field.number_value, varint());
      break;
    }
    case 1: {
      field.type = ProtoField::Type::kFixed64;
      IPR_ASSIGN(field.number_value, fixed(8));
      break;
    }
    case 2: {
      field.type = ProtoField::Type::kBytes;
      IPR_ASSIGN(const std::uint64_t length, varint());
      if (length > message_.size() - at_) {
        return fault("field " + std::to_string(field.number) + " claims " + std::to_string(length) + " bytes, " +
                     std::to_string(message_.size() - at_) + " are left");
      }
      field.bytes = message_.substr(at_, length);
      at_ += length;
      break;
    }
    case 5: {
      field.type = ProtoField::Type::kFixed32;
      IPR_ASSIGN(field.number_value, fixed(4));
      break;
    }
    default:
      return fault("field " + std::to_string(field.number) + " has the wire type " + std::to_string(key & 7) +
                   ", which no SentencePiece model has");
  }
  return std::optional(field);
}

Result<std::uint64_t> ProtoReader::varint() {
  std::uint64_t value = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    if (at_ == message_.size()) return fault("the bytes end inside of a number");
    const auto byte = static_cast<unsigned char>(message_[at_++]);
    value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
    if (byte < 0x80) return value;
  }
  return fault("a number of more than 64 bits");
}

Result<std::uint64_t> ProtoReader::fixed(std::size_t size) {
  if (message_.size() - at_ < size) return fault("the bytes end inside of a number");
  std::uint64_t value = 0;
  for (std::size_t i = size; i > 0; --i) value = (value << 8) | static_cast<unsigned char>(message_[at_ + i - 1]);
  at_ += size;
  return value;
}

Status ProtoReader::fault(const std::string& what) const {
  return bad_data("byte " + std::to_string(offset()) + ": " + what);
}

}  // namespace ipr::text
