/* SPDX-License-Identifier: Apache-2.0
 *
 * ipr/plugin.h: the whole contract between ipr-host and a plugin, in C99.
 *
 * A plugin is a shared library that exports ONE function, `ipr_library_v0`. It returns static descriptors of the
 * environments, scorers, optimizers and policies inside. C++ authors include `ipr/plugin.hpp` instead, which is built
 * on this.
 *
 * Three lifetimes:   library (descriptors)  ->  instance (loaded data, immutable, shared by all threads)
 *                                           ->  episode  (cheap, one caller at a time; thousands share one instance)
 *
 * Rules that hold everywhere
 *  - Growth: whoever allocates a struct sets `struct_size = sizeof` of its own header; the other side touches a field
 *    only if IPR_HAS says so. Fields are only ever appended. Zero means "absent / default".
 *  - Errors: a status and the caller's fixed-size `ipr_error`. Nothing to free. No exception crosses the line.
 *    A bad action of the agent is NOT an error: it is a step with IPR_STEP_INVALID and an observation.
 *  - Text: UTF-8 views, not NUL-terminated unless `const char *`.
 *  - Lifetime of a returned view: L library, I instance, E until the next call on the same episode or queue,
 *    C (arguments) during the call only: copy what you keep.
 *  - Threads: [any] concurrent calls allowed; [episode] any thread, one call at a time per object; [worker] as [any]
 *    and may block; [train] the host's one training thread; [load] serialized.
 *  - A plugin never writes to stdout or stderr, never exits, and starts no threads (use `parallel_for`).
 *  - Randomness comes only from the seeds handed in. Equal (config, task, seed, actions) give equal bytes.
 *
 * Until version 1.0 the major number is 0. A host takes plugins of its own minor number and of every one before it:
 * headers only grow. A plugin of a later minor number is refused.
 */
#ifndef IPR_PLUGIN_H
#define IPR_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define IPR_ABI_MAJOR 0u
#define IPR_ABI_MINOR 4u

/* True if the struct behind `p`, as its allocator declared it, holds `field`. */
#define IPR_HAS(p, type, field) ((p)->struct_size >= offsetof(type, field) + sizeof((p)->field))

/* ---------------------------------------------------------------------------------------------- base */

typedef struct ipr_str { /* frozen */
  const char* data;
  size_t size;
} ipr_str;

typedef struct ipr_tensor { /* frozen; the layout of DLPack 1.x DLTensor */
  void* data;
  int32_t device_type, device_id; /* 1, 0: CPU */
  int32_t ndim;
  uint8_t type_code, type_bits; /* 2, 32: float32.  0, 32: int32 */
  uint16_t type_lanes;
  const int64_t *shape, *strides; /* strides in elements; NULL: row-major */
  uint64_t byte_offset;
} ipr_tensor;

typedef int32_t ipr_status; /* the numbers of the canonical gRPC codes */
enum {
  IPR_OK = 0,
  IPR_CANCELLED = 1,
  IPR_UNKNOWN = 2,
  IPR_INVALID_ARGUMENT = 3,
  IPR_DEADLINE_EXCEEDED = 4,
  IPR_NOT_FOUND = 5,
  IPR_ALREADY_EXISTS = 6,
  IPR_PERMISSION_DENIED = 7,
  IPR_RESOURCE_EXHAUSTED = 8,
  IPR_FAILED_PRECONDITION = 9,
  IPR_ABORTED = 10,
  IPR_OUT_OF_RANGE = 11,
  IPR_UNIMPLEMENTED = 12,
  IPR_INTERNAL = 13,
  IPR_UNAVAILABLE = 14,
  IPR_DATA_LOSS = 15 /* data files missing, malformed, or a replay that differs */
};

typedef struct ipr_error { /* allocated by the caller; may be NULL */
  uint32_t struct_size;
  ipr_status code;
  char message[1016]; /* NUL-terminated; says what, where and what to do */
} ipr_error;

typedef struct ipr_self ipr_self;       /* a plugin's instance */
typedef struct ipr_episode ipr_episode; /* an environment's episode */
typedef struct ipr_queue ipr_queue;     /* a queue of rollouts (the host's) or replies (a policy's) */
typedef struct ipr_model ipr_model;     /* a model with a scalar head, owned by the host */

typedef struct ipr_host {
  uint32_t struct_size, abi_major, abi_minor, reserved;
  void* impl;
  const char *name, *version;
  const void* (*get_service)(const struct ipr_host*, const char* id); /* [any] L; NULL if absent */
} ipr_host;

typedef struct ipr_ctx { /* one per call, valid during it */
  uint32_t struct_size, flags;
  uint64_t trace_id, deadline_ns; /* CLOCK_MONOTONIC; 0: none */
  uint64_t seed;                  /* of this call; all that a plugin may draw from */
  void* impl;
  int32_t (*cancelled)(
      const struct ipr_ctx*); /* [any]; poll at least every 50 ms in a call that takes longer than 1 ms */
} ipr_ctx;

/* The one way seeds are mixed, on both sides of the line (splitmix64 finalizer). */
static inline uint64_t ipr_mix64(uint64_t a, uint64_t b) {
  uint64_t z = a ^ (b + UINT64_C(0x9E3779B97F4A7C15) + (a << 6) + (a >> 2));
  z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
  return z ^ (z >> 31);
}

/* --------------------------------------------------------------------- library, descriptor, instance */

enum { IPR_KIND_ENVIRONMENT = 1, IPR_KIND_SCORER = 2, IPR_KIND_OPTIMIZER = 3, IPR_KIND_POLICY = 4 };
enum {
  IPR_PLUGIN_DETERMINISTIC = 1, /* promises byte-equal results, on any number of threads */
  IPR_PLUGIN_OWN_THREADS = 2,
  IPR_PLUGIN_NETWORK = 4
};

typedef struct ipr_instance { /* filled by `create` */
  uint32_t struct_size, reserved;
  ipr_self* self;
  const void* (*get_extension)(ipr_self*,
                               const char* id); /* [any] I; the same answer for the whole life; NULL: absent */
  void (*destroy)(ipr_self*);                   /* [load] after all episodes are gone */
} ipr_instance;

typedef struct ipr_plugin_desc { /* L */
  uint32_t struct_size, kind, flags, reserved;
  const char* id; /* [a-z0-9-]+ ; third parties prefix "vendor." */
  const char *name, *version, *license, *summary;
  /* JSON Schema 2020-12, of which the host knows: type, properties, required, default, enum, minimum, maximum,
     description, additionalProperties:false; and `x-profiles`, see docs/plugins.md. */
  const char* config_schema;
  /* [worker] `config_json` is complete (defaults filled) and valid. The result is ready to use: there is no second
   * init. */
  ipr_status (*create)(const ipr_host*, const ipr_ctx*, ipr_str config_json, ipr_instance* out, ipr_error*);
} ipr_plugin_desc;

typedef struct ipr_library {
  uint32_t struct_size, abi_major, abi_minor, plugin_count;
  const ipr_plugin_desc* const* plugins;
} ipr_library;

/* [load] The only exported symbol. Touches no file, thread or network. */
const ipr_library* ipr_library_v0(void);

/* ---------------------------------------------------------------------------------------- environment */

enum { IPR_STEP_TERMINATED = 1, IPR_STEP_TRUNCATED = 2, IPR_STEP_SUCCESS = 4, IPR_STEP_INVALID = 8 };

typedef struct ipr_step { /* allocated by the host; strings E */
  uint32_t struct_size, flags;
  double reward;  /* given for this step */
  double outcome; /* outcome reward r_o if the episode stopped here, within [outcome_min, outcome_max];
                     valid after every reset and step; what scorers and datasets use */
  ipr_str observation;
  ipr_str info_json;  /* a JSON object, or empty */
  ipr_str stats_json; /* numbers about the episode so far, e.g. {"bought":1,"options":2}, or empty; tables show the
                         means of the last ones over episodes */
} ipr_step;

enum { IPR_SPLIT_TRAIN = 1, IPR_SPLIT_DEV = 2, IPR_SPLIT_TEST = 3 };
typedef struct ipr_split { /* I; several splits may share a role */
  uint32_t struct_size, role;
  ipr_str name;
  uint64_t task_count;
} ipr_split;

typedef struct ipr_task {          /* I */
  uint32_t struct_size, max_steps; /* 0: the environment's default */
  ipr_str id, instruction;
  ipr_str meta_json; /* fixed meanings: family (slices), cluster (tasks that share chance), leak_key (must not stand on
                        two sides of a split), hardness */
} ipr_task;

enum { IPR_MESSAGE_EXAMPLE = 1 }; /* in-context example: shown in rollouts, left out of training rows */
typedef struct ipr_message {
  uint32_t struct_size, role; /* 0 system, 1 user, 2 assistant */
  ipr_str text;
  uint32_t flags, reserved;
} ipr_message;

typedef struct ipr_parsed { /* allocated by the host; strings E */
  uint32_t struct_size, valid;
  ipr_str action;   /* valid: the action to step with */
  ipr_str feedback; /* not valid: the whole user message the agent gets */
  double outcome;   /* not valid: the outcome if the episode stopped here */
  ipr_str info_json;
} ipr_parsed;

#define IPR_ENVIRONMENT_V1 "ipr.environment/1" /* required for the kind */
typedef struct ipr_environment_v1 {
  uint32_t struct_size, flags;
  double outcome_min, outcome_max;
  /* [any] I: {"threshold":0.01,"max_steps":10,"expert_min_outcome":0.7,"dialect":"react"}. A key that a scorer's or
     optimizer's schema also names is that setting's default. */
  ipr_str (*defaults_json)(ipr_self*);
  size_t (*split_count)(ipr_self*);                                                          /* [any] */
  ipr_status (*split_at)(ipr_self*, size_t i, ipr_split* out, ipr_error*);                   /* [any] I */
  ipr_status (*task_at)(ipr_self*, size_t split, uint64_t index, ipr_task* out, ipr_error*); /* [any] I */
  ipr_status (*task_by_id)(ipr_self*, ipr_str id, ipr_task* out, ipr_error*);                /* [any] I; NOT_FOUND */
  ipr_status (*episode_new)(ipr_self*, ipr_episode** out, ipr_error*);                       /* [any] */
  void (*episode_free)(ipr_episode*);                                                        /* [episode] */
  ipr_status (*reset)(ipr_episode*, const ipr_ctx*, ipr_str task_id, uint64_t seed, ipr_step* out, /* [episode] E */
                      ipr_error*);
  /* [episode] E. Stepping after the end is legal: the environment goes on or repeats its last result. */
  ipr_status (*step)(ipr_episode*, const ipr_ctx*, ipr_str action, ipr_step* out, ipr_error*);
} ipr_environment_v1;

#define IPR_ENV_DIALECT_V1 "ipr.env.dialect/1" /* the text an agent reads and writes, e.g. dialect "react" */
typedef struct ipr_env_dialect_v1 {
  uint32_t struct_size, reserved;
  /* [any] I: the messages before the task, in order; NOT_FOUND ends. */
  ipr_status (*prompt_at)(ipr_self*, ipr_str dialect, size_t i, ipr_message* out, ipr_error*);
  /* [episode] E: what the agent's message means in the present state. */
  ipr_status (*parse)(ipr_episode*, ipr_str dialect, ipr_str agent_text, ipr_parsed* out, ipr_error*);
  /* [episode] E: the whole user message for a step. After a reset (`first` != 0) it is the task message. */
  ipr_status (*render)(ipr_episode*, ipr_str dialect, const ipr_step*, int32_t first, ipr_str* out, ipr_error*);
  /* [episode] E: the message that `parse` would read back as `action`; experts and trivial agents speak through it. */
  ipr_status (*compose)(ipr_episode*, ipr_str dialect, ipr_str action, ipr_str thought, ipr_str* out, ipr_error*);
} ipr_env_dialect_v1;

#define IPR_ENV_ACTIONS_V1 "ipr.env.actions/1"
typedef struct ipr_env_actions_v1 {
  uint32_t struct_size, flags;
  /* [episode] E: the actions that are valid now, computed on demand. The function is NULL where the space is open. */
  ipr_status (*list)(ipr_episode*, const ipr_str** out, size_t* count, ipr_error*);
  /* [episode] E: a plausible random action, free text (a search) included. */
  ipr_status (*sample)(ipr_episode*, uint64_t seed, ipr_str* out, ipr_error*);
} ipr_env_actions_v1;

#define IPR_ENV_SNAPSHOT_V1 "ipr.env.snapshot/1"
typedef struct ipr_env_snapshot_v1 {
  uint32_t struct_size, flags;
  ipr_status (*fork)(const ipr_episode*, ipr_episode** out, ipr_error*); /* [episode] on the source; cheap */
  uint64_t (*fingerprint)(const ipr_episode*); /* [episode] equal futures => equal value; 0: unknown */
} ipr_env_snapshot_v1;

#define IPR_ENV_PROGRESS_V1 "ipr.env.progress/1" /* intermediate score in [0,1]; not monotone */
typedef struct ipr_env_progress_v1 {
  uint32_t struct_size, flags;
  ipr_status (*progress)(ipr_episode*, double* out, ipr_error*); /* [episode] of the last reset or step */
} ipr_env_progress_v1;

#define IPR_ENV_EXPERT_V1 "ipr.env.expert/1"
typedef struct ipr_env_expert_v1 {
  uint32_t struct_size, flags;
  /* [episode] E: the expert's action in the present state; NOT_FOUND if none. `thought` may come back empty. */
  ipr_status (*next_action)(ipr_episode*, ipr_str* action, ipr_str* thought, ipr_error*);
} ipr_env_expert_v1;

/* --------------------------------------------------------------------------- trajectories and scorers */

enum { IPR_TRAJ_EXPERT = 1, IPR_TRAJ_SUCCESS = 2, IPR_TRAJ_TRUNCATED = 4 };

typedef struct ipr_turn {
  uint32_t struct_size, flags; /* flags: those of the step that followed (IPR_STEP_*) */
  ipr_str message, action,
      observation;         /* what the agent said; what was stepped (empty: not parsed); the user message after it */
  double reward, progress; /* NaN: none */
} ipr_turn;

typedef struct ipr_trajectory {
  uint32_t struct_size, flags;
  uint64_t id, parent_id; /* id != 0: the host's own record, whose token ids it keeps (the text here is a view of it);
                             id 0: made by the plugin, tokenized by the host. parent: the expert it branched from */
  ipr_str task_id;
  const ipr_turn* const* turns;
  size_t turn_count;
  size_t prefix_turns; /* first turns copied from the parent */
  double outcome;
} ipr_trajectory;

/* Which question a query's score shall answer about its rival; 0: is the value above the rival's by more than margin?
 */
enum {
  IPR_QUERY_BEHIND = 1, /* is the rival's above the value? */
  IPR_QUERY_EITHER = 2  /* is either above the other? */
};
typedef struct ipr_query {     /* "score turn `turn` of this trajectory" */
  uint32_t struct_size, flags; /* flags: IPR_QUERY_* */
  const ipr_trajectory* trajectory;
  size_t turn;
  size_t rival;  /* for adaptive scorers: index, in this call, of the query it will be compared with; in `want` that
                    query's i; SIZE_MAX (what the host hands to `want`): none */
  double margin; /* by how much the two shall differ (tau) */
} ipr_query;

typedef struct ipr_score {       /* allocated by the host */
  uint32_t struct_size, samples; /* N; 0: no sampling was needed (a last turn's true outcome) */
  double value, variance;        /* mean outcome and sample variance (n-1) */
  double low, high;              /* 95 % interval of the value; equal: none is known, or none is needed */
} ipr_score;

enum {
  IPR_SCORER_RIVALS = 1
}; /* a score depends on the query's rival, margin and flags, and on nothing else of the
      call: the host keeps it under them, too, and never parts the two */

#define IPR_SCORER_V1 "ipr.scorer/1" /* required for the kind */
typedef struct ipr_scorer_v1 {
  uint32_t struct_size, flags; /* flags: IPR_SCORER_*, constant per instance */
  /* [worker] Step rewards r_s of n queries. Runs on a thread of its own and may block on a queue of rollouts. */
  ipr_status (*score)(ipr_self*, const ipr_ctx*, size_t n, const ipr_query* const*, ipr_score* const* out, ipr_error*);
} ipr_scorer_v1;

/* -------------------------------------------------------------------------------------- host services */

#define IPR_HOST_BASICS_V1 "ipr.host.basics/1" /* always present */
typedef struct ipr_host_basics_v1 {
  uint32_t struct_size, reserved;
  void (*log)(const ipr_host*, const ipr_ctx*, int32_t level,
              ipr_str text); /* [any] 0 debug, 1 info, 2 warning, 3 error */
  void (*metric)(const ipr_host*, const ipr_ctx*, const char* name, double value); /* [any] into the run's record */
  ipr_status (*parallel_for)(const ipr_host*, const ipr_ctx*, size_t n, void (*fn)(void* user, size_t i),
                             void* user); /* [worker] */
  const char* (*path)(const ipr_host*,
                      const char* what); /* I: "data": --data or NULL; "cache": a folder of this plugin's own;
                                            "share": read-only files installed with this plugin */
} ipr_host_basics_v1;

enum { IPR_POLICY_CURRENT = 0, IPR_POLICY_BASE = 1 }; /* BASE: the SFT agent, the paper's fixed scorer */
typedef struct ipr_sampling {
  uint32_t struct_size, max_new_tokens;
  double temperature, top_p;
  uint32_t top_k, reserved; /* 0: all ids */
} ipr_sampling;

typedef struct ipr_rollout_req {
  uint32_t struct_size, flags;
  uint64_t tag; /* the plugin's own, handed back */
  const ipr_trajectory* from;
  size_t keep_turns; /* play on after these turns: the host forks or replays */
  uint32_t policy, max_steps;
  const ipr_sampling* sampling;
  uint64_t sample; /* 0..N-1: names the random stream */
} ipr_rollout_req;

typedef struct ipr_rollout_res { /* allocated by the caller of wait; trajectory E */
  uint32_t struct_size;
  ipr_status status;
  uint64_t tag;
  const ipr_trajectory* trajectory;
} ipr_rollout_res;

#define IPR_HOST_ROLLOUTS_V1 "ipr.host.rollouts/1" /* for scorers; a queue belongs to one thread */
typedef struct ipr_host_rollouts_v1 {
  uint32_t struct_size, reserved;
  ipr_status (*open)(const ipr_host*, const ipr_ctx*, ipr_queue** out, ipr_error*);
  ipr_status (*submit)(ipr_queue*, const ipr_rollout_req*, ipr_error*); /* copies; RESOURCE_EXHAUSTED: wait first */
  /* Up to `max` results, in any order: sum in the order of (query, sample), never of arrival. Blocks until one is
   * there. */
  ipr_status (*wait)(ipr_queue*, ipr_rollout_res* const* out, size_t max, size_t* n, uint64_t timeout_ns, ipr_error*);
  void (*close)(ipr_queue*); /* cancels what is open */
  /* [load] since 0.3, only while the scorer is created: all its rollouts are played by the model in this folder, in the
   * place of the SFT agent. DATA_LOSS: it is none. */
  ipr_status (*use)(const ipr_host*, ipr_str checkpoint, ipr_error*);
} ipr_host_rollouts_v1;

#define IPR_HOST_MODEL_V1 "ipr.host.model/1" /* for scorers, since 0.2; a model belongs to one thread */
typedef struct ipr_host_model_v1 {
  uint32_t struct_size, reserved;
  /* [worker] `spec_json`: {"checkpoint":"FOLDER"}, one that `ipr-host train-scorer` wrote. DATA_LOSS: it is none. */
  ipr_status (*open)(const ipr_host*, const ipr_ctx*, ipr_str spec_json, ipr_model** out, ipr_error*);
  /* [worker] out[i]: the head's value of query i, after the history and the message of its turn. It depends on that
     query alone, never on its company. Trajectories are named by id. */
  ipr_status (*value)(ipr_model*, const ipr_ctx*, size_t n, const ipr_query* const*, double* out, ipr_error*);
  void (*close)(ipr_model*);
} ipr_host_model_v1;

/* --------------------------------------------------------------------------------------------- policy */

typedef struct ipr_gen_req { /* "what comes next in this chat?" */
  uint32_t struct_size, flags;
  uint64_t tag; /* the host's own, handed back */
  const ipr_message* const* messages;
  size_t message_count;
  const ipr_sampling* sampling;
  uint64_t seed; /* all that the reply may be drawn from */
} ipr_gen_req;

typedef struct ipr_gen_res { /* allocated by the caller of wait; text E */
  uint32_t struct_size;
  ipr_status status;
  uint64_t tag;
  ipr_str text;
} ipr_gen_res;

#define IPR_POLICY_V1 "ipr.policy/1" /* required for the kind; owner: the ipr_self*. A queue belongs to one thread */
typedef struct ipr_policy_v1 {
  uint32_t struct_size, flags;
  ipr_status (*open)(const void* owner, const ipr_ctx*, ipr_queue** out, ipr_error*); /* [any] */
  ipr_status (*submit)(ipr_queue*, const ipr_gen_req*, ipr_error*); /* copies; RESOURCE_EXHAUSTED: wait first */
  /* Up to `max` replies, in any order. Blocks until one is there. */
  ipr_status (*wait)(ipr_queue*, ipr_gen_res* const* out, size_t max, size_t* n, uint64_t timeout_ns, ipr_error*);
  void (*close)(ipr_queue*); /* cancels what is open */
} ipr_policy_v1;

#define IPR_POLICY_CHOICES_V1 "ipr.policy.choices/1" /* of a policy whose distribution is known (a table) */
typedef struct ipr_policy_choices_v1 {
  uint32_t struct_size, reserved;
  /* [any] Calls `take` with every reply that the request may get and its probability; they add up to 1. Values can
     then be computed where others are sampled. */
  ipr_status (*choices)(const void* owner, const ipr_gen_req*, void* user,
                        void (*take)(void* user, ipr_str text, double probability), ipr_error*);
} ipr_policy_choices_v1;

/* ------------------------------------------------------------------------------------------ optimizer */

enum {
  IPR_COLLECT_EXPERT = 1,
  IPR_COLLECT_FULL = 2,
  IPR_COLLECT_PREFIX = 3
}; /* PREFIX: from after each expert prefix, t = 1..n */

typedef struct ipr_collect { /* what the host shall play for the optimizer */
  uint32_t struct_size, source, policy, samples, max_steps, reserved;
  ipr_str split;                    /* I; empty: the splits of role train */
  const ipr_sampling* sampling;     /* I */
  uint64_t task_offset, task_limit; /* a rotating part of the tasks that have an expert; limit 0: all */
} ipr_collect;

enum { IPR_ROLE_PLAIN = 0, IPR_ROLE_CHOSEN = 1, IPR_ROLE_REJECTED = 2 };
typedef struct ipr_example { /* one training row */
  uint32_t struct_size, tag, role, flags;
  uint64_t group; /* rows of one group are never split over optimizer steps */
  const ipr_trajectory* trajectory;
  size_t first_turn,
      last_turn; /* loss on the agent's tokens of turns [first, last); earlier turns are context, later are cut */
  double weight;
} ipr_example;

typedef struct ipr_example_sink {
  uint32_t struct_size, reserved;
  void* impl;
  ipr_status (*emit)(void* impl, const ipr_example*, ipr_error*);
} ipr_example_sink;

/* A loss acts on log-probs (LOGP; beside them REF_LOGP: those of the training setting `reference`, and OLD_LOGP, since
 * 0.4: those of the policy as the stage began), or on values of a scalar head (VALUE, since 0.2; alone, with the
 * training default "trains":"value"). */
enum { IPR_NEED_LOGP = 1, IPR_NEED_REF_LOGP = 2, IPR_NEED_OLD_LOGP = 4, IPR_NEED_VALUE = 8 };

typedef struct ipr_total {       /* frozen; of the WHOLE optimizer step, all micro-batches */
  uint64_t groups, rows, tokens; /* tokens: with mask 1 */
  double weight;
} ipr_total;

typedef struct ipr_batch { /* column arrays have `rows` entries; tensors are CPU [rows, tokens], float32 unless noted */
  uint32_t struct_size, flags;
  uint64_t step;
  size_t rows, tokens;
  const uint32_t *tag, *role;
  const uint64_t* group;
  const double *weight, *outcome;
  const ipr_tensor* mask; /* 1 on the agent's tokens, `observation_loss` on the others of PLAIN rows, else 0 */
  const ipr_tensor* turn; /* int32; -1 outside the agent's tokens */
  const ipr_tensor *logp, *ref_logp; /* log p(token | before it); NULL unless needed; 0 where mask is 0 */
  ipr_tensor* d_logp;                /* zeroed by the host, written by `loss`: dL/dlogp; NULL where logp is */
  const ipr_total* totals;           /* entry tag * 3 + role; entries beyond the end have no rows */
  size_t total_count;
  /* Since 0.2; NULL unless IPR_NEED_VALUE. */
  const ipr_tensor* value;      /* the head's scalar once the token has been read; 0 where mask is 0 */
  const ipr_tensor* turn_score; /* [rows, turns]: the step reward known for a turn; NaN: none */
  ipr_tensor* d_value;          /* zeroed by the host, written by `loss`: dL/dvalue */
  /* Since 0.4; NULL unless IPR_NEED_OLD_LOGP. */
  const ipr_tensor* old_logp; /* like logp, before the first optimizer step of the stage */
} ipr_batch;

#define IPR_OPTIMIZER_V1 "ipr.optimizer/1" /* required for the kind */
/* The life of an iteration:  plan_at*  ->  absorb* (all plans, by trajectory id)  ->  want* / scored*  ->  emit  ->
 * loss* */
typedef struct ipr_optimizer_v1 {
  uint32_t struct_size, reserved;
  uint32_t (*needs)(ipr_self*);                             /* [any] IPR_NEED_*; constant per instance */
  ipr_str (*train_defaults)(ipr_self*, uint64_t iteration); /* [any] I: JSON, keys in docs/plugins.md */
  ipr_status (*plan_at)(ipr_self*, const ipr_ctx*, uint64_t iteration, size_t i, ipr_collect* out,
                        ipr_error*); /* [train]; NOT_FOUND ends */
  ipr_status (*absorb)(ipr_self*, const ipr_ctx*, size_t plan, const ipr_trajectory*,
                       ipr_error*); /* [train] in order of id */
  /* [train] after all absorb; NULL: none. The i-th score needed; NOT_FOUND ends. The trajectory is named by id. */
  ipr_status (*want)(ipr_self*, const ipr_ctx*, size_t i, ipr_query* out, ipr_error*);
  ipr_status (*scored)(ipr_self*, const ipr_ctx*, size_t i, const ipr_score*, ipr_error*); /* [train] in order of i */
  ipr_status (*emit)(ipr_self*, const ipr_ctx*, const ipr_example_sink*, ipr_error*);      /* [train] */
  ipr_status (*loss)(ipr_self*, const ipr_ctx*, ipr_batch*, double* loss,
                     ipr_error*); /* [train] L and dL/dlogp or dL/dvalue */
} ipr_optimizer_v1;

#ifdef __cplusplus
}
#endif
#endif /* IPR_PLUGIN_H */
