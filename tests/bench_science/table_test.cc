#include "bench/science/table.h"

#include <set>

#include "tests/support/catch.h"

using namespace ipr;
using namespace ipr::bench;

namespace {

CellOutcome cell(double gain, double half_width) {
  CellOutcome outcome;
  outcome.sft = 0.8;
  outcome.first = {"iter-1", 0.8 + gain, gain, {gain - half_width, gain + half_width}};
  outcome.chosen = outcome.first;
  return outcome;
}

// Three seeds of IPR and of one control.
WorldOutcomes three_seeds() {
  WorldOutcomes world{"default", {1, 2, 3}, {"ipr", "eto"}, {}};
  world.of["ipr"] = {{1, cell(0.1, 0.02)}, {2, cell(0.2, 0.02)}, {3, cell(0.3, 0.02)}};
  world.of["eto"] = {{1, cell(0.1, 0.02)}, {2, cell(0.1, 0.02)}, {3, cell(-0.1, 0.02)}};
  return world;
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("the seed is the unit: Student's t over seed means, differences seed by seed", "[science]") {
  const WorldOutcomes world = three_seeds();
  CHECK(gains(world, "ipr") == std::vector<double>{0.1, 0.2, 0.3});
  const Json json = to_json(world);
  const Json& ipr = json.at("arms").at(0);
  // mean 0.2, s 0.1, t(0.975, 2) = 4.302653: 0.2 ± 0.248414
  CHECK(ipr.at("gain").at("mean").get<double>() == Approx(0.2));
  CHECK(ipr.at("gain").at("ci95").at(0).get<double>() == Approx(0.2 - 0.248414).margin(1e-6));
  CHECK(ipr.at("ipr_minus").is_null());
  // differences 0, 0.1, 0.4: mean 0.166667, s 0.208167, half-width 0.517118
  const Json& eto = json.at("arms").at(1);
  CHECK(eto.at("ipr_minus").at("mean").get<double>() == Approx(0.5 / 3));
  CHECK(eto.at("ipr_minus").at("ci95").at(1).get<double>() == Approx(0.5 / 3 + 0.517118).margin(1e-5));
  CHECK(json.at("claim").at("n") == 3);
  REQUIRE(json.at("contrasts").size() == 1);  // of the arms that are there
  CHECK(json.at("contrasts").at(0).at("minus") == "eto");
  CHECK(json.at("contrasts").at(0).at("difference").at("mean").get<double>() == Approx(0.5 / 3));
}

TEST_CASE("the text counts the seeds that exclude 0 in each direction and shows every sign", "[science]") {
  WorldOutcomes world = three_seeds();
  world.of["ipr"][3] = cell(-0.1, 0.02);
  const std::string text = to_text(world);
  CHECK(contains(text, "above 0 on its own: 2 of 3, below: 1"));
  CHECK(contains(text, "outcome pairs only (ETO)"));
  CHECK(contains(text, "3: -0.100"));
}

TEST_CASE("one seed has no interval over seeds", "[science]") {
  WorldOutcomes world{"credit", {4}, {"ipr"}, {}};
  world.of["ipr"] = {{4, cell(0.1, 0.02)}};
  CHECK(to_json(world).at("claim").at("ci95").is_null());
  CHECK(contains(to_text(world), "[one seed]"));
}

TEST_CASE("every control starts from the cell's SFT model with IPR's number of optimizer steps", "[science]") {
  std::set<std::string> names;
  for (const Arm& arm : all_arms()) {
    CAPTURE(arm.name);
    CHECK(names.insert(arm.name).second);
    std::string line;
    for (const std::string& word : words_of({"credit", 7, &arm}, {"there", 23, 900}, false)) line += word + " ";
    CHECK(contains(line, "--seed 7 "));
    CHECK(contains(line, "env.world_seed=7 "));
    CHECK(contains(line, "env.world=credit "));
    const bool control = arm.name != kIprArm;
    CHECK(contains(line, "--start-from there ") == control);
    CHECK(contains(line, "--iterations 1 "));  // of this world
    CHECK(contains(line, "train.steps=23 ") == control);
    CHECK(contains(line, "tasks_per_iteration=900 ") == arm.more_goals);
  }
}
