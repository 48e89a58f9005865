// What a server's connections share behind server.h: handles, translations, the pristine images. Private to engine/.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "emit/emit.h"
#include "engine/handle.h"
#include "engine/server.h"

namespace intercodesql {

// Databases an episode has written, and the catalog as it sees it. Never changes once a connection holds it.
struct PrivateState {
  Catalog catalog;
  std::map<std::string, Image> images;  // of changed databases, by lower-case name
};

// A translated statement and what running it needs.
struct StatementPlan {
  Translation translation;
  std::vector<Type> types;         // of a RowsQuery's columns
  std::vector<std::string> names;  // of the same
  bool is_followed = false;        // by another statement
};

class Server::Shared {
 public:
  Shared(std::vector<StoredDatabase> databases, ServerSettings settings);

  [[nodiscard]] const Catalog& catalog() const { return catalog_; }
  [[nodiscard]] const ServerSettings& settings() const { return settings_; }
  // The image of a database as `state` (may be null) sees it; null if there is none.
  [[nodiscard]] Image image(const std::string& database, const PrivateState* state);

  // A handle with `databases` attached, given back when the lease ends.
  class Lease {
   public:
    Lease(Shared& shared, std::unique_ptr<Handle> handle, std::string key)
        : shared_(&shared), handle_(std::move(handle)), key_(std::move(key)) {}
    ~Lease() { shared_->give_back(std::move(handle_), key_); }
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    Handle* operator->() const { return handle_.get(); }

   private:
    Shared* shared_;
    std::unique_ptr<Handle> handle_;
    std::string key_;  // where it goes back to; empty if it holds private images, which are detached then
  };
  [[nodiscard]] Lease borrow(const std::vector<std::string>& databases, const PrivateState* state);
  // With a copy of `changed` that may be written, beside the other databases.
  [[nodiscard]] Lease borrow_to_change(const std::string& changed, const std::vector<std::string>& databases,
                                       const PrivateState* state);

  // Translates, or finds what was translated before. `state` null: the pristine catalog.
  [[nodiscard]] std::shared_ptr<const StatementPlan> plan(std::string_view statement, const std::string& database,
                                                          const TranslationSettings& settings,
                                                          const PrivateState* state);

 private:
  void give_back(std::unique_ptr<Handle> handle, const std::string& key);
  [[nodiscard]] std::unique_ptr<Handle> bare_handle();
  [[nodiscard]] std::optional<std::int64_t> count(const std::string& sql, const std::string& database,
                                                  const PrivateState* state);
  [[nodiscard]] Image describe(const Catalog& catalog, const PrivateState* state);

  Catalog catalog_;
  std::map<std::string, Image> images_;
  ServerSettings settings_;
  std::once_flag described_;
  Image information_schema_;  // of the pristine catalog, made when it is first asked for

  std::mutex pool_mutex_;
  std::unordered_map<std::string, std::vector<std::unique_ptr<Handle>>> pool_;
  std::vector<std::unique_ptr<Handle>> bare_;  // nothing attached
  std::size_t pooled_ = 0;

  std::shared_mutex plans_mutex_;
  std::unordered_map<std::string, std::shared_ptr<const StatementPlan>> plans_;
};

}  // namespace intercodesql
