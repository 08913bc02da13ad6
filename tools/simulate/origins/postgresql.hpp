// SPDX-License-Identifier: MIT
// PostgreSQL as the origin: a private server, or a schema in a user's database. The statement of a
// query sleeps in a function of the database. It reads the row as it was when the statement began.
//
// The queries of a private server are counted from its query log. The queries of a user's server
// are counted from the statistics of a table that each query scans once. Both counts include failed
// queries.
//
// Without libpqxx, postgresql_left_out.cpp implements these functions.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "process/signal_watch.hpp"
#include "simulate/origins/make_origin.hpp"
#include "simulate/origins/origin.hpp"
#include "simulate/origins/origin_address.hpp"

namespace drover::simulate {

/// The beginning of a PostgreSQL `origin_owner::address`. SCHEMA:URL follows.
inline constexpr std::string_view postgresql_scheme = "postgresql-schema:";

/// Like `missing_requirement`, for PostgreSQL.
[[nodiscard]] std::string missing_postgresql_requirement(const origin_choice& choice,
                                                         const origin_settings& plan);
/// Starts a server or connects to the user's server. Throws std::runtime_error and `interrupted`.
[[nodiscard]] std::unique_ptr<origin_owner> make_postgresql(const origin_choice& choice,
                                                            const origin_settings& plan,
                                                            const process::signal_watch& signals);
/// `schema_and_url` is SCHEMA:URL. Throws std::runtime_error.
[[nodiscard]] std::unique_ptr<origin> open_postgresql(const std::string& schema_and_url,
                                                      query_log& log, unsigned connections);

}  // namespace drover::simulate
