// Work in a process of its own, whose peak of memory is then its own.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <optional>
#include <type_traits>

namespace ipr::bench {

// The most memory the process has held so far, in bytes: resident, what it inherited from its parent included.
[[nodiscard]] std::int64_t peak_memory();

// What `work` returns in a forked child: a plain value, smaller than a pipe's 4 KiB. Nothing where the child did not
// come to its end. The caller has no other threads, which a fork would lose.
template <typename Work>
[[nodiscard]] auto in_own_process(const Work& work) -> std::optional<decltype(work())> {
  using Value = decltype(work());
  static_assert(std::is_trivially_copyable_v<Value> && sizeof(Value) <= 4096);
  int ends[2];
  if (::pipe(ends) != 0) return std::nullopt;
  const pid_t child = ::fork();
  if (child == 0) {
    const Value value = work();
    ::_exit(::write(ends[1], &value, sizeof value) == sizeof value ? EXIT_SUCCESS : EXIT_FAILURE);
  }
  ::close(ends[1]);
  Value value{};
  const bool arrived = child > 0 && ::read(ends[0], &value, sizeof value) == sizeof value;
  ::close(ends[0]);
  if (child > 0) ::waitpid(child, nullptr, 0);
  return arrived ? std::optional(value) : std::nullopt;
}

}  // namespace ipr::bench
