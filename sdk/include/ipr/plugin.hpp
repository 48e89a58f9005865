// ipr/plugin.hpp: writing a plugin in C++. Header only, over ipr/plugin.h.
//
// Derive from Environment + Episode, Scorer, Optimizer or Policy, then list the classes once:
//
//   IPR_PLUGIN_LIBRARY(ipr::sdk::environment<Grid>(kGridInfo), ipr::sdk::scorer<MyScorer>(kMyInfo))
//
// A class is constructed as `T(const Host&, std::string_view config_json)`. Throw Failure (or any std::exception) for
// what ends the call; one guard turns it into a status before it reaches the host. An action that the environment does
// not understand is no failure: set Step::invalid and say so in the observation.
//
// Threads: Environment's const methods may be called from many threads at once; an Episode, Scorer::score and Optimizer
// by one at a time. Returned string_views live as long as the object that returned them, or, for an Episode, until its
// next call: the base class keeps what the host is still reading.
#pragma once

#include <cmath>
#include <cstdio>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "ipr/config.hpp"
#include "ipr/plugin.h"
#include "ipr/react.hpp"

namespace ipr::sdk {

class Failure : public std::runtime_error {
 public:
  Failure(ipr_status code, const std::string& message) : std::runtime_error(message), code_(code) {}
  [[nodiscard]] ipr_status code() const { return code_; }

 private:
  ipr_status code_;
};

inline ipr_str view(std::string_view text) {
  return {text.data(), text.size()};
}
inline std::string_view text(ipr_str s) {
  return {s.data, s.size};
}

// The exception in flight as a status and a message; to be called from a handler.
[[gnu::cold, gnu::noinline]] inline ipr_status report_exception(ipr_error* error) noexcept {
  const auto report = [error](ipr_status code, const char* what) {
    if (error != nullptr && IPR_HAS(error, ipr_error, message)) {
      error->code = code;
      std::snprintf(error->message, sizeof error->message, "%s", what);
    }
    return code;
  };
  try {
    throw;
  } catch (const Failure& failure) {
    return report(failure.code(), failure.what());
  } catch (const std::bad_alloc&) {
    return report(IPR_RESOURCE_EXHAUSTED, "out of memory");
  } catch (const std::exception& exception) {
    return report(IPR_INTERNAL, exception.what());
  } catch (...) {
    return report(IPR_INTERNAL, "unknown exception");
  }
}

// Runs `body`; what it throws becomes a status and a message. The only place where exceptions meet the C line. Inlined
// with `body`, which then finds its arguments in registers: the line may cost a few nanoseconds.
template <typename Body>
[[gnu::always_inline]] inline ipr_status guard(ipr_error* error, Body&& body) noexcept {
  try {
    body();
    return IPR_OK;
  } catch (...) {
    return report_exception(error);
  }
}

// What the host offers. Cheap to copy; valid as long as the instance.
class Host {
 public:
  explicit Host(const ipr_host* host)
      : host_(host), basics_(static_cast<const ipr_host_basics_v1*>(host->get_service(host, IPR_HOST_BASICS_V1))) {}

  void log(int level, std::string_view line) const {
    if (basics_ != nullptr) basics_->log(host_, nullptr, level, view(line));
  }
  void metric(const char* name, double value) const {
    if (basics_ != nullptr) basics_->metric(host_, nullptr, name, value);
  }
  // The --data folder, empty if the user gave none.
  [[nodiscard]] std::string data_folder() const { return path("data"); }
  // A folder of this plugin's own that survives the process; empty if there is none.
  [[nodiscard]] std::string cache_folder() const { return path("cache"); }
  // Read-only files installed beside this plugin (`DATA` of ipr_add_plugin); empty if there is none.
  [[nodiscard]] std::string share_folder() const { return path("share"); }
  // fn(0) … fn(n-1), in any order, on the host's threads; returns when all are done. fn must not throw.
  void parallel_for(std::size_t n, std::function<void(std::size_t)> fn) const {
    const auto call = [](void* user, std::size_t i) { (*static_cast<std::function<void(std::size_t)>*>(user))(i); };
    if (basics_ == nullptr || basics_->parallel_for(host_, nullptr, n, call, &fn) != IPR_OK) {
      for (std::size_t i = 0; i < n; ++i) fn(i);
    }
  }
  [[nodiscard]] const ipr_host_rollouts_v1* rollouts() const {
    return static_cast<const ipr_host_rollouts_v1*>(host_->get_service(host_, IPR_HOST_ROLLOUTS_V1));
  }
  // Models with a scalar head; null where the host has none to offer.
  [[nodiscard]] const ipr_host_model_v1* models() const {
    return static_cast<const ipr_host_model_v1*>(host_->get_service(host_, IPR_HOST_MODEL_V1));
  }
  [[nodiscard]] const ipr_host* raw() const { return host_; }

 private:
  [[nodiscard]] std::string path(const char* what) const {
    const char* found = basics_ == nullptr ? nullptr : basics_->path(host_, what);
    return found == nullptr ? std::string() : std::string(found);
  }
  const ipr_host* host_;
  const ipr_host_basics_v1* basics_;
};

// Static facts of one plugin. `config_schema` is JSON; see docs/plugins.md.
struct Info {
  const char* id;
  const char* name;
  const char* version;
  const char* license;
  const char* summary;
  const char* config_schema;
  std::uint32_t flags = IPR_PLUGIN_DETERMINISTIC;
};

// ------------------------------------------------------------------------------------------ environment

struct Step {
  std::string observation;
  std::string info_json;   // a JSON object, or empty
  std::string stats_json;  // numbers about the episode so far, which tables average; or empty
  double reward = 0;       // for this step
  double outcome = 0;      // if the episode stopped here
  bool terminated = false, truncated = false, success = false, invalid = false;
};

struct Parsed {
  bool valid = false;
  std::string action;
  std::string feedback;  // not valid: the user message the agent gets instead
  double outcome = 0;    // not valid: as Step::outcome
};

struct Split {
  std::string_view name;
  std::uint32_t role = IPR_SPLIT_TRAIN;
  std::uint64_t task_count = 0;
};

struct Task {
  std::string_view id, instruction, meta_json;
  std::uint32_t max_steps = 0;  // 0: the environment's default
};

struct Message {
  std::uint32_t role = 1;  // 0 system, 1 user, 2 assistant
  std::string_view text;
  bool example = false;
};

class Episode {
 public:
  virtual ~Episode() = default;

  virtual void reset(std::string_view task_id, std::uint64_t seed, Step& out) = 0;
  // After the end: go on or repeat the last result; never fail for that.
  virtual void step(std::string_view action, Step& out) = 0;

  // kFork: a copy that plays on independently; usually `return std::make_unique<MyEpisode>(*this);`
  [[nodiscard]] virtual std::unique_ptr<Episode> fork() const { throw missing("fork"); }
  // Equal futures give equal values; 0: unknown.
  [[nodiscard]] virtual std::uint64_t fingerprint() const { return 0; }
  // kActions: what is valid now.
  virtual void actions(std::vector<std::string>& /*out*/) { throw missing("actions"); }
  // kSample: a plausible random action.
  virtual std::string sample_action(std::uint64_t /*seed*/) { throw missing("sample_action"); }
  // kProgress: in [0,1].
  virtual double progress() { throw missing("progress"); }
  // kExpert: false if there is no expert here.
  virtual bool expert(std::string& /*action*/, std::string& /*thought*/) { throw missing("expert"); }

  // kDialect: the ReAct form unless overridden. `first` marks the task message after a reset.
  virtual void parse(std::string_view /*dialect*/, std::string_view message, Parsed& out) {
    out.valid = parse_react(message, out.action);
    if (!out.valid) out.feedback = "Observation: Invalid format. The input must contain 'Action: '";
  }
  virtual void render(std::string_view /*dialect*/, std::string_view observation, bool first, std::string& out) {
    out = first ? std::string(observation) : "Observation: " + std::string(observation);
  }
  virtual void compose(std::string_view /*dialect*/, std::string_view action, std::string_view thought,
                       std::string& out) {
    out = compose_react(action, thought);
  }

 protected:
  static Failure missing(const char* what) { return {IPR_UNIMPLEMENTED, std::string("episode has no ") + what}; }

 private:
  friend struct EnvironmentTables;
  // What the host may still be reading (lifetime E). A fork starts with none of it, so forks stay cheap.
  struct Kept {
    Kept() = default;
    Kept(const Kept&) {}  // NOLINT(modernize-use-equals-default): deliberately copies nothing
    Kept& operator=(const Kept&) { return *this; }
    Step step;
    std::unique_ptr<Parsed> parsed;
    std::vector<std::string> actions;
    std::vector<ipr_str> views;
    std::string action, thought, message;
  };
  Kept kept_;
};

enum Capability : std::uint32_t { kFork = 1, kActions = 2, kSample = 4, kProgress = 8, kExpert = 16, kDialect = 32 };

class Environment {
 public:
  virtual ~Environment() = default;
  [[nodiscard]] virtual std::uint32_t capabilities() const = 0;  // of Capability, constant
  [[nodiscard]] virtual std::string_view defaults_json() const = 0;
  [[nodiscard]] virtual std::size_t split_count() const = 0;
  [[nodiscard]] virtual Split split(std::size_t i) const = 0;
  [[nodiscard]] virtual Task task_at(std::size_t split, std::uint64_t index) const = 0;
  // False if there is no such task.
  [[nodiscard]] virtual bool task_by_id(std::string_view id, Task& out) const = 0;
  [[nodiscard]] virtual std::unique_ptr<Episode> new_episode() const = 0;
  // The messages before the task; false after the last.
  [[nodiscard]] virtual bool prompt(std::string_view /*dialect*/, std::size_t /*i*/, Message& /*out*/) const {
    return false;
  }
  [[nodiscard]] virtual double outcome_min() const { return 0; }
  [[nodiscard]] virtual double outcome_max() const { return 1; }
};

// ----------------------------------------------------------------------- scorer, policy and optimizer

class Scorer {
 public:
  virtual ~Scorer() = default;
  virtual void score(const ipr_ctx* ctx, std::span<const ipr_query* const> queries,
                     std::span<ipr_score* const> out) = 0;
  // Whether scores depend on the queries' rivals (IPR_SCORER_RIVALS); constant.
  [[nodiscard]] virtual bool reads_rivals() const { return false; }
};

struct Choice {
  std::string reply;
  double probability = 0;
};

// May be asked from many threads at once.
class Policy {
 public:
  virtual ~Policy() = default;
  // The whole assistant message. Equal requests get equal replies: all chance comes from `request.seed`.
  [[nodiscard]] virtual std::string reply(const ipr_gen_req& request) const = 0;
  // Whether `choices` tells the distribution that `reply` draws from; constant.
  [[nodiscard]] virtual bool knows_choices() const { return false; }
  [[nodiscard]] virtual std::vector<Choice> choices(const ipr_gen_req& /*request*/) const { return {}; }
};

class Optimizer {
 public:
  virtual ~Optimizer() = default;
  [[nodiscard]] virtual std::uint32_t needs() const = 0;
  [[nodiscard]] virtual std::string_view train_defaults(std::uint64_t iteration) const = 0;
  virtual bool plan(const ipr_ctx* ctx, std::uint64_t iteration, std::size_t i,
                    ipr_collect& out) = 0;  // false: no more
  virtual void absorb(std::size_t plan, const ipr_trajectory& trajectory) = 0;
  virtual bool want(std::size_t /*i*/, ipr_query& /*out*/) { return false; }
  virtual void scored(std::size_t /*i*/, const ipr_score& /*score*/) {}
  virtual void emit(const ipr_ctx* ctx, const ipr_example_sink& sink) = 0;
  // Returns L and writes dL/dlogp into batch.d_logp, or dL/dvalue into batch.d_value.
  virtual double loss(ipr_batch& batch) = 0;
};

// Passes one row to the host; throws what the host answered.
inline void emit_example(const ipr_example_sink& sink, const ipr_example& example) {
  ipr_error error{};
  error.struct_size = sizeof error;
  const ipr_status status = sink.emit(sink.impl, &example, &error);
  if (status != IPR_OK) throw Failure(status, error.message);
}

// ------------------------------------------------------------------------------- tables behind the line

// An environment's `ipr_self`: the object and the tables that depend on it.
struct EnvironmentBox {
  std::unique_ptr<Environment> environment;
  std::uint32_t capabilities = 0;
  ipr_environment_v1 main{};
  ipr_env_actions_v1 actions{};
};

struct EnvironmentTables {
  static EnvironmentBox& box(ipr_self* self) { return *reinterpret_cast<EnvironmentBox*>(self); }
  static Environment& env(ipr_self* self) { return *box(self).environment; }
  static Episode& episode(ipr_episode* e) { return *reinterpret_cast<Episode*>(e); }
  static const Episode& episode(const ipr_episode* e) { return *reinterpret_cast<const Episode*>(e); }
  static ipr_episode* handle(std::unique_ptr<Episode> e) { return reinterpret_cast<ipr_episode*>(e.release()); }

  static void write(const Step& step, ipr_step* out) {
    out->flags = std::uint32_t{step.terminated} * IPR_STEP_TERMINATED +
                 std::uint32_t{step.truncated} * IPR_STEP_TRUNCATED + std::uint32_t{step.success} * IPR_STEP_SUCCESS +
                 std::uint32_t{step.invalid} * IPR_STEP_INVALID;
    out->reward = step.reward;
    out->outcome = step.outcome;
    out->observation = view(step.observation);
    out->info_json = view(step.info_json);
    out->stats_json = view(step.stats_json);
  }
  // The episode's step, empty again; its texts keep their memory.
  static Step& fresh_step(Episode& e) {
    Step& step = e.kept_.step;
    step.observation.clear();
    step.info_json.clear();
    step.stats_json.clear();
    step.reward = step.outcome = 0;
    step.terminated = step.truncated = step.success = step.invalid = false;
    return step;
  }
  static void write(const Task& task, ipr_task* out) {
    out->max_steps = task.max_steps;
    out->id = view(task.id);
    out->instruction = view(task.instruction);
    out->meta_json = view(task.meta_json);
  }

  static ipr_str defaults_json(ipr_self* self) { return view(env(self).defaults_json()); }
  static std::size_t split_count(ipr_self* self) { return env(self).split_count(); }
  static ipr_status split_at(ipr_self* self, std::size_t i, ipr_split* out, ipr_error* error) {
    return guard(error, [&] {
      if (i >= env(self).split_count()) throw Failure(IPR_OUT_OF_RANGE, "no such split");
      const Split split = env(self).split(i);
      out->role = split.role;
      out->name = view(split.name);
      out->task_count = split.task_count;
    });
  }
  static ipr_status task_at(ipr_self* self, std::size_t split, std::uint64_t index, ipr_task* out, ipr_error* error) {
    return guard(error, [&] {
      if (split >= env(self).split_count() || index >= env(self).split(split).task_count) {
        throw Failure(IPR_OUT_OF_RANGE, "no such task");
      }
      write(env(self).task_at(split, index), out);
    });
  }
  static ipr_status task_by_id(ipr_self* self, ipr_str id, ipr_task* out, ipr_error* error) {
    return guard(error, [&] {
      Task task;
      if (!env(self).task_by_id(text(id), task))
        throw Failure(IPR_NOT_FOUND, "no task \"" + std::string(text(id)) + "\"");
      write(task, out);
    });
  }
  static ipr_status episode_new(ipr_self* self, ipr_episode** out, ipr_error* error) {
    return guard(error, [&] { *out = handle(env(self).new_episode()); });
  }
  static void episode_free(ipr_episode* e) { delete reinterpret_cast<Episode*>(e); }
  static ipr_status reset(ipr_episode* e, const ipr_ctx*, ipr_str task, std::uint64_t seed, ipr_step* out,
                          ipr_error* error) {
    return guard(error, [&] {
      Step& step = fresh_step(episode(e));
      episode(e).reset(text(task), seed, step);
      write(step, out);
    });
  }
  static ipr_status step(ipr_episode* e, const ipr_ctx*, ipr_str action, ipr_step* out, ipr_error* error) {
    return guard(error, [&] {
      Step& step = fresh_step(episode(e));
      episode(e).step(text(action), step);
      write(step, out);
    });
  }
  static ipr_status fork(const ipr_episode* e, ipr_episode** out, ipr_error* error) {
    return guard(error, [&] { *out = handle(episode(e).fork()); });
  }
  static std::uint64_t fingerprint(const ipr_episode* e) { return episode(e).fingerprint(); }
  static ipr_status list(ipr_episode* e, const ipr_str** out, std::size_t* count, ipr_error* error) {
    return guard(error, [&] {
      auto& kept = episode(e).kept_;
      kept.actions.clear();
      episode(e).actions(kept.actions);
      kept.views.clear();
      for (const std::string& action : kept.actions) kept.views.push_back(view(action));
      *out = kept.views.data();
      *count = kept.views.size();
    });
  }
  static ipr_status sample(ipr_episode* e, std::uint64_t seed, ipr_str* out, ipr_error* error) {
    return guard(error, [&] {
      episode(e).kept_.action = episode(e).sample_action(seed);
      *out = view(episode(e).kept_.action);
    });
  }
  static ipr_status progress(ipr_episode* e, double* out, ipr_error* error) {
    return guard(error, [&] { *out = episode(e).progress(); });
  }
  static ipr_status next_action(ipr_episode* e, ipr_str* action, ipr_str* thought, ipr_error* error) {
    return guard(error, [&] {
      auto& kept = episode(e).kept_;
      kept.action.clear();
      kept.thought.clear();
      if (!episode(e).expert(kept.action, kept.thought)) throw Failure(IPR_NOT_FOUND, "no expert action here");
      *action = view(kept.action);
      *thought = view(kept.thought);
    });
  }
  static ipr_status prompt_at(ipr_self* self, ipr_str dialect, std::size_t i, ipr_message* out, ipr_error* error) {
    return guard(error, [&] {
      Message message;
      if (!env(self).prompt(text(dialect), i, message)) throw Failure(IPR_NOT_FOUND, "no more messages");
      out->role = message.role;
      out->text = view(message.text);
      out->flags = 0;
      if (message.example) out->flags |= IPR_MESSAGE_EXAMPLE;
    });
  }
  static ipr_status parse(ipr_episode* e, ipr_str dialect, ipr_str message, ipr_parsed* out, ipr_error* error) {
    return guard(error, [&] {
      auto& kept = episode(e).kept_.parsed;
      kept = std::make_unique<Parsed>();
      episode(e).parse(text(dialect), text(message), *kept);
      out->valid = kept->valid ? 1 : 0;
      out->action = view(kept->action);
      out->feedback = view(kept->feedback);
      out->outcome = kept->outcome;
      out->info_json = {};
    });
  }
  static ipr_status render(ipr_episode* e, ipr_str dialect, const ipr_step* step, std::int32_t first, ipr_str* out,
                           ipr_error* error) {
    return guard(error, [&] {
      std::string message;  // the observation may live in the episode: build first, then keep
      episode(e).render(text(dialect), text(step->observation), first != 0, message);
      episode(e).kept_.message = std::move(message);
      *out = view(episode(e).kept_.message);
    });
  }
  static ipr_status compose(ipr_episode* e, ipr_str dialect, ipr_str action, ipr_str thought, ipr_str* out,
                            ipr_error* error) {
    return guard(error, [&] {
      std::string message;
      episode(e).compose(text(dialect), text(action), text(thought), message);
      episode(e).kept_.message = std::move(message);
      *out = view(episode(e).kept_.message);
    });
  }

  static inline const ipr_env_dialect_v1 kDialectTable = {
      sizeof(ipr_env_dialect_v1), 0, prompt_at, parse, render, compose};
  static inline const ipr_env_snapshot_v1 kSnapshotTable = {sizeof(ipr_env_snapshot_v1), 0, fork, fingerprint};
  static inline const ipr_env_progress_v1 kProgressTable = {sizeof(ipr_env_progress_v1), 0, progress};
  static inline const ipr_env_expert_v1 kExpertTable = {sizeof(ipr_env_expert_v1), 0, next_action};

  static const void* get_extension(ipr_self* self, const char* id) {
    const std::string_view name(id);
    const auto offers = [&](std::uint32_t wanted) { return (box(self).capabilities & wanted) != 0; };
    if (name == IPR_ENVIRONMENT_V1) return &box(self).main;
    if (name == IPR_ENV_DIALECT_V1 && offers(kDialect)) return &kDialectTable;
    if (name == IPR_ENV_ACTIONS_V1 && offers(kActions | kSample)) return &box(self).actions;
    if (name == IPR_ENV_SNAPSHOT_V1 && offers(kFork)) return &kSnapshotTable;
    if (name == IPR_ENV_PROGRESS_V1 && offers(kProgress)) return &kProgressTable;
    if (name == IPR_ENV_EXPERT_V1 && offers(kExpert)) return &kExpertTable;
    return nullptr;
  }
  static void destroy(ipr_self* self) { delete &box(self); }

  template <typename T>
  static ipr_status create(const ipr_host* host, const ipr_ctx*, ipr_str config, ipr_instance* out, ipr_error* error) {
    return guard(error, [&] {
      auto made = std::make_unique<EnvironmentBox>();
      made->environment = std::make_unique<T>(Host(host), text(config));
      const Environment& e = *made->environment;
      made->capabilities = e.capabilities();
      made->main = {sizeof(ipr_environment_v1),
                    0,
                    e.outcome_min(),
                    e.outcome_max(),
                    defaults_json,
                    split_count,
                    split_at,
                    task_at,
                    task_by_id,
                    episode_new,
                    episode_free,
                    reset,
                    step};
      made->actions = {sizeof(ipr_env_actions_v1), 0, (made->capabilities & kActions) != 0 ? list : nullptr,
                       (made->capabilities & kSample) != 0 ? sample : nullptr};
      out->self = reinterpret_cast<ipr_self*>(made.release());
      out->get_extension = get_extension;
      out->destroy = destroy;
    });
  }
};

struct ScorerTables {
  static Scorer& scorer(ipr_self* self) { return *reinterpret_cast<Scorer*>(self); }
  static ipr_status score(ipr_self* self, const ipr_ctx* ctx, std::size_t n, const ipr_query* const* queries,
                          ipr_score* const* out, ipr_error* error) {
    return guard(error, [&] { scorer(self).score(ctx, {queries, n}, {out, n}); });
  }
  static inline const ipr_scorer_v1 kTable = {sizeof(ipr_scorer_v1), 0, score};
  static inline const ipr_scorer_v1 kTableOfRivals = {sizeof(ipr_scorer_v1), IPR_SCORER_RIVALS, score};
  static const void* get_extension(ipr_self* self, const char* id) {
    if (std::string_view(id) != IPR_SCORER_V1) return nullptr;
    return scorer(self).reads_rivals() ? &kTableOfRivals : &kTable;
  }
  static void destroy(ipr_self* self) { delete &scorer(self); }

  template <typename T>
  static ipr_status create(const ipr_host* host, const ipr_ctx*, ipr_str config, ipr_instance* out, ipr_error* error) {
    return guard(error, [&] {
      std::unique_ptr<Scorer> made = std::make_unique<T>(Host(host), text(config));
      out->self = reinterpret_cast<ipr_self*>(made.release());
      out->get_extension = get_extension;
      out->destroy = destroy;
    });
  }
};

// Replies are made when they are asked for and wait in the queue.
struct PolicyTables {
  struct Reply {
    std::uint64_t tag = 0;
    std::string text;
  };
  struct Queue {
    const Policy* policy = nullptr;
    std::deque<Reply> made;
    std::vector<Reply> shown;  // E: what the caller may still read
  };
  static const Policy& policy(const void* owner) { return *static_cast<const Policy*>(owner); }
  static Queue& queue(ipr_queue* handle) { return *reinterpret_cast<Queue*>(handle); }

  static ipr_status open(const void* owner, const ipr_ctx*, ipr_queue** out, ipr_error* error) {
    return guard(error, [&] { *out = reinterpret_cast<ipr_queue*>(new Queue{&policy(owner), {}, {}}); });
  }
  static ipr_status submit(ipr_queue* handle, const ipr_gen_req* request, ipr_error* error) {
    return guard(error, [&] {
      Queue& to = queue(handle);
      to.made.push_back({request->tag, to.policy->reply(*request)});
    });
  }
  static ipr_status wait(ipr_queue* handle, ipr_gen_res* const* out, std::size_t max, std::size_t* n, std::uint64_t,
                         ipr_error* error) {
    return guard(error, [&] {
      Queue& from = queue(handle);
      from.shown.clear();
      while (from.shown.size() < max && !from.made.empty()) {
        from.shown.push_back(std::move(from.made.front()));
        from.made.pop_front();
      }
      for (std::size_t i = 0; i < from.shown.size(); ++i) {
        out[i]->status = IPR_OK;
        out[i]->tag = from.shown[i].tag;
        out[i]->text = view(from.shown[i].text);
      }
      *n = from.shown.size();
    });
  }
  static void close(ipr_queue* handle) { delete &queue(handle); }
  static ipr_status choices(const void* owner, const ipr_gen_req* request, void* user,
                            void (*take)(void*, ipr_str, double), ipr_error* error) {
    return guard(error, [&] {
      for (const Choice& choice : policy(owner).choices(*request)) take(user, view(choice.reply), choice.probability);
    });
  }
  static inline const ipr_policy_v1 kTable = {sizeof(ipr_policy_v1), 0, open, submit, wait, close};
  static inline const ipr_policy_choices_v1 kChoices = {sizeof(ipr_policy_choices_v1), 0, choices};
  static const void* get_extension(ipr_self* self, const char* id) {
    if (std::string_view(id) == IPR_POLICY_V1) return &kTable;
    if (std::string_view(id) == IPR_POLICY_CHOICES_V1 && policy(self).knows_choices()) return &kChoices;
    return nullptr;
  }
  static void destroy(ipr_self* self) { delete &policy(self); }

  template <typename T>
  static ipr_status create(const ipr_host* host, const ipr_ctx*, ipr_str config, ipr_instance* out, ipr_error* error) {
    return guard(error, [&] {
      std::unique_ptr<Policy> made = std::make_unique<T>(Host(host), text(config));
      out->self = reinterpret_cast<ipr_self*>(made.release());
      out->get_extension = get_extension;
      out->destroy = destroy;
    });
  }
};

struct OptimizerTables {
  static Optimizer& optimizer(ipr_self* self) { return *reinterpret_cast<Optimizer*>(self); }
  static std::uint32_t needs(ipr_self* self) { return optimizer(self).needs(); }
  static ipr_str train_defaults(ipr_self* self, std::uint64_t iteration) {
    return view(optimizer(self).train_defaults(iteration));
  }
  static ipr_status plan_at(ipr_self* self, const ipr_ctx* ctx, std::uint64_t iteration, std::size_t i,
                            ipr_collect* out, ipr_error* error) {
    return guard(error, [&] {
      if (!optimizer(self).plan(ctx, iteration, i, *out)) throw Failure(IPR_NOT_FOUND, "no more plans");
    });
  }
  static ipr_status absorb(ipr_self* self, const ipr_ctx*, std::size_t plan, const ipr_trajectory* t,
                           ipr_error* error) {
    return guard(error, [&] { optimizer(self).absorb(plan, *t); });
  }
  static ipr_status want(ipr_self* self, const ipr_ctx*, std::size_t i, ipr_query* out, ipr_error* error) {
    return guard(error, [&] {
      if (!optimizer(self).want(i, *out)) throw Failure(IPR_NOT_FOUND, "no more queries");
    });
  }
  static ipr_status scored(ipr_self* self, const ipr_ctx*, std::size_t i, const ipr_score* score, ipr_error* error) {
    return guard(error, [&] { optimizer(self).scored(i, *score); });
  }
  static ipr_status emit(ipr_self* self, const ipr_ctx* ctx, const ipr_example_sink* sink, ipr_error* error) {
    return guard(error, [&] { optimizer(self).emit(ctx, *sink); });
  }
  static ipr_status loss(ipr_self* self, const ipr_ctx*, ipr_batch* batch, double* out, ipr_error* error) {
    return guard(error, [&] { *out = optimizer(self).loss(*batch); });
  }
  static inline const ipr_optimizer_v1 kTable = {
      sizeof(ipr_optimizer_v1), 0, needs, train_defaults, plan_at, absorb, want, scored, emit, loss};
  static const void* get_extension(ipr_self*, const char* id) {
    return std::string_view(id) == IPR_OPTIMIZER_V1 ? &kTable : nullptr;
  }
  static void destroy(ipr_self* self) { delete &optimizer(self); }

  template <typename T>
  static ipr_status create(const ipr_host* host, const ipr_ctx*, ipr_str config, ipr_instance* out, ipr_error* error) {
    return guard(error, [&] {
      std::unique_ptr<Optimizer> made = std::make_unique<T>(Host(host), text(config));
      out->self = reinterpret_cast<ipr_self*>(made.release());
      out->get_extension = get_extension;
      out->destroy = destroy;
    });
  }
};

// The descriptor of one class, for IPR_PLUGIN_LIBRARY. `info` and what it points to must be static.
template <typename T, std::uint32_t kKind, typename Tables>
const ipr_plugin_desc* describe(const Info& info) {
  static const ipr_plugin_desc desc = {sizeof(ipr_plugin_desc),
                                       kKind,
                                       info.flags,
                                       0,
                                       info.id,
                                       info.name,
                                       info.version,
                                       info.license,
                                       info.summary,
                                       info.config_schema,
                                       &Tables::template create<T>};
  return &desc;
}
template <typename T>
const ipr_plugin_desc* environment(const Info& info) {
  return describe<T, IPR_KIND_ENVIRONMENT, EnvironmentTables>(info);
}
template <typename T>
const ipr_plugin_desc* scorer(const Info& info) {
  return describe<T, IPR_KIND_SCORER, ScorerTables>(info);
}
template <typename T>
const ipr_plugin_desc* optimizer(const Info& info) {
  return describe<T, IPR_KIND_OPTIMIZER, OptimizerTables>(info);
}
template <typename T>
const ipr_plugin_desc* policy(const Info& info) {
  return describe<T, IPR_KIND_POLICY, PolicyTables>(info);
}

}  // namespace ipr::sdk

// Defines the one exported symbol. Arguments: descriptors made by ipr::sdk::environment<T>(info) and its siblings.
#define IPR_PLUGIN_LIBRARY(...)                                                                                   \
  extern "C" __attribute__((visibility("default"))) const ipr_library* ipr_library_v0(void) {                     \
    static const ipr_plugin_desc* const plugins[] = {__VA_ARGS__};                                                \
    static const ipr_library library = {sizeof(ipr_library), IPR_ABI_MAJOR, IPR_ABI_MINOR,                        \
                                        static_cast<std::uint32_t>(sizeof plugins / sizeof plugins[0]), plugins}; \
    return &library;                                                                                              \
  }
