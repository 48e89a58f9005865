// How often an expert does what could not be foreseen: the share of its messages, after an episode's first, that are
// not what its other messages in the same place would be.
//
// A place is the message before; or the page, where several experts saw the very same one: whichever foresees more.
// Messages are compared as patterns, in which every word that the page or the task shows is a blank: choosing red or
// blue is the same, choosing or buying is not. An agent trained on such experts cannot foresee these messages either,
// so this is how often a greedy agent leaves the path of one expert (`expectation.h`). In [0, 1]; 0 for experts of one
// message.
#pragma once

#include <vector>

#include "core/rollout/trajectory.h"

namespace ipr::loop {

[[nodiscard]] double surprise(const std::vector<rollout::Trajectory>& experts);

}  // namespace ipr::loop
