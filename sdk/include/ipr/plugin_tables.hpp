// The C tables of plugin.h over the classes of ipr/plugin.hpp, which includes this file: not for plugin authors.
//
// A table's function finds the object behind its handle and calls it inside one guard, so that no exception crosses the
// line. Threads and lifetimes are those of plugin.hpp.
#pragma once

#include "ipr/plugin.hpp"

namespace ipr::sdk {

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

}  // namespace ipr::sdk
