#include "core/loop/policy.h"

#include <algorithm>
#include <filesystem>

#include "core/base/files.h"
#include "core/base/hash.h"
#include "core/base/parallel.h"
#include "core/base/rng.h"
#include "core/model/gguf_model.h"
#include "core/model/peft_folder.h"
#include "core/text/chat_match.h"
#include "core/train/device_engine.h"

namespace ipr::loop {
namespace {

// A tokenizer file beside a GGUF file counts more than the keys in it.
std::optional<std::string> gguf_with_tokenizer(const std::string& path) {
  return text::has_tokenizer(path) ? std::nullopt : model::gguf_of(path);
}

}  // namespace

std::string speech_folder(const std::string& path) {
  if (text::has_tokenizer(path) || !model::is_peft_folder(path)) return path;
  const Result<std::string> base = model::find_peft_base(path);
  return base.ok() ? *base : path;
}

Result<std::unique_ptr<Speech>> load_speech(const std::string& path, const std::string& chat_template) {
  const std::string place = speech_folder(path);
  if (const auto gguf = gguf_with_tokenizer(place)) {
    IPR_ASSIGN(const text::GgufTokenizer keys, model::read_gguf_tokenizer(*gguf));
    IPR_ASSIGN(text::Tokenizer tokenizer, text::Tokenizer::from_gguf(keys, *gguf));
    IPR_ASSIGN(text::ChatTemplate chosen,
               text::choose_chat_template(chat_template, keys.chat_template, *gguf, tokenizer));
    return std::make_unique<Speech>(Speech{std::move(tokenizer), std::move(chosen)});
  }
  IPR_ASSIGN(text::Tokenizer tokenizer, text::load_tokenizer(place));
  IPR_ASSIGN(text::ChatTemplate chosen, text::load_chat_template(place, chat_template, tokenizer));
  return std::make_unique<Speech>(Speech{std::move(tokenizer), std::move(chosen)});
}

bool has_speech(const std::string& path) {
  const std::string place = speech_folder(path);
  const auto gguf = gguf_with_tokenizer(place);
  if (!gguf) return text::has_tokenizer(place);
  const Result<text::GgufTokenizer> keys = model::read_gguf_tokenizer(*gguf);
  return !keys.ok() || !keys->model.empty();  // of a broken file load_speech() tells more
}

Status check_speech(const Speech& speech, const model::LlamaConfig& config, const std::string& folder) {
  if (speech.tokenizer.vocab_size() <= config.vocab_size) return {};
  return bad_data(folder + ": the tokenizer has " + std::to_string(speech.tokenizer.vocab_size()) +
                  " ids, the model only " + std::to_string(config.vocab_size) + "; they do not belong together");
}

std::map<std::string, std::string> speech_files(const Speech& speech) {
  const Json config = {{"tokenizer_class", "PreTrainedTokenizerFast"}, {"chat_template", speech.chat_template.jinja()}};
  return {{"tokenizer.json", speech.tokenizer.to_json().dump()}, {"tokenizer_config.json", config.dump(2)}};
}

train::BackendOptions backend_options(const Compute& compute) {
  train::BackendOptions options;
  options.device = compute.device;
  options.threads = compute.threads;
  options.dtype = compute.dtype;
  return options;
}

model::Width width_of(const Compute& compute) {
  return compute.device == "cpu" && compute.dtype == "bf16" ? model::Width::kBf16 : model::Width::kF32;
}

rollout::GeneratorOptions generator_options(const model::LlamaConfig& config, const Compute& compute) {
  const bool gpu = compute.device != "cpu";
  rollout::GeneratorOptions options;
  if (gpu) options.max_rows = 256, options.max_prefill_rows = 4096;
  const std::size_t most = gpu ? std::size_t{10} << 30 : std::size_t{3} << 29;
  const auto position = static_cast<std::size_t>(config.num_layers * 2 * config.num_kv_heads * config.head_dim) *
                        (compute.dtype == "bf16" ? 2 : sizeof(float));
  const auto positions = static_cast<std::size_t>(options.max_rows * config.max_positions);
  options.kv_budget_bytes = std::min(most, positions * position);
  return options;
}

Result<std::unique_ptr<model::Engine>> make_engine(const model::Weights& weights, const Compute& compute) {
  if (compute.device == "cpu") {
    std::unique_ptr<model::Engine> engine =
        std::make_unique<model::CpuEngine>(weights, compute.threads, model::best_kernels(width_of(compute)));
    return engine;
  }
  const std::size_t kv_bytes = generator_options(weights.config, compute).kv_budget_bytes;
  return train::load_engine({compute.device, compute.dtype, compute.threads, kv_bytes}, weights);
}

Result<std::unique_ptr<Policy>> make_policy(const std::string& name, int iteration, model::Weights weights,
                                            const Compute& compute) {
  auto policy = std::make_unique<Policy>();
  policy->name = name;
  policy->iteration = iteration;
  policy->weights = std::move(weights);
  policy->sha256 = weights_hash(policy->weights);
  IPR_ASSIGN(policy->engine, make_engine(policy->weights, compute));
  policy->generator =
      std::make_unique<rollout::Generator>(*policy->engine, generator_options(policy->weights.config, compute));
  return policy;
}

Result<model::Weights> load_start_model(const std::string& folder, std::int64_t lora_rank, std::uint64_t seed) {
  if (lora_rank == 0) {
    IPR_ASSIGN(model::Weights weights, model::load_checkpoint(folder));
    return weights.lora ? model::merged(weights) : std::move(weights);
  }
  IPR_ASSIGN(model::Weights weights, model::load_checkpoint(folder, model::Precision::kAsStored));
  if (!weights.lora) {
    weights.lora = model::fresh_lora(weights.config, lora_rank, mix(seed, fnv1a64("lora")));
    weights.lora->base = std::filesystem::absolute(folder).lexically_normal().string();
  } else if (weights.lora->rank != lora_rank) {
    return usage("--lora " + std::to_string(lora_rank) + ": the change in " + folder + " is of rank " +
                 std::to_string(weights.lora->rank) + "; give that rank, or merge it first (ipr-host model merge)");
  }
  return weights;
}

Result<model::Weights> load_like(const model::Weights& start, const std::string& folder) {
  if (!start.lora) return model::load_checkpoint(folder);
  model::Weights weights = start;
  IPR_ASSIGN(weights.lora, model::load_peft(folder, start.config));
  return weights;
}

std::string weights_hash(const model::Weights& weights) {
  std::vector<const model::Values*> all;
  for (const auto& [name, tensor] : weights.tensors) all.push_back(&tensor.values);
  for_each_in_parallel(all.size(), [&](std::size_t i) { (void)all[i]->sha256(); });  // each keeps its own
  std::string names;
  const auto add = [&](const std::string& name, const model::Tensor& tensor) {
    names += name + " " + Json(tensor.shape).dump() + " " + tensor.values.sha256() + "\n";
  };
  for (const auto& [name, tensor] : weights.tensors) add(name, tensor);
  if (weights.lora) {
    names += "lora " + std::to_string(weights.lora->scale()) + "\n";
    for (const auto& [module, pair] : weights.lora->pairs) {
      add(module + " A", pair.a);
      add(module + " B", pair.b);
    }
  }
  if (weights.value_head) {
    add(model::kValueWeight, weights.value_head->weight);
    add(model::kValueBias, weights.value_head->bias);
  }
  return sha256_hex(names);
}

}  // namespace ipr::loop
