#include "core/model/thread_pool.h"

#include <chrono>
#include <numeric>

#include "tests/support/catch.h"

using namespace ipr::model;

TEST_CASE("every task of every region runs exactly once", "[model][pool]") {
  for (const int threads : {1, 2, 3, 5}) {
    ThreadPool pool(threads);
    CHECK(pool.threads() == threads);
    for (int region = 0; region < 3000; ++region) {
      const int tasks = region % 17;
      std::vector<int> runs(17, 0);
      pool.run(tasks, [&](int task, int thread) {
        runs[static_cast<std::size_t>(task)] += thread >= 0 && thread < threads ? 1 : 100;
      });
      if (std::accumulate(runs.begin(), runs.end(), 0) != tasks) FAIL("region " << region);
    }
  }
}

TEST_CASE("sleeping threads wake for the next region", "[model][pool]") {
  ThreadPool pool(3);
  for (int round = 0; round < 5; ++round) {
    std::this_thread::sleep_for(std::chrono::milliseconds(3));
    std::atomic<int> sum{0};
    pool.run(50, [&](int task, int) { sum += task; });
    CHECK(sum == 49 * 50 / 2);
  }
}
