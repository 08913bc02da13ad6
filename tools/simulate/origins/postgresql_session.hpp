// SPDX-License-Identifier: MIT
// A connection to PostgreSQL that works in the simulation's schema.
#pragma once

#include <memory>
#include <pqxx/pqxx>
#include <string>

namespace drover::simulate {

/// Of the prepared statement that a query of the herd's is, in the server's log.
inline constexpr const char* query_statement = "drover_query";

/// Throws pqxx::failure.
[[nodiscard]] inline std::unique_ptr<pqxx::connection> open_session(const std::string& url,
                                                                    const std::string& schema) {
  auto made = std::make_unique<pqxx::connection>(url);
  // By these means they are set again, too, should the library have to connect again. What a
  // user's role or database sets must not end a query that is slow on purpose.
  made->set_variable("application_name", schema);
  made->set_variable("search_path", schema);
  made->set_variable("statement_timeout", "0");
  made->set_variable("client_min_messages", "warning");
  made->set_variable("default_transaction_isolation", "'read committed'");
  return made;
}

}  // namespace drover::simulate
