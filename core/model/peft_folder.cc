#include "core/model/peft_folder.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <optional>
#include <set>
#include <string_view>
#include <system_error>
#include <vector>

#include "core/base/files.h"
#include "core/base/folders.h"
#include "core/model/model_folder.h"
#include "core/model/safetensors.h"

namespace ipr::model {
namespace fs = std::filesystem;
namespace {

constexpr const char* kConfig = "/adapter_config.json";
constexpr const char* kTensors = "/adapter_model.safetensors";
constexpr std::string_view kPrefix = "base_model.model.";  // of peft's wrapper around the model
constexpr std::string_view kEndOfA = ".lora_A.weight", kEndOfB = ".lora_B.weight";

// Keys that are looked at below, or say how a change was trained or where it sits, which its tensors say better. Any
// other one must be off.
constexpr const char* kWithoutEffect[] = {"auto_mapping",
                                          "base_model_name_or_path",
                                          "corda_config",
                                          "ensure_weight_tying",
                                          "eva_config",
                                          "exclude_modules",
                                          "inference_mode",
                                          "layers_pattern",
                                          "layers_to_transform",
                                          "loftq_config",
                                          "lora_alpha",
                                          "lora_dropout",
                                          "lora_ga_config",
                                          "megatron_core",
                                          "peft_type",
                                          "peft_version",
                                          "qalora_group_size",
                                          "r",
                                          "revision",
                                          "runtime_config",
                                          "target_modules",
                                          "task_type",
                                          "use_rslora"};

// Starts of A and B that leave the base as it is; others (PiSSA, OLoRA, LoftQ, …) take their start out of it.
constexpr const char* kPlainStarts[] = {"gaussian", "eva", "orthogonal"};

template <typename Value, std::size_t N>
bool is_one_of(const Value& value, const char* const (&choices)[N]) {
  return std::find(std::begin(choices), std::end(choices), value) != std::end(choices);
}

// Whether a key with this value leaves W + scale B A as it is.
bool is_inert(const std::string& key, const Json& value) {
  if (value.empty() || value == false || value == "") return true;  // null and empty lists and objects are off, too
  if (key == "bias") return value == "none";
  if (key == "init_lora_weights") return value == true || is_one_of(value, kPlainStarts);
  return is_one_of(key, kWithoutEffect);
}

Status check_supported(const Json& json, const std::string& path) {
  const Json type = json.value("peft_type", Json());
  if (type != "LORA")
    return bad_data(path + ": \"peft_type\": " + dump_brief(type) + " is not supported; only \"LORA\" is");
  for (const auto& [key, value] : json.items()) {
    if (is_inert(key, value)) continue;
    return bad_data(path + ": " + dump_brief(key) + ": " + dump_brief(value) +
                    " is not supported and may change the numbers; merge the adapter with peft (merge_and_unload) and "
                    "give the merged model");
  }
  return {};
}

bool is_path(const std::string& text) {
  return text.size() <= 4096 && std::none_of(text.begin(), text.end(), [](unsigned char c) { return c < 32; });
}

// An adapter_config.json; `pairs` is still empty, `base` as the file says.
Result<Lora> read_config(const std::string& folder) {
  const std::string path = folder + kConfig;
  IPR_ASSIGN(const Json json, read_config_file(path));
  if (!json.is_object()) return bad_data(path + ": expected a JSON object");
  IPR_TRY(check_supported(json, path));
  Lora lora;
  const Json rank = json.value("r", Json());
  constexpr std::int64_t kLargest = std::int64_t{1} << 28;
  if (!rank.is_number_integer() || rank < 1 || rank > kLargest)
    return bad_data(path + ": \"r\": expected a positive rank, found " + dump_brief(rank));
  lora.rank = rank.get<std::int64_t>();
  const Json alpha = json.value("lora_alpha", Json());
  if (!alpha.is_number() || !std::isfinite(alpha.get<double>()))
    return bad_data(path + ": \"lora_alpha\": expected a number, found " + dump_brief(alpha));
  lora.alpha = alpha.get<double>();
  const Json stabilized = json.value("use_rslora", Json());
  if (!stabilized.is_null() && !stabilized.is_boolean())
    return bad_data(path + ": \"use_rslora\": expected true or false, found " + dump_brief(stabilized));
  lora.rank_stabilized = stabilized == true;
  const Json base = json.value("base_model_name_or_path", Json());
  if (!base.is_null() && !(base.is_string() && is_path(base)))
    return bad_data(path + ": \"base_model_name_or_path\": expected a path, found " + dump_brief(base));
  if (base.is_string()) lora.base = base;
  return lora;
}

// The places where a base of this name is looked for.
std::vector<fs::path> places_of(const std::string& folder, const std::string& base) {
  if (base.empty()) return {};
  std::error_code ignored;
  const fs::path here = fs::current_path(ignored);
  std::vector<fs::path> places = {(here / folder / base).lexically_normal()};  // `base` alone, where that is absolute
  if (const fs::path other = (here / base).lexically_normal(); other != places[0]) places.push_back(other);
  return places;
}

std::optional<std::string> found_base(const std::string& folder, const std::string& base) {
  std::error_code ignored;
  for (const fs::path& place : places_of(folder, base)) {
    if (fs::exists(place, ignored)) return place.string();
  }
  return std::nullopt;
}

// "model.layers.0.self_attn.q_proj" and A or B; nothing for the name of any other tensor.
struct Half {
  std::string module;
  bool is_a;
};
std::optional<Half> half_of(const std::string& name) {
  const bool is_a = name.ends_with(kEndOfA);
  if (!name.starts_with(kPrefix) || (!is_a && !name.ends_with(kEndOfB))) return std::nullopt;
  if (name.size() < kPrefix.size() + kEndOfA.size()) return std::nullopt;
  return Half{name.substr(kPrefix.size(), name.size() - kPrefix.size() - kEndOfA.size()), is_a};
}

std::string tensor_name(const std::string& module, std::string_view end) {
  std::string name(kPrefix);
  return name.append(module).append(end);
}

Status read_pairs(const std::string& path, Lora& lora) {
  IPR_ASSIGN(const SafetensorsFile file, open_safetensors(path));
  for (const StoredTensor& stored : file.tensors) {
    const std::optional<Half> half = half_of(stored.name);
    if (!half) {
      return bad_data(path + ": tensor " + stored.name +
                      " is no lora_A or lora_B of a linear layer; only those are supported");
    }
    Tensor tensor = expand(stored);
    IPR_TRY(check_finite(stored.name, tensor, path));
    LoraPair& pair = lora.pairs[half->module];
    (half->is_a ? pair.a : pair.b) = std::move(tensor);
  }
  if (lora.pairs.empty()) return bad_data(path + ": holds no tensor; save the adapter again");
  for (const auto& [module, pair] : lora.pairs) {
    if (pair.a.shape.empty() || pair.b.shape.empty()) {
      return bad_data(path + ": " + module + " has no " + (pair.a.shape.empty() ? "lora_A" : "lora_B") +
                      "; the file is damaged, save the adapter again");
    }
  }
  return {};
}

// "q_proj" of "model.layers.0.self_attn.q_proj".
std::string last_part(const std::string& module) {
  return module.substr(module.rfind('.') + 1);
}

// What peft looks for in the names of modules: their last parts, where every layer has them; else whole names.
Json target_modules(const Weights& weights) {
  std::set<std::string> parts;
  for (const auto& [module, pair] : weights.lora->pairs) parts.insert(last_part(module));
  if (weights.lora->pairs.size() == parts.size() * static_cast<std::size_t>(weights.config.num_layers)) return parts;
  Json names = Json::array();
  for (const auto& [module, pair] : weights.lora->pairs) names.push_back(module);
  return names;
}

Json config_of(const Weights& weights) {
  const Lora& lora = *weights.lora;
  const bool whole = lora.alpha == std::floor(lora.alpha) && std::abs(lora.alpha) < 1e15;
  return {{"peft_type", "LORA"},
          {"task_type", "CAUSAL_LM"},
          {"inference_mode", true},
          {"base_model_name_or_path", lora.base.empty() ? Json() : Json(lora.base)},
          {"r", lora.rank},
          {"lora_alpha", whole ? Json(static_cast<std::int64_t>(lora.alpha)) : Json(lora.alpha)},
          {"use_rslora", lora.rank_stabilized},
          {"lora_dropout", 0.0},
          {"bias", "none"},
          {"fan_in_fan_out", false},
          {"init_lora_weights", true},
          {"modules_to_save", nullptr},
          {"target_modules", target_modules(weights)}};
}

Status fill(const std::string& folder, const Weights& weights, const std::map<std::string, std::string>& files) {
  IPR_TRY(write_files(folder, files));
  IPR_TRY(write_file(folder + kConfig, config_of(weights).dump(2) + "\n"));
  std::map<std::string, Tensor> tensors;
  for (const auto& [module, pair] : weights.lora->pairs) {
    tensors[tensor_name(module, kEndOfA)] = pair.a;
    tensors[tensor_name(module, kEndOfB)] = pair.b;
  }
  if (weights.value_head) IPR_TRY(save_value_head(folder, *weights.value_head));
  return write_safetensors(folder + kTensors, tensors);
}

}  // namespace

bool is_peft_folder(const std::string& path) {
  std::error_code ignored;
  return fs::exists(path + kConfig, ignored);
}

Result<std::string> find_peft_base(const std::string& folder) {
  IPR_ASSIGN(const Lora lora, read_config(folder));
  if (const std::optional<std::string> found = found_base(folder, lora.base)) return *found;
  const std::string key = folder + kConfig + ": \"base_model_name_or_path\": ";
  const std::string advice = "; fetch the base model and write its folder there";
  if (lora.base.empty()) return bad_data(key + "says no base model" + advice);
  std::string looked;
  for (const fs::path& place : places_of(folder, lora.base)) looked += (looked.empty() ? "" : " nor ") + place.string();
  if (looked.size() > 600) looked = dump_brief(lora.base);  // no name that anybody would read
  return bad_data(key + "the base model is not here: no " + looked + advice);
}

Result<Lora> load_peft(const std::string& folder, const LlamaConfig& config) {
  IPR_ASSIGN(Lora lora, read_config(folder));
  lora.base = found_base(folder, lora.base).value_or(lora.base);
  const std::string path = folder + kTensors;
  std::error_code ignored;
  if (!fs::exists(path, ignored)) {
    if (const auto pickles = files_of(folder, is_pickle); !pickles.empty())
      return pickle_refused(pickles.front(), "peft's PeftModel.from_pretrained(BASE, FOLDER).save_pretrained(FOLDER)");
    return bad_data(path + ": is not there; save the adapter again");
  }
  IPR_TRY(read_pairs(path, lora));
  IPR_TRY(check_lora(config, lora, path));
  return lora;
}

Status save_peft(const std::string& folder, const Weights& weights, const std::map<std::string, std::string>& files) {
  return write_folder(folder, [&](const std::string& fresh) { return fill(fresh, weights, files); });
}

}  // namespace ipr::model
