#include <string.h>

#include "null_env.h"

static const char kObservation[] = "nothing happens";

/* Instance and episodes hold nothing: one byte each names them. */
static char null_self, null_episode;

static ipr_str text(const char* s) {
  ipr_str view = {s, strlen(s)};
  return view;
}

ipr_status ipr_bench_null_step(ipr_episode* episode, const ipr_ctx* ctx, ipr_str action, ipr_step* out,
                               ipr_error* error) {
  (void)episode, (void)ctx, (void)action, (void)error;
  out->flags = 0;
  out->reward = out->outcome = 0;
  out->observation.data = kObservation;
  out->observation.size = sizeof kObservation - 1;
  out->info_json.data = out->stats_json.data = NULL;
  out->info_json.size = out->stats_json.size = 0;
  return IPR_OK;
}

static ipr_status reset(ipr_episode* episode, const ipr_ctx* ctx, ipr_str task, uint64_t seed, ipr_step* out,
                        ipr_error* error) {
  (void)seed;
  return ipr_bench_null_step(episode, ctx, task, out, error);
}

static ipr_str defaults_json(ipr_self* self) {
  (void)self;
  return text("{}");
}
static size_t split_count(ipr_self* self) {
  (void)self;
  return 1;
}
static ipr_status split_at(ipr_self* self, size_t i, ipr_split* out, ipr_error* error) {
  (void)self, (void)error;
  if (i != 0) return IPR_OUT_OF_RANGE;
  out->role = IPR_SPLIT_TRAIN;
  out->name = text("train");
  out->task_count = 1;
  return IPR_OK;
}
static void write_task(ipr_task* out) {
  out->max_steps = 0;
  out->id = text("0");
  out->instruction = text("Do nothing.");
  out->meta_json = text("");
}
static ipr_status task_at(ipr_self* self, size_t split, uint64_t index, ipr_task* out, ipr_error* error) {
  (void)self, (void)error;
  if (split != 0 || index != 0) return IPR_OUT_OF_RANGE;
  write_task(out);
  return IPR_OK;
}
static ipr_status task_by_id(ipr_self* self, ipr_str id, ipr_task* out, ipr_error* error) {
  (void)self, (void)error;
  if (id.size != 1 || id.data[0] != '0') return IPR_NOT_FOUND;
  write_task(out);
  return IPR_OK;
}
static ipr_status episode_new(ipr_self* self, ipr_episode** out, ipr_error* error) {
  (void)self, (void)error;
  *out = (ipr_episode*)&null_episode;
  return IPR_OK;
}
static void episode_free(ipr_episode* episode) {
  (void)episode;
}

static const ipr_environment_v1 kEnvironment = {sizeof(ipr_environment_v1),
                                                0,
                                                0,
                                                1,
                                                defaults_json,
                                                split_count,
                                                split_at,
                                                task_at,
                                                task_by_id,
                                                episode_new,
                                                episode_free,
                                                reset,
                                                ipr_bench_null_step};

static const void* get_extension(ipr_self* self, const char* id) {
  (void)self;
  return strcmp(id, IPR_ENVIRONMENT_V1) == 0 ? &kEnvironment : NULL;
}
static void destroy(ipr_self* self) {
  (void)self;
}

static ipr_status create(const ipr_host* host, const ipr_ctx* ctx, ipr_str config, ipr_instance* out,
                         ipr_error* error) {
  (void)host, (void)ctx, (void)config, (void)error;
  out->self = (ipr_self*)&null_self;
  out->get_extension = get_extension;
  out->destroy = destroy;
  return IPR_OK;
}

const ipr_plugin_desc ipr_bench_null_c = {sizeof(ipr_plugin_desc),
                                          IPR_KIND_ENVIRONMENT,
                                          IPR_PLUGIN_DETERMINISTIC,
                                          0,
                                          "null-c",
                                          "Null in C",
                                          "0.1.0",
                                          "Apache-2.0",
                                          "A step that does nothing, straight on plugin.h",
                                          "{\"type\":\"object\",\"properties\":{},\"additionalProperties\":false}",
                                          create};
