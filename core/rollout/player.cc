#include "core/rollout/player.h"

#include <pthread.h>
#include <sched.h>

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <condition_variable>
#include <mutex>

#include "core/base/rng.h"

namespace ipr::rollout {
namespace asio = boost::asio;
namespace {

// Rollouts in flight: a few more than the generator's batch holds, so that it stays full while environments step. More
// would only push each other's KV blocks out of the budget between two turns.
constexpr std::size_t kInFlight = 80;
constexpr int kAttempts = 3;

// Awaits `work` and hands its result on; an exception of a library becomes a Status.
template <typename T>
asio::awaitable<void> deliver(asio::awaitable<Result<T>> work, std::function<void(Result<T>)> sink) {
  std::optional<Result<T>> result;
  try {
    result.emplace(co_await std::move(work));
  } catch (const std::exception& exception) {
    result.emplace(failed(std::string("a rollout ended with an exception: ") + exception.what()));
  }
  sink(std::move(*result));
}

// What a reply says, and the ids that stand for it from then on: those that were sampled, unless a stop string began
// inside one of them.
std::string take_text(const Dialogue& dialogue, GenerateReply& reply) {
  std::string text = dialogue.reply_text(reply.ids);
  if (reply.stop_text.empty() || text == reply.text) return text;
  reply.ids = dialogue.reply_ids(reply.text);
  return std::move(reply.text);
}

// As batch work: a worker that wakes must not take the core of a model thread, whose regions last microseconds and wait
// for each of their tasks. Threads inherit the policy of the one that makes them. A hint: without it only slower.
std::shared_ptr<asio::thread_pool> make_workers(int workers) {
  int policy = SCHED_OTHER;
  sched_param own{};
  const sched_param batch{};
  const bool changed = ::pthread_getschedparam(::pthread_self(), &policy, &own) == 0 && policy == SCHED_OTHER &&
                       ::pthread_setschedparam(::pthread_self(), SCHED_BATCH, &batch) == 0;
  auto pool = std::make_shared<asio::thread_pool>(static_cast<std::size_t>(workers));
  if (changed) (void)::pthread_setschedparam(::pthread_self(), policy, &own);
  return pool;
}

}  // namespace

Trajectory begun(const PlayRequest& request, const env::Session& session) {
  Trajectory trajectory;
  trajectory.task = request.task;
  trajectory.split = request.split;
  trajectory.sample = request.sample;
  trajectory.seed = request.seed;
  trajectory.first_message = session.first_message();
  if (request.from != nullptr) {
    trajectory.parent_id = request.from->id;
    trajectory.prefix_turns = request.keep;
    trajectory.turns.assign(request.from->turns.begin(),
                            request.from->turns.begin() + static_cast<std::ptrdiff_t>(request.keep));
  }
  return trajectory;
}

Player::Player(const env::Environment& environment, const Dialogue& dialogue, Generator& generator,
               Snapshots& snapshots, std::uint64_t env_seed, int max_steps, int workers, const std::atomic<bool>& stop)
    : environment_(environment),
      dialogue_(dialogue),
      generator_(generator),
      snapshots_(snapshots),
      env_seed_(env_seed),
      max_steps_(max_steps),
      stop_(stop),
      workers_(make_workers(workers)) {}

Player::~Player() {
  workers_->join();
}

asio::awaitable<GenerateReply> Player::generate(GenerateRequest request) {
  auto initiate = [this](auto handler, GenerateRequest wanted) {
    // Shared only because std::function must be copyable; called once.
    auto shared = std::make_shared<decltype(handler)>(std::move(handler));
    generator_.submit(std::move(wanted), [workers = workers_, shared](GenerateReply reply) {
      const auto executor = asio::get_associated_executor(*shared);
      asio::post(executor, [shared, reply = std::move(reply)]() mutable { (*shared)(std::move(reply)); });
    });
  };
  GenerateReply reply = co_await asio::async_initiate<const asio::use_awaitable_t<>, void(GenerateReply)>(
      initiate, asio::use_awaitable, std::move(request));
  co_return reply;
}

asio::awaitable<Result<Trajectory>> Player::attempt(const PlayRequest& request) {
  Result<env::Session> opened = request.from != nullptr
                                    ? snapshots_.resume(*request.from, request.keep)
                                    : env::Session::start(environment_, *request.task, env_seed_, max_steps_);
  if (!opened.ok()) co_return opened.status();
  env::Session session = std::move(opened).value();
  Trajectory trajectory = begun(request, session);
  text::TokenizedChat chat = dialogue_.history(trajectory, request.keep, /*examples=*/true);
  bool overflow = false;
  while (!session.finished()) {
    dialogue_.append_generation_prompt(chat);
    GenerateRequest ask = dialogue_.request(chat);
    ask.max_new_tokens = request.sampling.max_new_tokens;
    ask.temperature = request.sampling.temperature;
    ask.top_p = request.sampling.top_p;
    ask.top_k = request.sampling.top_k;
    ask.seed = mix(request.seed, trajectory.turns.size());
    GenerateReply reply = co_await generate(std::move(ask));
    if (!reply.status.ok()) co_return reply.status;
    overflow = reply.finish == Finish::kContextOverflow;
    if (overflow) break;
    Result<env::Turn> said = session.say(take_text(dialogue_, reply));
    if (!said.ok()) co_return said.status();
    ++env_steps_;
    TrajectoryTurn turn;
    static_cast<env::Turn&>(turn) = std::move(said).value();
    turn.prompt_tokens = static_cast<std::int64_t>(reply.prompt_tokens);
    dialogue_.append_reply(reply.ids, chat);
    dialogue_.append_observation(turn.observation, chat);
    turn.reply_ids = std::move(reply.ids);
    trajectory.turns.push_back(std::move(turn));
  }
  take_end(trajectory, session);
  if (overflow) {
    trajectory.exit_status = env::ExitStatus::kContextOverflow;
    trajectory.truncated = true;
  }
  co_return trajectory;
}

asio::awaitable<Result<Trajectory>> Player::play(PlayRequest request) {
  Status last;
  for (int tries = 1; tries <= kAttempts; ++tries) {
    if (stop_) co_return Status(Code::kInterrupted, "interrupted");
    Result<Trajectory> played = co_await attempt(request);
    if (played.ok()) {
      played->attempts = tries;
      co_return played;
    }
    last = played.status();
    if (last.code() == Code::kInterrupted || last.code() == Code::kUsage || last.code() == Code::kData) co_return last;
  }
  // Given up: an infrastructure failure, kept apart from what the agent earned.
  Trajectory broken;
  broken.task = request.task;
  broken.split = request.split;
  broken.sample = request.sample;
  broken.seed = request.seed;
  broken.exit_status = env::ExitStatus::kEnvError;
  broken.attempts = kAttempts;
  co_return broken;
}

asio::awaitable<Result<std::vector<Trajectory>>> Player::explore(const Trajectory& expert, Sampling sampling) {
  std::vector<Trajectory> found;
  for (std::size_t t = 0; t < expert.turns.size();) {
    PlayRequest request;
    request.task = expert.task;
    request.split = expert.split;
    request.from = &expert;
    request.keep = t;
    request.sampling = sampling;
    request.seed = mix(expert.id, t);  // greedy: only names the stream
    Result<Trajectory> played = co_await play(std::move(request));
    if (!played.ok()) co_return played.status();
    // Up to and with the first reply that is not the expert's, starting later gives the same trajectory.
    std::size_t same_until = t;
    while (same_until < expert.turns.size() && same_until < played->turns.size() &&
           played->turns[same_until].reply_ids == expert.turns[same_until].reply_ids) {
      ++same_until;
    }
    for (; t <= same_until && t < expert.turns.size(); ++t) {
      found.push_back(*played);
      found.back().prefix_turns = t;
    }
  }
  co_return found;
}

template <typename T>
Status Player::run_all(std::size_t count, const std::function<asio::awaitable<Result<T>>(std::size_t)>& make,
                       const Take<T>& take, const Progress& progress) {
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<std::optional<T>> results(count);
  Status error, refused;  // refused: what `take` said; nothing is handed to it after that
  std::size_t started = 0, done = 0, taken = 0;
  std::unique_lock lock(mutex);
  const auto hand_over = [&] {  // gives the lock up while the caller is busy
    const std::size_t now = done;
    std::vector<T> ready;
    for (; taken < count && results[taken]; ++taken) {
      ready.push_back(std::move(*results[taken]));
      results[taken].reset();
    }
    lock.unlock();
    for (T& result : ready) {
      if (refused.ok()) refused = take(std::move(result));
    }
    if (progress) progress(now, count);
    lock.lock();
    if (error.ok()) error = refused;
  };
  while (done < started || (started < count && error.ok())) {
    while (started < count && started - done < kInFlight && error.ok()) {
      const std::size_t i = started++;
      lock.unlock();
      const auto sink = [&, i](Result<T> result) {
        const std::lock_guard guard(mutex);
        if (result.ok()) {
          results[i] = std::move(result).value();
        } else if (error.ok()) {
          error = result.status();
        }
        ++done;
        changed.notify_one();
      };
      asio::co_spawn(*workers_, deliver<T>(make(i), sink), asio::detached);
      lock.lock();
    }
    const std::size_t seen = done;
    changed.wait(lock, [&] { return done != seen || done == started; });
    hand_over();
  }
  hand_over();  // what has arrived since
  return error;
}

Status Player::play_each(const std::vector<PlayRequest>& requests, const Take<Trajectory>& take,
                         const Progress& progress) {
  return run_all<Trajectory>(
      requests.size(), [&](std::size_t i) { return play(requests[i]); }, take, progress);
}

Result<std::vector<Trajectory>> Player::play_all(const std::vector<PlayRequest>& requests, const Progress& progress) {
  std::vector<Trajectory> played;
  const auto take = [&played](Trajectory trajectory) -> Status {
    played.push_back(std::move(trajectory));
    return {};
  };
  IPR_TRY(play_each(requests, take, progress));
  return played;
}

Status Player::explore_each(const std::vector<const Trajectory*>& experts, const Sampling& sampling,
                            const Take<std::vector<Trajectory>>& take, const Progress& progress) {
  return run_all<std::vector<Trajectory>>(
      experts.size(), [&](std::size_t i) { return explore(*experts[i], sampling); }, take, progress);
}

void Player::start(PlayRequest request, std::function<void(Result<Trajectory>)> done) {
  asio::co_spawn(*workers_, deliver<Trajectory>(play(std::move(request)), std::move(done)), asio::detached);
}

}  // namespace ipr::rollout
