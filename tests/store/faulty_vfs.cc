#include "tests/store/faulty_vfs.h"

#include <sqlite3.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "core/base/rng.h"

namespace ipr::test {
namespace {

constexpr const char* kName = "faulty";

// A change of a file that no sync has brought to the disk yet.
struct Change {
  std::uint64_t offset = 0;
  std::string bytes;
  bool truncates = false;  // to `offset`
};

// What a disk knows of one file.
struct DiskFile {
  std::string durable;
  std::vector<Change> pending;
};
using Disk = std::map<std::string, std::shared_ptr<const DiskFile>>;  // by name; shared between moments

void apply(const Change& change, std::string& bytes) {
  if (change.truncates) {
    bytes.resize(change.offset, '\0');
    return;
  }
  if (bytes.size() < change.offset + change.bytes.size()) bytes.resize(change.offset + change.bytes.size(), '\0');
  bytes.replace(change.offset, change.bytes.size(), change.bytes);
}

bool survives(const std::string& name) {
  return !name.ends_with("-shm");  // memory of the running processes, made anew after a crash
}

}  // namespace

struct FaultyVfs::Layer {
  sqlite3_vfs vfs{};
  sqlite3_vfs* real = nullptr;
  std::uint64_t steps = 0, fails_at = 0;
  Fault fault = Fault::kDiskFull;
  bool for_good = false, watching = false;
  Disk disk;
  std::vector<Disk> moments;

  // One step: SQLITE_OK, or the error it fails with.
  int step(int io_error) {
    ++steps;
    const bool fails = fails_at > 0 && (steps == fails_at || (for_good && steps > fails_at));
    if (!fails) return SQLITE_OK;
    return fault == Fault::kDiskFull ? SQLITE_FULL : io_error;
  }
  template <typename Edit>
  void edit(const std::string& name, const Edit& change) {
    const auto& old = disk[name];
    auto fresh = std::make_shared<DiskFile>(old ? *old : DiskFile());
    change(*fresh);
    disk[name] = std::move(fresh);
    if (watching) moments.push_back(disk);
  }
};

namespace {

struct File {
  sqlite3_file base{};  // first: what SQLite sees
  FaultyVfs::Layer* layer = nullptr;
  const std::string* name = nullptr;  // a key of the disk; lives as long as the layer
  [[nodiscard]] sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};

File& file_of(sqlite3_file* file) {
  return *reinterpret_cast<File*>(file);
}
sqlite3_file* real_of(sqlite3_file* file) {
  return file_of(file).real();
}
const sqlite3_io_methods& methods_of(sqlite3_file* file) {
  return *real_of(file)->pMethods;
}

int write_file(sqlite3_file* file, const void* bytes, int count, sqlite3_int64 offset) {
  FaultyVfs::Layer& layer = *file_of(file).layer;
  if (const int code = layer.step(SQLITE_IOERR_WRITE); code != SQLITE_OK) return code;
  const int code = methods_of(file).xWrite(real_of(file), bytes, count, offset);
  if (code != SQLITE_OK) return code;
  layer.edit(*file_of(file).name, [&](DiskFile& disk) {
    disk.pending.push_back({static_cast<std::uint64_t>(offset),
                            std::string(static_cast<const char*>(bytes), static_cast<std::size_t>(count))});
  });
  return SQLITE_OK;
}

int truncate_file(sqlite3_file* file, sqlite3_int64 size) {
  FaultyVfs::Layer& layer = *file_of(file).layer;
  if (const int code = layer.step(SQLITE_IOERR_TRUNCATE); code != SQLITE_OK) return code;
  const int code = methods_of(file).xTruncate(real_of(file), size);
  if (code != SQLITE_OK) return code;
  layer.edit(*file_of(file).name, [&](DiskFile& disk) {
    disk.pending.push_back({static_cast<std::uint64_t>(size), {}, true});
  });
  return SQLITE_OK;
}

// The model of the disk is all that a sync concerns; the real one would only take time.
int sync_file(sqlite3_file* file, int) {
  FaultyVfs::Layer& layer = *file_of(file).layer;
  if (const int code = layer.step(SQLITE_IOERR_FSYNC); code != SQLITE_OK) return code;
  layer.edit(*file_of(file).name, [](DiskFile& disk) {
    for (const Change& change : disk.pending) apply(change, disk.durable);
    disk.pending.clear();
  });
  return SQLITE_OK;
}

// The rest goes straight through.
int close_file(sqlite3_file* f) {
  return methods_of(f).xClose(real_of(f));
}
int read_file(sqlite3_file* f, void* into, int count, sqlite3_int64 offset) {
  return methods_of(f).xRead(real_of(f), into, count, offset);
}
int file_size(sqlite3_file* f, sqlite3_int64* size) {
  return methods_of(f).xFileSize(real_of(f), size);
}
int lock(sqlite3_file* f, int level) {
  return methods_of(f).xLock(real_of(f), level);
}
int unlock(sqlite3_file* f, int level) {
  return methods_of(f).xUnlock(real_of(f), level);
}
int check_lock(sqlite3_file* f, int* held) {
  return methods_of(f).xCheckReservedLock(real_of(f), held);
}
int control(sqlite3_file* f, int what, void* value) {
  return methods_of(f).xFileControl(real_of(f), what, value);
}
int sector_size(sqlite3_file* f) {
  return methods_of(f).xSectorSize(real_of(f));
}
int characteristics(sqlite3_file*) {
  return 0;  // a disk that promises nothing
}
int shm_map(sqlite3_file* f, int page, int size, int extend, void volatile** into) {
  return methods_of(f).xShmMap(real_of(f), page, size, extend, into);
}
int shm_lock(sqlite3_file* f, int offset, int n, int flags) {
  return methods_of(f).xShmLock(real_of(f), offset, n, flags);
}
void shm_barrier(sqlite3_file* f) {
  methods_of(f).xShmBarrier(real_of(f));
}
int shm_unmap(sqlite3_file* f, int remove) {
  return methods_of(f).xShmUnmap(real_of(f), remove);
}

constexpr sqlite3_io_methods kMethods = {
    2,        close_file,  read_file,  write_file, truncate_file, sync_file,       file_size,
    lock,     unlock,      check_lock, control,    sector_size,   characteristics, shm_map,
    shm_lock, shm_barrier, shm_unmap,  nullptr,    nullptr};

int open_file(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  auto& layer = *static_cast<FaultyVfs::Layer*>(vfs->pAppData);
  File& mine = file_of(file);
  mine = File();
  const int code = layer.real->xOpen(layer.real, name, mine.real(), flags, out_flags);
  if (code != SQLITE_OK) return code;
  mine.layer = &layer;
  const std::string base = name == nullptr ? "unnamed" : std::filesystem::path(name).filename().string();
  if (layer.disk.count(base) == 0) layer.edit(base, [](DiskFile&) {});
  mine.name = &layer.disk.find(base)->first;
  mine.base.pMethods = &kMethods;
  return SQLITE_OK;
}

int delete_file(sqlite3_vfs* vfs, const char* name, int sync_folder) {
  auto& layer = *static_cast<FaultyVfs::Layer*>(vfs->pAppData);
  // A journal that is gone is how a commit becomes final, so it waits for the disk: gone for good.
  layer.edit(std::filesystem::path(name).filename().string(), [](DiskFile& disk) { disk = DiskFile(); });
  return layer.real->xDelete(layer.real, name, sync_folder);
}

}  // namespace

FaultyVfs::FaultyVfs() : layer_(std::make_unique<Layer>()) {
  layer_->real = sqlite3_vfs_find("unix");
  layer_->vfs = *layer_->real;  // names, random numbers and clock are the real ones
  layer_->vfs.szOsFile = static_cast<int>(sizeof(File)) + layer_->real->szOsFile;
  layer_->vfs.pNext = nullptr;
  layer_->vfs.zName = kName;
  layer_->vfs.pAppData = layer_.get();
  layer_->vfs.xOpen = open_file;
  layer_->vfs.xDelete = delete_file;
  if (sqlite3_vfs_register(&layer_->vfs, 1) != SQLITE_OK) throw std::runtime_error("cannot register the file layer");
}

FaultyVfs::~FaultyVfs() {
  sqlite3_vfs_unregister(&layer_->vfs);
}

std::uint64_t FaultyVfs::steps() const {
  return layer_->steps;
}

void FaultyVfs::fail_at(std::uint64_t k, Fault fault, bool for_good) {
  layer_->fails_at = layer_->steps + k;
  layer_->fault = fault;
  layer_->for_good = for_good;
}

void FaultyVfs::watch_power() {
  layer_->watching = true;
  layer_->moments.push_back(layer_->disk);
}

std::size_t FaultyVfs::cuts() const {
  return layer_->moments.size();
}

void FaultyVfs::after_cut(std::size_t cut, const std::string& folder, std::uint64_t seed) const {
  Rng rng(seed);
  for (const auto& [name, file] : layer_->moments.at(cut)) {
    if (!survives(name)) continue;
    std::string bytes = file->durable;
    std::vector<Change> kept;
    for (const Change& change : file->pending) {
      if (seed != 0 && rng.below(2) == 0) kept.push_back(change);
    }
    for (std::size_t i = kept.size(); i > 1; --i) std::swap(kept[i - 1], kept[rng.below(i)]);
    for (const Change& change : kept) apply(change, bytes);
    if (bytes.empty()) continue;
    std::ofstream(std::filesystem::path(folder) / name, std::ios::binary) << bytes;
  }
}

}  // namespace ipr::test
