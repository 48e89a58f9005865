#include "core/plugin/host_services.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <thread>

namespace ipr::plugin {
namespace {

const HostServices& services(const ipr_host* host) {
  return static_cast<const HostTable*>(host->impl)->services();
}

void log_line(const ipr_host* host, const ipr_ctx*, std::int32_t level, ipr_str line) {
  if (services(host).log) services(host).log(level, text(line));
}

void record_metric(const ipr_host* host, const ipr_ctx*, const char* name, double value) {
  if (services(host).metric) services(host).metric(name, value);
}

ipr_status parallel_for(const ipr_host* host, const ipr_ctx*, std::size_t n, void (*fn)(void*, std::size_t),
                        void* user) {
  const auto workers = std::min<std::size_t>(n, static_cast<std::size_t>(std::max(1, services(host).threads)));
  std::atomic<std::size_t> next{0};
  const auto work = [&] {
    for (std::size_t i = next++; i < n; i = next++) fn(user, i);
  };
  std::vector<std::thread> threads;
  for (std::size_t i = 1; i < workers; ++i) threads.emplace_back(work);
  work();
  for (std::thread& thread : threads) thread.join();
  return IPR_OK;
}

const char* path(const ipr_host* host, const char* what) {
  const HostServices& s = services(host);
  const std::string& found = std::strcmp(what, "data") == 0    ? s.data_folder
                             : std::strcmp(what, "cache") == 0 ? s.cache_folder
                                                               : s.share_folder;
  return found.empty() ? nullptr : found.c_str();
}

ipr_status report(ipr_error* error, const Status& status) {
  if (error != nullptr && IPR_HAS(error, ipr_error, message)) {
    error->code = IPR_INTERNAL;
    std::strncpy(error->message, status.message().c_str(), sizeof error->message - 1);
    error->message[sizeof error->message - 1] = '\0';
  }
  return status.code() == Code::kInterrupted ? IPR_CANCELLED : IPR_INTERNAL;
}

RolloutQueue* queue_of(ipr_queue* queue) {
  return reinterpret_cast<RolloutQueue*>(queue);
}

ipr_status open_queue(const ipr_host* host, const ipr_ctx*, ipr_queue** out, ipr_error* error) {
  Result<std::unique_ptr<RolloutQueue>> opened = services(host).open_rollouts();
  if (!opened.ok()) return report(error, opened.status());
  *out = reinterpret_cast<ipr_queue*>(std::move(opened).value().release());
  return IPR_OK;
}

ipr_status submit(ipr_queue* queue, const ipr_rollout_req* request, ipr_error* error) {
  const Result<bool> accepted = queue_of(queue)->submit(*request);
  if (!accepted.ok()) return report(error, accepted.status());
  return *accepted ? IPR_OK : IPR_RESOURCE_EXHAUSTED;
}

ipr_status wait(ipr_queue* queue, ipr_rollout_res* const* out, std::size_t max, std::size_t* n,
                std::uint64_t timeout_ns, ipr_error* error) {
  const Result<std::size_t> got = queue_of(queue)->wait({out, max}, timeout_ns);
  if (!got.ok()) return report(error, got.status());
  *n = *got;
  return *got > 0 ? IPR_OK : IPR_DEADLINE_EXCEEDED;
}

void close_queue(ipr_queue* queue) {
  delete queue_of(queue);
}

StepModel* model_of(ipr_model* model) {
  return reinterpret_cast<StepModel*>(model);
}

// What is wrong with a model's folder is the user's to mend: the scorer hands the code on.
ipr_status report_model(ipr_error* error, const Status& status) {
  const ipr_status code = report(error, status);
  if (status.code() == Code::kData) return IPR_DATA_LOSS;
  return status.code() == Code::kUsage ? IPR_INVALID_ARGUMENT : code;
}

ipr_status open_model(const ipr_host* host, const ipr_ctx*, ipr_str spec, ipr_model** out, ipr_error* error) {
  Result<std::unique_ptr<StepModel>> opened = services(host).open_model(text(spec));
  if (!opened.ok()) return report_model(error, opened.status());
  *out = reinterpret_cast<ipr_model*>(std::move(opened).value().release());
  return IPR_OK;
}

ipr_status model_value(ipr_model* model, const ipr_ctx*, std::size_t n, const ipr_query* const* queries, double* out,
                       ipr_error* error) {
  const Result<std::vector<double>> values = model_of(model)->values({queries, n});
  if (!values.ok()) return report_model(error, values.status());
  std::copy(values->begin(), values->end(), out);
  return IPR_OK;
}

void close_model(ipr_model* model) {
  delete model_of(model);
}

ipr_status use_model(const ipr_host* host, ipr_str checkpoint, ipr_error* error) {
  const Status used = services(host).use_model
                          ? services(host).use_model(text(checkpoint))
                          : usage("the policy of the rollouts is chosen otherwise here (score: --policy)");
  return used.ok() ? IPR_OK : report_model(error, used);
}

constexpr ipr_host_basics_v1 kBasics = {sizeof(ipr_host_basics_v1), 0, log_line, record_metric, parallel_for, path};
constexpr ipr_host_rollouts_v1 kRollouts = {
    sizeof(ipr_host_rollouts_v1), 0, open_queue, submit, wait, close_queue, use_model};
constexpr ipr_host_model_v1 kModels = {sizeof(ipr_host_model_v1), 0, open_model, model_value, close_model};

const void* get_service(const ipr_host* host, const char* id) {
  if (std::strcmp(id, IPR_HOST_BASICS_V1) == 0) return &kBasics;
  if (std::strcmp(id, IPR_HOST_ROLLOUTS_V1) == 0 && services(host).open_rollouts) return &kRollouts;
  if (std::strcmp(id, IPR_HOST_MODEL_V1) == 0 && services(host).open_model) return &kModels;
  return nullptr;
}

std::int32_t is_cancelled(const ipr_ctx* ctx) {
  const auto& ask = *static_cast<const std::function<bool()>*>(ctx->impl);
  return ask && ask() ? 1 : 0;
}

}  // namespace

HostTable::HostTable(HostServices services) : services_(std::move(services)) {
  host_ = {sizeof host_, IPR_ABI_MAJOR, IPR_ABI_MINOR, 0, this, "ipr-host", IPR_VERSION, get_service};
}

Context::Context(std::uint64_t seed, std::function<bool()> cancelled) : cancelled_(std::move(cancelled)) {
  ctx_.struct_size = sizeof ctx_;
  ctx_.seed = seed;
  ctx_.impl = &cancelled_;
  ctx_.cancelled = is_cancelled;
}

Status ErrorSlot::status(ipr_status status, const std::string& subject, Code otherwise) const {
  if (status == IPR_OK) return {};
  const Code code = status == IPR_DATA_LOSS          ? Code::kData
                    : status == IPR_INVALID_ARGUMENT ? Code::kUsage
                    : status == IPR_CANCELLED        ? Code::kInterrupted
                                                     : otherwise;
  const std::string why = error_.message[0] != '\0' ? error_.message : "failed with status " + std::to_string(status);
  return {code, subject + ": " + why};
}

}  // namespace ipr::plugin
