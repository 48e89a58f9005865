// Independent pieces of work on all cores: for what touches gigabytes once (hashes, checks), not for inner loops.
#pragma once

#include <cstddef>
#include <functional>

namespace ipr {

// Calls body(i) for each i < count, each once, in any order, on as many threads as the machine has cores (on this one
// alone where there is one piece). Returns when all are done. The body must not throw.
void for_each_in_parallel(std::size_t count, const std::function<void(std::size_t i)>& body);

}  // namespace ipr
