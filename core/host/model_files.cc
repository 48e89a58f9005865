#include "core/host/model_files.h"

#include <cstdio>
#include <filesystem>
#include <system_error>
#include <utility>

#include "core/base/files.h"
#include "core/base/json.h"
#include "core/loop/policy.h"
#include "core/model/checkpoint.h"
#include "core/model/peft_folder.h"

namespace ipr::host {
namespace fs = std::filesystem;
namespace {

Json lora_to_json(const model::Lora& lora) {
  Json modules = Json::array();
  for (const auto& [module, pair] : lora.pairs) modules.push_back(module);
  return {{"rank", lora.rank},
          {"alpha", lora.alpha},
          {"scale", lora.scale()},
          {"base", lora.base},
          {"parameters", lora.parameter_count()},
          {"modules", std::move(modules)}};
}

void print_tensor(const std::string& name, const model::Tensor& tensor) {
  std::printf("  %-56s %s\n", name.c_str(), Json(tensor.shape).dump().c_str());
}

void print_lora(const model::Lora& lora) {
  std::printf("LoRA of rank %lld, alpha %g%s: W + %g B A in %zu modules, %lld parameters\nbase %s\n",
              static_cast<long long>(lora.rank), lora.alpha, lora.rank_stabilized ? " over the root of the rank" : "",
              lora.scale(), lora.pairs.size(), static_cast<long long>(lora.parameter_count()), lora.base.c_str());
  for (const auto& [module, pair] : lora.pairs) {
    print_tensor(module + ".lora_A", pair.a);
    print_tensor(module + ".lora_B", pair.b);
  }
}

// The tokenizer of a GGUF file goes along as a tokenizer.json, which every reader knows.
Result<std::map<std::string, std::string>> files_with_tokenizer(const std::string& folder) {
  IPR_ASSIGN(auto files, other_files(folder));
  if (!files.contains("tokenizer.json") && !files.contains("tokenizer.model") && loop::has_speech(folder)) {
    IPR_ASSIGN(const auto speech, loop::load_speech(folder));
    files.merge(loop::speech_files(*speech));
  }
  return files;
}

}  // namespace

Result<std::map<std::string, std::string>> other_files(const std::string& folder) {
  const fs::path place = loop::speech_folder(folder);
  std::map<std::string, std::string> files;
  for (const char* name :
       {"tokenizer.json", "tokenizer.model", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json",
        "vocab.json", "merges.txt", "chat_template.jinja", "generation_config.json"}) {
    std::error_code ignored;
    if (fs::is_regular_file(place / name, ignored)) {
      IPR_ASSIGN(files[name], read_file((place / name).string()));
    }
  }
  return files;
}

Status inspect_model(const std::string& path, bool json) {
  IPR_ASSIGN(const model::Weights weights, model::load_checkpoint(path, model::Precision::kAsStored));
  if (json) {
    Json tensors = Json::object();
    for (const auto& [name, tensor] : weights.tensors) tensors[name] = tensor.shape;
    Json answer = {{"config", model::config_to_json(weights.config)},
                   {"parameters", weights.config.parameter_count()},
                   {"tensors", std::move(tensors)},
                   {"sha256", loop::weights_hash(weights)}};
    if (weights.lora) answer["lora"] = lora_to_json(*weights.lora);
    std::printf("%s\n", dump_line(answer).c_str());
    return {};
  }
  std::printf("%s\n%s\nparameters %lld\n", path.c_str(), model::config_to_json(weights.config).dump(2).c_str(),
              static_cast<long long>(weights.config.parameter_count()));
  for (const auto& [name, tensor] : weights.tensors) print_tensor(name, tensor);
  if (weights.lora) print_lora(*weights.lora);
  return {};
}

Status merge_model(const std::string& folder, const std::string& out, bool json) {
  if (!model::is_peft_folder(folder))
    return usage(folder + ": has no adapter_config.json; only a PEFT folder has something to merge");
  std::error_code ignored;
  if (fs::exists(out, ignored) && !(fs::is_directory(out, ignored) && fs::is_empty(out, ignored)))
    return usage(out + ": exists; give a new folder");
  IPR_TRY(check_can_make(out));
  IPR_ASSIGN(const auto files, files_with_tokenizer(folder));
  IPR_ASSIGN(model::Weights weights, model::load_checkpoint(folder, model::Precision::kAsStored));
  weights = model::merged(std::move(weights));
  IPR_TRY(model::save_checkpoint(out, weights, files));
  for (auto& [name, tensor] : weights.tensors) tensor.values = tensor.values.as_f32();  // as they were saved
  const std::string hash = loop::weights_hash(weights);
  if (json) {
    std::printf("%s\n", dump_line({{"out", out}, {"sha256", hash}}).c_str());
  } else {
    std::printf("checkpoint  %s\nsha256      %s\n", out.c_str(), hash.c_str());
  }
  return {};
}

}  // namespace ipr::host
