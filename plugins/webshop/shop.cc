#include "shop.h"

#include <algorithm>
#include <charconv>
#include <unordered_set>
#include <utility>

#include "ipr/plugin.hpp"
#include "json_text.h"
#include "python_text.h"

namespace webshop {
namespace {

constexpr std::size_t kTestSessions = 500, kDevSessions = 1000;  // of the original's split
constexpr std::size_t kFewHumanGoals = 100;
constexpr std::string_view kSynthetic = "synthetic:", kHuman = "human:";

// FNV-1a over the ids of the official 1,000 products, each followed by a line end.
constexpr std::size_t kOfficialCount = 1000;
constexpr std::uint64_t kOfficialIds = UINT64_C(0xd68b848aa9e18004);

std::uint64_t hash_ids(const std::vector<Product>& products) {
  std::uint64_t hash = UINT64_C(0xcbf29ce484222325);
  const auto mix = [&hash](char c) { hash = (hash ^ static_cast<unsigned char>(c)) * UINT64_C(0x100000001b3); };
  for (const Product& product : products) {
    for (const char c : product.asin) mix(c);
    mix('\n');
  }
  return hash;
}

Documents world_documents(const World& world, const std::string& instructions) {
  return {{"generated items_shuffle", world.items_shuffle},
          Document{"generated items_ins_v2", world.items_ins_v2},
          Document{"generated items_human_ins", instructions}};
}

std::string meta_json(const Goal& goal, std::string_view leak) {
  std::string json = "{\"cluster\":";
  append_json(goal.asin, json);
  json += ",\"leak_key\":";
  append_json(leak, json);
  json += ",\"family\":";
  append_json(goal.category, json);
  return json += "}";
}

}  // namespace

Shop::Shop(const Documents& documents, std::uint64_t price_seed) {
  build(load_catalog(documents), price_seed);
  official_ = products_.size() == kOfficialCount && hash_ids(products_) == kOfficialIds;
  const std::size_t human = goals(Mode::kHuman).size(), synthetic = goals(Mode::kSynthetic).size();
  if (human + synthetic == 0) {
    throw ipr::sdk::Failure(IPR_DATA_LOSS, "webshop: " + documents.items.name +
                                               ": no product has an instruction; put items_ins_v2*.json or "
                                               "items_human_ins*.json for these products beside it");
  }
  const bool prefer_human = !official_ && human >= kFewHumanGoals;
  main_mode_ = synthetic == 0 || prefer_human ? Mode::kHuman : Mode::kSynthetic;
  name_tasks();
  split_by_session();
}

Shop::Shop(std::uint64_t world_seed, WorldSize size, std::uint64_t price_seed, WorldKind kind, std::size_t more_train)
    : main_mode_(Mode::kHuman), generated_(true) {
  const World world = generate_world(world_seed, size, kind, more_train);
  std::vector<Goal> more;
  if (more_train > 0)
    more = make_goals(load_catalog(world_documents(world, world.more_human_ins)), main_mode_, price_seed);
  build(load_catalog(world_documents(world, world.items_human_ins)), price_seed, more);
  name_tasks();
  std::vector<Goal> in_splits = goals(main_mode_);
  in_splits.resize(in_splits.size() - more.size());
  const auto roles = assign_splits(in_splits, world_seed, size);
  for (std::uint32_t i = 0; i < roles.size(); ++i) splits_.at(roles[i] - 1).push_back(i);
  for (std::size_t i = roles.size(); i < goals(main_mode_).size(); ++i)
    more_train_.push_back(static_cast<std::uint32_t>(i));
}

Shop::~Shop() = default;

void Shop::use_lists(const SplitLists& lists) {
  main_mode_ = Mode::kHuman;
  splits_ = lists.sessions;
  name_tasks();
}

void Shop::build(Catalog catalog, std::uint64_t price_seed, const std::vector<Goal>& more) {
  for (const Mode mode : {Mode::kSynthetic, Mode::kHuman}) {
    ModeGoals& own = modes_[mode == Mode::kHuman ? 1 : 0];
    own.goals = make_goals(catalog, mode, price_seed);
    if (mode == Mode::kHuman) own.goals.insert(own.goals.end(), more.begin(), more.end());
    own.scorers = std::make_unique<GoalScorers>(own.goals);
  }
  products_ = std::move(catalog.products);
  draw_prices(products_, price_seed);
  for (const Product& product : products_) lower_asins_.push_back(lower(product.asin));
  index_ = std::make_unique<SearchIndex>(products_);
  searches_ = std::make_unique<Searches>(products_, *index_, price_seed);
}

void Shop::name_tasks() {
  for (const Mode mode : {Mode::kSynthetic, Mode::kHuman}) {
    ModeGoals& own = modes_[mode == Mode::kHuman ? 1 : 0];
    const bool bare = mode == main_mode_ && !official_;
    const std::string prefix(bare ? "" : mode == Mode::kHuman ? kHuman : kSynthetic);
    own.tasks.clear();
    own.tasks.reserve(own.goals.size());
    for (const Goal& goal : own.goals) {
      own.tasks.push_back(
          {prefix + std::to_string(own.tasks.size()), meta_json(goal, generated_ ? leak_key(goal) : goal.asin)});
    }
  }
}

// Test, dev and train products are disjoint: a later part leaves out what an earlier one has.
void Shop::split_by_session() {
  const std::vector<Goal>& all = goals(main_mode_);
  const std::size_t test_end = std::min(kTestSessions, all.size() / 4);
  const std::size_t dev_end = test_end + std::min(kDevSessions, all.size() / 4);
  std::unordered_set<std::string_view> test, dev;
  for (std::size_t i = 0; i < test_end; ++i) test.insert(all[i].asin);
  for (std::size_t i = test_end; i < dev_end; ++i) dev.insert(all[i].asin);
  for (std::uint32_t i = 0; i < all.size(); ++i) {
    const bool in_test = test.contains(all[i].asin), in_dev = dev.contains(all[i].asin);
    if (i < test_end) {
      splits_[IPR_SPLIT_TEST - 1].push_back(i);
    } else if (i < dev_end && !in_test) {
      splits_[IPR_SPLIT_DEV - 1].push_back(i);
    } else if (i >= dev_end && !in_test && !in_dev) {
      splits_[IPR_SPLIT_TRAIN - 1].push_back(i);
    }
  }
}

std::optional<TaskRef> Shop::find_task(std::string_view id) const {
  TaskRef task{main_mode_, 0};
  if (id.starts_with(kSynthetic)) {
    task.mode = Mode::kSynthetic;
    id.remove_prefix(kSynthetic.size());
  } else if (id.starts_with(kHuman)) {
    task.mode = Mode::kHuman;
    id.remove_prefix(kHuman.size());
  }
  const auto [end, error] = std::from_chars(id.data(), id.data() + id.size(), task.session);
  const bool plain = id == "0" || (!id.empty() && id[0] != '0');  // one spelling per task
  if (error != std::errc() || end != id.data() + id.size() || !plain) return std::nullopt;
  if (task.session >= goals(task.mode).size()) return std::nullopt;
  return task;
}

}  // namespace webshop
