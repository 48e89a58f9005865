#include "core/host/study/file.h"

#include <algorithm>
#include <filesystem>
#include <set>

#include "core/base/strings.h"

namespace ipr::host {
namespace {

constexpr const char* kStartRow = "sft";  // how runs call the policy of iteration 0
const std::vector<std::string> kKeys = {"name",  "out",  "common",    "environments", "models", "scorers", "methods",
                                        "seeds", "grid", "contrasts", "primary",      "agents", "paper"};

std::string text_of(const Json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

bool is_name(const std::string& name) {
  return !name.empty() && name.front() != '.' &&
         name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_+.") ==
             std::string::npos;
}

class Reader {
 public:
  Reader(StudyFile& file, const Json& json, const std::vector<std::string>& flags)
      : file_(file), json_(json), flags_(flags) {}

  Status read() {
    if (!json_.is_object()) return usage(file_.path + ": expected a JSON object, see docs/studies.md");
    for (const auto& [key, value] : json_.items()) {
      if (std::find(kKeys.begin(), kKeys.end(), key) == kKeys.end())
        return usage(file_.path + ": unknown key \"" + key + "\"" + did_you_mean(key, kKeys));
    }
    IPR_TRY(read_names());
    IPR_ASSIGN(file_.common, read_settings("common", json_.value("common", Json::object()), {}));
    IPR_TRY(read_axis("environments", "env", file_.environments));
    if (file_.environments.empty()) return error("environments", "give at least one environment plugin");
    IPR_TRY(read_axis("models", "model", file_.models));
    IPR_TRY(read_axis("scorers", "scorer", file_.scorers));
    for (auto* axis : {&file_.models, &file_.scorers}) {
      if (axis->empty()) axis->push_back({"", {}});  // what `common` says, or the default of `run`
    }
    IPR_TRY(read_seeds());
    IPR_TRY(read_methods());
    IPR_TRY(read_contrasts());
    IPR_TRY(read_agents());
    return read_paper();
  }

 private:
  [[nodiscard]] Status error(const std::string& where, const std::string& what) const {
    return usage(file_.path + ": " + where + ": " + what);
  }

  Status read_names() {
    const Json name = json_.value("name", Json(std::filesystem::path(file_.path).stem().string()));
    if (!name.is_string() || !is_name(name)) return error("name", "expected letters, digits, - and _");
    file_.name = name;
    const Json out = json_.value("out", Json("runs/study-" + file_.name));
    if (!out.is_string() || out.get<std::string>().empty()) return error("out", "expected the path of a folder");
    file_.out = out;
    return {};
  }

  // Flags by name and `set`; the keys in `own` are somebody else's.
  Result<ConfigFile> read_settings(const std::string& where, const Json& json, const std::set<std::string>& own) {
    if (!json.is_object()) return error(where, "expected an object of flags by name, found " + dump_brief(json));
    ConfigFile settings;
    std::vector<std::string> known = flags_;
    known.insert(known.end(), own.begin(), own.end());
    known.emplace_back("set");
    for (const auto& [key, value] : json.items()) {
      if (own.count(key) > 0) continue;
      if (key == "set") {
        IPR_ASSIGN(settings.set, read_set(file_.path + ": " + where, value));
        for (const std::string& item : settings.set) {
          if (item.find('=') == std::string::npos || item.find('.') > item.find('='))
            return error(where + ".set", item + ": expected KEY=VALUE with KEY like env.reward or train.lr");
        }
      } else if (std::find(flags_.begin(), flags_.end(), key) != flags_.end()) {
        settings.flags[key] = value;
      } else {
        return error(where + "." + key, "a cell has no such setting" + did_you_mean(key, known));
      }
    }
    return settings;
  }

  // A name alone sets the flag that the axis is called after.
  Status read_axis(const char* key, const char* flag, std::vector<StudyEntry>& entries) {
    const Json list = json_.value(key, Json::array());
    if (!list.is_array()) return error(key, "expected a list");
    std::set<std::string> names;
    for (std::size_t i = 0; i < list.size(); ++i) {
      const std::string where = std::string(key) + "[" + std::to_string(i) + "]";
      const Json item = list[i].is_string() ? Json{{flag, list[i]}} : list[i];
      StudyEntry entry;
      IPR_ASSIGN(entry.settings, read_settings(where, item, {"name"}));
      IPR_ASSIGN(entry.name, read_name(where, item, flag, names));
      entries.push_back(std::move(entry));
    }
    return {};
  }

  Result<std::string> read_name(const std::string& where, const Json& item, const char* flag,
                                std::set<std::string>& names) {
    Json name = item.contains("name") ? item["name"] : item.value(flag, Json());
    if (!item.contains("name") && name.is_string()) {  // several environments
      std::string plain = name;
      std::replace(plain.begin(), plain.end(), ',', '+');
      name = plain;
    }
    if (!name.is_string() || !is_name(name))
      return error(where + ".name", "give a name of letters, digits, - and _ for the table and the folders");
    if (!names.insert(name).second) return error(where + ".name", "\"" + name.get<std::string>() + "\" is there twice");
    return name.get<std::string>();
  }

  Status read_seeds() {
    const Json seeds = json_.value("seeds", Json::array({0U}));
    if (!seeds.is_array() || seeds.empty()) return error("seeds", "expected a list of whole numbers such as [1, 2, 3]");
    for (const Json& seed : seeds) {
      if (!seed.is_number_unsigned()) return error("seeds", dump_brief(seed) + ": expected a whole number from 0 on");
      const auto number = seed.get<std::uint64_t>();
      if (std::find(file_.seeds.begin(), file_.seeds.end(), number) != file_.seeds.end())
        return error("seeds", seed.dump() + " is there twice");
      file_.seeds.push_back(number);
    }
    return {};
  }

  Status read_methods() {
    const Json list = json_.value("methods", Json());
    if (!list.is_array() || list.empty())
      return error("methods", "expected a list such as [\"sft\", \"eto\", \"ipr\"]");
    std::set<std::string> names;
    for (std::size_t i = 0; i < list.size(); ++i) {
      IPR_TRY(read_method("methods[" + std::to_string(i) + "]", list[i], names));
    }
    return check_rows();
  }

  Status read_method(const std::string& where, const Json& json, std::set<std::string>& names) {
    Json item = json;
    if (json == kStartRow) item = {{"name", kStartRow}, {"iteration", 0U}};
    if (item.is_string()) item = Json{{"optimizer", json}};
    StudyMethod method;
    IPR_ASSIGN(method.settings, read_settings(where, item, {"name", "title", "of", "iteration", "grid"}));
    IPR_ASSIGN(method.name, read_name(where, item, "optimizer", names));
    const Json title = item.value("title", Json(method.name)), of = item.value("of", Json(""));
    if (!title.is_string() || !of.is_string()) return error(where, "title and of: expected texts");
    method.title = title;
    method.of = of;
    if (item.contains("iteration")) {
      if (!item["iteration"].is_number_unsigned())
        return error(where + ".iteration", "expected a whole number from 0 on");
      method.iteration = item["iteration"].get<int>();
    }
    // The SFT model is that of any run of the same environment, model and seed.
    const bool plain = method.settings.flags.empty() && method.settings.set.empty();
    if (method.iteration && plain && method.of.empty()) method.of = "*";
    if (!method.of.empty() && !plain) return error(where, "a row `of` other runs has no settings of its own");
    if (!method.of.empty() && !method.iteration)
      return error(where + ".iteration", "say which iteration of those runs");
    if (method.has_runs()) IPR_TRY(read_grid(where, item, method));
    file_.methods.push_back(std::move(method));
    return {};
  }

  // The method's own grid, else the study's.
  Status read_grid(std::string where, const Json& item, StudyMethod& method) {
    where = item.contains("grid") ? where + ".grid" : "grid";
    const Json grid = item.contains("grid") ? item["grid"] : json_.value("grid", Json::object());
    if (!grid.is_object()) return error(where, "expected an object such as {\"train.lr\": [5e-5, 1e-4]}");
    for (const auto& [key, values] : grid.items()) {
      if (!values.is_array() || values.empty() || key.find('.') == std::string::npos)
        return error(where + "." + key, "expected a setting such as train.lr with a list of values");
      std::vector<std::string> texts;
      for (const Json& value : values) {
        texts.push_back(text_of(value));
        if (texts.back().find('/') != std::string::npos)
          return error(where + "." + key, texts.back() + ": a value of a grid names a folder, so it has no slash");
      }
      method.grid.emplace_back(key, std::move(texts));
    }
    return {};
  }

  // Rows of other methods' runs, and settings that speak of them.
  Status check_rows() {
    std::vector<std::string> with_runs;
    std::set<std::string> titles;
    for (const StudyMethod& method : file_.methods) {
      if (method.has_runs()) with_runs.push_back(method.name);
      if (!titles.insert(method.title).second)
        return error(method.name + ".title", "\"" + method.title + "\" is another row of the table");
    }
    if (with_runs.empty()) return error("methods", "give one that trains beyond the SFT model, such as \"ipr\"");
    for (StudyMethod& method : file_.methods) {
      if (method.of == "*") method.of = with_runs.front();
      if (!method.has_runs() && std::find(with_runs.begin(), with_runs.end(), method.of) == with_runs.end())
        return error(method.name + ".of",
                     "no method with runs is called \"" + method.of + "\"" + did_you_mean(method.of, with_runs));
    }
    return check_cells(with_runs);
  }

  // What a cell waits for must have runs that wait for nothing, and only one of them for each seed.
  Status check_cells(const std::vector<std::string>& with_runs) {
    std::set<std::string> waiting;
    const std::vector<StudyCell> cells = cells_of(file_);
    for (const StudyCell& cell : cells) {
      if (!cell.waits_for.empty()) waiting.insert(cell.method);
    }
    for (const StudyCell& cell : cells) {
      for (const std::string& other : cell.waits_for) {
        const StudyMethod* method = file_.method(other);
        const std::string what = "${" + other + ".rollouts_per_task}: ";
        if (method == nullptr || !method->has_runs())
          return error(cell.method + ".set",
                       what + "no method with runs is called so" + did_you_mean(other, with_runs));
        if (!method->grid.empty() || waiting.count(other) > 0)
          return error(cell.method + ".set", what + "that method has a grid, or waits for another one itself");
      }
      IPR_ASSIGN(const ConfigFile filled, fill_in(cell.settings, [](const std::string&) { return std::int64_t{1}; }));
      std::vector<std::string> texts = filled.set;
      for (const auto& [flag, value] : filled.flags) texts.push_back(text_of(value));
      for (const std::string& text : texts) {
        if (text.find("${") != std::string::npos)
          return error(cell.method, text + ": known are ${seed} and, in set, ${METHOD.rollouts_per_task}");
      }
    }
    return {};
  }

  Result<std::pair<std::string, std::string>> read_contrast(const std::string& where, const Json& json) {
    std::vector<std::string> known;
    for (const StudyMethod& method : file_.methods) known.push_back(method.name);
    if (!json.is_array() || json.size() != 2 || !json[0].is_string() || !json[1].is_string())
      return error(where, "expected two methods such as [\"ipr\", \"eto\"]: the first minus the second");
    for (const Json& name : json) {
      if (file_.method(name) == nullptr)
        return error(where, "no method is called \"" + name.get<std::string>() + "\"" +
                                did_you_mean(name.get<std::string>(), known));
    }
    if (json[0] == json[1]) return error(where, "compares a method with itself");
    return std::pair(json[0].get<std::string>(), json[1].get<std::string>());
  }

  Status read_contrasts() {
    if (json_.contains("primary")) {
      IPR_ASSIGN(file_.primary, read_contrast("primary", json_["primary"]));
    }
    if (json_.contains("contrasts")) {
      if (!json_["contrasts"].is_array()) return error("contrasts", "expected a list of pairs of methods");
      for (std::size_t i = 0; i < json_["contrasts"].size(); ++i) {
        IPR_ASSIGN(auto contrast, read_contrast("contrasts[" + std::to_string(i) + "]", json_["contrasts"][i]));
        if (contrast != file_.primary) file_.contrasts.push_back(std::move(contrast));
      }
      return {};
    }
    for (std::size_t i = 1; i < file_.methods.size(); ++i) {
      std::pair contrast(file_.methods[i].name, file_.methods[0].name);
      if (contrast != file_.primary) file_.contrasts.push_back(std::move(contrast));
    }
    return {};
  }

  Status read_agents() {
    const Json agents = json_.value("agents", Json({"expert", "random", "first", "noop"}));
    if (!agents.is_array()) return error("agents", "expected a list of expert, random, first, noop");
    for (const Json& agent : agents) {
      const std::vector<std::string> known = {"expert", "random", "first", "noop"};
      if (!agent.is_string() || std::find(known.begin(), known.end(), agent) == known.end())
        return error("agents", "unknown agent " + dump_brief(agent) + did_you_mean(text_of(agent), known));
      file_.agents.push_back(agent);
    }
    return {};
  }

  // Rows in the file itself, or a table of a file beside it.
  Status read_paper() {
    const Json rows = json_.value("paper", Json::array());
    if (!rows.is_object()) {
      IPR_ASSIGN(file_.quotes, read_quotes(rows, file_.path + ": paper"));
      return {};
    }
    const Json name = rows.value("file", Json()), table = rows.value("table", Json());
    if (!name.is_string() || !table.is_string()) return error("paper", "expected {\"file\": FILE, \"table\": NAME}");
    const std::string path = (std::filesystem::path(file_.path).parent_path() / name.get<std::string>()).string();
    IPR_ASSIGN(file_.quotes, read_quote_table(path, table));
    return {};
  }

  StudyFile& file_;
  const Json& json_;
  const std::vector<std::string>& flags_;
};

}  // namespace

const StudyMethod* StudyFile::method(const std::string& wanted) const {
  const auto found =
      std::find_if(methods.begin(), methods.end(), [&](const StudyMethod& method) { return method.name == wanted; });
  return found == methods.end() ? nullptr : &*found;
}

Result<StudyFile> read_study_file(const std::string& path, const std::vector<std::string>& flags) {
  const Result<Json> json = read_json(path, /*allow_comments=*/true);
  if (!json.ok()) return usage(json.status().message());
  StudyFile file;
  file.path = path;
  IPR_TRY(Reader(file, *json, flags).read());
  return file;
}

}  // namespace ipr::host
