#include "core/rollout/generator.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "core/model/sampler.h"
#include "core/rollout/prefix_tree.h"

namespace ipr::rollout {
namespace {

using Clock = std::chrono::steady_clock;
using Done = std::function<void(GenerateReply)>;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

struct Pending {
  GenerateRequest request;
  Done done;
};

GeneratorOptions at_least_one(GeneratorOptions options) {
  options.max_rows = std::max<std::int64_t>(1, options.max_rows);
  options.max_prefill_rows = std::max<std::int64_t>(1, options.max_prefill_rows);
  return options;
}

// One sequence in flight.
struct Active {
  Active(Pending pending, std::unique_ptr<PrefixTree::Path> its_path, std::size_t its_limit)
      : request(std::move(pending.request)),
        done(std::move(pending.done)),
        path(std::move(its_path)),
        next_own(path->first_own()),
        limit(its_limit) {
    reply.prompt_tokens = request.prompt.size();
    if (request.stop_texts != nullptr && !request.stop_texts->empty()) watch.emplace(*request.stop_texts);
  }

  [[nodiscard]] bool decoding() const { return !reply.ids.empty(); }

  GenerateRequest request;
  Done done;
  std::unique_ptr<PrefixTree::Path> path;
  std::size_t next_own;  // next prompt position to compute
  std::size_t limit;     // tokens of prompt + reply
  GenerateReply reply;
  std::optional<StopTexts::Watch> watch;
  bool finished = false;
};

}  // namespace

class Generator::Loop {
 public:
  Loop(const model::Engine& engine, const GeneratorOptions& options)
      : engine_(engine),
        options_(at_least_one(options)),
        vocab_(static_cast<std::size_t>(engine.config().vocab_size)),
        tree_(engine, options.kv_budget_bytes),
        scratch_(static_cast<std::size_t>(engine.threads())),
        thread_([this] { run(); }) {}

  ~Loop() {
    {
      const std::lock_guard lock(mutex_);
      stop_ = true;
    }
    wake_.notify_one();
    thread_.join();
  }

  void submit(Pending pending) {
    keep_tail(pending.request, engine_.config());
    {
      const std::lock_guard lock(mutex_);
      inbox_.push_back(std::move(pending));
    }
    wake_.notify_one();
  }

  [[nodiscard]] GeneratorCounters counters() const {
    const std::lock_guard lock(mutex_);
    return counters_;
  }

 private:
  // Whose row it is and what for; as long as the step's rows.
  struct RowUse {
    Active* sequence;
    std::size_t position;
    bool prompt;
  };

  // A reply's next token to be chosen from a row's logits.
  struct Choice {
    Active* sequence;
    std::span<const float> logits;
  };

  void run() {
    while (receive()) {
      if (!broken_.ok()) {
        answer_all(broken_);
        continue;
      }
      admit();
      start_without_rows();
      gather_rows();
      copy_blocks();
      if (!rows_.empty()) step();
      retire();
    }
    answer_all(Status(Code::kInterrupted, "generate: the generator was stopped before the reply was complete"));
  }

  // Takes what was submitted; waits while there is nothing to do. False: stop.
  bool receive() {
    std::unique_lock lock(mutex_);
    if (inbox_.empty() && waiting_.empty() && active_.empty() && !stop_) {
      const auto start = Clock::now();
      wake_.wait(lock, [this] { return !inbox_.empty() || stop_; });
      counters_.idle_seconds += seconds_since(start);
    }
    std::move(inbox_.begin(), inbox_.end(), std::back_inserter(waiting_));
    inbox_.clear();
    return !stop_;
  }

  void admit() {
    while (!waiting_.empty()) {
      Pending& next = waiting_.front();
      if (answer_at_once(next)) {
        waiting_.pop_front();
        continue;
      }
      if (static_cast<std::int64_t>(active_.size()) >= options_.max_rows || !fits(next.request)) return;
      auto path = tree_.admit(next.request.prompt);
      {
        const std::lock_guard lock(mutex_);
        counters_.requests += 1;
        counters_.prompt_tokens_asked += next.request.prompt.size();
      }
      const std::size_t limit = context_of(next.request, engine_.config());
      active_.push_back(std::make_unique<Active>(std::move(next), std::move(path), limit));
      waiting_.pop_front();
    }
  }

  // Malformed requests and those that leave no room for a token need no model.
  bool answer_at_once(Pending& pending) {
    GenerateReply reply;
    reply.status = check_request(pending.request, engine_.config());
    if (reply.status.ok()) {
      if (pending.request.prompt.size() >= context_of(pending.request, engine_.config())) {
        reply.finish = Finish::kContextOverflow;
      } else if (pending.request.max_new_tokens <= 0) {
        reply.finish = Finish::kLength;
      } else {
        return false;
      }
    }
    pending.done(std::move(reply));
    return true;
  }

  // Blocks that a sequence may hold at its longest; one more for the copy of a partly shared block.
  [[nodiscard]] std::size_t most_blocks(const GenerateRequest& request) const {
    const std::size_t most = std::min(context_of(request, engine_.config()),
                                      request.prompt.size() + static_cast<std::size_t>(request.max_new_tokens));
    return most / static_cast<std::size_t>(model::kBlockPositions) + 2;
  }

  // Whether all in flight can reach their longest within the budget. One alone always may run.
  [[nodiscard]] bool fits(const GenerateRequest& request) const {
    if (active_.empty()) return true;
    std::size_t need = tree_.held_blocks() + most_blocks(request) - tree_.held_blocks_of(request.prompt);
    for (const auto& sequence : active_) {
      const std::size_t now = (sequence->path->length() - 1) / static_cast<std::size_t>(model::kBlockPositions) + 1;
      need += most_blocks(sequence->request) - now;
    }
    return need <= tree_.budget_blocks();
  }

  // Sequences whose whole prompt is known start from kept logits.
  void start_without_rows() {
    choices_.clear();
    for (const auto& sequence : active_) {
      const bool all_known = sequence->path->first_own() == sequence->request.prompt.size();
      if (!all_known || sequence->decoding() || !sequence->path->ready()) continue;
      choices_.push_back({sequence.get(), sequence->path->prompt_logits()});
    }
    choose_all();
  }

  void copy_blocks() {
    engine_.parallel(static_cast<int>(tree_.due_copies()),
                     [this](int task, int) { tree_.copy(static_cast<std::size_t>(task)); });
    tree_.copied();
  }

  // Decode rows of all, then prompt rows in order of admission, so that a prefix comes before what hangs on it.
  void gather_rows() {
    rows_.clear();
    uses_.clear();
    for (const auto& sequence : active_) {
      if (!sequence->decoding() || sequence->finished) continue;
      const std::size_t position = sequence->path->length();
      sequence->path->append(sequence->reply.ids.back());
      add_row(*sequence, sequence->reply.ids.back(), position, false, true);
    }
    std::int64_t left = options_.max_prefill_rows;
    for (const auto& sequence : active_) {
      const auto& prompt = sequence->request.prompt;
      if (left <= 0) break;
      if (sequence->next_own == prompt.size() || !sequence->path->ready()) continue;
      const std::size_t end = std::min(prompt.size(), sequence->next_own + static_cast<std::size_t>(left));
      left -= static_cast<std::int64_t>(end - sequence->next_own);
      for (std::size_t p = sequence->next_own; p < end; ++p)
        add_row(*sequence, prompt[p], p, true, sequence->path->wants_logits(p));
      sequence->path->schedule(sequence->next_own, end);
      sequence->next_own = end;
    }
  }

  void add_row(Active& sequence, std::int32_t token, std::size_t position, bool prompt, bool want_logits) {
    rows_.push_back({token, static_cast<std::int32_t>(position), sequence.path->blocks(), want_logits});
    uses_.push_back({&sequence, position, prompt});
  }

  void step() {
    const auto wanted = static_cast<std::size_t>(
        std::count_if(rows_.begin(), rows_.end(), [](const model::Row& row) { return row.want_logits; }));
    logits_.resize(std::max(logits_.size(), wanted * vocab_));
    const auto start = Clock::now();
    try {
      engine_.step(rows_, logits_.data());
    } catch (const std::exception& error) {  // a device that is out of memory, or gone
      broken_ = failed(std::string("generate: the model's step failed: ") + error.what());
      return;
    }
    const double seconds = seconds_since(start);
    note_computed();
    choices_.clear();
    std::size_t next = 0;
    std::uint64_t prompt_rows = 0;
    for (std::size_t r = 0; r < rows_.size(); ++r) {
      prompt_rows += uses_[r].prompt ? 1 : 0;
      if (rows_[r].want_logits) use(uses_[r], std::span<const float>(logits_).subspan(next++ * vocab_, vocab_));
    }
    choose_all();
    const std::lock_guard lock(mutex_);
    counters_.steps += 1;
    counters_.model_seconds += seconds;
    counters_.prompt_tokens_computed += prompt_rows;
  }

  // Tells the paths, once for each run of neighbouring positions.
  void note_computed() {
    for (std::size_t r = 0; r < uses_.size();) {
      const RowUse& first = uses_[r];
      std::size_t end = first.position;
      for (; r < uses_.size() && uses_[r].sequence == first.sequence && uses_[r].position == end; ++r) ++end;
      first.sequence->path->computed(first.position, end);
    }
  }

  void use(const RowUse& row, std::span<const float> logits) {
    Active& sequence = *row.sequence;
    if (row.prompt) sequence.path->give_logits(row.position, logits);
    if (row.position + 1 >= sequence.request.prompt.size()) choices_.push_back({&sequence, logits});
  }

  // There is at most one choice of each sequence, so that they do not meet.
  void choose_all() {
    engine_.parallel(static_cast<int>(choices_.size()), [this](int task, int thread) {
      const Choice& choice = choices_[static_cast<std::size_t>(task)];
      choose(*choice.sequence, choice.logits, scratch_[static_cast<std::size_t>(thread)]);
    });
    sampled_ += choices_.size();
  }

  // The next token of the reply, and whether it was the last.
  void choose(Active& sequence, std::span<const float> logits, std::vector<float>& scratch) const {
    GenerateReply& reply = sequence.reply;
    const GenerateRequest& request = sequence.request;
    const auto token = model::sample(engine_.kernels(), logits, {request.temperature, request.top_p, request.top_k},
                                     request.seed, reply.ids.size(), scratch);
    if (std::find(request.stop_ids.begin(), request.stop_ids.end(), token.id) != request.stop_ids.end()) {
      reply.stop_id = token.id;
      reply.stop_logprob = token.logprob;
      finish(sequence, Finish::kStop);
      return;
    }
    reply.ids.push_back(token.id);
    reply.logprobs.push_back(token.logprob);
    if (sequence.watch && sequence.watch->push(token.id)) {
      stop_at_text(sequence);
    } else if (static_cast<std::int64_t>(reply.ids.size()) >= request.max_new_tokens) {
      finish(sequence, Finish::kLength);
    } else if (request.prompt.size() + reply.ids.size() >= sequence.limit) {
      finish(sequence, Finish::kContextOverflow);
    }
  }

  static void stop_at_text(Active& sequence) {
    GenerateReply& reply = sequence.reply;
    StopTexts::Cut cut = sequence.request.stop_texts->cut(reply.ids);
    reply.stop_text = std::move(cut.stop);
    reply.text = std::move(cut.text);
    reply.ids.resize(cut.ids);
    reply.logprobs.resize(cut.ids);
    finish(sequence, Finish::kStop);
  }

  static void finish(Active& sequence, Finish how) {
    sequence.reply.finish = how;
    sequence.finished = true;
  }

  // Answers what is finished. The others keep their order: samples of one prefix stay neighbours and meet it in the
  // cache.
  void retire() {
    {
      const std::lock_guard lock(mutex_);
      counters_.generated_tokens += std::exchange(sampled_, 0);
    }
    std::vector<std::unique_ptr<Active>> finished;
    for (auto& sequence : active_) {
      if (sequence->finished) finished.push_back(std::move(sequence));
    }
    std::erase(active_, nullptr);
    for (const auto& sequence : finished) tree_.release(std::move(sequence->path));
    for (const auto& sequence : finished) sequence->done(std::move(sequence->reply));
  }

  // Ends all that is open with `status`. The tree is not asked again: positions that it waits for will not come.
  void answer_all(const Status& status) {
    const auto cancel = [&](const Done& done) {
      GenerateReply reply;
      reply.status = status;
      done(std::move(reply));
    };
    for (const auto& sequence : active_) cancel(sequence->done);
    active_.clear();
    for (;;) {
      for (const Pending& pending : waiting_) cancel(pending.done);
      waiting_.clear();
      const std::lock_guard lock(mutex_);
      if (inbox_.empty()) return;
      std::swap(inbox_, waiting_);
    }
  }

  const model::Engine& engine_;
  const GeneratorOptions options_;
  const std::size_t vocab_;

  mutable std::mutex mutex_;  // guards the four below
  std::condition_variable wake_;
  std::deque<Pending> inbox_;
  GeneratorCounters counters_;
  bool stop_ = false;

  // The thread's own.
  PrefixTree tree_;
  std::deque<Pending> waiting_;
  std::vector<std::unique_ptr<Active>> active_;  // in order of admission
  std::vector<model::Row> rows_;
  std::vector<RowUse> uses_;
  std::vector<Choice> choices_;
  std::vector<float> logits_;
  std::vector<std::vector<float>> scratch_;  // of each of the engine's threads
  Status broken_;                            // why no step can run any more
  std::uint64_t sampled_ = 0;                // since the counters were last updated

  std::thread thread_;  // last: starts when all else stands
};

Generator::Generator(const model::Engine& engine, const GeneratorOptions& options)
    : loop_(std::make_unique<Loop>(engine, options)) {}
Generator::~Generator() = default;

void Generator::submit(GenerateRequest request, std::function<void(GenerateReply)> done) {
  loop_->submit({std::move(request), std::move(done)});
}

GeneratorCounters Generator::counters() const {
  return loop_->counters();
}

std::vector<GenerateReply> generate_all(Generator& generator, std::vector<GenerateRequest> requests) {
  std::vector<GenerateReply> replies(requests.size());
  std::mutex mutex;
  std::condition_variable all_here;
  std::size_t left = requests.size();
  for (std::size_t i = 0; i < requests.size(); ++i) {
    generator.submit(std::move(requests[i]), [&, i](GenerateReply reply) {
      const std::lock_guard lock(mutex);
      replies[i] = std::move(reply);
      if (--left == 0) all_here.notify_one();
    });
  }
  std::unique_lock lock(mutex);
  all_here.wait(lock, [&] { return left == 0; });
  return replies;
}

}  // namespace ipr::rollout
