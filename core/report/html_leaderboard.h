// The leaderboard as a page of its own, self-contained like the page of a run (html_page.h).
#pragma once

#include <string>

#include "core/report/leaderboard.h"

namespace ipr::report {

// Table, notes and Monte Carlo cost. A function of its argument.
[[nodiscard]] std::string make_html_leaderboard(const Leaderboard& table);

}  // namespace ipr::report
