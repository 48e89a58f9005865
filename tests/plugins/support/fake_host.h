// A host for plugin tests: records metrics and log lines, offers what a test plugs in, and opens a plugin's instance
// with the defaults of its schema.
#pragma once

#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/base/json.h"
#include "ipr/plugin.h"

namespace ipr::test {

class FakeHost {
 public:
  FakeHost() {
    host_ = {sizeof(ipr_host), IPR_ABI_MAJOR, IPR_ABI_MINOR, 0, this, "test", "0", &FakeHost::get_service};
    basics_ = {
        sizeof(ipr_host_basics_v1), 0, &FakeHost::log, &FakeHost::metric, &FakeHost::parallel_for, &FakeHost::path};
  }
  FakeHost(const FakeHost&) = delete;
  FakeHost& operator=(const FakeHost&) = delete;

  // `table` must outlive the host.
  void offer(const std::string& service, const void* table) { services_[service] = table; }
  [[nodiscard]] const ipr_host* get() const { return &host_; }

  std::map<std::string, double> metrics;  // summed up, as the host does over the calls of one optimizer step
  std::vector<std::string> lines;

 private:
  static FakeHost& self(const ipr_host* host) { return *static_cast<FakeHost*>(host->impl); }
  static const void* get_service(const ipr_host* host, const char* id) {
    if (std::string(id) == IPR_HOST_BASICS_V1) return &self(host).basics_;
    const auto found = self(host).services_.find(id);
    return found == self(host).services_.end() ? nullptr : found->second;
  }
  static void log(const ipr_host* host, const ipr_ctx*, std::int32_t, ipr_str text) {
    self(host).lines.emplace_back(text.data, text.size);
  }
  static void metric(const ipr_host* host, const ipr_ctx*, const char* name, double value) {
    self(host).metrics[name] += value;
  }
  static ipr_status parallel_for(const ipr_host*, const ipr_ctx*, std::size_t n, void (*fn)(void*, std::size_t),
                                 void* user) {
    for (std::size_t i = 0; i < n; ++i) fn(user, i);
    return IPR_OK;
  }
  static const char* path(const ipr_host*, const char*) { return nullptr; }

  ipr_host host_{};
  ipr_host_basics_v1 basics_{};
  std::map<std::string, const void*> services_;
};

inline ipr_error fresh_error() {
  ipr_error error{};
  error.struct_size = sizeof error;
  return error;
}

// A call's context: never cancelled unless the test says so.
inline ipr_ctx context(std::uint64_t seed = 0) {
  ipr_ctx ctx{};
  ctx.struct_size = sizeof ctx;
  ctx.seed = seed;
  ctx.cancelled = [](const ipr_ctx*) { return 0; };
  return ctx;
}

// The schema's defaults, then the profile's values (those of training left out), then `changes`.
inline Json settings(const ipr_plugin_desc& desc, const std::string& profile, const Json& changes = Json::object()) {
  const Json schema = Json::parse(desc.config_schema);
  Json config = Json::object();
  for (const auto& [key, property] : schema.at("properties").items()) config[key] = property.at("default");
  if (!profile.empty()) {
    for (const auto& [key, value] : schema.at("x-profiles").at(profile).items()) {
      if (key.rfind("train.", 0) != 0) config[key] = value;
    }
  }
  config.update(changes);
  return config;
}

// The only plugin of the library that is linked into this test.
class Instance {
 public:
  Instance(const FakeHost& host, const std::string& profile = "", const Json& changes = Json::object()) {
    const ipr_plugin_desc& desc = *ipr_library_v0()->plugins[0];
    const std::string config = settings(desc, profile, changes).dump();
    const ipr_ctx ctx = context();
    ipr_error error = fresh_error();
    instance_.struct_size = sizeof instance_;
    if (desc.create(host.get(), &ctx, {config.data(), config.size()}, &instance_, &error) != IPR_OK) {
      throw std::runtime_error(error.message);
    }
  }
  ~Instance() {
    if (instance_.self != nullptr) instance_.destroy(instance_.self);
  }
  Instance(const Instance&) = delete;
  Instance& operator=(const Instance&) = delete;

  template <typename Table>
  [[nodiscard]] const Table& table(const char* id) const {
    return *static_cast<const Table*>(instance_.get_extension(instance_.self, id));
  }
  [[nodiscard]] ipr_self* self() const { return instance_.self; }

 private:
  ipr_instance instance_{};
};

}  // namespace ipr::test
