#include "plan/prune.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace alfworld::plan {
namespace {

template <class Visit>
void each_fact(GroundTask& task, const Visit& visit) {
  const auto all = [&](std::vector<Fact>& facts) {
    for (Fact& fact : facts) visit(fact);
  };
  for (Operator& op : task.operators) {
    all(op.needs);
    for (Outcome& outcome : op.outcomes) {
      all(outcome.when);
      all(outcome.makes);
    }
  }
  for (Alternative& alternative : task.alternatives) {
    visit(alternative.disjunction);
    all(alternative.needs);
  }
  all(task.goal);
}

// ---- forward: what could become true if nothing ever became false

// Counts down the facts that something still waits for.
class Waiting {
 public:
  explicit Waiting(std::uint32_t fact_count) : reached(fact_count, false), waiting_(fact_count) {}

  // Returns the number by which `is_met` asks.
  std::size_t add(const std::vector<Fact>& needs, const std::vector<Fact>& when, const std::vector<Fact>& makes) {
    const std::size_t rule = left_.size();
    left_.push_back(static_cast<std::uint32_t>(needs.size() + when.size()));
    makes_.push_back(&makes);
    for (const Fact fact : needs) waiting_[fact].push_back(rule);
    for (const Fact fact : when) waiting_[fact].push_back(rule);
    return rule;
  }
  void run(std::vector<Fact> facts) {
    for (const Fact fact : facts) reached[fact] = true;
    for (std::size_t rule = 0; rule < left_.size(); ++rule) {
      if (left_[rule] == 0) make(rule, facts);
    }
    while (!facts.empty()) {
      const Fact fact = facts.back();
      facts.pop_back();
      for (const std::size_t rule : waiting_[fact]) {
        if (--left_[rule] == 0) make(rule, facts);
      }
    }
  }
  [[nodiscard]] bool is_met(std::size_t rule) const { return left_[rule] == 0; }

  std::vector<bool> reached;

 private:
  void make(std::size_t rule, std::vector<Fact>& fresh) {
    for (const Fact fact : *makes_[rule]) {
      if (reached[fact]) continue;
      reached[fact] = true;
      fresh.push_back(fact);
    }
  }
  std::vector<std::uint32_t> left_;
  std::vector<const std::vector<Fact>*> makes_;
  std::vector<std::vector<std::size_t>> waiting_;
};

bool drop_unreachable(GroundTask& task) {
  Waiting waiting(task.fact_count());
  static const std::vector<Fact> kNone;
  for (const Operator& op : task.operators) {
    waiting.add(op.needs, kNone, kNone);
    for (const Outcome& outcome : op.outcomes) waiting.add(op.needs, outcome.when, outcome.makes);
  }
  std::vector<std::vector<Fact>> disjunctions;
  disjunctions.reserve(task.alternatives.size());
  for (const Alternative& alternative : task.alternatives) {
    disjunctions.push_back({alternative.disjunction});
    waiting.add(alternative.needs, kNone, disjunctions.back());
  }
  std::vector<Fact> start;
  for (std::uint32_t atom = 0; atom < task.atoms.size(); ++atom) start.push_back(2 * atom + (task.start[atom] ? 0 : 1));
  waiting.run(std::move(start));
  for (const Fact fact : task.goal) {
    if (!waiting.reached[fact]) return false;
  }
  std::size_t rule = 0;
  std::erase_if(task.operators, [&](Operator& op) {
    const bool possible = waiting.is_met(rule++);
    std::erase_if(op.outcomes, [&](const Outcome&) { return !waiting.is_met(rule++); });
    return !possible || op.outcomes.empty();
  });
  std::erase_if(task.alternatives, [&](const Alternative&) { return !waiting.is_met(rule++); });
  return true;
}

// ---- backward: what the goal needs

class Needed {
 public:
  explicit Needed(const GroundTask& task) : needed_(task.fact_count(), false) {
    add(task.goal);
    while (std::exchange(grew_, false)) {
      for (const Alternative& alternative : task.alternatives) {
        if (needed_[alternative.disjunction]) add(alternative.needs);
      }
      for (const Operator& op : task.operators) {
        if (!is_useful(op)) continue;
        add(op.needs);
        for (const Outcome& outcome : op.outcomes) {
          if (std::any_of(outcome.makes.begin(), outcome.makes.end(), [&](Fact f) { return is_read(f); })) {
            add(outcome.when);
          }
        }
      }
    }
  }

  [[nodiscard]] bool is_useful(const Operator& op) const {
    return std::any_of(op.outcomes.begin(), op.outcomes.end(), [&](const Outcome& outcome) {
      return std::any_of(outcome.makes.begin(), outcome.makes.end(), [&](Fact f) { return needed_[f]; });
    });
  }
  [[nodiscard]] bool operator[](Fact fact) const { return needed_[fact]; }
  // The fact is about an atom that somebody reads in one sign or the other, so that its value must be kept.
  [[nodiscard]] bool is_read(Fact fact) const { return needed_[fact] || needed_[fact ^ 1]; }

 private:
  void add(const std::vector<Fact>& facts) {
    for (const Fact fact : facts) {
      grew_ = grew_ || !needed_[fact];
      needed_[fact] = true;
    }
  }
  std::vector<bool> needed_;
  bool grew_ = false;
};

void drop_unneeded(GroundTask& task) {
  const Needed needed(task);
  std::erase_if(task.operators, [&](const Operator& op) { return !needed.is_useful(op); });
  std::erase_if(task.alternatives, [&](const Alternative& a) { return !needed[a.disjunction]; });
  for (Operator& op : task.operators) {
    for (Outcome& outcome : op.outcomes) {
      std::erase_if(outcome.makes, [&](Fact fact) { return !needed.is_read(fact); });
    }
    std::erase_if(op.outcomes, [](const Outcome& outcome) { return outcome.makes.empty(); });
  }
  std::vector<std::uint32_t> to(task.atoms.size(), 0);
  std::uint32_t kept = 0;
  for (std::uint32_t atom = 0; atom < task.atoms.size(); ++atom) {
    if (!needed.is_read(2 * atom)) continue;
    to[atom] = kept;
    task.atoms[kept] = task.atoms[atom];
    task.start[kept] = task.start[atom];
    ++kept;
  }
  const Fact first_disjunction = 2 * static_cast<Fact>(task.atoms.size());
  each_fact(task, [&](Fact& fact) {
    fact = fact >= first_disjunction ? 2 * kept + (fact - first_disjunction) : 2 * to[fact / 2] + fact % 2;
  });
  task.atoms.resize(kept);
  task.start.resize(kept);
}

// ---- one form for what means the same

void sort_unique(std::vector<Fact>& facts) {
  std::sort(facts.begin(), facts.end());
  facts.erase(std::unique(facts.begin(), facts.end()), facts.end());
}

void normalize(Operator& op) {
  sort_unique(op.needs);
  for (Outcome& outcome : op.outcomes) {
    sort_unique(outcome.when);
    sort_unique(outcome.makes);
    // An atom that is both deleted and added is added.
    const std::vector<Fact> makes = outcome.makes;
    std::erase_if(outcome.makes,
                  [&](Fact f) { return f % 2 == 1 && std::binary_search(makes.begin(), makes.end(), f - 1); });
  }
  std::sort(op.outcomes.begin(), op.outcomes.end());
}

void join_equal(std::vector<Operator>& operators) {
  std::sort(operators.begin(), operators.end(), [](const Operator& a, const Operator& b) {
    return std::tie(a.needs, a.outcomes, a.actions) < std::tie(b.needs, b.outcomes, b.actions);
  });
  std::vector<Operator> joined;
  for (Operator& op : operators) {
    if (!joined.empty() && joined.back().needs == op.needs && joined.back().outcomes == op.outcomes) {
      joined.back().actions.push_back(op.actions.front());
    } else {
      joined.push_back(std::move(op));
    }
  }
  std::sort(joined.begin(), joined.end(), [](const Operator& a, const Operator& b) { return a.actions < b.actions; });
  operators = std::move(joined);
}

}  // namespace

bool prune(GroundTask& task) {
  const Fact first_disjunction = 2 * static_cast<Fact>(task.atoms.size());
  each_fact(task, [&](Fact& fact) {
    if (fact >= kDisjunctionBase) fact = first_disjunction + (fact - kDisjunctionBase);
  });
  if (!drop_unreachable(task)) return false;
  drop_unneeded(task);
  for (Operator& op : task.operators) normalize(op);
  join_equal(task.operators);
  std::stable_sort(task.alternatives.begin(), task.alternatives.end(),
                   [](const Alternative& a, const Alternative& b) { return a.disjunction < b.disjunction; });
  sort_unique(task.goal);
  return true;
}

}  // namespace alfworld::plan
