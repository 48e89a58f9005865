#include "core/train/backend.h"

#include <boost/dll/shared_library.hpp>
#include <cstdlib>
#include <filesystem>
#include <mutex>

#include "core/base/files.h"
#include "core/train/torch/factory.h"

namespace ipr::train {
namespace {
namespace fs = std::filesystem;

constexpr const char* kLibraryName = "libipr-trainer.so";

// Where the library may lie: a folder given by the user alone, else beside the installed program, else the build tree.
std::vector<fs::path> candidates() {
  const char* const folder = std::getenv("IPR_HOST_LIB_DIR");
  if (folder != nullptr && *folder != '\0') return {fs::path(folder) / kLibraryName};
  return {fs::path(program_folder()) / ".." / IPR_LIBDIR / "ipr-host" / kLibraryName,
          fs::path(program_folder()) / ".." / "lib" / "ipr-host" / kLibraryName,
          fs::path(IPR_BUILD_LIB_DIR) / kLibraryName};
}

// LibTorch's threads would spin while they wait: on a machine with other work they take the very cores that the work
// they wait for needs. Read once, when the library is loaded; a value that the user has set stays.
void let_idle_threads_sleep() {
  ::setenv("OMP_WAIT_POLICY", "passive", /*overwrite=*/0);
}

// cuBLAS reads it when its first handle is made: with it, equal products have equal bits from run to run.
void let_products_repeat() {
  ::setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8", /*overwrite=*/0);
}

// The library's two functions; set once, for good.
struct Library {
  BackendFactory* backend = nullptr;
  EngineFactory* engine = nullptr;
};

Status open_library(Library& opened) {
  let_idle_threads_sleep();
  let_products_repeat();
  for (const fs::path& path : candidates()) {
    std::error_code ignored;
    if (!fs::exists(path, ignored)) continue;
    try {
      // Never closed: LibTorch does not survive unloading.
      auto* const library =
          new boost::dll::shared_library(path, boost::dll::load_mode::rtld_now | boost::dll::load_mode::rtld_local);
      opened = {&library->get<BackendFactory>(kBackendSymbol), &library->get<EngineFactory>(kEngineSymbol)};
      return {};
    } catch (const std::exception& error) {
      return failed(path.lexically_normal().string() + ": cannot load the trainer: " + error.what() +
                    "; run ./bootstrap.sh, which installs LibTorch, and build again");
    }
  }
  return failed(std::string(kLibraryName) +
                ": not found, this build cannot train; run ./bootstrap.sh, which installs LibTorch, "
                "and build with -DIPR_TORCH=ON (or name its folder in IPR_HOST_LIB_DIR)");
}

Result<Library> the_library() {
  static std::mutex mutex;
  static Library library;
  const std::lock_guard lock(mutex);
  if (library.backend == nullptr) IPR_TRY(open_library(library));
  return library;
}

}  // namespace

Result<std::unique_ptr<Backend>> load_backend(const BackendOptions& options) {
  IPR_ASSIGN(const Library library, the_library());
  Status status;
  std::unique_ptr<Backend> backend(library.backend(options, status));
  if (!backend) return status;
  return backend;
}

Result<std::unique_ptr<model::Engine>> load_engine(const EngineOptions& options, const model::Weights& weights) {
  IPR_ASSIGN(const Library library, the_library());
  Status status;
  std::unique_ptr<model::Engine> engine(library.engine(options, weights, status));
  if (!engine) return status;
  return engine;
}

}  // namespace ipr::train
