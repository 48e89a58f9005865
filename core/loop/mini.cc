#include "core/loop/mini.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <sstream>

#include "core/text/chat.h"

namespace ipr::loop {
namespace {

constexpr std::int32_t kSmallVocabulary = 768, kLargeVocabulary = 4096;
constexpr std::int64_t kHeadDim = 16;
struct Size {
  const char* name;
  std::int64_t width, layers, swiglu;
};
constexpr Size kSizes[] = {{"mini", 128, 2, 352}, {"mini-small", 64, 2, 176}, {"mini-large", 192, 3, 528}};

constexpr std::size_t kSmallWorldWords = 2000;  // distinct words that 768 ids can still spell in few pieces

std::size_t count_words(const std::vector<std::string>& texts) {
  std::set<std::string> words;
  for (const std::string& text : texts) {
    std::istringstream stream(text);
    for (std::string word; stream >> word;) words.insert(word);
  }
  return words.size();
}

}  // namespace

text::Tokenizer train_mini_tokenizer(const std::vector<const rollout::Trajectory*>& trajectories,
                                     const env::Prompts& prompts, const std::vector<std::string>& added_tokens) {
  std::vector<std::string> texts;
  for (const auto& [prefix, prompt] : prompts.all()) {
    for (const env::PromptMessage& message : prompt) texts.push_back(message.text);
  }
  for (const rollout::Trajectory* trajectory : trajectories) {
    texts.push_back(trajectory->first_message);
    for (const rollout::TrajectoryTurn& turn : trajectory->turns) {
      texts.push_back(turn.message);
      texts.push_back(turn.observation);
    }
  }
  text::TrainOptions options;
  const std::size_t worlds = prompts.all().size();
  options.vocab_size = count_words(texts) <= worlds * kSmallWorldWords
                           ? static_cast<std::int32_t>(worlds) * kSmallVocabulary
                           : kLargeVocabulary;
  options.special_tokens = text::ChatTemplate::special_tokens(kMiniTemplate);
  options.added_tokens = added_tokens;
  return text::Tokenizer::train(texts, options);
}

const std::vector<std::string>& mini_names() {
  static const std::vector<std::string> kNames = [] {
    std::vector<std::string> names;
    for (const Size& size : kSizes) names.emplace_back(size.name);
    return names;
  }();
  return kNames;
}

bool is_mini(const std::string& model) {
  return std::find(mini_names().begin(), mini_names().end(), model) != mini_names().end();
}

model::LlamaConfig mini_config(const text::Tokenizer& tokenizer, std::size_t longest_episode, const std::string& name) {
  const Size& size = *std::find_if(std::begin(kSizes), std::end(kSizes), [&](const Size& s) { return s.name == name; });
  model::LlamaConfig config;
  config.vocab_size = (tokenizer.vocab_size() + 15) / 16 * 16;  // whole blocks of 16 output columns
  config.hidden_size = size.width;
  config.intermediate_size = size.swiglu;
  config.num_layers = size.layers;
  config.num_heads = config.num_kv_heads = size.width / kHeadDim;
  config.head_dim = kHeadDim;
  config.max_positions =
      static_cast<std::int64_t>(std::max<std::size_t>((longest_episode * 5 / 4 + 255) / 256 * 256, 1024));
  config.rope_theta = 10000;
  config.rms_norm_eps = 1e-5;
  config.tie_word_embeddings = true;
  config.eos_token_id = tokenizer.token_id(text::ChatTemplate::special_tokens(kMiniTemplate).back()).value_or(-1);
  config.pad_token_id = 0;
  return config;
}

}  // namespace ipr::loop
