// What every library must do, whatever is inside.
#include <elf.h>

#include <cstring>
#include <ctime>

#include "core/base/files.h"
#include "core/check/cases.h"
#include "core/plugin/library.h"
#include "core/plugin/schema.h"

namespace ipr::check {
namespace {

Outcome abi_version(const Subject& subject) {
  IPR_NEED(const ipr_library* const library, plugin::open_library(subject.manifest.path));  // checks major and minor
  IPR_EXPECT(library->plugin_count > 0, "the library holds no plugin");
  return passed();
}

// Names of the global functions and objects that an ELF file defines for others.
std::vector<std::string> exported_symbols(const std::string& file) {
  std::vector<std::string> names;
  Elf64_Ehdr header;
  if (file.size() < sizeof header) return names;
  std::memcpy(&header, file.data(), sizeof header);
  for (int i = 0; i < header.e_shnum; ++i) {
    Elf64_Shdr section;
    const std::size_t at = header.e_shoff + static_cast<std::size_t>(i) * sizeof section;
    if (at + sizeof section > file.size()) return names;
    std::memcpy(&section, file.data() + at, sizeof section);
    if (section.sh_type != SHT_DYNSYM) continue;
    Elf64_Shdr strings;
    std::memcpy(&strings, file.data() + header.e_shoff + section.sh_link * sizeof strings, sizeof strings);
    for (std::size_t s = 0; s + sizeof(Elf64_Sym) <= section.sh_size; s += sizeof(Elf64_Sym)) {
      Elf64_Sym symbol;
      if (section.sh_offset + s + sizeof symbol > file.size()) return names;
      std::memcpy(&symbol, file.data() + section.sh_offset + s, sizeof symbol);
      const bool defined = symbol.st_shndx != SHN_UNDEF && ELF64_ST_BIND(symbol.st_info) != STB_LOCAL;
      if (defined && strings.sh_offset + symbol.st_name < file.size())
        names.emplace_back(file.data() + strings.sh_offset + symbol.st_name);
    }
  }
  return names;
}

Outcome one_export(const Subject& subject) {
  IPR_NEED(const std::string file, read_file(subject.manifest.path));
  for (const std::string& name : exported_symbols(file)) {
    IPR_EXPECT(name == "ipr_library_v0",
               "exports \"" + name +
                   "\" besides ipr_library_v0; build with ipr_add_plugin, or hide symbols by a version script");
  }
  return passed();
}

Outcome scan_under_50ms(const Subject& subject) {
  const std::clock_t began = std::clock();  // processor time: a busy machine is not the plugin's fault
  IPR_NEED(const ipr_library* const library, plugin::open_library(subject.manifest.path));
  IPR_NEED(const std::vector<plugin::Manifest> found, plugin::manifests(*library, subject.manifest.path));
  const double milliseconds = 1000.0 * static_cast<double>(std::clock() - began) / CLOCKS_PER_SEC;
  IPR_EXPECT(milliseconds < 50, "took " + std::to_string(milliseconds) +
                                    " ms to be listed; do no work in static initializers or ipr_library_v0");
  return passed();
}

Outcome descriptor_valid(const Subject& subject) {
  const plugin::Manifest& m = subject.manifest;
  IPR_EXPECT(!m.name.empty() && !m.version.empty() && !m.license.empty() && !m.summary.empty(),
             "name, version, license and summary must all be given");
  const Status status = plugin::check_schema(m.subject(), m.schema);
  IPR_EXPECT(status.ok(), status.message());
  return passed();
}

Outcome unknown_extension_is_null(const Subject& subject) {
  IPR_NEED(const auto instance, make_instance(subject));
  IPR_EXPECT(instance->extension<ipr_environment_v1>("ipr.no-such-extension/7") == nullptr,
             "get_extension must answer NULL for an id it does not know");
  return passed();
}

Outcome schema_accepts_defaults(const Subject& subject) {
  IPR_NEED(const auto instance, make_instance(subject));
  return passed();
}

Outcome schema_rejects_unknown(const Subject& subject) {
  IPR_EXPECT(subject.manifest.schema.contains("additionalProperties") &&
                 subject.manifest.schema["additionalProperties"] == Json(false),
             "config_schema must say \"additionalProperties\": false, so that a misspelt setting is an error");
  return passed();
}

Outcome no_stdout(const Subject& subject) {  // the runner fails any case whose process prints
  IPR_NEED(const auto instance, make_instance(subject));
  return passed();
}

}  // namespace

const std::vector<Case>& load_cases() {
  static const std::vector<Case> cases = {{"abi-version", abi_version},
                                          {"one-export", one_export},
                                          {"scan-under-50ms", scan_under_50ms},
                                          {"descriptor-valid", descriptor_valid},
                                          {"unknown-extension-is-null", unknown_extension_is_null},
                                          {"schema-accepts-defaults", schema_accepts_defaults},
                                          {"schema-rejects-unknown", schema_rejects_unknown},
                                          {"no-stdout", no_stdout}};
  return cases;
}

}  // namespace ipr::check
