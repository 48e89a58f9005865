// What environments say about the settings of other plugins, one alone and several together.
#include "core/host/environment_defaults.h"

#include "tests/support/catch.h"

using namespace ipr;
using namespace ipr::host;

namespace {

plugin::Manifest pairs_plugin() {
  plugin::Manifest manifest;
  manifest.id = "pairs";
  manifest.schema = Json::parse(R"({"properties": {
    "tasks": {"type": "integer", "default": 0}, "split": {"type": "string", "default": ""},
    "threshold": {"type": "number", "default": 0}, "threshold_by": {"type": "string", "default": ""}}})");
  return manifest;
}

// What the environments' layer sets of the plugin, whose profile has set tasks to 200.
Json set_by(const EnvironmentDefaults& defaults) {
  const plugin::SettingLayer profile{"profile", {{"tasks", 200}}};
  return environment_layer(pairs_plugin(), defaults, {profile}).values;
}

}  // namespace

TEST_CASE("an environment's default is for every plugin that has the setting, or for one", "[host][unit]") {
  CHECK(set_by({{"shop", {{"tasks", 40}, {"max_steps", 9}}}}) == Json{{"tasks", 40}});
  CHECK(set_by({{"shop", {{"tasks", 40}, {"others.tasks", 7}}}}) == Json{{"tasks", 40}});
  CHECK(set_by({{"shop", {{"pairs.tasks", 600}, {"tasks", 40}}}}) == Json{{"tasks", 600}});
  CHECK(set_by({{"shop", {{"pairs.tasks", 600}}}}) == Json{{"tasks", 600}});
  CHECK(set_by({{"shop", Json::object()}}) == Json::object());
}

TEST_CASE("of several environments the largest counts, thresholds stand side by side", "[host][unit]") {
  // House says nothing of tasks: the profile's 200 is what it would have alone.
  CHECK(set_by({{"shop", {{"pairs.tasks", 100}}}, {"house", Json::object()}}) == Json{{"tasks", 200}});
  CHECK(set_by({{"shop", {{"pairs.tasks", 600}}}, {"house", {{"tasks", 300}}}}) == Json{{"tasks", 600}});
  CHECK(set_by({{"shop", {{"threshold", 0.01}}}, {"house", {{"threshold", 0.5}}}}) ==
        Json{{"threshold", 0.01}, {"threshold_by", "shop=0.01,house=0.5"}});
  CHECK(set_by({{"shop", {{"split", "a"}}}, {"house", {{"split", "b"}}}}) == Json::object());  // no way to have both
}

TEST_CASE("training settings have the plugin's name before them", "[host][unit]") {
  const EnvironmentDefaults one = {{"shop", {{"pairs.train.epochs", 6}, {"sft.train.epochs", 9}}}};
  CHECK(Json(environment_training("pairs", one, {{"lr", 0.1}})) == Json{{"epochs", 6}});
  const EnvironmentDefaults two = {{"shop", {{"pairs.train.max_tokens", 100}}}, {"house", Json::object()}};
  CHECK(Json(environment_training("pairs", two, {{"max_tokens", 30}})) == Json{{"max_tokens", 130}});  // of each
}
