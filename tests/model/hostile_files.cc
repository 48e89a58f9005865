#include "tests/model/hostile_files.h"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <new>
#include <vector>

#include "core/base/rng.h"
#include "core/model/checkpoint.h"
#include "core/model/engine.h"
#include "core/model/gguf_model.h"
#include "core/model/safetensors.h"
#include "core/text/tokenizer.h"
#include "tests/model/gguf_writer.h"
#include "tests/model/kv_memory.h"
#include "tests/model/tiny_model.h"
#include "tests/support/json_damage.h"

namespace {
std::atomic<std::uint64_t> allocated{0};  // bytes asked for since the program began
}

// All allocations of the program are counted, so that a load's can be. Not inlined, or the compiler sees `free` where
// it expects the `delete` of a `new`.
[[gnu::noinline]] void* operator new(std::size_t size) {
  allocated += size;
  if (void* const memory = std::malloc(std::max<std::size_t>(size, 1))) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  allocated += size;
  return std::malloc(std::max<std::size_t>(size, 1));
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}

namespace ipr::test {
namespace {

using Files = std::map<std::string, std::string>;  // name to contents

model::LlamaConfig tiny_config() {
  model::LlamaConfig config = family_configs()[2];  // Qwen2: the most to say in config.json
  config.vocab_size = 20;
  config.hidden_size = 8;
  config.intermediate_size = 12;
  config.num_heads = 2;
  config.num_kv_heads = 1;
  config.head_dim = 4;
  return config;
}

std::string contents_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// One whole model as safetensors, sharded by an index.
Files safetensors_model(const std::string& folder) {
  const model::Weights weights = tiny_weights(tiny_config(), 1);
  std::map<std::string, model::Tensor> parts[2];
  Json map;
  for (const auto& [name, tensor] : weights.tensors) {
    const int part = name.find("layers.1") != std::string::npos ? 1 : 0;
    parts[part][name] = tensor;
    map[name] = part == 0 ? "a.safetensors" : "b.safetensors";
  }
  Files files = {{"config.json", config_to_json(weights.config).dump()},
                 {"model.safetensors.index.json", Json({{"weight_map", map}}).dump()}};
  for (const int part : {0, 1}) {
    const std::string path = folder + "/made";
    if (!model::write_safetensors(path, parts[part]).ok()) std::abort();
    files[part == 0 ? "a.safetensors" : "b.safetensors"] = contents_of(path);
    std::filesystem::remove(path);
  }
  return files;
}

Files gguf_model(const std::string&) {
  model::LlamaConfig config = tiny_config();
  config.family = model::Family::kLlama;
  config.qkv_bias = false;
  config.sliding_window = 0;
  config.windowed.clear();
  const model::Weights weights = tiny_weights(config, 1);
  GgufModel model(weights);
  model.writer.string("tokenizer.ggml.model", "gpt2");
  model.writer.list("tokenizer.ggml.tokens", 8, 3,
                    GgufWriter::text("a") + GgufWriter::text("b") + GgufWriter::text("ab"));
  model.writer.list("tokenizer.ggml.token_type", 5, 3,
                    GgufWriter::bytes(1) + GgufWriter::bytes(3) + GgufWriter::bytes(1));
  model.writer.list("tokenizer.ggml.scores", 6, 1, GgufWriter::bytes(-2.5f));
  model.writer.list("tokenizer.ggml.merges", 8, 1, GgufWriter::text("a b"));
  model.writer.u32("tokenizer.ggml.eos_token_id", 2);
  model.writer.flag("tokenizer.ggml.add_bos_token", false);
  return {{"m.gguf", model.writer.file()}};
}

// A base and, over it, a PEFT folder.
Files peft_folder(const std::string& folder) {
  model::Weights weights = tiny_weights(tiny_config(), 1);
  const std::string base = folder + "/base", adapter = folder + "/adapter";
  const bool base_saved = model::save_checkpoint(base, weights, {}).ok();
  weights.lora = tiny_lora(weights.config, 2, 1);
  weights.lora->base = "base";
  if (!base_saved || !model::save_checkpoint(adapter, weights, {}).ok()) std::abort();
  Files files;
  for (const char* name : {"config.json", "model.safetensors"})
    files[std::string("base/") + name] = contents_of(base + "/" + name);
  for (const char* name : {"adapter_config.json", "adapter_model.safetensors"})
    files[name] = contents_of(adapter + "/" + name);
  return files;
}

// Numbers at which sizes and offsets break.
std::uint64_t awkward_number(Rng& rng) {
  const std::uint64_t kNumbers[] = {0,
                                    1,
                                    2,
                                    3,
                                    7,
                                    31,
                                    255,
                                    65535,
                                    0x7fffffff,
                                    0x80000000,
                                    0xffffffff,
                                    0x100000000,
                                    std::uint64_t{1} << 61,
                                    INT64_MAX,
                                    std::uint64_t{1} << 63,
                                    UINT64_MAX,
                                    0x7fc00000,
                                    0x7f800000,
                                    10'000'000'000};
  const std::uint64_t number = kNumbers[rng.below(std::size(kNumbers))];
  return rng.below(3) == 0 ? number + rng.below(64) - 32 : number;
}

std::string awkward_text(Rng& rng) {
  switch (rng.below(8)) {
    case 0:
      return std::to_string(awkward_number(rng));
    case 1:
      return "-" + std::to_string(awkward_number(rng));
    case 2:
      return std::string(1 + rng.below(2000), "[{\"]}:,"[rng.below(7)]);
    case 3:
      return "null";
    case 4:
      return "1e999";
    case 5:
      return "\"F16\"";
    case 6:
      return "\"\\u0000\"";
    default:
      return std::to_string(rng.below(100));
  }
}

// The JSON of a config or index, or the header of a safetensors file, changed as JSON; false if it is none.
bool mutate_json(Rng& rng, std::string& file) {
  const bool bare = file.starts_with('{');
  std::uint64_t size = file.size();
  if (!bare) {
    if (file.size() < 8) return false;
    std::memcpy(&size, file.data(), 8);
    if (size > file.size() - 8) return false;
  }
  const std::size_t begin = bare ? 0 : 8;
  Json json = Json::parse(file.substr(begin, size), nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded()) return false;
  std::string text = damaged_json(std::move(json), rng);
  const std::uint64_t changed = text.size();
  if (!bare) text.insert(0, reinterpret_cast<const char*>(&changed), 8);
  file.replace(0, begin + size, text);
  return true;
}

void mutate(Rng& rng, std::string& file) {
  if (file.empty()) return;
  if (rng.below(3) == 0 && mutate_json(rng, file)) return;
  // Most faults where the structure is: near the beginning.
  const std::size_t reach = rng.below(4) == 0 ? file.size() : std::min<std::size_t>(file.size(), 2500);
  const std::size_t at = rng.below(reach);
  const std::size_t length = std::min<std::size_t>(file.size() - at, 1 + rng.below(40));
  switch (rng.below(9)) {
    case 0:
      file[at] = static_cast<char>(file[at] ^ (1 << rng.below(8)));
      return;
    case 1:
      file[at] = static_cast<char>(rng.below(256));
      return;
    case 2: {
      const std::uint64_t number = awkward_number(rng);
      const std::size_t width = std::min<std::size_t>(std::size_t{1} << rng.below(4), file.size() - at);
      std::memcpy(&file[at], &number, width);
      return;
    }
    case 3:
      file.resize(at);
      return;
    case 4:
      file.erase(at, length);
      return;
    case 5:
      file.insert(at, file.substr(rng.below(file.size()), length));
      return;
    case 6: {  // a number of the text becomes another
      const std::size_t digit = file.find_first_of("0123456789", at);
      if (digit == std::string::npos) return;
      const std::size_t end = std::min(file.find_first_not_of("0123456789", digit), file.size());
      file.replace(digit, end - digit, awkward_text(rng));
      return;
    }
    case 7:
      file.insert(at, awkward_text(rng));
      return;
    default: {
      const auto byte = static_cast<char>(rng.below(256));
      file.append(1 + rng.below(100), byte);
      return;
    }
  }
}

// What a refusal must be, said of one that is not.
std::string judge(const Status& status) {
  if (status.code() != Code::kData) return "code " + std::to_string(static_cast<int>(status.code()));
  if (status.message().find('\n') != std::string::npos) return "more than a line";
  if (status.message().size() > 1200) return "a message of " + std::to_string(status.message().size()) + " bytes";
  return {};
}

// A model that did load must also run.
void run_model(const model::Weights& weights) {
  const model::CpuEngine engine(weights, 1);
  (void)logits_alone(engine, {0, 1, 2}, 3);
}

}  // namespace

std::string try_hostile_file(HostileKind kind, std::uint64_t seed, std::uint64_t number, const std::string& folder,
                             HostileTally& tally) {
  static const Files kWhole[] = {safetensors_model(folder), gguf_model(folder), peft_folder(folder)};
  Rng rng(mix(seed, number));
  Files files = kWhole[static_cast<std::size_t>(kind)];
  auto changed = files.begin();
  std::advance(changed, static_cast<std::ptrdiff_t>(rng.below(files.size())));
  for (std::uint64_t i = 1 + rng.below(3); i > 0; --i) mutate(rng, changed->second);
  std::uint64_t bytes = 0;
  for (const auto& [name, contents] : files) {
    if (name.starts_with("base/")) std::filesystem::create_directory(folder + "/base");
    std::ofstream(folder + "/" + name, std::ios::binary | std::ios::trunc) << contents;
    bytes += contents.size();
  }

  const std::uint64_t before = allocated;
  const Result<model::Weights> weights = model::load_checkpoint(folder);
  const std::uint64_t used = allocated - before;
  tally.most_bytes = std::max(tally.most_bytes, used);
  if (used > 64 * bytes + (std::uint64_t{64} << 20)) return std::to_string(used) + " bytes were asked for";
  std::string wrong;
  if (weights.ok()) {
    ++tally.loaded;
    run_model(*weights);
  } else {
    ++tally.refused;
    wrong = judge(weights.status());
    if (!wrong.empty()) wrong += ": " + weights.status().message();
  }
  if (kind == HostileKind::kGguf && wrong.empty()) {
    const auto keys = model::read_gguf_tokenizer(folder + "/m.gguf");
    const Status read = keys.ok() ? text::Tokenizer::from_gguf(*keys, "m.gguf").status() : keys.status();
    if (!read.ok()) wrong = judge(read);
  }
  return wrong;
}

}  // namespace ipr::test
