#include "engine/connection.h"

#include "engine/server.h"
#include "engine/shared.h"
#include "engine/statement_runner.h"

namespace intercodesql {

Connection::Connection(const Server& server, std::uint64_t seed) : server_(&server) {
  session_.sql_mode = kDefaultSqlMode;
  session_.now = server.settings().now;
  session_.random_state = seed;
}

bool Connection::use(std::string_view database) {
  if (catalog().find(database) == nullptr) return false;
  session_.database = lower_ascii(database);
  return true;
}

Outcome Connection::execute(std::string_view statement) {
  return StatementRunner(*this, statement).run();
}

const Catalog& Connection::catalog() const {
  return private_ != nullptr ? private_->catalog : server_->catalog();
}

std::size_t Connection::private_bytes() const {
  std::size_t bytes = 0;
  if (private_ == nullptr) return bytes;
  for (const auto& entry : private_->images) bytes += entry.second->size();
  return bytes;
}

}  // namespace intercodesql
