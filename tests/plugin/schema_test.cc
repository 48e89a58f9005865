#include "core/plugin/schema.h"

#include "tests/support/catch.h"

using namespace ipr;
using namespace ipr::plugin;

namespace {

const Json kSchema = Json::parse(R"({"type": "object", "additionalProperties": false, "properties": {
  "size": {"type": "integer", "default": 3, "minimum": 1, "maximum": 9},
  "rate": {"type": "number", "default": 0.5},
  "mode": {"type": "string", "enum": ["fast", "slow"], "default": "fast"},
  "loud": {"type": "boolean", "default": false},
  "name": {"type": "string", "default": ""}},
  "x-profiles": {"paper": {"size": 7, "train.lr": 1e-5}}})");

Status status_of(const std::string& key, const Json& value) {
  return resolve_settings("env \"x\"", kSchema, {{"--set", {{key, value}}}}).status();
}

bool says(const Status& status, const std::string& part) {
  return status.message().find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("later layers win and each value knows where it came from", "[plugin][schema]") {
  const auto resolved =
      resolve_settings("env \"x\"", kSchema, {{"environment", {{"size", 4}, {"rate", 2}}}, {"--set", {{"size", 5}}}});
  REQUIRE(resolved.ok());
  CHECK(resolved->values == Json{{"size", 5}, {"rate", 2}, {"mode", "fast"}, {"loud", false}, {"name", ""}});
  CHECK(resolved->origin.at("size") == "--set");
  CHECK(resolved->origin.at("rate") == "environment");
  CHECK(resolved->origin.at("mode") == "default");
}

TEST_CASE("a value outside its schema is a usage error that names it", "[plugin][schema]") {
  CHECK(status_of("size", 9).ok());
  for (const auto& [key, value, part] :
       std::vector<std::tuple<std::string, Json, std::string>>{{"size", 0, "below the minimum 1"},
                                                               {"size", 10, "above the maximum 9"},
                                                               {"size", 2.5, "expected integer"},
                                                               {"rate", "much", "expected number"},
                                                               {"mode", "slwo", "[\"fast\",\"slow\"]"},
                                                               {"loud", 1, "expected boolean"},
                                                               {"sise", 3, "did you mean \"size\"?"}}) {
    const Status status = status_of(key, value);
    INFO(key << " " << status.message());
    CHECK(status.code() == Code::kUsage);
    CHECK(says(status, "env \"x\""));
    CHECK(says(status, part));
  }
}

TEST_CASE("text becomes the type that the schema declares", "[plugin][schema]") {
  const auto read = [](const std::string& key, const std::string& text) {
    return setting_from_text("x", key, kSchema["properties"][key], text);
  };
  CHECK(*read("size", "4") == Json(4));
  CHECK(*read("rate", "4") == Json(4));
  CHECK(*read("loud", "true") == Json(true));
  CHECK(*read("name", "12") == Json("12"));
  CHECK(*read("name", "") == Json(""));
  CHECK(read("size", "4.5").status().code() == Code::kUsage);
  CHECK(read("loud", "yes").status().code() == Code::kUsage);
  CHECK(read("rate", "").status().code() == Code::kUsage);
}

TEST_CASE("a profile gives settings, and training values apart", "[plugin][schema]") {
  const ProfileValues values = profile_values(kSchema, "paper");
  CHECK(values.settings == std::map<std::string, Json>{{"size", 7}});
  CHECK(values.train == std::map<std::string, Json>{{"lr", 1e-5}});
  CHECK(profile_values(kSchema, "none").settings.empty());
}

TEST_CASE("a schema is checked before it is used", "[plugin][schema]") {
  CHECK(check_schema("x", kSchema).ok());
  CHECK(check_schema("x", Json::object()).ok());
  CHECK(check_schema("x", Json::array()).code() == Code::kPlugin);
  Json wrong = kSchema;
  wrong["properties"]["size"]["default"] = 99;
  CHECK(check_schema("x", wrong).code() == Code::kPlugin);
  wrong["properties"]["size"] = 3;
  CHECK(check_schema("x", wrong).code() == Code::kPlugin);
}

TEST_CASE("a setting without any value is asked for", "[plugin][schema]") {
  const Json schema = Json::parse(R"({"type": "object", "properties": {"url": {"type": "string"}}})");
  CHECK(says(resolve_settings("x", schema, {}).status(), "\"url\" has no value"));
  CHECK(resolve_settings("x", schema, {{"--set", {{"url", "u"}}}}).ok());
}

TEST_CASE("a scorer's schema tells how many rollouts a step takes", "[plugin][schema]") {
  const Json schema = Json::parse(R"({"properties": {"cap": {}, "samples": {}}, "x-rollouts": [
    {"where": {"adaptive": true}, "setting": "cap", "share": 0.5}, {"setting": "samples"}]})");
  CHECK(check_schema("scorer \"x\"", schema).ok());
  const Json settings = {{"adaptive", true}, {"cap", 20}, {"samples", 5}};
  CHECK(expected_rollouts(schema, settings) == 10);
  CHECK(expected_rollouts(schema, {{"adaptive", false}, {"cap", 20}, {"samples", 5}}) == 5);
  // Without the key: `samples`, and of a scorer that has no such setting none.
  CHECK(expected_rollouts(Json::object(), settings) == 5);
  CHECK(expected_rollouts(Json::object(), {{"model", "rm"}}) == 0);
  for (const char* bad : {R"({"x-rollouts": 3})", R"({"x-rollouts": [{"setting": "cap"}]})",
                          R"({"properties": {"cap": {}}, "x-rollouts": [{"setting": "cap", "share": "half"}]})"}) {
    const Status status = check_schema("scorer \"x\"", Json::parse(bad));
    INFO(status.message());
    CHECK(status.code() == Code::kPlugin);
    CHECK(says(status, "x-rollouts: expected a list of"));
  }
}
