#include "core/text/sentencepiece_tokenizer.h"

#include <algorithm>

#include "core/text/base64.h"
#include "core/text/utf8.h"

namespace ipr::text {
namespace {

using Type = SentencePieceModel::Type;

std::string with_blanks(std::string_view piece) {
  std::string text;
  for (std::size_t at = 0; at < piece.size();) {
    const bool blank = piece.substr(at).starts_with(kBlankSymbol);
    if (blank) {
      text += ' ';
    } else {
      text += piece[at];
    }
    at += blank ? kBlankSymbol.size() : 1;
  }
  return text;
}

std::string bytes_of(const SentencePieceModel& model, const SentencePieceModel::Piece& piece) {
  switch (piece.type) {
    case Type::kByte:
      return std::string(1, static_cast<char>(byte_of_piece(piece.text)));
    case Type::kUnknown:
      return model.unknown_surface;
    case Type::kControl:
      return piece.text;
    default:
      return with_blanks(piece.text);
  }
}

AddedToken added_token(const SentencePieceModel& model, std::size_t id, bool special) {
  return {model.pieces[id].text, static_cast<std::int32_t>(id), special, false};
}

bool is_special(Type type) {
  return type == Type::kControl || type == Type::kUnknown;
}

// Hugging Face's normalizer for the same spacing.
Json normalizer_section(const SentencePieceModel& model) {
  Json steps = Json::array();
  const auto replace = [&](const char* kind, const std::string& what, std::string_view by) {
    steps.push_back({{"type", "Replace"}, {"pattern", {{kind, what}}}, {"content", by}});
  };
  if (!model.charsmap.empty())
    steps.push_back({{"type", "Precompiled"}, {"precompiled_charsmap", to_base64(model.charsmap.blob())}});
  if (model.spacing.remove_extra_whitespaces) {
    replace("Regex", R"(\A +| +\z)", "");
    replace("Regex", " {2,}", " ");
  }
  const std::string_view blank = model.spacing.escape_whitespaces ? kBlankSymbol : " ";
  if (model.spacing.add_dummy_prefix) steps.push_back({{"type", "Prepend"}, {"prepend", blank}});
  if (model.spacing.escape_whitespaces) replace("String", " ", kBlankSymbol);
  return {{"type", "Sequence"}, {"normalizers", steps}};
}

Json decoder_section(const SentencePieceModel& model) {
  Json steps = Json::array();
  steps.push_back({{"type", "Replace"}, {"pattern", {{"String", kBlankSymbol}}}, {"content", " "}});
  steps.push_back({{"type", "ByteFallback"}});
  steps.push_back({{"type", "Fuse"}});
  if (model.spacing.add_dummy_prefix) {
    steps.push_back({{"type", "Strip"}, {"content", " "}, {"start", 1}, {"stop", 0}});
  }
  return {{"type", "Sequence"}, {"decoders", steps}};
}

Json post_processor_section(const SentencePieceModel& model) {
  if (!model.bos) return nullptr;
  const std::string& bos = model.pieces[static_cast<std::size_t>(*model.bos)].text;
  const Json first = {{"SpecialToken", {{"id", bos}, {"type_id", 0}}}};
  const Json special = {{"id", bos}, {"ids", Json::array({*model.bos})}, {"tokens", Json::array({bos})}};
  const auto sequence = [](const char* name, int type) {
    return Json{{"Sequence", {{"id", name}, {"type_id", type}}}};
  };
  return {{"type", "TemplateProcessing"},
          {"single", Json::array({first, sequence("A", 0)})},
          {"pair", Json::array({first, sequence("A", 0), first, sequence("B", 1)})},
          {"special_tokens", Json::object({{bos, special}})}};
}

// Merges by rank. Of several ways to make one piece the one with the longer left part comes first, as in Hugging Face's
// own conversion. A way that begins with a character without a token cannot be written and is left out.
Json merges_section(const SentencePieceModel& model) {
  std::vector<RankedMerge> merges = sentencepiece_merges(model);
  std::erase_if(merges, [](const RankedMerge& m) { return m.merge.left < 0 || m.merge.right < 0; });
  const auto left_size = [&](const RankedMerge& m) {
    return model.pieces[static_cast<std::size_t>(m.merge.left)].text.size();
  };
  std::stable_sort(merges.begin(), merges.end(), [&](const RankedMerge& a, const RankedMerge& b) {
    return a.rank != b.rank ? a.rank < b.rank : left_size(a) > left_size(b);
  });
  Json section = Json::array();
  for (const RankedMerge& m : merges) {
    section.push_back(Json::array({model.pieces[static_cast<std::size_t>(m.merge.left)].text,
                                   model.pieces[static_cast<std::size_t>(m.merge.right)].text}));
  }
  return section;
}

}  // namespace

TokenizerParts sentencepiece_parts(const SentencePieceModel& model) {
  TokenizerParts parts;
  parts.byte_level = false;
  parts.unknown.byte_ids.fill(-1);
  parts.unknown.fuse = true;
  parts.unknown.after_merging = true;
  for (std::size_t id = 0; id < model.pieces.size(); ++id) {
    const SentencePieceModel::Piece& piece = model.pieces[id];
    parts.tokens.push_back(piece.text);
    parts.in_vocabulary.push_back(piece.type == Type::kNormal || piece.type == Type::kUnused);
    parts.bytes.push_back(bytes_of(model, piece));
    parts.hidden.push_back(piece.type == Type::kControl);
    parts.blank_first.push_back(!is_special(piece.type) && piece.text.starts_with(kBlankSymbol));
    if (is_special(piece.type)) parts.added.push_back(added_token(model, id, true));
    if (piece.type == Type::kUserDefined) {
      (model.user_defined_are_added ? parts.added : parts.frozen).push_back(added_token(model, id, false));
    }
    if (piece.type == Type::kUnknown) parts.unknown.id = static_cast<std::int32_t>(id);
    if (piece.type == Type::kByte) {
      parts.unknown.byte_ids[static_cast<std::size_t>(byte_of_piece(piece.text))] = static_cast<std::int32_t>(id);
    }
  }
  if (model.spacing.remove_extra_whitespaces) {
    parts.first_blank = TokenizerParts::FirstBlank::kLeftOutUntilText;
  } else if (model.spacing.add_dummy_prefix) {
    parts.first_blank = TokenizerParts::FirstBlank::kLeftOut;
  }
  parts.normalizer = Normalizer::sentencepiece(model.charsmap, model.spacing, parts.frozen);
  parts.merges = sentencepiece_merges(model);
  if (model.bos) parts.prefix_ids = {*model.bos};
  return parts;
}

Json sentencepiece_json(const SentencePieceModel& model) {
  Json vocabulary = Json::object();
  Json added = Json::array();
  Json unknown;
  for (std::size_t id = 0; id < model.pieces.size(); ++id) {
    const SentencePieceModel::Piece& piece = model.pieces[id];
    vocabulary[piece.text] = id;
    if (piece.type == Type::kUnknown) unknown = piece.text;
    if (!is_special(piece.type) && piece.type != Type::kUserDefined) continue;
    added.push_back({{"id", id},
                     {"content", piece.text},
                     {"single_word", false},
                     {"lstrip", false},
                     {"rstrip", false},
                     {"normalized", false},
                     {"special", is_special(piece.type)}});
  }
  return {{"version", "1.0"},
          {"truncation", nullptr},
          {"padding", nullptr},
          {"added_tokens", added},
          {"normalizer", normalizer_section(model)},
          {"pre_tokenizer", nullptr},
          {"post_processor", post_processor_section(model)},
          {"decoder", decoder_section(model)},
          {"model",
           {{"type", "BPE"},
            {"dropout", nullptr},
            {"unk_token", unknown},
            {"continuing_subword_prefix", nullptr},
            {"end_of_word_suffix", nullptr},
            {"fuse_unk", true},
            {"byte_fallback", model.byte_fallback},
            {"ignore_merges", false},
            {"vocab", vocabulary},
            {"merges", merges_section(model)}}}};
}

}  // namespace ipr::text
