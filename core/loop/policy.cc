#include "core/loop/policy.h"

#include <algorithm>

#include "core/base/files.h"
#include "core/base/hash.h"
#include "core/model/gguf_model.h"
#include "core/text/chat_match.h"

namespace ipr::loop {
namespace {

// A tokenizer file beside a GGUF file counts more than the keys in it.
std::optional<std::string> gguf_with_tokenizer(const std::string& path) {
  return text::has_tokenizer(path) ? std::nullopt : model::gguf_of(path);
}

}  // namespace

Result<std::unique_ptr<Speech>> load_speech(const std::string& path, const std::string& chat_template) {
  if (const auto gguf = gguf_with_tokenizer(path)) {
    IPR_ASSIGN(const text::GgufTokenizer keys, model::read_gguf_tokenizer(*gguf));
    IPR_ASSIGN(text::Tokenizer tokenizer, text::Tokenizer::from_gguf(keys, *gguf));
    IPR_ASSIGN(text::ChatTemplate chosen,
               text::choose_chat_template(chat_template, keys.chat_template, *gguf, tokenizer));
    return std::make_unique<Speech>(Speech{std::move(tokenizer), std::move(chosen)});
  }
  IPR_ASSIGN(text::Tokenizer tokenizer, text::load_tokenizer(path));
  IPR_ASSIGN(text::ChatTemplate chosen, text::load_chat_template(path, chat_template, tokenizer));
  return std::make_unique<Speech>(Speech{std::move(tokenizer), std::move(chosen)});
}

bool has_speech(const std::string& path) {
  if (text::has_tokenizer(path)) return true;
  const std::optional<std::string> gguf = model::gguf_of(path);
  if (!gguf) return false;
  const Result<text::GgufTokenizer> keys = model::read_gguf_tokenizer(*gguf);
  return !keys.ok() || !keys->model.empty();  // load_speech says what is wrong with the file
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

std::size_t kv_budget_bytes(const model::LlamaConfig& config) {
  constexpr std::size_t kMost = std::size_t{3} << 29;
  const auto position =
      static_cast<std::size_t>(config.num_layers * 2 * config.num_kv_heads * config.head_dim) * sizeof(float);
  const auto positions = static_cast<std::size_t>(rollout::GeneratorOptions().max_rows * config.max_positions);
  return std::min(kMost, positions * position);
}

std::unique_ptr<Policy> make_policy(const std::string& name, int iteration, model::Weights weights, int model_threads) {
  auto policy = std::make_unique<Policy>();
  policy->name = name;
  policy->iteration = iteration;
  policy->weights = std::move(weights);
  policy->sha256 = weights_hash(policy->weights);
  policy->engine = std::make_unique<model::Engine>(policy->weights, model_threads);
  rollout::GeneratorOptions options;
  options.kv_budget_bytes = kv_budget_bytes(policy->weights.config);
  policy->generator = std::make_unique<rollout::Generator>(*policy->engine, options);
  return policy;
}

std::string weights_hash(const model::Weights& weights) {
  std::string bytes;
  for (const auto& [name, tensor] : weights.tensors) {
    bytes += name;
    bytes.append(reinterpret_cast<const char*>(tensor.shape.data()), tensor.shape.size() * sizeof(std::int64_t));
    bytes.append(reinterpret_cast<const char*>(tensor.values.data()), tensor.values.size() * sizeof(float));
  }
  return sha256_hex(bytes);
}

}  // namespace ipr::loop
