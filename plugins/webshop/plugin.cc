// The WebShop environment as a plugin: settings, tasks, episodes and the ReAct dialect around shop.h and session.h.

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "blame.h"
#include "expert.h"
#include "ipr/plugin.hpp"
#include "json_text.h"
#include "pages.h"
#include "prompts.h"
#include "python_text.h"
#include "session.h"
#include "shop.h"

namespace webshop {
namespace {

using namespace ipr::sdk;

constexpr const char* kDefaults =
    R"({"threshold":0.01,"max_steps":10,"expert_min_outcome":0.7,"success_outcome":0.7,"dialect":"react","added_tokens":[" [SEP] "]})";
// Real pages are long: a model from scratch explores fewer goals per iteration, so that a run ends in minutes.
constexpr const char* kLongPageDefaults =
    R"({"threshold":0.01,"max_steps":10,"expert_min_outcome":0.7,"success_outcome":0.7,"dialect":"react","added_tokens":[" [SEP] "],"mini":{"tasks_per_iteration":40}})";
// The tiny world is there for tests and first looks: a run that ends in seconds learns nothing to speak of anyway.
constexpr const char* kTinyDefaults =
    R"({"threshold":0.01,"max_steps":10,"expert_min_outcome":0.7,"success_outcome":0.7,"dialect":"react","added_tokens":[" [SEP] "],"mini":{"tasks_per_iteration":5}})";
// Episodes are twice as long: more steps, more tokens of SFT, fewer goals whose many step candidates are to be scored.
// One wrong option costs 1/7, so two of N = 5 rollouts must differ by one.
constexpr const char* kCreditDefaults =
    R"({"threshold":0.05,"max_steps":15,"expert_min_outcome":0.5,"success_outcome":0.5,"dialect":"react","added_tokens":[" [SEP] "],"mini":{"tasks_per_iteration":100,"sft.train.max_tokens":5000000}})";
constexpr std::string_view kInvalidFormat = "Observation: Invalid format. The input must contains 'Action: '";

struct Settings {
  ObservationMode observation = ObservationMode::kText;
  bool dense = false;
  bool unfinished_pays_last_dense = false;
  std::uint64_t world_seed = 1;
  std::string absent_goals;  // why listed tasks cannot be opened; empty: they can
  bool credit = false;       // the generated world of that name
  bool tiny = false;         // the generated world of that size
};

Settings read_settings(const Config& config) {
  Settings settings;
  const std::string observation = config.text("observation");
  if (observation == "text_rich") settings.observation = ObservationMode::kTextRich;
  if (observation == "url") settings.observation = ObservationMode::kUrl;
  settings.dense = config.text("reward") == "dense";
  settings.unfinished_pays_last_dense = config.text("unfinished_reward") == "last_dense";
  settings.world_seed = static_cast<std::uint64_t>(config.integer("world_seed"));
  settings.credit = config.text("world") == "credit";
  settings.tiny = config.text("world_size") == "tiny";
  return settings;
}

std::unique_ptr<Shop> open_shop(const Host& host, const Config& config) {
  const auto price_seed = static_cast<std::uint64_t>(config.integer("price_seed"));
  const std::string folder = host.data_folder();
  if (!folder.empty()) return std::make_unique<Shop>(read_documents(folder), price_seed);
  const WorldSize size = config.text("world_size") == "tiny" ? WorldSize::kTiny : WorldSize::kNormal;
  const WorldKind kind = config.text("world") == "credit" ? WorldKind::kCredit : WorldKind::kDefault;
  return std::make_unique<Shop>(static_cast<std::uint64_t>(config.integer("world_seed")), size, price_seed, kind,
                                static_cast<std::size_t>(config.integer("more_train")));
}

// The tasks of split lists that number other goals than the data has. They have ids only, so that the host can check
// the lists; opening one is an error.
struct AbsentTasks {
  std::array<std::vector<std::string>, 3> ids;  // by role - 1
  std::unordered_set<std::string_view> all;     // views of `ids`
};

// What is missing, or empty. The lists fit where every session is a human goal; as the shuffle depends on the number of
// goals, a list that does not fit wholly names other goals wherever it seems to fit.
std::string missing_goals(const SplitLists& lists, std::size_t goals) {
  std::size_t listed = 0, missing = 0;
  std::string first;
  for (const auto& sessions : lists.sessions) {
    for (const std::uint32_t session : sessions) {
      ++listed;
      if (session < goals) continue;
      if (++missing <= 10) first += (missing == 1 ? "" : ", ") + std::to_string(session);
    }
  }
  if (missing == 0) return {};
  return "split lists: " + std::to_string(missing) + " of " + std::to_string(listed) + " sessions are none of the " +
         std::to_string(goals) + " human goals of this data (" + first + (missing > 10 ? ", …" : "") +
         "), so the lists number other goals; the published ones need the full data set with its 12,087 human goals "
         "as --data";
}

bool is_session_number(std::string_view id) {
  return !id.empty() && std::all_of(id.begin(), id.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// The generated world needs no words: its small model learns the form from demonstrations.
std::vector<PromptMessage> choose_prompt(const std::string& prompts, int examples, bool generated) {
  if (prompts == "none" || (prompts.empty() && generated)) return {};
  if (prompts.empty() || prompts == "own") return own_prompt();
  return published_prompt(prompts, examples);
}

// Text from outside may hold anything; inside the plugin it is UTF-8.
std::string valid_utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) append_utf8(next_code_point(text, i), out);
  return out;
}
bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

void append_field(std::string_view name, double value, std::string& out) {
  out.append(",\"").append(name).append("\":");
  append_number(value, out);
}
void append_field(std::string_view name, bool value, std::string& out) {
  out.append(",\"").append(name).append(value ? "\":true" : "\":false");
}

void append_purchase(const PurchaseReward& reward, double price, std::string& out) {
  out += ",\"reward_info\":{\"r_type\":";
  append_number(reward.r_type, out);
  append_field("r_att", reward.r_att, out);
  append_field("w_att", reward.w_att, out);
  append_field("query_match", reward.query_match, out);
  append_field("category_match", reward.category_match, out);
  append_field("title_score", reward.title_score, out);
  if (reward.r_option) {
    append_field("r_option", *reward.r_option, out);
    append_field("w_option", reward.w_option, out);
  }
  append_field("r_price", reward.r_price, out);
  append_field("w_price", reward.w_price, out);
  out += '}';
  append_field("purchase_price", price, out);
}

class Visit final : public Episode {
 public:
  Visit(const Shop& shop, const Settings& settings)
      : settings_(&settings), session_(shop, TaskRef{shop.main_mode(), 0}) {}

  void reset(std::string_view task_id, std::uint64_t /*seed*/, Step& out) override {
    const Shop& shop = session_.shop();
    if (!settings_->absent_goals.empty() && is_session_number(task_id)) {
      throw Failure(IPR_DATA_LOSS, "webshop: " + settings_->absent_goals);
    }
    const auto task = shop.find_task(task_id);
    if (!task) throw Failure(IPR_NOT_FOUND, "webshop: no task \"" + std::string(task_id) + "\"");
    session_ = Session(shop, *task);
    page_score_ = 0;
    show({true, 0, {}}, out);
    out.info_json += '}';
  }

  void step(std::string_view action, Step& out) override {
    if (session_.shop().is_generated()) return step_with_blame(valid_utf8(action), out);
    const StepResult result = is_ascii(action) ? session_.act(action) : session_.act(valid_utf8(action));
    page_score_ = result.page_score;
    show(result, out);
    out.info_json += '}';
  }

  std::unique_ptr<Episode> fork() const override { return std::make_unique<Visit>(*this); }
  std::uint64_t fingerprint() const override {
    return session_.fingerprint(settings_->observation == ObservationMode::kTextRich);
  }

  void actions(std::vector<std::string>& out) override {
    for (const std::string& text : clickables(session_)) {
      if (text != "search") out.push_back("click[" + text + "]");  // the search bar: shown, but no click works on it
    }
  }

  // On the index page a search for a few successive words of the instruction, elsewhere a random click.
  std::string sample_action(std::uint64_t seed) override {
    const Draws draws(seed, "sample");
    if (session_.page() != Page::kIndex) {
      const auto texts = clickables(session_);
      if (!texts.empty()) return "click[" + texts[draws.below(texts.size(), "click")] + "]";
    }
    const std::vector<std::string> words = instruction_words();
    const std::size_t first = draws.below(words.size(), "first"), count = 1 + draws.below(4, "count");
    std::string query;
    for (std::size_t i = first; i < std::min(first + count, words.size()); ++i)
      query += (query.empty() ? "" : " ") + words[i];
    return "search[" + query + "]";
  }

  double progress() override { return page_score_; }

  bool expert(std::string& action, std::string& thought) override {
    const View view = expert_view(session_);
    const Shop& shop = session_.shop();
    const std::uint64_t seed = settings_->world_seed;
    auto advice = shop.is_generated()
                      ? scripted_expert(view, session_.goal(), Draws(seed, shop.task_id(session_.task())),
                                        settings_->credit ? credit_habits(seed) : Habits())
                      : record_expert(view, session_.goal(), shop.products(), shop.index());
    if (!advice) return false;
    action = std::move(advice->action);
    thought = std::move(advice->thought);
    return true;
  }

  void parse(std::string_view /*dialect*/, std::string_view message, Parsed& out) override {
    constexpr std::string_view kMark = "Action: ";
    message = strip(message);
    const auto at = message.find(kMark);
    out.valid = at != std::string_view::npos;
    if (out.valid) {
      out.action = message.substr(at + kMark.size());
    } else {
      out.feedback = kInvalidFormat;
      out.outcome = session_.paid();  // IPR's wrapper: 0 unless bought, even where the last page score would be paid
    }
  }
  void render(std::string_view /*dialect*/, std::string_view observation, bool first, std::string& out) override {
    if (!first) out = "Observation:\n";
    out += observation;
  }

 private:
  void step_with_blame(const std::string& action, Step& out) {
    const Session before = session_;
    const StepResult result = session_.act(action);
    page_score_ = result.page_score;
    show(result, out);
    append_field("harmful", is_harmful(before, action, session_, result), out.info_json);
    out.info_json += '}';
  }

  // `info_json` is left open for what the caller adds.
  void show(const StepResult& result, Step& out) const {
    append_observation(session_, settings_->observation, out.observation);
    out.info_json =
        has_search_bar(session_) ? "{\"has_search_bar\":true,\"url\":" : "{\"has_search_bar\":false,\"url\":";
    std::string url;
    append_url(session_, url);
    append_json(url, out.info_json);
    if (result.purchase) append_purchase(*result.purchase, session_.product().effective_price, out.info_json);
    out.stats_json = session_.bought() ? "{\"bought\":1,\"options\":" : "{\"bought\":0,\"options\":";
    append_number(session_.options_clicked(), out.stats_json);
    out.stats_json += '}';

    out.invalid = !result.valid;
    out.terminated = out.success = session_.bought();
    out.reward = settings_->dense ? result.page_score : result.purchase ? result.purchase->reward : 0;
    const double unfinished = settings_->unfinished_pays_last_dense ? std::max(0.0, page_score_) : 0;
    out.outcome = session_.bought() ? session_.paid() : unfinished;
  }

  std::vector<std::string> instruction_words() const {
    std::vector<std::string> words(1);
    for (const char c : session_.goal().instruction) {
      const bool separates = c == ' ' || c == ',' || c == '[' || c == ']' || c == '\n';
      if (!separates) words.back() += c;
      if (separates && !words.back().empty()) words.emplace_back();
    }
    if (words.size() > 1 && words.back().empty()) words.pop_back();
    return words;
  }

  const Settings* settings_;
  Session session_;
  double page_score_ = 0;  // of the last step
};

class WebShop final : public Environment {
 public:
  WebShop(const Host& host, std::string_view config_json) {
    const Config config(config_json);
    settings_ = read_settings(config);
    std::unique_ptr<Shop> shop = open_shop(host, config);
    if (const std::string places(config.text("split_lists")); !places.empty()) split_by_lists(*shop, places, host);
    shop_ = std::move(shop);
    prompt_ = choose_prompt(config.text("prompts"), static_cast<int>(config.integer("icl")), shop_->is_generated());
  }

  std::uint32_t capabilities() const override { return kFork | kActions | kSample | kProgress | kExpert | kDialect; }
  std::string_view defaults_json() const override {
    if (!shop_->is_generated()) return kLongPageDefaults;
    if (settings_.credit) return kCreditDefaults;
    return settings_.tiny ? kTinyDefaults : kDefaults;
  }

  std::size_t split_count() const override { return kMoreTrain + (shop_->more_train().empty() ? 0 : 1); }
  Split split(std::size_t i) const override {
    if (i == kMoreTrain) return {"train_more", IPR_SPLIT_TRAIN, shop_->more_train().size()};
    constexpr const char* kNames[] = {"train", "dev", "test"};
    const std::uint32_t role = IPR_SPLIT_TRAIN + static_cast<std::uint32_t>(i);
    return {kNames[i], role, absent_ ? absent_->ids.at(i).size() : shop_->split(role).size()};
  }
  Task task_at(std::size_t split, std::uint64_t index) const override {
    if (split == kMoreTrain) return task({shop_->main_mode(), shop_->more_train().at(index)});
    if (absent_) return {absent_->ids.at(split).at(index), "", "{}", 0};
    const auto& sessions = shop_->split(IPR_SPLIT_TRAIN + static_cast<std::uint32_t>(split));
    return task({shop_->main_mode(), sessions.at(index)});
  }
  bool task_by_id(std::string_view id, Task& out) const override {
    if (absent_ && is_session_number(id)) {
      const auto listed = absent_->all.find(id);
      if (listed != absent_->all.end()) out = {*listed, "", "{}", 0};
      return listed != absent_->all.end();
    }
    const auto found = shop_->find_task(id);
    if (found) out = task(*found);
    return found.has_value();
  }

  std::unique_ptr<Episode> new_episode() const override { return std::make_unique<Visit>(*shop_, settings_); }

  bool prompt(std::string_view /*dialect*/, std::size_t i, Message& out) const override {
    if (i >= prompt_.size()) return false;
    out = {prompt_[i].assistant ? 2u : 1u, prompt_[i].text, prompt_[i].example};
    return true;
  }

 private:
  void split_by_lists(Shop& shop, const std::string& places, const Host& host) {
    const SplitLists lists = read_split_lists(places);
    for (const std::string& remark : lists.remarks) host.log(1, remark);
    settings_.absent_goals = missing_goals(lists, shop.goals(Mode::kHuman).size());
    if (settings_.absent_goals.empty()) return shop.use_lists(lists);
    host.log(2, settings_.absent_goals);
    auto absent = std::make_unique<AbsentTasks>();
    for (std::size_t i = 0; i < lists.sessions.size(); ++i) {
      for (const std::uint32_t session : lists.sessions[i]) absent->ids[i].push_back(std::to_string(session));
      absent->all.insert(absent->ids[i].begin(), absent->ids[i].end());
    }
    absent_ = std::move(absent);
  }

  static constexpr std::size_t kMoreTrain = 3;  // the split after train, dev and test

  Task task(TaskRef ref) const { return {shop_->task_id(ref), shop_->goal(ref).instruction, shop_->task_meta(ref), 0}; }

  Settings settings_;
  std::unique_ptr<const Shop> shop_;
  std::unique_ptr<const AbsentTasks> absent_;
  std::vector<PromptMessage> prompt_;
};

constexpr Info kInfo = {
    "webshop", "WebShop", "0.1.0", "Apache-2.0", "Search a shop, choose options, buy what an instruction asks for",
    R"json({
  "type": "object",
  "properties": {
    "observation": {"type": "string", "enum": ["text", "text_rich", "url"], "default": "text",
                    "description": "what the agent sees of a page"},
    "reward": {"type": "string", "enum": ["sparse", "dense"], "default": "sparse",
               "description": "of a step: paid at the purchase only, or IPR's page score at every step"},
    "unfinished_reward": {"type": "string", "enum": ["zero", "last_dense"], "default": "zero",
                          "description": "outcome without a purchase: 0, or the page score of the last step as IPR's code pays"},
    "world": {"type": "string", "enum": ["default", "credit"], "default": "default",
              "description": "which generated shop: credit has four options in free order, detours and 7 to 11 turns"},
    "world_seed": {"type": "integer", "default": 1, "minimum": 0, "description": "of the generated shop"},
    "world_size": {"type": "string", "enum": ["normal", "tiny"], "default": "normal",
                   "description": "of the generated shop; tiny is for tests"},
    "more_train": {"type": "integer", "default": 0, "minimum": 0,
                   "description": "further train goals of the generated shop, in a split train_more: as many as its products hold (default 64, credit 1528)"},
    "price_seed": {"type": "integer", "default": 20240615, "minimum": 0,
                   "description": "of the drawn prices and price bounds; the published goals use the default"},
    "split_lists": {"type": "string", "default": "",
                    "description": "lists of human-goal sessions that make the splits: a folder, or files separated by commas"},
    "prompts": {"type": "string", "default": "",
                "description": "folder of the published prompts, or own, or none; empty: none in the generated shop, else own"},
    "icl": {"type": "integer", "default": 0, "minimum": 0,
            "description": "in-context examples shown from the prompts folder; IPR evaluates with 0, ETO with 1"}
  },
  "additionalProperties": false,
  "x-profiles": {"released": {"unfinished_reward": "last_dense"}, "mini": {"prompts": "none"}}
})json"};

}  // namespace
}  // namespace webshop

IPR_PLUGIN_LIBRARY(ipr::sdk::environment<webshop::WebShop>(webshop::kInfo))
