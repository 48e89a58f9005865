#include "core/text/sentencepiece.h"

#include <algorithm>
#include <bitset>
#include <cmath>
#include <functional>
#include <numeric>
#include <unordered_map>

#include "core/base/strings.h"
#include "core/text/json_section.h"
#include "core/text/protobuf.h"
#include "core/text/utf8.h"

namespace ipr::text {
namespace {

using Type = SentencePieceModel::Type;
using PieceIds = std::unordered_map<std::string_view, std::int32_t>;

constexpr std::size_t kMostPieces = std::size_t{1} << 21;  // far above any vocabulary
// Longer pieces occur in no model, and all splits of one take time in the square of its length.
constexpr std::size_t kLongestPiece = 1024;

std::string piece_place(std::size_t id, const SentencePieceModel::Piece& piece) {
  return "piece " + std::to_string(id) + " " + dump_brief(piece.text);
}

// Goes through a message's fields; `take` answers for each whether it has the type that it must have.
Status for_each_field(std::string_view message, std::size_t offset,
                      const std::function<Result<bool>(const ProtoField&, std::size_t end)>& take) {
  ProtoReader reader(message, offset);
  while (true) {
    IPR_ASSIGN(const std::optional<ProtoField> field, reader.next());
    if (!field) return {};
    IPR_ASSIGN(const bool fits, take(*field, reader.offset()));
    if (!fits) {
      return bad_data("byte " + std::to_string(reader.offset()) + ": field " + std::to_string(field->number) +
                      " has another type than in a SentencePiece model");
    }
  }
}

// Sets `target` if the value is there; tells whether it is.
template <typename T, typename V>
bool put(const std::optional<V>& value, T& target) {
  if (value) target = static_cast<T>(*value);
  return value.has_value();
}

bool put_text(const ProtoField& field, std::string& target) {
  if (field.is_bytes()) target = std::string(field.bytes);
  return field.is_bytes();
}

Status read_piece(std::string_view message, std::size_t offset, SentencePieceModel& model) {
  SentencePieceModel::Piece piece;
  std::int64_t type = 1;
  IPR_TRY(for_each_field(message, offset, [&](const ProtoField& field, std::size_t) -> Result<bool> {
    switch (field.number) {
      case 1:
        return put_text(field, piece.text);
      case 2:
        return put(field.as_float(), piece.score);
      case 3:
        return put(field.as_int(), type);
      default:
        return true;
    }
  }));
  if (type < 1 || type > 6) {
    return bad_data(piece_place(model.pieces.size(), piece) + ": the type " + std::to_string(type) + " is not known");
  }
  piece.type = static_cast<Type>(type);
  model.pieces.push_back(std::move(piece));
  return {};
}

Status read_trainer(std::string_view message, std::size_t offset, SentencePieceModel& model) {
  std::int64_t model_type = 1;
  std::int64_t bos = 1;
  bool suffix = false;
  IPR_TRY(for_each_field(message, offset, [&](const ProtoField& field, std::size_t) -> Result<bool> {
    switch (field.number) {
      case 3:
        return put(field.as_int(), model_type);
      case 24:
        return put(field.as_bool(), suffix);
      case 35:
        return put(field.as_bool(), model.byte_fallback);
      case 41:
        return put(field.as_int(), bos);
      case 44:
        return put_text(field, model.unknown_surface);
      default:
        return true;
    }
  }));
  constexpr const char* kNames[] = {"UNIGRAM", "BPE", "WORD", "CHAR"};
  if (model_type != 2) {
    const std::string name = model_type >= 1 && model_type <= 4 ? kNames[model_type - 1] : std::to_string(model_type);
    return bad_data("trainer_spec.model_type " + name + " is not supported; BPE models are (Llama 2, Mistral)");
  }
  if (suffix) return bad_data("trainer_spec.treat_whitespace_as_suffix is not supported");
  if (bos >= 0 && bos < static_cast<std::int64_t>(kMostPieces)) model.bos = static_cast<std::int32_t>(bos);
  return {};
}

Status read_normalizer(std::string_view message, std::size_t offset, SentencePieceModel& model) {
  std::string blob;
  IPR_TRY(for_each_field(message, offset, [&](const ProtoField& field, std::size_t) -> Result<bool> {
    switch (field.number) {
      case 2:
        return put_text(field, blob);
      case 3:
        return put(field.as_bool(), model.spacing.add_dummy_prefix);
      case 4:
        return put(field.as_bool(), model.spacing.remove_extra_whitespaces);
      case 5:
        return put(field.as_bool(), model.spacing.escape_whitespaces);
      default:
        return true;
    }
  }));
  IPR_ASSIGN(model.charsmap, Charsmap::read(blob, "normalizer_spec.precompiled_charsmap"));
  return {};
}

Status read_denormalizer(std::string_view message, std::size_t offset) {
  return for_each_field(message, offset, [&](const ProtoField& field, std::size_t) -> Result<bool> {
    if (field.number == 2 && !field.bytes.empty()) return bad_data("denormalizer_spec is not supported");
    return true;
  });
}

Status read_model(std::string_view bytes, SentencePieceModel& model) {
  // A message's parts may come in any order, and the trainer's part says how the others are meant.
  return for_each_field(bytes, 0, [&](const ProtoField& field, std::size_t end) -> Result<bool> {
    if (field.number < 1 || field.number > 5 || field.number == 4) return true;
    if (!field.is_bytes()) return false;
    const std::size_t offset = end - field.bytes.size();
    if (field.number == 1) {
      if (model.pieces.size() == kMostPieces) {
        return bad_data("more than " + std::to_string(kMostPieces) + " pieces");
      }
      IPR_TRY(read_piece(field.bytes, offset, model));
    } else if (field.number == 2) {
      IPR_TRY(read_trainer(field.bytes, offset, model));
    } else if (field.number == 3) {
      IPR_TRY(read_normalizer(field.bytes, offset, model));
    } else {
      IPR_TRY(read_denormalizer(field.bytes, offset));
    }
    return true;
  });
}

bool is_mergeable(const SentencePieceModel::Piece& piece) {
  return piece.type == Type::kNormal || piece.type == Type::kUnused;
}

Status check_piece(const SentencePieceModel& model, std::size_t id) {
  const SentencePieceModel::Piece& piece = model.pieces[id];
  if (piece.text.empty()) return bad_data("piece " + std::to_string(id) + " has no text");
  if (valid_utf8(piece.text) != piece.text) return bad_data(piece_place(id, piece) + ": its text is not UTF-8");
  if (piece.text.size() > kLongestPiece) {
    return bad_data(piece_place(id, piece) + ": longer than " + std::to_string(kLongestPiece) + " bytes");
  }
  if (std::isnan(piece.score)) return bad_data(piece_place(id, piece) + ": its score is not a number");
  if (piece.type == Type::kByte && !model.byte_fallback) {
    return bad_data(piece_place(id, piece) + ": a byte piece, but trainer_spec.byte_fallback is off");
  }
  if (piece.type == Type::kByte && byte_of_piece(piece.text) < 0) {
    return bad_data(piece_place(id, piece) + ": a byte piece is written <0x00> to <0xFF>");
  }
  return {};
}

// Calls visit(left, right) for every way to put piece `id` together.
template <typename Visit>
void for_each_split(const SentencePieceModel& model, const PieceIds& ids, std::size_t id, const Visit& visit) {
  const std::string_view text = model.pieces[id].text;
  const auto symbol_of = [&](std::string_view part) -> std::int32_t {
    if (const auto piece = ids.find(part); piece != ids.end()) {
      return is_mergeable(model.pieces[static_cast<std::size_t>(piece->second)]) ? piece->second : MergeTable::kNone;
    }
    const Utf8Char c = first_char(part);
    return c.length == part.size() ? unknown_symbol(c.point) : MergeTable::kNone;
  };
  for (std::size_t at = first_char(text).length; at < text.size(); at += first_char(text.substr(at)).length) {
    const std::int32_t left = symbol_of(text.substr(0, at));
    const std::int32_t right = left == MergeTable::kNone ? left : symbol_of(text.substr(at));
    if (right != MergeTable::kNone) visit(left, right);
  }
}

// The pieces that text can be merged to; control, unknown and byte pieces are none.
PieceIds piece_ids(const SentencePieceModel& model) {
  PieceIds ids;
  for (std::size_t id = 0; id < model.pieces.size(); ++id) {
    const SentencePieceModel::Piece& piece = model.pieces[id];
    if (is_mergeable(piece) || piece.type == Type::kUserDefined) ids.emplace(piece.text, static_cast<std::int32_t>(id));
  }
  return ids;
}

}  // namespace

int byte_of_piece(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  if (text.size() != 6 || !text.starts_with("<0x") || !text.ends_with('>')) return -1;
  const std::size_t high = kDigits.find(text[3]);
  const std::size_t low = kDigits.find(text[4]);
  if (high == std::string_view::npos || low == std::string_view::npos) return -1;
  return static_cast<int>(high * 16 + low);
}

Status check_sentencepiece(const SentencePieceModel& model, const std::string& source) {
  if (model.pieces.empty()) return bad_data(source + ": no pieces: this is no SentencePiece model");
  std::unordered_map<std::string_view, std::size_t> seen;
  std::bitset<256> bytes;
  std::size_t unknown = 0;
  for (std::size_t id = 0; id < model.pieces.size(); ++id) {
    const SentencePieceModel::Piece& piece = model.pieces[id];
    IPR_TRY(check_piece(model, id).at(source));
    const auto [same, fresh] = seen.emplace(piece.text, id);
    if (!fresh)
      return bad_data(source + ": " + piece_place(id, piece) + " is piece " + std::to_string(same->second) + " again");
    if (piece.type == Type::kByte) bytes.set(static_cast<std::size_t>(byte_of_piece(piece.text)));
    if (piece.type == Type::kUnknown) ++unknown;
  }
  if (unknown != 1) return bad_data(source + ": " + std::to_string(unknown) + " unknown pieces; a model has one");
  if (model.byte_fallback && !bytes.all()) {
    return bad_data(source + ": trainer_spec.byte_fallback is on, but only " + std::to_string(bytes.count()) +
                    " of 256 byte pieces are there");
  }
  const PieceIds ids = piece_ids(model);
  for (std::size_t id = 0; id < model.pieces.size(); ++id) {
    if (model.pieces[id].type != Type::kUnused) continue;
    bool reachable = ids.size() > 0 && first_char(model.pieces[id].text).length == model.pieces[id].text.size();
    for_each_split(model, ids, id, [&](std::int32_t, std::int32_t) { reachable = true; });
    if (reachable) {
      return bad_data(source + ": " + piece_place(id, model.pieces[id]) +
                      ": a vocabulary with unused pieces (a restricted one) is not supported");
    }
  }
  return {};
}

Result<SentencePieceModel> read_sentencepiece(std::string_view bytes, const std::string& source) {
  SentencePieceModel model;
  IPR_TRY(read_model(bytes, model).at(source));
  IPR_TRY(check_sentencepiece(model, source));
  const bool begins = model.bos && static_cast<std::size_t>(*model.bos) < model.pieces.size() &&
                      model.pieces[static_cast<std::size_t>(*model.bos)].type == Type::kControl;
  if (!begins) model.bos.reset();
  return model;
}

std::vector<RankedMerge> sentencepiece_merges(const SentencePieceModel& model) {
  std::vector<std::size_t> order;
  for (std::size_t id = 0; id < model.pieces.size(); ++id) {
    if (is_mergeable(model.pieces[id])) order.push_back(id);
  }
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return model.pieces[a].score > model.pieces[b].score; });
  const PieceIds ids = piece_ids(model);
  std::vector<RankedMerge> merges;
  std::uint32_t rank = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (i > 0 && model.pieces[order[i]].score != model.pieces[order[i - 1]].score) ++rank;
    for_each_split(model, ids, order[i], [&](std::int32_t left, std::int32_t right) {
      merges.push_back({{left, right, static_cast<std::int32_t>(order[i])}, rank});
    });
  }
  return merges;
}

}  // namespace ipr::text
