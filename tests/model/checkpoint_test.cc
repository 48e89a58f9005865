#include "core/model/checkpoint.h"

#include <cstring>
#include <filesystem>
#include <set>

#include "core/base/files.h"
#include "core/model/safetensors.h"
#include "tests/model/tiny_model.h"
#include "tests/support/catch.h"
#include "tests/support/shared_data.h"

using namespace ipr;
using namespace ipr::model;
namespace fs = std::filesystem;

namespace {

bool equal(const Weights& a, const Weights& b) {
  if (config_to_json(a.config) != config_to_json(b.config) || a.tensors.size() != b.tensors.size()) return false;
  for (const auto& [name, tensor] : a.tensors) {
    const auto other = b.tensors.find(name);
    if (other == b.tensors.end() || other->second.shape != tensor.shape || other->second.values != tensor.values)
      return false;
  }
  return true;
}

std::string with_header(const std::string& header, const std::string& bytes) {
  const std::uint64_t length = header.size();
  return std::string(reinterpret_cast<const char*>(&length), 8) + header + bytes;
}

// Reads a file with these contents, which must be refused with a message that says `where` and `what`.
void check_refused(const std::string& contents, const std::string& what) {
  const test::TempFolder folder;
  const std::string path = folder.file("model.safetensors");
  REQUIRE(write_file(path, contents).ok());
  const auto tensors = read_safetensors(path);
  CAPTURE(what, tensors.status().message());
  REQUIRE_FALSE(tensors.ok());
  CHECK(tensors.status().code() == Code::kData);
  CHECK(tensors.status().message().find(path) == 0);
  CHECK(tensors.status().message().find(what) != std::string::npos);
}

}  // namespace

TEST_CASE("a saved checkpoint loads as it was, tied or not, with its extra files", "[model][checkpoint]") {
  const test::TempFolder folder;
  auto configs = test::family_configs();
  configs.insert(configs.end(), {test::odd_config(), test::mini_config()});
  for (const LlamaConfig& config : configs) {
    CAPTURE(family_name(config.family));
    const auto weights = test::tiny_weights(config, 1);
    CHECK(check_weights(weights, "fresh").ok());
    const std::string path = folder.file("deep/er/iter-1");
    REQUIRE(save_checkpoint(path, weights, {{"tokenizer.json", "{}"}, {"tokenizer_config.json", "[1]"}}).ok());
    const auto loaded = load_checkpoint(path);
    INFO(loaded.status().message());
    REQUIRE(loaded.ok());
    CHECK(equal(*loaded, weights));
    CHECK(read_file(path + "/tokenizer_config.json").value() == "[1]");
    CHECK(std::distance(fs::directory_iterator(folder.file("deep/er")), {}) == 1);  // nothing temporary left
  }
}

TEST_CASE("equal weights give equal files", "[model][checkpoint]") {
  const test::TempFolder folder;
  for (const char* name : {"a", "b"})
    REQUIRE(save_checkpoint(folder.file(name), test::tiny_weights(test::odd_config(), 3), {}).ok());
  CHECK(read_file(folder.file("a/model.safetensors")).value() == read_file(folder.file("b/model.safetensors")).value());
  CHECK(read_file(folder.file("a/config.json")).value() == read_file(folder.file("b/config.json")).value());
}

TEST_CASE("saving over a checkpoint replaces it whole", "[model][checkpoint]") {
  const test::TempFolder folder;
  REQUIRE(save_checkpoint(folder.file("c"), test::tiny_weights(test::mini_config(), 1), {{"old.txt", "x"}}).ok());
  REQUIRE(save_checkpoint(folder.file("c") + "/", test::tiny_weights(test::mini_config(), 2), {{"new.txt", "y"}}).ok());
  CHECK(equal(load_checkpoint(folder.file("c")).value(), test::tiny_weights(test::mini_config(), 2)));
  CHECK_FALSE(fs::exists(folder.file("c/old.txt")));
  CHECK(fs::exists(folder.file("c/new.txt")));
  CHECK(std::distance(fs::directory_iterator(folder.path()), {}) == 1);
}

TEST_CASE("a checkpoint that cannot be written leaves nothing behind", "[model][checkpoint]") {
  const test::TempFolder folder;
  auto weights = test::tiny_weights(test::mini_config(), 1);
  CHECK(save_checkpoint(folder.file("c"), weights, {{"../out.txt", "x"}}).code() == Code::kFailed);
  weights.tensors.erase("model.norm.weight");
  CHECK(save_checkpoint(folder.file("c"), weights, {}).code() == Code::kData);
  REQUIRE(write_file(folder.file("file"), "in the way").ok());
  CHECK(save_checkpoint(folder.file("file/c"), test::tiny_weights(test::mini_config(), 1), {}).code() == Code::kFailed);
  CHECK(std::distance(fs::directory_iterator(folder.path()), {}) == 1);
}

TEST_CASE("half precision is read exactly", "[model][safetensors]") {
  const test::TempFolder folder;
  const std::uint16_t half[] = {0x3c00, 0xc000, 0x0001, 0x83ff, 0x7bff, 0x7c00, 0x8000};
  const std::uint16_t brain[] = {0x3f80, 0xc049};
  const std::string bytes = std::string(reinterpret_cast<const char*>(half), sizeof half) +
                            std::string(reinterpret_cast<const char*>(brain), sizeof brain);
  const std::string header =
      R"({"h":{"dtype":"F16","shape":[7],"data_offsets":[0,14]},"b":{"dtype":"BF16","shape":[2,1],"data_offsets":[14,18]}})";
  REQUIRE(write_file(folder.file("m"), with_header(header, bytes)).ok());
  const auto tensors = read_safetensors(folder.file("m"));
  REQUIRE(tensors.ok());
  CHECK(tensors->at("h").values ==
        std::vector<float>{1, -2, 0x1p-24f, -0x1.ff8p-15f, 65504, std::numeric_limits<float>::infinity(), -0.0f});
  CHECK(tensors->at("b").values == std::vector<float>{1, -3.140625f});
  CHECK(tensors->at("b").shape == std::vector<std::int64_t>{2, 1});
}

TEST_CASE("a broken safetensors file is refused with file and tensor", "[model][safetensors]") {
  const std::string data(16, '\0');
  const auto one = [](const std::string& entry) { return R"({"t":)" + entry + "}"; };
  const std::string good = one(R"({"dtype":"F32","shape":[2,2],"data_offsets":[0,16]})");
  const std::string file = with_header(good, data);
  for (std::size_t size = 0; size < file.size(); ++size) check_refused(file.substr(0, size), "");  // truncated anywhere
  check_refused(file.substr(0, file.size() - 4), "tensor t: its data end at byte 16, the file holds 12");
  check_refused(file + "x", "1 bytes behind the last tensor");
  check_refused(std::string(8, '\xff') + good, "is more than any model's");
  check_refused(with_header("[1]", ""), "expected a JSON object");
  check_refused(with_header("{\"t\":", ""), "header: line 1");
  check_refused(with_header(one("3"), data), "tensor t: header entry without a dtype");
  check_refused(with_header(one(R"({"dtype":"I64","shape":[2],"data_offsets":[0,16]})"), data),
                "tensor t: element type \"I64\"");
  check_refused(with_header(one(R"({"dtype":"F32","shape":4,"data_offsets":[0,16]})"), data),
                "tensor t: shape is not a list");
  check_refused(with_header(one(R"({"dtype":"F32","shape":[-4],"data_offsets":[0,16]})"), data),
                "tensor t: shape [-4]");
  check_refused(with_header(one(R"({"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]})"), data),
                "tensor t: shape");
  check_refused(with_header(one(R"({"dtype":"F32","shape":[3],"data_offsets":[0,16]})"), data),
                "tensor t: shape [3] of F32 needs 12 bytes");
  check_refused(with_header(one(R"({"dtype":"F32","shape":[4],"data_offsets":[16,0]})"), data), "run backwards");
  check_refused(with_header(one(R"({"dtype":"F32","shape":[4],"data_offsets":[4,20]})"), data),
                "its data end at byte 20");
  check_refused(with_header(one(R"({"dtype":"F32","shape":[4],"data_offsets":[0]})"), data), "not two byte offsets");
  const auto two = [](int begin, int end) {
    return R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[)" +
           std::to_string(begin) + "," + std::to_string(end) + "]}}";
  };
  check_refused(with_header(two(4, 12), data), "tensor b: its data overlap those of a");
  check_refused(with_header(two(0, 8), data), "overlap");
  check_refused(with_header(two(12, 20), data + data), "tensor b: 4 unused bytes");
}

TEST_CASE("a sharded model is put together, and a part in the wrong place is named", "[model][safetensors]") {
  const test::TempFolder folder;
  const auto weights = test::tiny_weights(test::odd_config(), 1);
  REQUIRE(save_checkpoint(folder.file("whole"), weights, {}).ok());
  REQUIRE(make_folder(folder.file("split")).ok());
  std::map<std::string, Tensor> parts[2];
  Json map;
  for (const auto& [name, tensor] : weights.tensors) {
    const int part = name.find("mlp") != std::string::npos ? 1 : 0;
    parts[part][name] = tensor;
    map[name] = "part-" + std::to_string(part) + ".safetensors";
  }
  for (int part : {0, 1})
    REQUIRE(write_safetensors(folder.file("split/part-" + std::to_string(part) + ".safetensors"), parts[part]).ok());
  const auto write_index = [&](const Json& index) {
    REQUIRE(write_file(folder.file("split/model.safetensors.index.json"), Json({{"weight_map", index}}).dump()).ok());
  };
  REQUIRE(write_file(folder.file("split/config.json"), config_to_json(weights.config).dump()).ok());
  write_index(map);
  CHECK(equal(load_checkpoint(folder.file("split")).value(), weights));
  Json wrong = map;
  wrong["model.norm.weight"] = "part-1.safetensors";
  write_index(wrong);
  CHECK(load_checkpoint(folder.file("split")).status().message().find("tensor model.norm.weight") != std::string::npos);
  wrong = map;
  wrong["more"] = "part-1.safetensors";
  write_index(wrong);
  CHECK(load_checkpoint(folder.file("split")).status().message().find("tensor more is not in part-1.safetensors") !=
        std::string::npos);
  wrong["more"] = "../x";
  write_index(wrong);
  CHECK(load_checkpoint(folder.file("split")).status().code() == Code::kData);
}

TEST_CASE("weights that do not belong to their config are refused with the tensor's name", "[model][checkpoint]") {
  const test::TempFolder folder;
  const auto weights = test::tiny_weights(test::odd_config(), 1);
  const auto saved_with = [&](auto change) {
    REQUIRE(save_checkpoint(folder.file("c"), weights, {}).ok());
    auto tensors = weights.tensors;
    change(tensors);
    REQUIRE(write_safetensors(folder.file("c/model.safetensors"), tensors).ok());
    const auto loaded = load_checkpoint(folder.file("c"));
    REQUIRE_FALSE(loaded.ok());
    CHECK(loaded.status().code() == Code::kData);
    return loaded.status().message();
  };
  const std::string file = folder.file("c/model.safetensors");
  CHECK(
      saved_with([](auto& t) { t.erase("lm_head.weight"); }).starts_with(file + ": tensor lm_head.weight is missing"));
  CHECK(saved_with([](auto& t) {
          t["model.norm.weight"].shape = {6, 6};
        }).starts_with(file + ": tensor model.norm.weight: expected shape [36], found [6, 6]"));
  CHECK(saved_with([](auto& t) {
          t["model.layers.2.mlp.up_proj.weight"] = t["model.norm.weight"];
        }).find("tensor model.layers.2.mlp.up_proj.weight is not part") != std::string::npos);
  fs::remove(file);
  CHECK(load_checkpoint(folder.file("c")).status().message().find("neither model.safetensors nor") !=
        std::string::npos);
  fs::remove(folder.file("c/config.json"));
  CHECK(load_checkpoint(folder.file("c")).status().message().find("config.json: cannot open") != std::string::npos);
}

TEST_CASE("buffers that are no weights and a copy of the tied head are left out", "[model][checkpoint]") {
  const test::TempFolder folder;
  auto weights = test::tiny_weights(test::mini_config(), 1);
  REQUIRE(save_checkpoint(folder.file("c"), weights, {}).ok());
  auto tensors = weights.tensors;
  tensors["lm_head.weight"] = tensors["model.embed_tokens.weight"];
  tensors["model.layers.0.self_attn.rotary_emb.inv_freq"] = {{2}, std::vector<float>{1, 2}};
  REQUIRE(write_safetensors(folder.file("c/model.safetensors"), tensors).ok());
  CHECK(equal(load_checkpoint(folder.file("c")).value(), weights));
}

TEST_CASE("fresh weights are normal, the same for the same seed, and count as the config says", "[model][weights]") {
  const auto config = test::mini_config();
  const auto weights = random_weights(config, 5);
  CHECK(check_weights(weights, "fresh").ok());
  CHECK(equal(weights, random_weights(config, 5)));
  CHECK_FALSE(equal(weights, random_weights(config, 6)));
  std::int64_t count = 0;
  double sum = 0;
  double square = 0;
  double fourth = 0;
  double drawn = 0;
  for (const auto& [name, tensor] : weights.tensors) {
    count += static_cast<std::int64_t>(tensor.values.size());
    if (tensor.shape.size() == 1) continue;
    for (const float value : tensor.values) {
      const double z = static_cast<double>(value) / 0.02;
      sum += z;
      square += z * z;
      fourth += z * z * z * z;
      drawn += 1;
    }
  }
  CHECK(count == config.parameter_count());
  CHECK(sum / drawn == Approx(0).margin(0.02));
  CHECK(square / drawn == Approx(1).margin(0.02));
  CHECK(fourth / drawn == Approx(3).margin(0.15));
  CHECK(weights.tensors.at("model.embed_tokens.weight").values[0] ==
        random_weights(config, 5).tensors.at("model.embed_tokens.weight").values[0]);
}
