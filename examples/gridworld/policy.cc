// A tabular policy for gridworld: what it does is a table over what it sees, so its values can be computed exactly.
//
//   p(move) = (1 - slips) · w(move) / sum w + slips / 4        w = 0 into a wall or the pit, else
//                                                              e^sharpness nearer to the goal, e^-sharpness away from
//                                                              it
//
// It sees no walls but those beside it, so it errs where the shortest way turns away from the goal. A temperature T
// takes p to the power 1/T; at 0 it does what is most likely.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>

#include "ipr/plugin.hpp"

namespace {

using namespace ipr::sdk;
constexpr std::array<const char*, 4> kMoves = {"up", "down", "left", "right"};
using Row = std::array<double, 4>;  // of the table: probabilities of the moves

constexpr char kSchema[] = R"json({"type": "object", "additionalProperties": false, "properties": {
  "sharpness": {"type": "number", "default": 1, "minimum": 0, "maximum": 50, "description": "how much it prefers moves towards the goal"},
  "slips": {"type": "number", "default": 0.1, "minimum": 0, "maximum": 1, "description": "share of moves that are drawn blindly"}}})json";

// "At 3 2, goal 1 3. Ways: left right (pit)"
struct Seen {
  int row = 0, column = 0, goal_row = 0, goal_column = 0;
  std::array<bool, 4> safe{};  // ways that do not end in a wall or the pit
};

Seen read(const ipr_gen_req& request) {
  if (request.message_count == 0) throw Failure(IPR_INVALID_ARGUMENT, "gridworld-tabular: the chat is empty");
  const std::string shown(text(request.messages[request.message_count - 1]->text));
  const std::size_t at = shown.find("At "), ways = shown.find("Ways:");
  Seen seen;
  if (at == std::string::npos || ways == std::string::npos ||
      std::sscanf(shown.c_str() + at, "At %d %d, goal %d %d", &seen.row, &seen.column, &seen.goal_row,
                  &seen.goal_column) != 4) {
    throw Failure(IPR_INVALID_ARGUMENT, "gridworld-tabular: this is no place of a gridworld: " + shown.substr(0, 80));
  }
  for (std::size_t move = 0; move < 4; ++move) {
    const std::size_t way = shown.find(std::string(" ") + kMoves.at(move), ways);
    seen.safe.at(move) = way != std::string::npos &&
                         shown.compare(way + 1 + std::char_traits<char>::length(kMoves.at(move)), 6, " (pit)") != 0;
  }
  return seen;
}

class Tabular final : public Policy {
 public:
  Tabular(const Host&, std::string_view config_json)
      : sharpness_(Config(config_json).number("sharpness")), slips_(Config(config_json).number("slips")) {}

  std::string reply(const ipr_gen_req& request) const override {
    const Row row = row_of(request);
    double left = static_cast<double>(ipr_mix64(request.seed, 0) >> 11) * 0x1.0p-53;
    std::size_t move = 0;
    while (move < 3 && (left -= row.at(move)) >= 0) ++move;
    while (row.at(move) == 0) --move;  // rounding must not choose what is impossible
    return compose_react(kMoves.at(move), "");
  }
  bool knows_choices() const override { return true; }
  std::vector<Choice> choices(const ipr_gen_req& request) const override {
    const Row row = row_of(request);
    std::vector<Choice> all;
    for (std::size_t move = 0; move < 4; ++move) {
      if (row.at(move) > 0) all.push_back({compose_react(kMoves.at(move), ""), row.at(move)});
    }
    return all;
  }

 private:
  Row row_of(const ipr_gen_req& request) const {
    const Seen seen = read(request);
    Row row{};
    for (std::size_t move = 0; move < 4; ++move) {
      if (!seen.safe.at(move)) continue;
      const int away = move < 2 ? (seen.row - seen.goal_row) * (move == 1 ? 1 : -1)
                                : (seen.column - seen.goal_column) * (move == 3 ? 1 : -1);
      row.at(move) = std::exp(away < 0 ? sharpness_ : -sharpness_);
    }
    scale(row);
    for (double& p : row) p = (1 - slips_) * p + slips_ / 4;
    const double temperature = request.sampling == nullptr ? 1 : request.sampling->temperature;
    if (temperature == 0) {
      const auto best = std::max_element(row.begin(), row.end());
      const auto move = static_cast<std::size_t>(best - row.begin());
      row.fill(0);
      row.at(move) = 1;
    } else if (temperature != 1) {
      for (double& p : row) p = std::pow(p, 1 / temperature);
      scale(row);
    }
    return row;
  }
  // To a sum of 1; where nothing is possible all are alike.
  static void scale(Row& row) {
    double sum = 0;
    for (const double p : row) sum += p;
    for (double& p : row) p = sum > 0 ? p / sum : 0.25;
  }

  double sharpness_, slips_;
};

constexpr Info kInfo = {"gridworld-tabular",
                        "Tabular policy of gridworld",
                        "0.1.0",
                        "Apache-2.0",
                        "A table over what is seen, with values that can be computed exactly",
                        kSchema};

}  // namespace

IPR_PLUGIN_LIBRARY(policy<Tabular>(kInfo))
