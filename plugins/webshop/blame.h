// Whose fault was it? Which actions lose reward, by the shop's own rules.
//
// An action is harmful if it is not valid, searches so that the first page shows no product that can earn 1, opens a
// product that can earn less than another one shown, chooses a value that lowers what this product can still earn, or
// buys for less than this product could have earned. All others are harmless: any order of the options, another wording
// of the search, a look at a page of the product, going back.
//
// "Can earn" is the page score of reward.h, the best reward over what the page still allows. This is for analysis only:
// no agent, expert or reward sees it. It costs one page score per product shown, so it is left out on real data.
#pragma once

#include <string_view>

#include "session.h"

namespace webshop {

// `before` and `after`: the visit around `action`; `result`: what the action brought.
[[nodiscard]] bool is_harmful(const Session& before, std::string_view action, const Session& after,
                              const StepResult& result);

}  // namespace webshop
