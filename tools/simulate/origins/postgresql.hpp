// SPDX-License-Identifier: MIT
// PostgreSQL as the origin: a private server, or a schema in a user's database. A query sleeps in a
// function of the database while its statement runs. The statement reads the row as it was when the
// statement began.
//
// A private server counts by its query log. A user's server counts by its statistics of a table
// that each query scans once. Both also count a query that fails.
//
// Without libpqxx, postgresql_left_out.cpp takes the place of all this.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "process/signal_watch.hpp"
#include "simulate/origins/make_origin.hpp"
#include "simulate/origins/origin.hpp"
#include "simulate/origins/origin_address.hpp"

namespace drover::simulate {

/// In `origin_owner::address`, it is followed by SCHEMA:URL.
inline constexpr std::string_view postgresql_scheme = "postgresql-schema:";

/// What `make_postgresql` needs and is missing here, with the remedy; empty if nothing is missing.
[[nodiscard]] std::string lacking_for_postgresql(const origin_choice& which,
                                                 const origin_making& plan);
/// Starts the server, or connects to the user's. Throws std::runtime_error, and `interrupted`.
[[nodiscard]] std::unique_ptr<origin_owner> make_postgresql(const origin_choice& which,
                                                            const origin_making& plan,
                                                            const process::signal_watch& signals);
/// `where`: SCHEMA:URL. Throws std::runtime_error.
[[nodiscard]] std::unique_ptr<origin> open_postgresql(const std::string& where, query_log& log,
                                                      unsigned connections);

}  // namespace drover::simulate
