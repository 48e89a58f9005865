#include "tests/plugins/intercodesql_core/open_sql.h"

#include "core/plugin/schema.h"
#include "tests/support/shared_data.h"

namespace ipr::test {

std::unique_ptr<env::Environment> open_sql(const std::string& data_folder, const std::map<std::string, Json>& settings,
                                           const std::string& cache_folder) {
  const std::string path = IPR_SQL_PLUGIN;
  const ipr_library* const library = need(plugin::open_library(path));
  const std::vector<plugin::Manifest> found = need(plugin::manifests(*library, path));
  const plugin::ResolvedSettings resolved =
      need(plugin::resolve_settings(found.at(0).subject(), found.at(0).schema, {{"test", settings}}));
  plugin::HostServices services;
  services.data_folder = data_folder;
  services.cache_folder = cache_folder;
  services.log = [](int, std::string_view) {};
  services.metric = [](std::string_view, double) {};
  return need(
      env::Environment::make(need(plugin::Instance::create(found.at(0), resolved.values, std::move(services)))));
}

std::string official_data() {
  const std::string file = shared_file("data/intercodesql/ic_spider_dev.json");
  return file.empty() ? file : file.substr(0, file.rfind('/'));
}

std::string fenced(const std::string& sql) {
  return "Thought: look.\nAction: \n```sql\n" + sql + "\n```";
}

}  // namespace ipr::test
