#include "session.h"

#include <algorithm>
#include <utility>

#include "ipr/plugin.h"
#include "pages.h"
#include "python_text.h"

namespace webshop {
namespace {

constexpr int kProductsPerPage = 10;

// Where Python's list[at:] begins: negative positions count from the end.
std::size_t python_bound(std::int64_t at, std::size_t size) {
  const auto length = static_cast<std::int64_t>(size);
  return static_cast<std::size_t>(std::clamp(at < 0 ? at + length : at, std::int64_t{0}, length));
}

std::uint64_t fnv1a(std::string_view text) {
  std::uint64_t hash = UINT64_C(0xcbf29ce484222325);
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * UINT64_C(0x100000001b3);
  return hash;
}

}  // namespace

std::optional<ParsedAction> parse_action(std::string_view action) {
  const std::string_view line = action.substr(0, action.find('\n'));
  const auto close = line.rfind(']');
  if (close == std::string_view::npos || close < 3) return std::nullopt;  // the shortest is a[b]
  const auto open = line.rfind('[', close - 2);
  if (open == std::string_view::npos || open == 0) return std::nullopt;
  return ParsedAction{line.substr(0, open), line.substr(open + 1, close - open - 1)};
}

StepResult Session::act(std::string_view action) {
  const auto parsed = parse_action(action);
  if (parsed && parsed->name == "search") {
    find(lower(parsed->argument));
    return show_results(1);
  }
  if (parsed && parsed->name == "click") return click(lower(parsed->argument));
  return {};
}

// The original routes a click by its text first, whatever element carries it, and only then by the element.
StepResult Session::click(const std::string& text) {
  if (text == "search" && page_ != Page::kIndex) return {};
  switch (page_) {
    case Page::kIndex:
      return {text == "search", 0, {}};  // the button is listed as clickable; the original does nothing with it
    case Page::kResults:
      return click_on_results(text);
    case Page::kItem:
      return click_on_item(text);
    case Page::kSubPage:
      return click_on_sub_page(text);
    default:
      return {};
  }
}

StepResult Session::click_on_results(const std::string& text) {
  if (text == "back to search") return leave();
  if (text == "next >") return move_to(page_number_ + 1);
  if (text == "< prev" && page_number_ > 1) return move_to(page_number_ - 1);
  const auto product = shown_product(text);
  return product ? open_product(*product) : StepResult{};
}

StepResult Session::click_on_item(const std::string& text) {
  if (text == "back to search") return leave();
  if (text == "< prev") return move_to(page_by_url() == Page::kResults ? page_number_ - 1 : page_number_);
  if (text == "description") return show_sub_page(SubPage::kDescription);
  if (text == "features") return show_sub_page(SubPage::kFeatures);
  if (text == "reviews") return show_sub_page(SubPage::kReviews);
  if (text == "buy now") return buy();
  const auto selection = option_with(text);
  if (!selection) return {};
  if (text == "next >" && page_by_url() == Page::kResults) return move_to(page_number_ + 1);
  return choose(*selection);
}

StepResult Session::click_on_sub_page(const std::string& text) {
  if (text == "back to search") return leave();
  if (text != "< prev") return {};
  const Page by_url = page_by_url();
  if (by_url == Page::kResults) return move_to(page_number_ - 1);
  if (by_url == Page::kItem) return move_to(page_number_);
  return show_item();
}

// The kind of page the original takes this one for: the first of these names anywhere in the address, so a query such
// as "search_results" misleads it.
Page Session::page_by_url() const {
  std::string url;
  append_url(*this, url);
  if (url.find("search_results") != std::string::npos) return Page::kResults;
  if (url.find("item_page") != std::string::npos) return Page::kItem;
  return Page::kSubPage;
}

void Session::find(const std::string& keywords) {
  hits_ = shop_->searches().find(keywords, task_.session, draws_);
  if (Searches::is_random(keywords)) ++draws_;
}

// Results pages are always searched for again.
StepResult Session::move_to(int page_number) {
  if (Searches::is_random(hits_->keywords)) find(std::string(hits_->keywords));
  return show_results(page_number);
}

StepResult Session::show_results(int page_number) {
  page_ = Page::kResults;
  page_number_ = page_number;
  selections_.clear();
  std::vector<const Product*> products;
  for (const std::uint32_t product : shown()) products.push_back(&shop_->products()[product]);
  return {true, shop_->scorer(task_).results_page(products), {}};
}

StepResult Session::open_product(std::uint32_t product) {
  product_ = product;
  const auto at = std::lower_bound(visited_.begin(), visited_.end(), product);
  if (at == visited_.end() || *at != product) visited_.insert(at, product);
  return show_item();
}

StepResult Session::choose(Selection selection) {
  const auto same = std::find_if(selections_.begin(), selections_.end(),
                                 [&](Selection earlier) { return earlier.option == selection.option; });
  if (same == selections_.end()) {
    selections_.push_back(selection);
  } else {
    *same = selection;
  }
  const ClickedValue click{product_, selection};
  if (std::find(clicked_.begin(), clicked_.end(), click) == clicked_.end()) clicked_.push_back(click);
  return show_item();
}

StepResult Session::show_item() {
  page_ = Page::kItem;
  return {true, shop_->scorer(task_).item_page(product(), chosen_options()), {}};
}

StepResult Session::show_sub_page(SubPage sub_page) {
  page_ = Page::kSubPage;
  sub_page_ = sub_page;
  ++looks_;
  return {true, 0, {}};
}

StepResult Session::buy() {
  page_ = Page::kDone;
  StepResult result{true, 0, shop_->scorer(task_).purchase(product(), chosen_options(), product().effective_price)};
  paid_ = result.page_score = result.purchase->reward;
  return result;
}

StepResult Session::leave() {
  page_ = Page::kIndex;
  page_number_ = 0;
  hits_.reset();
  selections_.clear();
  visited_.clear();
  return {true, 0, {}};
}

std::vector<std::uint32_t> Session::shown() const {
  const auto& all = hits_->products;
  const std::size_t begin = python_bound((std::int64_t{page_number_} - 1) * kProductsPerPage, all.size());
  const std::size_t end = python_bound(std::int64_t{page_number_} * kProductsPerPage, all.size());
  if (begin >= end) return {};
  return {all.begin() + static_cast<std::ptrdiff_t>(begin), all.begin() + static_cast<std::ptrdiff_t>(end)};
}

std::optional<std::uint32_t> Session::shown_product(std::string_view lower_asin) const {
  std::optional<std::uint32_t> found;  // of equal links the last one counts
  for (const std::uint32_t product : shown()) {
    if (shop_->lower_asin(product) == lower_asin) found = product;
  }
  return found;
}

std::optional<Selection> Session::option_with(std::string_view value) const {
  std::optional<Selection> found;  // where several options offer the value, the last one is set
  const auto& options = product().options;
  for (std::uint32_t i = 0; i < options.size(); ++i) {
    const auto at = std::find(options[i].values.begin(), options[i].values.end(), value);
    if (at != options[i].values.end()) found = Selection{i, static_cast<std::uint32_t>(at - options[i].values.begin())};
  }
  return found;
}

ChosenOptions Session::chosen_options() const {
  ChosenOptions chosen;
  for (const Selection selection : selections_)
    chosen.emplace_back(selected_name(selection), selected_value(selection));
  return chosen;
}

bool Session::visited(std::uint32_t product) const {
  return std::binary_search(visited_.begin(), visited_.end(), product);
}

std::uint64_t Session::fingerprint(bool with_visited) const {
  std::uint64_t hash = ipr_mix64(task_.session, task_.mode == Mode::kHuman ? 1 : 0);
  const auto add = [&hash](std::uint64_t part) { hash = ipr_mix64(hash, part); };
  add(static_cast<std::uint64_t>(page_));
  add(draws_);
  if (hits_ && page_ != Page::kDone) {
    add(fnv1a(hits_->keywords));
    add(static_cast<std::uint64_t>(page_number_));
  }
  if (page_ == Page::kSubPage) add(static_cast<std::uint64_t>(sub_page_));
  if (page_ != Page::kIndex && page_ != Page::kResults) add(product_);
  for (const Selection selection : selections_) add((std::uint64_t{selection.option} << 32) | selection.value);
  if (with_visited) {
    for (const std::uint32_t product : visited_) add(product);
  }
  return hash == 0 ? 1 : hash;
}

}  // namespace webshop
