// Playing an expert in a real session, as the host does.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "expert.h"
#include "session.h"
#include "shop.h"

namespace webshop::test {

struct Played {
  double outcome = 0;  // 0 if nothing was bought
  bool bought = false;
  std::size_t hits = 0;  // of the last search
  std::vector<Advice> turns;
};

using Expert = std::function<std::optional<Advice>(const View&, const Goal&)>;

// Until the purchase, until the expert has no advice, or for 10 turns. An action that the page does not offer is a
// defect of the expert and fails the test.
[[nodiscard]] Played play(const Shop& shop, TaskRef task, const Expert& expert);

}  // namespace webshop::test
