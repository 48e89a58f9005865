#include "core/loop/offline_rows.h"

#include <algorithm>
#include <cmath>

#include "core/loop/json_records.h"
#include "ipr/plugin.h"

namespace ipr::loop {
namespace {

enum Tag : std::uint32_t { kOutcome = 0, kStep = 1, kBesidePairs = 2 };

using Ids = std::vector<std::int32_t>;
using Mask = std::vector<float>;

// Appends one token of the agent's turn `turn`, or of nobody's (-1).
void append(train::TrainRow& row, std::int32_t id, float mask, std::int32_t turn) {
  row.ids.push_back(id);
  row.mask.push_back(mask);
  row.turn.push_back(turn);
}

class Reader {
 public:
  explicit Reader(const RowTarget& target) : target_(target) {}

  Status take(const Json& record, const std::string& where) {
    try {
      return take_checked(record, where);
    } catch (const Json::exception& exception) {  // a value of another type than the format's
      return bad_data(where + ": is no training row: " + exception.what());
    }
  }

  // Beside pairs, SFT rows need a tag of their own.
  [[nodiscard]] OfflineRows finish() && {
    if (found_.outcome_pairs + found_.step_pairs > 0) {
      for (train::TrainRow& row : found_.rows) {
        if (row.role == IPR_ROLE_PLAIN) row.tag = kBesidePairs;
      }
    }
    return std::move(found_);
  }

 private:
  Status take_checked(const Json& record, const std::string& where) {
    if (record.contains("chosen")) return take_pair(record, {"chosen", "rejected"}, where);  // some have messages, too
    if (record.contains("messages") || record.contains("conversations")) return take_chat(record, where);
    if (record.contains("ids")) return take_sft_ids(record, where);
    if (record.contains("win") || record.contains("win_ids")) return take_pair(record, {"win", "lose"}, where);
    return bad_data(where +
                    ": is neither an SFT row (\"messages\", \"conversations\" or \"ids\") nor a pair (\"win\" "
                    "and \"lose\", \"chosen\" and \"rejected\", or \"win_ids\" and \"lose_ids\")");
  }

  Status take_chat(const Json& record, const std::string& where) {
    IPR_TRY(need_tokenizer(where));
    const Json& list = record.contains("messages") ? record["messages"] : record["conversations"];
    IPR_ASSIGN(const std::vector<text::Message> messages, messages_from_json(list, where));
    train::TrainRow row;
    append_messages(messages, /*trained=*/true, static_cast<float>(target_.observation_loss), row);
    row.outcome = record.value("reward", 0.0);
    return add_sft(std::move(row), where);
  }

  Status take_sft_ids(const Json& record, const std::string& where) {
    train::TrainRow row;
    const auto ids = record["ids"].get<Ids>();
    IPR_ASSIGN(const Mask mask, mask_of(record, "mask", 0, ids.size(), 1, where));
    append_ids(ids, mask, row);
    row.outcome = record.value("reward", 0.0);
    return add_sft(std::move(row), where);
  }

  Status add_sft(train::TrainRow row, const std::string& where) {
    row.role = IPR_ROLE_PLAIN;
    row.group = next_group_++;
    ++found_.sft;
    return add(std::move(row), where);
  }

  // What a pair's two sides are called: ours, or those of preference data for TRL, which tells no kind.
  struct Sides {
    std::string winner, loser;
  };

  Status take_pair(const Json& record, const Sides& sides, const std::string& where) {
    const std::string kind = record.value("kind", sides.winner == "chosen" ? "outcome" : "");
    if (kind != "outcome" && kind != "step")
      return bad_data(where + ": \"kind\": expected \"outcome\" or \"step\", found \"" + kind + "\"");
    const bool in_tokens = record.contains("win_ids");
    const std::uint64_t group = next_group_++;
    for (const std::string& side : {sides.winner, sides.loser}) {
      if (!record.contains(side + (in_tokens ? "_ids" : "")))
        return bad_data(where + ": a pair needs \"" + side + (in_tokens ? "_ids\"" : "\""));
      train::TrainRow row;
      IPR_TRY(in_tokens ? read_side_ids(record, side, where, row) : read_side(record, side, where, row));
      row.tag = kind == "outcome" ? kOutcome : kStep;
      row.role = side == sides.winner ? IPR_ROLE_CHOSEN : IPR_ROLE_REJECTED;
      row.group = group;
      row.outcome = record.value(side + "_reward", 0.0);
      IPR_TRY(add(std::move(row), where + ": " + side));
    }
    ++(kind == "outcome" ? found_.outcome_pairs : found_.step_pairs);
    return {};
  }

  Status read_side(const Json& record, const std::string& side, const std::string& where, train::TrainRow& row) {
    IPR_TRY(need_tokenizer(where));
    IPR_ASSIGN(const std::vector<text::Message> prompt,
               messages_from_json(record.value("prompt", Json::array()), where + ": prompt"));
    IPR_ASSIGN(const std::vector<text::Message> said, messages_from_json(record[side], where + ": " + side));
    append_messages(prompt, /*trained=*/false, 0, row);
    append_messages(said, /*trained=*/true, 0, row);
    return {};
  }

  Status read_side_ids(const Json& record, const std::string& side, const std::string& where, train::TrainRow& row) {
    const auto prompt = record.value("prompt_ids", Ids());
    const auto ids = record[side + "_ids"].get<Ids>();
    IPR_ASSIGN(const Mask before, mask_of(record, "prompt_mask", 0, prompt.size(), 0, where));
    IPR_ASSIGN(const Mask mask, mask_of(record, side + "_mask", prompt.size(), ids.size(), 1, where));
    if (mask.size() == ids.size()) append_ids(prompt, before, row);
    Ids all = ids;
    if (mask.size() != ids.size()) all.insert(all.begin(), prompt.begin(), prompt.end());
    append_ids(all, mask, row);
    return {};
  }

  // The mask under `key`, for `size` ids or with those of the prompt before them; `without` where there is none.
  static Result<Mask> mask_of(const Json& record, const std::string& key, std::size_t prompt, std::size_t size,
                              float without, const std::string& where) {
    const auto found = record.find(key);
    if (found == record.end() || found->is_null()) return Mask(size, without);
    auto mask = found->get<Mask>();
    if (mask.size() != size && mask.size() != prompt + size) {
      return bad_data(where + ": \"" + key + "\" has " + std::to_string(mask.size()) + " values for " +
                      std::to_string(size) + " ids");
    }
    for (const float value : mask) {
      if (!std::isfinite(value) || value < 0)
        return bad_data(where + ": \"" + key + "\": expected 0 or 1 for each id, found " + std::to_string(value));
    }
    return mask;
  }

  static void append_ids(const Ids& ids, const Mask& mask, train::TrainRow& row) {
    for (std::size_t i = 0; i < ids.size(); ++i) append(row, ids[i], mask[i], mask[i] > 0 ? 0 : -1);
  }

  // Turns are counted over the whole row, from 0.
  void append_messages(const std::vector<text::Message>& messages, bool trained, float outside, train::TrainRow& row) {
    std::int32_t turn = row.turn.empty() ? 0 : 1 + *std::max_element(row.turn.begin(), row.turn.end());
    text::TokenizedChat chat;
    chat.ids = row.ids;  // a template may open a chat in another way than it goes on
    chat.mask.assign(chat.ids.size(), 0);
    for (const text::Message& message : messages) {
      const std::size_t begin = chat.ids.size();
      target_.speech->chat_template.append_message(target_.speech->tokenizer, message, chat);
      for (std::size_t i = begin; i < chat.ids.size(); ++i) {
        const bool agent = chat.mask[i] != 0;
        append(row, chat.ids[i], agent ? (trained ? 1.0F : 0.0F) : outside, agent ? turn : -1);
      }
      if (message.role == text::Role::kAssistant) ++turn;
    }
  }

  [[nodiscard]] Status need_tokenizer(const std::string& where) const {
    if (target_.speech != nullptr) return {};
    return bad_data(where + ": holds messages, but the model's folder has no tokenizer.json; give token ids");
  }

  Status add(train::TrainRow row, const std::string& where) {
    for (const std::int32_t id : row.ids) {
      if (id < 0 || id >= target_.vocab_size)
        return bad_data(where + ": token id " + std::to_string(id) + " is outside the model's vocabulary of " +
                        std::to_string(target_.vocab_size));
    }
    if (static_cast<std::int64_t>(row.ids.size()) > target_.max_positions)
      return bad_data(where + ": " + std::to_string(row.ids.size()) + " tokens; the model holds " +
                      std::to_string(target_.max_positions));
    if (!row.mask.empty()) row.mask[0] = 0;  // the first token has no prediction
    bool trained = false;
    for (std::size_t i = 0; i < row.mask.size(); ++i) trained = trained || (row.turn[i] >= 0 && row.mask[i] > 0);
    if (!trained) return bad_data(where + ": holds nothing to train on: no assistant message, or a mask of zeros");
    found_.rows.push_back(std::move(row));
    return {};
  }

  const RowTarget& target_;
  OfflineRows found_;
  std::uint64_t next_group_ = 1;
};

}  // namespace

Result<OfflineRows> read_offline_rows(const std::string& path, const RowTarget& target) {
  Reader reader(target);
  IPR_TRY(each_record(path, [&](const Json& record, const std::string& where) { return reader.take(record, where); }));
  OfflineRows rows = std::move(reader).finish();
  if (rows.rows.empty()) return bad_data(path + ": holds no training row");
  return rows;
}

}  // namespace ipr::loop
