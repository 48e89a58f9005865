// One shopper's visit: where the browser stands, and what an action does to it (webshop.md sections 5 and 6).
//
// A small value: copying it is a fork. Products, goals and search answers stay in the shop or behind shared pointers,
// so a copy moves a few hundred bytes. Not thread-safe by itself; the shop must outlive it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reward.h"
#include "searches.h"
#include "shop.h"

namespace webshop {

enum class Page : std::uint8_t { kIndex, kResults, kItem, kSubPage, kDone };
enum class SubPage : std::uint8_t { kDescription, kFeatures, kReviews };

// A chosen option value, as positions in the open product's options.
struct Selection {
  std::uint32_t option = 0, value = 0;
  bool operator==(const Selection&) const = default;
};

// What one action brought.
struct StepResult {
  bool valid = false;     // false: not understood or not on this page; nothing has changed
  double page_score = 0;  // IPR's dense reward; -1 only where the open product has an option without values
  std::optional<PurchaseReward> purchase;  // of a click on Buy Now
};

class Session {
 public:
  Session(const Shop& shop, TaskRef task) : shop_(&shop), task_(task) {}

  // Plays one action. `action` must be valid UTF-8. Goes on after a purchase as the original does: a search starts a
  // new visit of the same goal.
  StepResult act(std::string_view action);

  [[nodiscard]] const Shop& shop() const { return *shop_; }
  [[nodiscard]] TaskRef task() const { return task_; }
  [[nodiscard]] const Goal& goal() const { return shop_->goal(task_); }
  [[nodiscard]] Page page() const { return page_; }
  [[nodiscard]] SubPage sub_page() const { return sub_page_; }
  // From the first search on, until Back to Search; the words and all products they found.
  [[nodiscard]] const Hits& hits() const { return *hits_; }
  [[nodiscard]] int page_number() const { return page_number_; }
  // Results page: the catalog positions of the products shown, at most ten.
  [[nodiscard]] std::vector<std::uint32_t> shown() const;
  // Item page, its sub pages and the done page.
  [[nodiscard]] std::uint32_t product_number() const { return product_; }
  [[nodiscard]] const Product& product() const { return shop_->products()[product_]; }
  // In the order of each option's first click.
  [[nodiscard]] const std::vector<Selection>& selections() const { return selections_; }
  [[nodiscard]] const std::string& selected_name(Selection s) const { return product().options[s.option].name; }
  [[nodiscard]] const std::string& selected_value(Selection s) const {
    return product().options[s.option].values[s.value];
  }
  [[nodiscard]] ChosenOptions chosen_options() const;
  // Was this product's page opened since the last visit of the index page?
  [[nodiscard]] bool visited(std::uint32_t product) const;

  [[nodiscard]] bool bought() const { return page_ == Page::kDone; }
  // The purchase reward while the done page is shown, else 0.
  [[nodiscard]] double paid() const { return bought() ? paid_ : 0; }
  // How often a product's Description, Features or Reviews were opened in the whole episode.
  [[nodiscard]] std::size_t looks() const { return looks_; }
  // How many different option values were clicked in the whole episode.
  [[nodiscard]] std::size_t options_clicked() const { return clicked_.size(); }

  // A hash of everything that decides what later actions show and pay; never 0. Visited products show in text_rich
  // only.
  [[nodiscard]] std::uint64_t fingerprint(bool with_visited) const;

 private:
  struct ClickedValue {
    std::uint32_t product;
    Selection selection;
    bool operator==(const ClickedValue&) const = default;
  };

  StepResult click(const std::string& text);
  StepResult click_on_results(const std::string& text);
  StepResult click_on_item(const std::string& text);
  StepResult click_on_sub_page(const std::string& text);
  void find(const std::string& keywords);
  StepResult show_results(int page_number);
  StepResult move_to(int page_number);
  StepResult show_item();
  StepResult open_product(std::uint32_t product);
  StepResult choose(Selection selection);
  StepResult show_sub_page(SubPage sub_page);
  StepResult buy();
  StepResult leave();
  [[nodiscard]] Page page_by_url() const;
  [[nodiscard]] std::optional<std::uint32_t> shown_product(std::string_view lower_asin) const;
  [[nodiscard]] std::optional<Selection> option_with(std::string_view value) const;

  const Shop* shop_;
  TaskRef task_;
  Page page_ = Page::kIndex;
  SubPage sub_page_ = SubPage::kDescription;
  int page_number_ = 0;
  std::uint32_t product_ = 0;
  std::uint32_t draws_ = 0;  // of random searches so far
  std::uint32_t looks_ = 0;
  double paid_ = 0;
  std::shared_ptr<const Hits> hits_;  // shared with Searches and with other sessions on the same answer
  std::vector<Selection> selections_;
  std::vector<std::uint32_t> visited_;  // ascending
  std::vector<ClickedValue> clicked_;   // distinct
};

// The parts of `name[argument]`, both greedy and within the first line; empty if the action has another form.
// webshop.md section 5: the argument is lower-cased.
struct ParsedAction {
  std::string_view name, argument;
};
[[nodiscard]] std::optional<ParsedAction> parse_action(std::string_view action);

}  // namespace webshop
