// What the line between host and plugin costs: a step that does nothing, called directly, through the table of a loaded
// library, and through the core's own wrapper. Goal (docs/benchmarks.md): under 10 ns over the direct call.
#include <CLI/CLI.hpp>
#include <functional>
#include <memory>

#include "bench/abi_line/null_env.h"
#include "bench/support/figures.h"
#include "bench/support/open_environment.h"

namespace ipr::bench {
namespace {

struct Flags {
  double seconds = 3;
  bool json = false;
};

constexpr int kRepeats = 15;

// Nanoseconds of one call: the median over repeats of batches whose size follows from the time to spend.
double nanoseconds(double seconds, const std::function<void(int calls)>& batch) {
  int calls = 1 << 14;
  for (double took = 0; took < seconds / kRepeats / 2; calls *= 2) {
    const double began = thread_seconds();
    batch(calls);
    took = thread_seconds() - began;
  }
  calls /= 2;
  std::vector<double> found;
  for (int repeat = 0; repeat < kRepeats; ++repeat) {
    const double began = thread_seconds();
    batch(calls);
    found.push_back((thread_seconds() - began) / calls * 1e9);
  }
  return median(found);
}

using StepFunction = ipr_status (*)(ipr_episode*, const ipr_ctx*, ipr_str, ipr_step*, ipr_error*);

// Arguments made once, as the host's wrapper would; the call goes through what `function` yields each time.
template <typename Function>
void call_steps(int calls, ipr_episode* episode, Function&& function) {
  const plugin::Context context;
  plugin::ErrorSlot error;
  ipr_step step{};
  step.struct_size = sizeof step;
  const ipr_str action = plugin::view("noop");
  for (int i = 0; i < calls; ++i) {
    if (function()(episode, context.get(), action, &step, error.get()) != IPR_OK)
      give_up(failed("the null step failed"));
  }
}

// The peer in style: what an interface of C++ virtual functions would cost, if compilers agreed on one.
class VirtualEnvironment {
 public:
  virtual ~VirtualEnvironment() = default;
  virtual std::string step(const std::string& action) = 0;
};
class VirtualNull final : public VirtualEnvironment {
 public:
  // Behind a line the compiler cannot see through either.
  [[gnu::noipa]] std::string step(const std::string&) override { return "nothing happens"; }
};

double through_table(double seconds, const plugin::Registry& registry, const std::string& id) {
  const plugin::Manifest manifest = must(plugin::find_plugin(registry, plugin::Kind::kEnvironment, id));
  const auto instance = must(plugin::Instance::create(manifest, Json::object(), {}));
  const ipr_environment_v1* volatile table = instance->extension<ipr_environment_v1>(IPR_ENVIRONMENT_V1);
  ipr_episode* episode = nullptr;
  if (table == nullptr || table->episode_new(instance->self(), &episode, nullptr) != IPR_OK)
    give_up(failed("no episode of " + id));
  const double found =
      nanoseconds(seconds, [&](int calls) { call_steps(calls, episode, [&] { return table->step; }); });
  table->episode_free(episode);
  return found;
}

double through_core(double seconds, const plugin::Registry& registry, const std::string& id) {
  const auto environment = must(open_environment(registry, id, ""));
  env::Episode episode = must(environment->new_episode());
  (void)must(episode.reset("0", 0));
  return nanoseconds(seconds, [&](int calls) {
    for (int i = 0; i < calls; ++i) {
      if (!episode.step("noop").ok()) give_up(failed("the null step failed"));
    }
  });
}

void measure(const Flags& flags) {
  const plugin::Registry registry = plugin::find_plugins({NULL_ENV_FILE});
  const double seconds = flags.seconds / 5;
  const StepFunction volatile direct_step = ipr_bench_null_step;
  const double direct =
      nanoseconds(seconds, [&](int calls) { call_steps(calls, nullptr, [&] { return direct_step; }); });
  const std::unique_ptr<VirtualEnvironment> made = std::make_unique<VirtualNull>();
  VirtualEnvironment* volatile peer = made.get();
  const double virtual_call = nanoseconds(seconds, [&](int calls) {
    const std::string action = "noop";
    for (int i = 0; i < calls; ++i) {
      if (peer->step(action).empty()) give_up(failed("the null step failed"));
    }
  });
  Figures figures("abi_line: an empty step");
  figures.add("direct call through a function pointer", direct, "ns");
  figures.add("C++ virtual call that returns a std::string", virtual_call, "ns");
  const auto add_over = [&](const std::string& what, double found, std::optional<Against> against) {
    figures.add(what, found, "ns");
    figures.add(what + ", over the direct call", found - direct, "ns", std::move(against));
  };
  const Against goal{"10 ns", 10};
  add_over("table of a loaded plugin, plugin.h in C", through_table(seconds, registry, "null-c"), goal);
  add_over("table of a loaded plugin, plugin.hpp in C++", through_table(seconds, registry, "null-cpp"), goal);
  add_over("the same through env::Episode::step", through_core(seconds, registry, "null-cpp"), std::nullopt);
  figures.print(flags.json);
}

}  // namespace
}  // namespace ipr::bench

int main(int argc, char** argv) {
  ipr::bench::Flags flags;
  CLI::App app("cost of a step through a loaded plugin's table");
  app.add_option("--seconds", flags.seconds, "time to spend in all")->capture_default_str();
  app.add_flag("--json", flags.json, "one line of JSON");
  CLI11_PARSE(app, argc, argv);
  ipr::bench::measure(flags);
}
