#include "core/train/schedule.h"

#include "tests/support/catch.h"

using namespace ipr;
using namespace ipr::train;

namespace {

TrainSettings parsed(const Json& json) {
  const auto settings = train_settings_from_json(json, "test");
  INFO(settings.status().message());
  REQUIRE(settings.ok());
  return *settings;
}

std::string refused(const Json& json) {
  const auto settings = train_settings_from_json(json, "sft.train");
  REQUIRE_FALSE(settings.ok());
  CHECK(settings.status().code() == Code::kUsage);
  return settings.status().message();
}

}  // namespace

TEST_CASE("training settings are read from JSON, missing keys keep their defaults", "[train]") {
  const TrainSettings settings = parsed({{"init", "start"},
                                         {"reference", "base"},
                                         {"epochs", 9},
                                         {"lr", 2e-3},
                                         {"schedule", "cosine"},
                                         {"min_lr_rate", 0.02},
                                         {"warmup", 20},
                                         {"batch", 2},
                                         {"batch_unit", "rows"},
                                         {"weight_decay", 0.01},
                                         {"betas", {0.9, 0.98}},
                                         {"observation_loss", 0.5},
                                         {"order", "emitted"}});
  CHECK(settings.init == Init::kStart);
  CHECK(settings.reference == Reference::kBase);
  CHECK(settings.epochs == 9);
  CHECK(settings.batch_unit == BatchUnit::kRows);
  CHECK(settings.beta2 == 0.98);
  CHECK(settings.order == Order::kEmitted);
  CHECK(settings.eps == 1e-8);
  CHECK(settings.clip == 1);
  CHECK(train_settings_to_json(parsed(train_settings_to_json(settings))) == train_settings_to_json(settings));
}

TEST_CASE("a wrong training setting is refused by name", "[train]") {
  CHECK(refused({{"epoch", 3}}) == "sft.train: unknown key \"epoch\"; did you mean \"epochs\"?");
  CHECK(refused({{"schedule", "cosin"}}).find("sft.train: schedule: expected one of constant, cosine, linear") == 0);
  CHECK(refused({{"lr", "fast"}}).find("expected a number") != std::string::npos);
  CHECK(refused({{"lr", -1}}).find("at least 0") != std::string::npos);
  CHECK(refused({{"epochs", 0}}).find("at least 1") != std::string::npos);
  CHECK(refused({{"steps", -1}}).find("at least 1") != std::string::npos);
  CHECK(parsed({{"steps", 0}}).steps == 0);
  CHECK(refused({{"epochs", 1.5}}).find("integer") != std::string::npos);
  CHECK(refused({{"betas", {0.9, 1.0}}}).find("below 1") != std::string::npos);
  CHECK(refused({{"betas", 0.9}}).find("two numbers") != std::string::npos);
  CHECK(refused({{"dropout", 1}}).find("below 1") != std::string::npos);
  CHECK(parsed({{"dropout", 0.1}}).at_lr(1).dropout == 0.1);
  CHECK(refused({{"trains", "both"}}).find("policy, value") != std::string::npos);
  CHECK(refused({{"eps", 0}}).find("above 0") != std::string::npos);
  CHECK(refused(Json::array()).find("expected an object") != std::string::npos);
  CHECK(parsed({{"dropout", 0}, {"trains", "policy"}}).batch == 48);
}

TEST_CASE("warm-up is a share of the steps below 1, else a number of steps", "[train]") {
  CHECK(warmup_steps(parsed({{"warmup", 0.1}}), 30) == 3);
  CHECK(warmup_steps(parsed({{"warmup", 0.1}}), 31) == 4);
  CHECK(warmup_steps(parsed({{"warmup", 20}}), 1000) == 20);
  CHECK(warmup_steps(parsed({{"warmup", 20}}), 5) == 5);
  CHECK(warmup_steps(parsed({{"warmup", 0}}), 5) == 0);
}

TEST_CASE("the learning rate warms up, then follows its schedule", "[train]") {
  const auto rate = [](const char* schedule, std::int64_t step) {
    return lr_at(parsed({{"lr", 1.0}, {"warmup", 4}, {"schedule", schedule}, {"min_lr_rate", 0.2}}), step, 12);
  };
  for (const char* schedule : {"constant", "cosine", "linear"}) {
    CHECK(rate(schedule, 0) == Approx(0.25));
    CHECK(rate(schedule, 3) == Approx(1));
    CHECK(rate(schedule, 4) == Approx(1));
  }
  CHECK(rate("constant", 11) == Approx(1));
  CHECK(rate("linear", 8) == Approx(0.6));
  CHECK(rate("cosine", 8) == Approx(0.6));
  CHECK(rate("cosine", 6) == Approx(0.2 + 0.8 * (1 + std::sqrt(0.5)) / 2));
  for (std::int64_t step = 5; step < 12; ++step) CHECK(rate("cosine", step) < rate("cosine", step - 1));
  CHECK(rate("cosine", 11) > 0.2);
}
