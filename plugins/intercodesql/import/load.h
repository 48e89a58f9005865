// Databases of a data set, read once and kept in a cache.
#pragma once

#include <string>
#include <vector>

#include "engine/server.h"

namespace intercodesql {

// `path`: a mysqldump file, or a folder in Spider's layout (spider.h). With a `cache_folder`, what was read is kept
// there under the content's name and found the next time; a cache that is damaged, of another content or of another
// version is read anew. A cache that cannot be written is no error. Throws ipr::sdk::Failure as the readers do, and
// IPR_NOT_FOUND for a path that is not there.
[[nodiscard]] std::vector<StoredDatabase> load_databases(const std::string& path, const std::string& cache_folder);

// All of it as one text, and back. Empty for what is no such text.
[[nodiscard]] std::string pack_databases(const std::vector<StoredDatabase>& databases);
[[nodiscard]] std::vector<StoredDatabase> unpack_databases(std::string_view packed);

}  // namespace intercodesql
