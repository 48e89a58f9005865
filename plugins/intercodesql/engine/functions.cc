#include "engine/functions.h"

#include <algorithm>
#include <span>

#include "engine/collation.h"
#include "engine/function_call.h"
#include "engine/functions_aggregate.h"
#include "engine/functions_code.h"
#include "engine/functions_date.h"
#include "engine/functions_number.h"
#include "engine/functions_order.h"
#include "engine/functions_regex.h"
#include "engine/functions_session.h"
#include "engine/functions_store.h"
#include "engine/functions_text.h"
#include "engine/sqlite.h"

namespace intercodesql {
namespace {

void check(sqlite3* connection, int code) {
  if (code != SQLITE_OK) throw sqlite::Error(code, sqlite3_errmsg(connection));
}

int compare(void* user, int a_size, const void* a, int b_size, const void* b) {
  // A long text costs as much as the instructions it saves.
  static_cast<StatementContext*>(user)->steps_left -= std::min(a_size, b_size) / 64;
  return compare_general_ci({static_cast<const char*>(a), static_cast<std::size_t>(a_size)},
                            {static_cast<const char*>(b), static_cast<std::size_t>(b_size)});
}

// What SQLite hands back to call_entry.
struct Registered {
  const FunctionEntry* entry;
  StatementContext* context;
};

void call_entry(sqlite3_context* raw, int count, sqlite3_value** arguments) {
  const auto& registered = *static_cast<Registered*>(sqlite3_user_data(raw));
  FunctionCall call(raw, count, arguments, *registered.context);
  registered.entry->function(call);
}

void register_entries(sqlite3* connection, std::span<const FunctionEntry> entries, StatementContext& context) {
  for (const FunctionEntry& entry : entries) {
    const int flags = SQLITE_UTF8 | (entry.is_deterministic ? SQLITE_DETERMINISTIC : 0);
    auto* registered = new Registered{&entry, &context};
    check(connection,
          sqlite3_create_function_v2(connection, entry.name, entry.arguments, flags, registered, call_entry, nullptr,
                                     nullptr, [](void* user) { delete static_cast<Registered*>(user); }));
  }
}

}  // namespace

void register_functions(sqlite3* connection, StatementContext& context) {
  check(connection, sqlite3_create_collation_v2(connection, "MYSQL", SQLITE_UTF8, &context, compare, nullptr));
  register_entries(connection, text_functions(), context);
  register_entries(connection, code_functions(), context);
  register_entries(connection, number_functions(), context);
  register_entries(connection, date_functions(), context);
  register_entries(connection, regex_functions(), context);
  register_entries(connection, session_functions(), context);
  register_entries(connection, store_functions(), context);
  register_entries(connection, order_functions(), context);
  register_aggregates(connection, context);
  register_filesort(connection, context);
}

}  // namespace intercodesql
