#include "tests/plugins/webshop_world/expert_play.h"

#include "pages.h"
#include "tests/support/catch.h"

namespace webshop::test {

Played play(const Shop& shop, TaskRef task, const Expert& expert) {
  Session session(shop, task);
  Played played;
  while (!session.bought() && played.turns.size() < 15) {
    const auto advice = expert(expert_view(session), session.goal());
    if (!advice) break;
    CAPTURE(shop.task_id(task), advice->action);
    REQUIRE(session.act(advice->action).valid);
    if (session.page() == Page::kResults) played.hits = session.hits().products.size();
    played.turns.push_back(*advice);
  }
  played.bought = session.bought();
  played.outcome = session.paid();
  return played;
}

}  // namespace webshop::test
