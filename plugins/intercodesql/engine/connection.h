// A MySQL connection of one episode: statements in, rows or MySQL's error texts out.
//
// Reads go to the server's shared databases until the episode's first write, then to private images of the databases it
// wrote; nothing it does is seen by another connection, and nothing reaches the disk. A copy is a fork: it shares what
// is written so far and goes its own way. One thread at a time per connection; the server must outlive it.
//
// Not carried out, and answered with an error of MySQL's: EXPLAIN of a query (1235), CREATE VIEW (1142), accounts and privileges (1227), writes to the server's own databases (1044).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/catalog.h"
#include "engine/session.h"
#include "engine/value.h"

namespace intercodesql {

class Server;
struct PrivateState;

struct Outcome {
  enum class Kind { kRows, kNone, kError };
  Kind kind = Kind::kNone;         // kNone: a statement without result set
  std::vector<std::string> names;  // of the columns
  std::vector<Row> rows;
  int error_number = 0;  // MySQL's, 1146 for a missing table
  std::string error;     // MySQL's text: "Table 'shop.item' doesn't exist"
  // Other statements stood behind the first one; they were not run: see kRestRefused.
  bool rest_refused = false;
};

// For whoever shows an outcome with rest_refused.
inline constexpr std::string_view kRestRefused = "Only one statement can be run at a time; the others were not run";

class Connection {
 public:
  // `seed` is that of RAND() and UUID().
  explicit Connection(const Server& server, std::uint64_t seed = 0);

  // USE. False, and nothing changed, if there is no such database.
  bool use(std::string_view database);

  // Runs one statement; of several, the first.
  // Never throws for what a statement does or is: any text ends in rows, nothing, or an error.
  Outcome execute(std::string_view statement);

  [[nodiscard]] const std::string& database() const { return session_.database; }
  // Has a statement of this episode changed a table or a schema?
  [[nodiscard]] bool has_written() const { return private_ != nullptr; }
  // The schemas as this episode sees them.
  [[nodiscard]] const Catalog& catalog() const;
  // Bytes of private images; those shared with a fork count for both.
  [[nodiscard]] std::size_t private_bytes() const;

 private:
  friend class StatementRunner;

  const Server* server_;
  Session session_;
  std::shared_ptr<const PrivateState> private_;                            // shared with forks, replaced by every write
  std::optional<std::shared_ptr<const PrivateState>> before_transaction_;  // what ROLLBACK returns to
};

}  // namespace intercodesql
