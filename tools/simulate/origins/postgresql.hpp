// SPDX-License-Identifier: MIT
// PostgreSQL as the origin: a server of our own, or a schema of our own in somebody's database. A
// query sleeps in a function of the database while its statement runs, and what the statement reads
// is as it was when it began.
//
// The private server counts by its query log; somebody else's by the statistics that it keeps of a
// table which each query scans once. Both also count a query that fails.
//
// Built without libpqxx, none of it can be had (postgresql_left_out.cpp).
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "process/signal_watch.hpp"
#include "simulate/origins/make_origin.hpp"
#include "simulate/origins/origin.hpp"
#include "simulate/origins/origin_address.hpp"

namespace drover::simulate {

/// What stands behind this in `origin_owner::address` is SCHEMA:URL.
inline constexpr std::string_view postgresql_scheme = "postgresql-schema:";

/// Why `make_postgresql` could not be called here, in words and with the remedy; empty if it can.
[[nodiscard]] std::string lacking_for_postgresql(const origin_choice& which,
                                                 const origin_making& how);
/// Starts the server, or connects to the user's. Throws std::runtime_error, and `interrupted`.
[[nodiscard]] std::unique_ptr<origin_owner> make_postgresql(const origin_choice& which,
                                                            const origin_making& how,
                                                            const process::signal_watch& signals);
/// `where`: SCHEMA:URL. Throws std::runtime_error.
[[nodiscard]] std::unique_ptr<origin> open_postgresql(const std::string& where, query_log& log,
                                                      unsigned connections);

}  // namespace drover::simulate
