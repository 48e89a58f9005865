#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/llm/cases.h"
#include "bench/llm/decoding.h"
#include "bench/llm/make_engine.h"

namespace ipr::bench {
namespace {

// A process that never rests, for as long as the object lives. To be made before any thread.
class BusyNeighbour {
 public:
  BusyNeighbour() : child_(::fork()) {
    if (child_ != 0) return;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (volatile std::uint64_t count = 0;;) count = count + 1;
  }
  ~BusyNeighbour() {
    if (child_ <= 0) return;
    ::kill(child_, SIGKILL);
    ::waitpid(child_, nullptr, 0);
  }
  BusyNeighbour(const BusyNeighbour&) = delete;
  BusyNeighbour& operator=(const BusyNeighbour&) = delete;

  [[nodiscard]] bool is_there() const { return child_ > 0; }

 private:
  const pid_t child_;
};

constexpr int kContext = 128;

}  // namespace

Case busy_decode_case(std::string section, std::string shape) {
  const auto measure = [](const Setup& setup) -> Result<Reading> {
    const BusyNeighbour neighbour;
    if (!neighbour.is_there()) return failed("cannot start the busy process");
    IPR_ASSIGN(const auto engine, make_engine(setup.weights, setup.threads, setup.width));
    return reading_of(decode_rate(*engine, 1, kContext, setup.repeats), *engine);
  };
  return {std::move(section), std::move(shape), "tok/s", "", measure};
}

}  // namespace ipr::bench
