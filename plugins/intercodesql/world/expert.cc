#include "world/expert.h"

namespace intercodesql {
namespace {

constexpr std::string_view kShowTables = "SHOW TABLES";

std::string describe(std::string_view table) {
  return "DESC " + std::string(table);
}

// The plan as the expert carries it out at first.
Plan remembered(const Plan& plan, const Draws& draws, const Habits& habits) {
  Plan kept = plan;
  if (kept.conditions.size() > 1 && draws.uniform("forgets condition") < habits.forgets_condition) {
    kept.conditions.pop_back();
  }
  if (kept.order && draws.uniform("forgets order") < habits.forgets_order) {
    kept.limit = 0;
    if (draws.below(2, "order or limit") == 0) kept.order.reset();
  }
  return kept;
}

Advice ask(const Plan& plan, Words words) {
  return {statement(plan, words), sentence(plan, words)};
}

Advice submit() {
  return {"submit", "that is it"};
}

}  // namespace

void Memory::note(const Plan& plan, std::string_view done, Observation::Kind kind) {
  const bool answered = kind == Observation::Kind::kRows;
  saw_tables = saw_tables || (answered && done == kShowTables);
  saw_table = saw_table || (answered && done == describe(plan.table));
  saw_other = saw_other || (answered && done == describe(plan.other_table));
  asked = asked || done.starts_with("SELECT");
  last = done;
  last_kind = kind;
}

Advice expert_advice(const Plan& plan, const Memory& memory, const Draws& draws, const Habits& habits) {
  const std::string question = sentence(plan, Words::kAsked);
  const bool answered = memory.last_kind == Observation::Kind::kRows;
  if (!memory.saw_table) {
    if (answered && memory.last == statement(plan, Words::kAsked)) return submit();
    const bool begins = memory.last.empty();
    if (begins && draws.uniform("show tables") < habits.show_tables) return {std::string(kShowTables), question};
    if (!memory.asked && draws.uniform("asks blindly") < habits.asks_blindly) return ask(plan, Words::kAsked);
    const bool astray = !memory.saw_other && !memory.asked && draws.uniform("wrong table") < habits.wrong_table;
    return {describe(astray ? plan.other_table : plan.table), question};
  }
  const Plan first = remembered(plan, draws, habits);
  if (answered && memory.last == statement(plan)) return submit();
  if (answered && memory.last == statement(first)) {
    return draws.uniform("repairs") < habits.repairs ? ask(plan, Words::kColumns) : submit();
  }
  return ask(memory.last_kind == Observation::Kind::kError ? plan : first, Words::kColumns);
}

}  // namespace intercodesql
