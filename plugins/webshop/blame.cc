#include "blame.h"

#include <algorithm>

namespace webshop {
namespace {

bool is_less(double a, double b) {
  constexpr double kRounding = 1e-9;
  return a < b - kRounding;
}

double can_earn(const Session& session, const Product& product, const ChosenOptions& chosen = {}) {
  return session.shop().scorer(session.task()).item_page(product, chosen);
}

double best_shown(const Session& session) {
  double best = 0;
  for (const std::uint32_t number : session.shown())
    best = std::max(best, can_earn(session, session.shop().products()[number]));
  return best;
}

}  // namespace

bool is_harmful(const Session& before, std::string_view action, const Session& after, const StepResult& result) {
  if (!result.valid) return true;
  if (result.purchase) return is_less(result.purchase->reward, can_earn(after, after.product()));
  const auto parsed = parse_action(action);
  if (parsed && parsed->name == "search") return is_less(best_shown(after), 1);
  if (after.page() != Page::kItem) return false;
  if (before.page() == Page::kResults) return is_less(can_earn(after, after.product()), best_shown(before));
  return is_less(can_earn(after, after.product(), after.chosen_options()),
                 can_earn(after, after.product(),
                          before.page() == Page::kItem ? before.chosen_options() : after.chosen_options()));
}

}  // namespace webshop
