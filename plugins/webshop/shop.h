// One shop with everything that episodes share: products, search, goals, scorers, tasks and splits.
//
// Immutable after construction, thread-safe, and must not move while sessions point to it. Task names and splits are
// those of product.md sections 4 and 6:
//  - official 1,000 products: `synthetic:<session>`, `human:<session>`. Synthetic goals of sessions 0-499 are test,
//  500-1499
//    less the test products dev, the rest less the products of both train.
//  - generated world: `<session>`; splits by (category, attributes, options), world.h.
//  - other data: `<session>` of the human goals, or of the synthetic ones where human goals are few; the official rule,
//  with
//    at most a quarter of the goals each for test and dev.
//  - use_lists: the human goals, split by lists of their sessions.
// Every session of both modes can be opened as `synthetic:<session>` and `human:<session>`, in a split or not.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "catalog.h"
#include "goals.h"
#include "load.h"
#include "reward.h"
#include "search_index.h"
#include "searches.h"
#include "split_lists.h"
#include "world.h"

namespace webshop {

// A goal: element `session` of the mode's goals.
struct TaskRef {
  Mode mode = Mode::kSynthetic;
  std::uint32_t session = 0;
};

class Shop {
 public:
  // Official files.
  Shop(const Documents& documents, std::uint64_t price_seed);
  // The embedded world, with `more_train` further train goals.
  Shop(std::uint64_t world_seed, WorldSize size, std::uint64_t price_seed, WorldKind kind = WorldKind::kDefault,
       std::size_t more_train = 0);
  Shop(const Shop&) = delete;
  Shop& operator=(const Shop&) = delete;
  ~Shop();
  // Replaces the splits. Before any session points to the shop. Precondition: all sessions are human goals here.
  void use_lists(const SplitLists& lists);

  [[nodiscard]] const std::vector<Product>& products() const { return products_; }
  [[nodiscard]] const std::string& lower_asin(std::uint32_t product) const { return lower_asins_[product]; }
  [[nodiscard]] const SearchIndex& index() const { return *index_; }
  [[nodiscard]] const Searches& searches() const { return *searches_; }
  [[nodiscard]] bool is_generated() const { return generated_; }

  [[nodiscard]] const std::vector<Goal>& goals(Mode mode) const { return goals_of(mode).goals; }
  [[nodiscard]] const Goal& goal(TaskRef task) const { return goals(task.mode)[task.session]; }
  [[nodiscard]] const GoalScorer& scorer(TaskRef task) const { return goals_of(task.mode).scorers->of(task.session); }

  // The mode of the tasks in the splits.
  [[nodiscard]] Mode main_mode() const { return main_mode_; }
  // Sessions of the main mode with this role (IPR_SPLIT_TRAIN, _DEV, _TEST), ascending or in the order of a list.
  [[nodiscard]] const std::vector<std::uint32_t>& split(std::uint32_t role) const { return splits_.at(role - 1); }

  // Sessions of the generated world's further train goals, which are in no split(role).
  [[nodiscard]] const std::vector<std::uint32_t>& more_train() const { return more_train_; }

  [[nodiscard]] const std::string& task_id(TaskRef task) const { return goals_of(task.mode).tasks[task.session].id; }
  // {"cluster":asin,"leak_key":…,"family":category}
  [[nodiscard]] const std::string& task_meta(TaskRef task) const {
    return goals_of(task.mode).tasks[task.session].meta_json;
  }
  [[nodiscard]] std::optional<TaskRef> find_task(std::string_view id) const;

 private:
  struct TaskText {
    std::string id, meta_json;
  };
  struct ModeGoals {
    std::vector<Goal> goals;
    std::unique_ptr<const GoalScorers> scorers;
    std::vector<TaskText> tasks;
  };
  [[nodiscard]] const ModeGoals& goals_of(Mode mode) const { return modes_[mode == Mode::kHuman ? 1 : 0]; }
  // `more`: human goals after those of the catalog.
  void build(Catalog catalog, std::uint64_t price_seed, const std::vector<Goal>& more = {});
  void name_tasks();
  void split_by_session();

  std::vector<Product> products_;
  std::vector<std::string> lower_asins_;
  std::unique_ptr<const SearchIndex> index_;
  std::unique_ptr<const Searches> searches_;
  std::array<ModeGoals, 2> modes_;
  Mode main_mode_ = Mode::kSynthetic;
  bool generated_ = false, official_ = false;
  std::array<std::vector<std::uint32_t>, 3> splits_;
  std::vector<std::uint32_t> more_train_;
};

}  // namespace webshop
