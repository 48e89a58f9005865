// The same environment through plugin.hpp, and the library that holds both.
#include "ipr/plugin.hpp"
#include "null_env.h"

namespace {

using namespace ipr::sdk;

class NullEpisode final : public Episode {
 public:
  void reset(std::string_view, std::uint64_t, Step& out) override { out.observation = "nothing happens"; }
  void step(std::string_view, Step& out) override { out.observation = "nothing happens"; }
};

class NullEnvironment final : public Environment {
 public:
  NullEnvironment(const Host&, std::string_view) {}
  [[nodiscard]] std::uint32_t capabilities() const override { return kDialect; }
  [[nodiscard]] std::string_view defaults_json() const override { return "{}"; }
  [[nodiscard]] std::size_t split_count() const override { return 1; }
  [[nodiscard]] Split split(std::size_t) const override { return {"train", IPR_SPLIT_TRAIN, 1}; }
  [[nodiscard]] Task task_at(std::size_t, std::uint64_t) const override { return {"0", "Do nothing.", {}, 0}; }
  [[nodiscard]] bool task_by_id(std::string_view id, Task& out) const override {
    out = {"0", "Do nothing.", {}, 0};
    return id == "0";
  }
  [[nodiscard]] std::unique_ptr<Episode> new_episode() const override { return std::make_unique<NullEpisode>(); }
};

constexpr Info kInfo = {"null-cpp",
                        "Null in C++",
                        "0.1.0",
                        "Apache-2.0",
                        "A step that does nothing, through plugin.hpp",
                        R"({"type":"object","properties":{},"additionalProperties":false})"};

}  // namespace

IPR_PLUGIN_LIBRARY(&ipr_bench_null_c, environment<NullEnvironment>(kInfo))
