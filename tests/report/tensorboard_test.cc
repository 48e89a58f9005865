#include "core/report/tensorboard.h"

#include <cmath>
#include <cstring>
#include <filesystem>
#include <map>
#include <set>
#include <tuple>

#include "core/base/files.h"
#include "core/report/tfrecord.h"
#include "tests/report/record.h"
#include "tests/support/catch.h"

using namespace ipr;
using namespace ipr::report;
using ipr::test::must;
using ipr::test::open_record;
namespace fs = std::filesystem;

namespace {

template <typename T>
T take(std::string_view& bytes) {
  if (bytes.size() < sizeof(T)) throw std::runtime_error("cut short");
  T value;
  std::memcpy(&value, bytes.data(), sizeof value);
  bytes.remove_prefix(sizeof value);
  return value;
}

std::uint64_t take_varint(std::string_view& bytes) {
  std::uint64_t value = 0;
  for (int shift = 0;; shift += 7) {
    const auto byte = take<std::uint8_t>(bytes);
    value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
    if (byte < 0x80) return value;
  }
}

// The payloads of a TFRecord file; throws where a checksum is wrong.
std::vector<std::string_view> records_of(std::string_view file) {
  std::vector<std::string_view> records;
  while (!file.empty()) {
    const std::string_view head = file.substr(0, 8);
    const auto length = take<std::uint64_t>(file);
    if (take<std::uint32_t>(file) != masked_crc32c(head)) throw std::runtime_error("length's checksum");
    records.push_back(file.substr(0, length));
    file.remove_prefix(length);
    if (take<std::uint32_t>(file) != masked_crc32c(records.back())) throw std::runtime_error("record's checksum");
  }
  return records;
}

// (field, payload) pairs of a message; numbers come as their bytes.
std::vector<std::pair<std::uint64_t, std::string_view>> fields_of(std::string_view message) {
  std::vector<std::pair<std::uint64_t, std::string_view>> fields;
  while (!message.empty()) {
    const std::uint64_t key = take_varint(message);
    const std::string_view start = message;
    std::size_t size = 0;
    if ((key & 7) == 0) {
      take_varint(message);
      fields.emplace_back(key >> 3, start.substr(0, start.size() - message.size()));
      continue;
    }
    if ((key & 7) == 2) size = take_varint(message);
    if ((key & 7) == 1) size = 8;
    if ((key & 7) == 5) size = 4;
    fields.emplace_back(key >> 3, message.substr(0, size));
    message.remove_prefix(size);
  }
  return fields;
}

struct Scalars {
  std::string version;
  std::map<std::pair<std::string, std::int64_t>, float> values;  // by tag and step
  std::vector<double> times;
};

Scalars read(std::string_view file) {
  Scalars found;
  for (const std::string_view record : records_of(file)) {
    std::int64_t step = 0;
    for (auto [field, bytes] : fields_of(record)) {
      if (field == 1) found.times.push_back(take<double>(bytes));
      if (field == 2) step = static_cast<std::int64_t>(take_varint(bytes));
      if (field == 3) found.version = bytes;
      if (field != 5) continue;
      for (const auto& [one, value] : fields_of(bytes)) {
        std::string tag;
        for (auto [part, content] : fields_of(value)) {
          if (part == 1) tag = content;
          if (part == 2) found.values[{tag, step}] = take<float>(content);
        }
        CHECK(one == 1);
      }
    }
  }
  return found;
}

void fill(store::RunStore& record) {
  must(record.put_policy({"sft", 0, "", "", false, false}));
  for (int iteration = 0; iteration < 2; ++iteration) {
    store::Episode e;
    e.stage = store::kEval;
    e.iteration = iteration;
    e.policy = iteration == 0 ? "sft" : "iter-1";
    e.split = "test";
    e.task_id = "a";
    e.outcome = 0.25 + 0.5 * iteration;
    must(record.add_episode(e).status());
  }
  for (int step = 0; step < 3; ++step) must(record.put_metric({1, "train", step, "loss", 10.0 + step}));
  for (int step = 0; step < 2; ++step) must(record.put_metric({2, "train", step, "loss", 20.0 + step}));
  must(record.put_metric({2, "train", 1, "margin", std::nan("")}));
  must(record.add_cost({1, store::kMonteCarlo, 300, 9000, 800, 0, 1000, 1.5}));
  store::Pair pair;
  pair.kind = "step";
  pair.winner_id = 1;
  pair.loser_id = 2;
  must(record.replace_pairs(1, {pair, pair}));
}

}  // namespace

TEST_CASE("CRC-32C agrees with the published vectors", "[report][tensorboard]") {
  CHECK(crc32c("") == 0);
  CHECK(crc32c("123456789") == 0xE3069283u);
  CHECK(crc32c(std::string(32, '\0')) == 0x8A9136AAu);  // RFC 3720, B.4
  CHECK(crc32c(std::string(32, '\xFF')) == 0x62A8AB43u);
  std::string rising, falling;
  for (int i = 0; i < 32; ++i) {
    rising += static_cast<char>(i);
    falling += static_cast<char>(31 - i);
  }
  CHECK(crc32c(rising) == 0x46DD794Eu);
  CHECK(crc32c(falling) == 0x113FDB5Cu);
}

TEST_CASE("a record is framed as TensorFlow's own", "[report][tensorboard]") {
  std::string file;
  append_record(file, "foo");
  const std::string length("\x03\0\0\0\0\0\0\0", 8);
  REQUIRE(file.size() == 8 + 4 + 3 + 4);
  CHECK(file.substr(0, 8) == length);
  CHECK(file.substr(12, 3) == "foo");
  const auto unmask = [](std::uint32_t masked) {
    const std::uint32_t rotated = masked - 0xA282EAD8u;
    return (rotated >> 17) | (rotated << 15);
  };
  std::string_view rest = std::string_view(file).substr(8);
  CHECK(unmask(take<std::uint32_t>(rest)) == crc32c(length));
  rest = std::string_view(file).substr(15);
  CHECK(unmask(take<std::uint32_t>(rest)) == crc32c("foo"));
}

TEST_CASE("the scalars of a record come back from its events", "[report][tensorboard]") {
  const test::TempFolder folder;
  store::RunStore record = open_record(folder.file("run.db"));
  fill(record);
  const auto events = tensorboard_events(record, 1700000000.5);
  must(events.status());
  const Scalars found = read(*events);
  CHECK(found.version == "brain.Event:2");
  CHECK(std::set<double>(found.times.begin(), found.times.end()) == std::set<double>{1700000000.5});
  const auto value = [&](const char* tag, std::int64_t step) {
    INFO(tag << " at " << step);
    REQUIRE(found.values.count({tag, step}) == 1);
    return found.values.at({tag, step});
  };
  CHECK(value("train/loss", 2) == 12);
  CHECK(value("train/loss", 3) == 20);  // iteration 2 goes on where iteration 1 ended
  CHECK(value("train/loss", 4) == 21);
  CHECK(value("eval/test/reward", 0) == 0.25);
  CHECK(value("eval/test/reward", 1) == 0.75);
  CHECK(value("pairs/step", 1) == 2);
  CHECK(value("cost/mc/rollouts", 1) == 300);
  for (const auto& [key, number] : found.values) CHECK(key.first != "train/margin");  // not a number: left out
  CHECK(*tensorboard_events(record, 1700000000.5) == *events);
}

TEST_CASE("a second writing replaces the event file in its place", "[report][tensorboard]") {
  const test::TempFolder folder;
  store::RunStore record = open_record(folder.file("run.db"));
  fill(record);
  const std::string tb = folder.file("tb");
  must(write_tensorboard(record, tb));
  const auto names = [&] {
    std::vector<std::string> found;
    for (const auto& entry : fs::directory_iterator(tb)) found.push_back(entry.path().filename().string());
    return found;
  };
  const std::vector<std::string> first = names();
  REQUIRE(first.size() == 1);
  CHECK(first[0].rfind("events.out.tfevents.", 0) == 0);
  must(record.put_metric({3, "train", 0, "loss", 30}));
  must(write_tensorboard(record, tb));
  CHECK(names() == first);
  CHECK(read(*read_file(tb + "/" + first[0])).values.at({"train/loss", 5}) == 30);
}
