#include "core/rollout/prefix_tree.h"

#include <algorithm>
#include <deque>
#include <set>

#include "core/base/rng.h"
#include "tests/support/catch.h"

using namespace ipr;
using namespace ipr::rollout;

namespace {

using Tokens = std::vector<std::int32_t>;

constexpr std::size_t kVocab = 4;
constexpr std::size_t kBlockFloats = 32;  // one float per position: enough to tell whose it is

// Stands for keys and values: a number that depends on all tokens up to the position.
float state_of(const Tokens& tokens, std::size_t position) {
  std::uint64_t state = 1;
  for (std::size_t i = 0; i <= position; ++i) state = mix(state, static_cast<std::uint64_t>(tokens[i]));
  return static_cast<float>(state % 1000003);
}

// An engine that has nothing but blocks.
class BlocksOnly final : public model::Engine {
 public:
  BlocksOnly() { config_.vocab_size = kVocab; }
  [[nodiscard]] const model::LlamaConfig& config() const override { return config_; }
  [[nodiscard]] int threads() const override { return 1; }
  [[nodiscard]] const char* kernel_family() const override { return "none"; }
  [[nodiscard]] const model::Kernels& kernels() const override { return model::best_kernels(); }
  [[nodiscard]] std::size_t block_floats() const override { return kBlockFloats; }
  void step(std::span<const model::Row>, float*) const override {}
  void parallel(int tasks, const std::function<void(int, int)>& body) const override {
    for (int task = 0; task < tasks; ++task) body(task, 0);
  }

 private:
  model::LlamaConfig config_;
};

// A generator without a model: computes at most `rows` positions per step, and checks every state it would attend to.
class Simulation {
 public:
  Simulation(std::size_t budget_blocks, std::size_t rows)
      : tree_(engine_, budget_blocks * kBlockFloats * sizeof(float)), rows_(rows) {}

  void submit(Tokens prompt, Tokens reply) { waiting_.push_back({std::move(prompt), std::move(reply)}); }

  // Runs all to their end, at most `active` at a time.
  void run(std::size_t active) {
    while (!waiting_.empty() || !active_.empty()) {
      while (!waiting_.empty() && active_.size() < active) admit();
      step();
    }
  }

  [[nodiscard]] std::size_t computed() const { return computed_; }
  [[nodiscard]] const PrefixTree& tree() const { return tree_; }

 private:
  struct Sequence {
    Tokens tokens;  // prompt, then what was appended
    Tokens reply;
    std::unique_ptr<PrefixTree::Path> path;
    std::size_t prompt = 0, next = 0, appended = 0;
    bool started = false;
  };
  struct Row {
    Sequence* sequence;
    std::size_t position;
    bool logits;
  };

  void admit() {
    auto [prompt, reply] = std::move(waiting_.front());
    waiting_.pop_front();
    auto sequence = std::make_unique<Sequence>();
    sequence->path = tree_.admit(prompt);
    sequence->prompt = prompt.size();
    sequence->next = sequence->path->first_own();
    sequence->tokens = std::move(prompt);
    sequence->reply = std::move(reply);
    active_.push_back(std::move(sequence));
  }

  void step() {
    std::vector<Row> rows;
    for (const auto& sequence : active_) decode(*sequence, rows);
    std::size_t left = rows_;
    for (const auto& sequence : active_) prefill(*sequence, left, rows);
    progress_ = progress_ || tree_.due_copies() > 0;
    for (std::size_t i = tree_.due_copies(); i > 0; --i) tree_.copy(i - 1);  // in any order
    tree_.copied();
    for (const Row& row : rows) write(row);
    for (const Row& row : rows) {
      verify(*row.sequence, row.position);
      row.sequence->path->computed(row.position, row.position + 1);
      if (row.logits) {
        const std::vector<float> logits(kVocab, state_of(row.sequence->tokens, row.position));
        row.sequence->path->give_logits(row.position, logits);
      }
      if (row.position + 1 == row.sequence->prompt) row.sequence->started = true;
    }
    REQUIRE((progress_ || !rows.empty()));  // never stuck
    progress_ = false;
    for (auto& sequence : active_) {
      if (!sequence->started || sequence->appended < sequence->reply.size()) continue;
      tree_.release(std::move(sequence->path));
      sequence.reset();
      progress_ = true;
    }
    std::erase(active_, nullptr);
  }

  void decode(Sequence& sequence, std::vector<Row>& rows) {
    if (!sequence.started && sequence.path->first_own() == sequence.prompt && sequence.path->ready()) {
      CHECK(sequence.path->prompt_logits().front() == state_of(sequence.tokens, sequence.prompt - 1));
      sequence.started = progress_ = true;
    }
    if (!sequence.started || sequence.appended == sequence.reply.size()) return;
    const std::size_t position = sequence.path->length();
    sequence.path->append(sequence.reply[sequence.appended]);
    sequence.tokens.push_back(sequence.reply[sequence.appended++]);
    rows.push_back({&sequence, position, false});
  }

  void prefill(Sequence& sequence, std::size_t& left, std::vector<Row>& rows) {
    if (left == 0 || sequence.next == sequence.prompt || !sequence.path->ready()) return;
    const std::size_t end = std::min(sequence.prompt, sequence.next + left);
    left -= end - sequence.next;
    computed_ += end - sequence.next;
    sequence.path->schedule(sequence.next, end);
    for (std::size_t p = sequence.next; p < end; ++p) rows.push_back({&sequence, p, sequence.path->wants_logits(p)});
    sequence.next = end;
  }

  static void write(const Row& row) {
    row.sequence->path->blocks()[row.position / 32][row.position % 32] = state_of(row.sequence->tokens, row.position);
  }

  static void verify(const Sequence& sequence, std::size_t position) {
    for (std::size_t p = 0; p <= position; ++p) {
      if (sequence.path->blocks()[p / 32][p % 32] != state_of(sequence.tokens, p)) {
        FAIL("position " << p << " of " << position << " holds another sequence's state");
      }
    }
  }

  BlocksOnly engine_;
  PrefixTree tree_;
  std::size_t rows_, computed_ = 0;
  bool progress_ = false;
  std::deque<std::pair<Tokens, Tokens>> waiting_;
  std::vector<std::unique_ptr<Sequence>> active_;
};

Tokens numbers(std::size_t count, std::uint64_t seed, std::uint64_t kinds = 1000) {
  Rng rng(seed);
  Tokens tokens(count);
  for (auto& token : tokens) token = static_cast<std::int32_t>(rng.below(kinds));
  return tokens;
}

Tokens operator+(Tokens a, const Tokens& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

// Positions of the prefix tree that the prompts span.
std::size_t unique_tokens(const std::vector<Tokens>& prompts) {
  std::set<Tokens> prefixes;
  for (const Tokens& prompt : prompts) {
    for (std::size_t n = 1; n <= prompt.size(); ++n)
      prefixes.insert(Tokens(prompt.begin(), prompt.begin() + static_cast<std::ptrdiff_t>(n)));
  }
  return prefixes.size();
}

}  // namespace

TEST_CASE("samples of one prompt compute it once, whatever its length", "[rollout][tree]") {
  for (const std::size_t length : {1, 2, 31, 32, 33, 64, 100}) {
    for (const std::size_t active : {1, 2, 8}) {
      CAPTURE(length, active);
      Simulation simulation(1000, 16);
      for (std::uint64_t sample = 0; sample < 5; ++sample) simulation.submit(numbers(length, 7), numbers(40, sample));
      simulation.run(active);
      CHECK(simulation.computed() == length);
    }
  }
}

TEST_CASE("forks of a trajectory compute each position of the prefix tree once", "[rollout][tree]") {
  const Tokens trajectory = numbers(300, 3);
  for (const std::size_t active : {1, 3, 64}) {
    for (const std::size_t rows : {5, 256}) {
      CAPTURE(active, rows);
      Simulation simulation(1000, rows);
      std::vector<Tokens> prompts;
      for (const std::size_t keep : {20, 45, 64, 110, 190, 191, 300}) {
        for (std::uint64_t sample = 0; sample < 3; ++sample) {
          prompts.push_back(Tokens(trajectory.begin(), trajectory.begin() + static_cast<std::ptrdiff_t>(keep)));
          simulation.submit(prompts.back(), numbers(12, mix(keep, sample)));
        }
      }
      simulation.run(active);
      CHECK(simulation.computed() == unique_tokens(prompts));
    }
  }
}

TEST_CASE("a next turn computes only what the environment said", "[rollout][tree]") {
  Simulation simulation(1000, 256);
  Tokens history = numbers(50, 1);
  for (std::uint64_t turn = 0; turn < 6; ++turn) {
    const std::size_t before = simulation.computed();
    const Tokens reply = numbers(17, mix(2, turn));
    const Tokens observation = numbers(20 + turn, mix(3, turn));
    simulation.submit(history, reply);
    simulation.run(4);
    CHECK(simulation.computed() - before == (turn == 0 ? 50 : 20 + turn - 1));
    history = history + reply + observation;
  }
}

TEST_CASE("samples that said the same share one block afterwards", "[rollout][tree]") {
  Simulation simulation(1000, 256);
  for (int sample = 0; sample < 8; ++sample) simulation.submit(numbers(40, 1), numbers(60, 2));
  simulation.run(8);
  CHECK(simulation.tree().blocks() == 4);  // 100 positions
  CHECK(simulation.tree().held_blocks() == 0);
}

TEST_CASE("random forks, replies and evictions never show one sequence another's state", "[rollout][tree]") {
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    CAPTURE(seed);
    Rng rng(seed);
    Simulation simulation(rng.below(3) == 0 ? 1000 : 1 + rng.below(30), 1 + rng.below(60));
    std::vector<Tokens> known = {numbers(1 + rng.below(40), seed, 2)};
    for (int round = 0; round < 6; ++round) {
      for (int i = 0; i < 8; ++i) {
        const Tokens& base = known[rng.below(known.size())];
        Tokens prompt(base.begin(), base.begin() + static_cast<std::ptrdiff_t>(1 + rng.below(base.size())));
        prompt = prompt + numbers(rng.below(3) * rng.below(40), rng.next(), 2);
        const Tokens reply = numbers(rng.below(50), rng.below(4), 2);
        simulation.submit(prompt, reply);
        known.push_back(prompt + reply);
      }
      simulation.run(1 + rng.below(8));
    }
    CHECK(simulation.tree().held_blocks() == 0);
  }
}

TEST_CASE("blocks that nobody holds stay within the budget, the oldest leaving first", "[rollout][tree]") {
  Simulation simulation(4, 256);
  simulation.submit(numbers(64, 1), {});
  simulation.submit(numbers(48, 2), {});
  simulation.run(1);
  CHECK(simulation.tree().blocks() <= 4);
  simulation.submit(numbers(64, 3), {});
  simulation.run(1);
  CHECK(simulation.tree().blocks() <= 4);
  const std::size_t before = simulation.computed();
  simulation.submit(numbers(48, 2) + numbers(1, 9), {});
  simulation.run(1);
  CHECK(simulation.computed() - before < 49);  // some of the second prompt is still here
}
