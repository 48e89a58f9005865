#include "core/host/completion.h"

#include <algorithm>
#include <cctype>
#include <optional>
#include <set>
#include <sstream>

#include "core/train/schedule.h"

namespace ipr::host {
namespace {

using Words = std::vector<std::string>;

constexpr const char* kBash = R"script(# ipr-host for bash: put `source <(ipr-host completion bash)` into ~/.bashrc
_ipr_host() {
  local line="${COMP_LINE:0:COMP_POINT}" candidate
  local current="${line##*[[:space:]]}"
  local cut="${current%"${current##*[=:]}"}"  # bash replaces only what stands behind the last = or :
  COMPREPLY=()
  while IFS= read -r candidate; do
    COMPREPLY+=("${candidate#"$cut"}")
  done < <(COMP_LINE="$line" "$1" completion words 2>/dev/null)
  if [[ ${COMPREPLY[0]} == *[=.] ]]; then compopt -o nospace 2>/dev/null; fi
}
complete -o default -F _ipr_host ipr-host
)script";

constexpr const char* kZsh = R"script(#compdef ipr-host
# ipr-host for zsh: put `source <(ipr-host completion zsh)` into ~/.zshrc, behind compinit
_ipr_host() {
  local -a candidates
  candidates=("${(@f)$(COMP_LINE="${(j: :)words[1,CURRENT]}" "${words[1]}" completion words 2>/dev/null)}")
  candidates=("${(@)candidates:#}")
  if (( ${#candidates} )); then
    compadd -S '' -- "${(@M)candidates:#*[=.]}"
    compadd -- "${(@)candidates:#*[=.]}"
  else
    _files
  fi
}
compdef _ipr_host ipr-host
)script";

constexpr const char* kFish =
    R"script(# ipr-host for fish: ipr-host completion fish > ~/.config/fish/completions/ipr-host.fish
function __ipr_host_words
  set -l words (commandline -opc)
  env COMP_LINE="$words "(commandline -ct | string collect --allow-empty) $words[1] completion words 2>/dev/null
end
complete -c ipr-host -a '(__ipr_host_words)'
)script";

// The words of a line; the last one is being typed and may be empty.
Words split(const std::string& line) {
  std::istringstream stream(line);
  Words words;
  for (std::string word; stream >> word;) words.push_back(word);
  if (words.empty() || std::isspace(static_cast<unsigned char>(line.back())) != 0) words.emplace_back();
  return words;
}

const CLI::App* command_named(const CLI::App& app, const std::string& name) {
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    if (command->get_name() == name) return command;
  }
  return nullptr;
}

bool takes_value(const CLI::Option& option) {
  return option.get_items_expected_max() > 0 && option.get_type_size_max() > 0;
}

// Where the line stands: the command, the flag whose value is being typed, and the values of flags before.
struct Place {
  const CLI::App* command = nullptr;
  const CLI::Option* pending = nullptr;
  std::map<std::string, std::string> given;  // "--env" -> "webshop"
};

Place walk(const CLI::App& app, const Words& words) {
  Place place;
  place.command = &app;
  for (std::size_t i = 1; i + 1 < words.size(); ++i) {
    const std::string& word = words[i];
    if (place.pending != nullptr) {
      place.given[place.pending->get_name()] = word;
      place.pending = nullptr;
    } else if (word.starts_with('-')) {
      if (i == 1 && app.get_option_no_throw(word) == nullptr) place.command = command_named(app, "run");
      const auto equals = word.find('=');
      const CLI::Option* option = place.command->get_option_no_throw(word.substr(0, equals));
      if (option == nullptr || !takes_value(*option)) continue;
      if (equals == std::string::npos) {
        place.pending = option;
      } else {
        place.given[option->get_name()] = word.substr(equals + 1);
      }
    } else if (const CLI::App* command = command_named(*place.command, word)) {
      place.command = command;
    }
  }
  return place;
}

Words commands_of(const CLI::App& app) {
  Words names;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; }))
    names.push_back(command->get_name());
  return names;
}

Words flags_of(const CLI::App& app) {
  Words names;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

// "full|quick" -> both; nothing for a type that names no words.
Words words_of_type(const std::string& type) {
  Words words;
  std::istringstream stream(type);
  for (std::string word; std::getline(stream, word, '|');) {
    const bool stands_for = std::any_of(word.begin(), word.end(), [](unsigned char c) { return std::isupper(c) != 0; });
    if (!stands_for && !word.empty()) words.push_back(word);
  }
  return words;
}

std::optional<plugin::Kind> kind_of_role(const std::string& flag) {
  if (flag == "--env") return plugin::Kind::kEnvironment;
  if (flag == "--scorer") return plugin::Kind::kScorer;
  if (flag == "--optimizer") return plugin::Kind::kOptimizer;
  return std::nullopt;
}

// A setting that may be given: its key with the scope in front, and its schema.
using Settings = std::map<std::string, Json>;

void add_plugin(const plugin::Manifest& manifest, const std::string& alias, Settings& settings) {
  const Json properties = manifest.schema.value("properties", Json::object());
  for (const auto& [key, property] : properties.items()) {
    settings[manifest.id + "." + key] = property;
    if (!alias.empty()) settings[alias + "." + key] = property;
  }
  if (manifest.kind != plugin::Kind::kOptimizer) return;
  const Json train = train::train_settings_to_json({});
  for (const auto& [key, value] : train.items()) {
    settings[manifest.id + ".train." + key] = Json::object();
    if (!alias.empty()) settings["train." + key] = Json::object();
  }
}

// The settings of the plugins that the line names, or the command takes by default; of all where it names none.
Settings settings_at(const Place& place, const plugin::Registry& registry) {
  Settings settings;
  for (const char* flag : {"--env", "--scorer", "--optimizer"}) {
    const CLI::Option* option = place.command->get_option_no_throw(flag);
    if (option == nullptr) continue;
    const auto given = place.given.find(flag);
    const std::string id = given != place.given.end() ? given->second : option->get_default_str();
    for (const plugin::Manifest& manifest : registry.plugins) {
      if (manifest.kind != kind_of_role(flag)) continue;
      if (manifest.id == id) add_plugin(manifest, flag + 2, settings);
      if (id.empty()) add_plugin(manifest, "", settings);
    }
  }
  return settings;
}

Words setting_words(const Place& place, const std::string& word, const plugin::Registry& registry) {
  const Settings settings = settings_at(place, registry);
  const auto equals = word.find('=');
  Words words;
  if (equals == std::string::npos) {
    for (const auto& [key, property] : settings) words.push_back(key + "=");
    return words;
  }
  const std::string key = word.substr(0, equals);
  const auto found = settings.find(key);
  if (found == settings.end()) return words;
  const Json& property = found->second;
  for (const Json& value : property.value("enum", Json::array()))
    words.push_back(key + "=" + (value.is_string() ? value.get<std::string>() : value.dump()));
  if (property.value("type", "") == "boolean") words.insert(words.end(), {key + "=false", key + "=true"});
  return words;
}

Words values_of(const CLI::Option& option, const Place& place, const std::string& word,
                const plugin::Registry& registry) {
  const std::string name = option.get_name();
  if (name == "--set") return setting_words(place, word, registry);
  const std::optional<plugin::Kind> kind = kind_of_role(name);
  Words words = words_of_type(option.get_type_name());
  for (const plugin::Manifest& manifest : registry.plugins) {
    // A positional called ID names any plugin.
    if (kind ? manifest.kind == *kind : name == "ID") words.push_back(manifest.id);
  }
  return words;
}

Words all_words(const CLI::App& app, const Words& line, const plugin::Registry& registry) {
  const Place place = walk(app, line);
  const std::string& word = line.back();
  if (place.pending != nullptr) return values_of(*place.pending, place, word, registry);
  if (word.starts_with('-')) {
    const auto equals = word.find('=');
    if (equals != std::string::npos) {
      const CLI::App& command = place.command == &app ? *command_named(app, "run") : *place.command;
      const CLI::Option* option = command.get_option_no_throw(word.substr(0, equals));
      if (option == nullptr) return {};
      Words words = values_of(*option, place, word.substr(equals + 1), registry);
      for (std::string& value : words) value.insert(0, word.substr(0, equals + 1));
      return words;
    }
    Words words = flags_of(*place.command);
    if (place.command == &app) {  // `ipr-host --env E` is short for `ipr-host run --env E`
      const Words more = flags_of(*command_named(app, "run"));
      words.insert(words.end(), more.begin(), more.end());
    }
    return words;
  }
  Words words = commands_of(*place.command);
  bool positional = false;
  for (const CLI::Option* option : place.command->get_options()) {
    if (!option->get_positional()) continue;
    positional = true;
    const Words values = values_of(*option, place, word, registry);
    words.insert(words.end(), values.begin(), values.end());
  }
  return words.empty() && !positional && word.empty() ? flags_of(*place.command) : words;
}

}  // namespace

std::vector<std::string> completions(const CLI::App& app, const std::string& line, const plugin::Registry& registry) {
  const Words words = split(line);
  std::set<std::string> fitting;
  for (const std::string& word : all_words(app, words, registry)) {
    if (word.starts_with(words.back())) fitting.insert(word);
  }
  return {fitting.begin(), fitting.end()};
}

std::string completion_script(const std::string& shell) {
  return shell == "bash" ? kBash : shell == "zsh" ? kZsh : kFish;
}

}  // namespace ipr::host
