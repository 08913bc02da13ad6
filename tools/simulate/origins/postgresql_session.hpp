// SPDX-License-Identifier: MIT
// A connection to PostgreSQL that works in the simulation's schema.
#pragma once

#include <memory>
#include <pqxx/pqxx>
#include <string>

namespace drover::simulate {

/// The name of the herd's prepared query. The count of a server's log is the count of this name.
inline constexpr const char* query_statement = "drover_query";

/// Throws pqxx::failure.
[[nodiscard]] inline std::unique_ptr<pqxx::connection> open_session(const std::string& url,
                                                                    const std::string& schema) {
  auto session = std::make_unique<pqxx::connection>(url);
  // libpqxx sets these variables again when it reconnects. They override the settings of the user's
  // role or database, which could end a query that is slow on purpose.
  session->set_variable("application_name", schema);
  session->set_variable("search_path", schema);
  session->set_variable("statement_timeout", "0");
  session->set_variable("client_min_messages", "warning");
  session->set_variable("default_transaction_isolation", "'read committed'");
  return session;
}

}  // namespace drover::simulate
