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

}  // namespace ipr::sdk

#include "ipr/plugin_tables.hpp"

namespace ipr::sdk {

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
