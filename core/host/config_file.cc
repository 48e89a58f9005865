#include "core/host/config_file.h"

namespace ipr::host {
namespace {

std::string text_of(const Json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

void flatten(const std::string& key, const Json& value, std::vector<std::string>& set) {
  if (!value.is_object()) {
    set.push_back(key + "=" + text_of(value));
    return;
  }
  for (const auto& [name, inner] : value.items()) flatten(key.empty() ? name : key + "." + name, inner, set);
}

// The plugins under their own ids, so that a flag may name another one without being handed its settings.
void read_plugin(const Json& config, const std::string& role, ConfigFile& file) {
  const Json plugin = config.value(role, Json::object());
  const std::string id = plugin.value("id", "");
  if (id.empty()) return;
  if (role != "sft") file.flags[role] = id;  // who trains the first stage is no flag
  // Of several environments each has its own, by id.
  const bool several = role == "env" && id.find(',') != std::string::npos;
  flatten(several ? "" : id, plugin.value("settings", Json::object()), file.set);
  flatten(id + ".train", plugin.value("train", Json::object()), file.set);
}

ConfigFile from_run(const Json& config) {
  ConfigFile file;
  file.of_run = true;
  for (const char* role : {"env", "scorer", "optimizer", "sft"}) read_plugin(config, role, file);
  for (const char* key : {"model", "data", "expert", "profile", "preset", "device", "dtype"}) {
    if (!config.value(key, "").empty()) file.flags[key] = config[key];
  }
  const std::pair<const char*, const char*> numbers[] = {{"iterations", "iterations"},
                                                         {"seed", "seed"},
                                                         {"limit", "limit"},
                                                         {"max_steps", "max-steps"},
                                                         {"max_new_tokens", "max-new-tokens"},
                                                         {"model_threads", "model-threads"},
                                                         {"max_new_tokens", "max-new-tokens"},
                                                         {"lora", "lora"}};
  for (const auto& [key, flag] : numbers) {
    if (config.contains(key) && config[key] != Json(0)) file.flags[flag] = config[key];  // 0: the default of each
  }
  const std::pair<const char*, const char*> optional[] = {{"chat_template", "chat-template"},
                                                          {"stop", "stop"},
                                                          {"overflow", "overflow"},
                                                          {"train_families", "train-families"},
                                                          {"test_families", "test-families"}};
  for (const auto& [key, flag] : optional) {
    if (config.contains(key)) file.flags[flag] = config[key];
  }
  return file;
}

}  // namespace

Result<std::vector<std::string>> read_set(const std::string& where, const Json& value) {
  std::vector<std::string> set;
  if (value.is_object()) {
    flatten("", value, set);
    return set;
  }
  for (const Json& item : value.is_array() ? value : Json::array({value})) {
    if (!item.is_string())
      return usage(where + ": \"set\": expected \"KEY=VALUE\", a list of them or an object, found " + dump_line(item));
    set.push_back(item.get<std::string>());
  }
  return set;
}

Result<ConfigFile> read_config_file(const std::string& path) {
  const Result<Json> read = read_json(path, /*allow_comments=*/true);
  if (!read.ok()) return usage(read.status().message());
  const Json& json = *read;
  if (!json.is_object()) return usage(path + ": expected a JSON object of flags");
  const auto config = json.find("config");
  if (config != json.end() && config->is_object()) {
    try {
      return from_run(*config);
    } catch (const Json::exception& exception) {
      return usage(path + ": is no run's config.json: " + exception.what());
    }
  }
  ConfigFile file;
  for (const auto& [key, value] : json.items()) {
    if (key == "set") {
      IPR_ASSIGN(file.set, read_set(path, value));
    } else {
      file.flags[key] = value;
    }
  }
  return file;
}

}  // namespace ipr::host
