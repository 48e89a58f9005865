#include "engine/server.h"

#include <algorithm>

#include "engine/expansion.h"
#include "engine/information_schema.h"
#include "engine/shared.h"
#include "engine/sqlite.h"
#include "engine/statistics.h"
#include "mysql/lexer.h"
#include "mysql/parser.h"

namespace intercodesql {
namespace {

// Idle handles kept beyond those in use, and translated statements: enough for those of a data set's tasks.
constexpr std::size_t kHandlesKept = 128;
constexpr std::size_t kPlansKept = 50'000;

std::string pool_key(const std::vector<std::string>& databases) {
  std::vector<std::string> sorted = databases;
  std::sort(sorted.begin(), sorted.end());
  std::string key;
  for (const std::string& name : sorted) key += name + '/';
  return key;
}

// Tables a statement may have after its WITH tables are copied (expansion.h); real ones have a handful.
constexpr std::size_t kMostTables = 5000;

// Of several statements the first is run, as the connector of the original environment runs them.
std::shared_ptr<const StatementPlan> make_plan(std::string_view statement, const Catalog& catalog,
                                               const std::string& database, const TranslationSettings& settings) {
  auto plan = std::make_shared<StatementPlan>();
  const auto parsed = mysql::parse(statement);
  if (const auto* tree = std::get_if<mysql::Statement>(&parsed)) {
    if (expanded_tables(tree->command, kMostTables) > kMostTables) {
      plan->translation = MysqlError{kBudgetErrorNumber, std::string(kBudgetError)};
      return plan;
    }
    plan->is_followed = tree->is_followed;
    if (tree->is_followed) statement = mysql::trimmed_statement(statement).substr(0, tree->rest);
  }
  plan->translation = translate(statement, catalog, database, settings);
  if (const auto* query = std::get_if<RowsQuery>(&plan->translation)) {
    for (const OutputColumn& column : query->columns) {
      plan->types.push_back(column.type);
      plan->names.push_back(column.name);
    }
  }
  return plan;
}

bool is_private(const std::string& database, const PrivateState* state) {
  return state != nullptr && (state->images.contains(database) || database == kInformationSchema);
}

}  // namespace

StoredDatabase store(DatabaseContents contents) {
  Image image = make_image(contents);
  for (std::size_t i = 0; i < contents.rows.size() && contents.is_counted; ++i) {
    count_rows(contents.schema.tables[i], contents.rows[i]);
  }
  return {std::make_shared<const Schema>(std::move(contents.schema)), std::move(image)};
}

Server::Server(std::vector<StoredDatabase> databases, ServerSettings settings)
    : shared_(std::make_unique<Shared>(std::move(databases), std::move(settings))) {}

Server::~Server() = default;

const Catalog& Server::catalog() const {
  return shared_->catalog();
}

const ServerSettings& Server::settings() const {
  return shared_->settings();
}

Server::Shared::Shared(std::vector<StoredDatabase> databases, ServerSettings settings)
    : settings_(std::move(settings)) {
  for (StoredDatabase& database : databases) {
    const std::string name = database.schema->database;
    images_.emplace(name, std::move(database.image));
    catalog_.databases.emplace(name, std::move(database.schema));
  }
  catalog_.databases.emplace(kInformationSchema, std::make_shared<const Schema>(information_schema()));
  for (const char* name : {"mysql", "performance_schema", "sys"}) {
    catalog_.databases.emplace(name, std::make_shared<const Schema>(Schema{name, {}}));
  }
}

Image Server::Shared::image(const std::string& database, const PrivateState* state) {
  if (database == kInformationSchema) {
    if (state != nullptr) return describe(state->catalog, state);
    std::call_once(described_, [this] { information_schema_ = describe(catalog_, nullptr); });
    return information_schema_;
  }
  if (state != nullptr) {
    if (const auto found = state->images.find(database); found != state->images.end()) return found->second;
  }
  const auto found = images_.find(database);
  return found == images_.end() ? nullptr : found->second;
}

Image Server::Shared::describe(const Catalog& catalog, const PrivateState* state) {
  std::unique_ptr<Handle> handle = bare_handle();
  const RowCounter rows = [&](const std::string& database, const std::string& table) -> std::int64_t {
    if (handle->attached().empty() || handle->attached()[0].name != database) {
      handle->detach_all();
      Image content = image(database, state);
      if (content == nullptr) return 0;
      handle->attach(database, std::move(content));
    }
    const auto count = sqlite::prepare(
        handle->raw(), "SELECT count(*) FROM " + sqlite::quoted(database) + "." + sqlite::quoted(table));
    return sqlite3_step(count.get()) == SQLITE_ROW ? sqlite3_column_int64(count.get(), 0) : 0;
  };
  Image described = make_image(information_schema_contents(catalog, rows));
  give_back(std::move(handle), std::string());
  return described;
}

Server::Shared::Lease Server::Shared::borrow(const std::vector<std::string>& databases, const PrivateState* state) {
  const bool pristine = std::none_of(databases.begin(), databases.end(),
                                     [&](const std::string& name) { return is_private(name, state); });
  std::string key = pristine ? pool_key(databases) : std::string();
  if (pristine) {
    const std::lock_guard lock(pool_mutex_);
    if (auto found = pool_.find(key); found != pool_.end() && !found->second.empty()) {
      std::unique_ptr<Handle> handle = std::move(found->second.back());
      found->second.pop_back();
      --pooled_;
      return Lease(*this, std::move(handle), std::move(key));
    }
  }
  std::unique_ptr<Handle> handle = bare_handle();
  for (const std::string& name : databases) {
    if (Image content = image(name, state)) handle->attach(name, std::move(content));
  }
  return Lease(*this, std::move(handle), std::move(key));
}

Server::Shared::Lease Server::Shared::borrow_to_change(const std::string& changed,
                                                       const std::vector<std::string>& databases,
                                                       const PrivateState* state) {
  std::unique_ptr<Handle> handle = bare_handle();
  if (const Image content = image(changed, state))
    handle->attach_writable(changed, content, settings_.budget.private_bytes);
  for (const std::string& name : databases) {
    if (name == changed) continue;
    if (Image content = image(name, state)) handle->attach(name, std::move(content));
  }
  return Lease(*this, std::move(handle), std::string());
}

// What a query of one number answers; empty where it cannot be run.
std::optional<std::int64_t> Server::Shared::count(const std::string& sql, const std::string& database,
                                                  const PrivateState* state) {
  const Lease handle = borrow({database}, state);
  Session session;
  Budget budget;
  budget.steps /= 10;
  const auto answer = handle->query(sql, {Type{BaseType::kInt}}, budget, session);
  const auto* rows = std::get_if<std::vector<Row>>(&answer);
  if (rows == nullptr || rows->size() != 1) return std::nullopt;
  return rows->front().front().integer;
}

std::unique_ptr<Handle> Server::Shared::bare_handle() {
  {
    const std::lock_guard lock(pool_mutex_);
    if (!bare_.empty()) {
      std::unique_ptr<Handle> handle = std::move(bare_.back());
      bare_.pop_back();
      --pooled_;
      return handle;
    }
  }
  return std::make_unique<Handle>();
}

void Server::Shared::give_back(std::unique_ptr<Handle> handle, const std::string& key) {
  if (key.empty()) {
    try {
      handle->detach_all();
    } catch (const sqlite::Error&) {
      return;  // a handle that cannot be cleared is not used again
    }
  }
  const std::lock_guard lock(pool_mutex_);
  if (pooled_ >= kHandlesKept) return;  // dropped with this scope
  ++pooled_;
  (key.empty() ? bare_ : pool_[key]).push_back(std::move(handle));
}

std::shared_ptr<const StatementPlan> Server::Shared::plan(std::string_view statement, const std::string& database,
                                                          const TranslationSettings& settings,
                                                          const PrivateState* state) {
  TranslationSettings counting = settings;
  counting.count_rows = [&](const std::string& sql, const std::string& counted) { return count(sql, counted, state); };
  if (state != nullptr) return make_plan(statement, state->catalog, database, counting);
  std::string key = database;
  key += settings.only_full_group_by ? '/' : '\\';
  key += statement;
  {
    const std::shared_lock lock(plans_mutex_);
    if (const auto found = plans_.find(key); found != plans_.end()) return found->second;
  }
  auto made = make_plan(statement, catalog_, database, counting);
  const std::unique_lock lock(plans_mutex_);
  if (plans_.size() >= kPlansKept) plans_.clear();
  return plans_.emplace(std::move(key), std::move(made)).first->second;
}

}  // namespace intercodesql
