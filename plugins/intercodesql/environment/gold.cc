#include "environment/gold.h"

namespace intercodesql {

GoldRows::GoldRows(const Server& server, const std::vector<SqlTask>& tasks)
    : server_(&server), tasks_(&tasks), slots_(std::make_unique<Slot[]>(tasks.size())) {}

const Gold& GoldRows::of(std::uint32_t task) const {
  Slot& slot = slots_[task];
  std::call_once(slot.once, [&] {
    Connection connection(*server_);
    connection.use((*tasks_)[task].database);
    const Outcome outcome = connection.execute((*tasks_)[task].gold);
    slot.gold.refused = outcome.kind == Outcome::Kind::kError;
    for (const Row& row : outcome.rows) slot.gold.rows.push_back(python_text(row));
  });
  return slot.gold;
}

}  // namespace intercodesql
