// SPDX-License-Identifier: MIT
// One function for each command: it runs a request that has passed the checks, and writes its
// reply, or throws error_reply. Arities have been checked.
#pragma once

#include <string>
#include <string_view>

#include "world/running.hpp"

namespace drover::world {

inline constexpr std::string_view out_of_memory =
    "OOM command not allowed when used memory > 'maxmemory'.";
inline constexpr std::string_view is_replica =
    "READONLY You can't write against a read only replica.";
inline constexpr std::string_view cut_off =
    "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.";

[[nodiscard]] std::string lower_case(std::string_view text);

// key_commands.cpp
void run_del(running& request);
void run_exists(running& request);
void run_flushall(running& request);
void run_flushdb(running& request);
void run_get(running& request);
void run_getrange(running& request);
void run_hset(running& request);
void run_pexpire(running& request);
void run_pexpiretime(running& request);
void run_pttl(running& request);
void run_set(running& request);
void run_setrange(running& request);

// client_commands.cpp
void run_client_caching(running& request);
void run_client_getname(running& request);
void run_client_id(running& request);
void run_client_kill(running& request);
void run_client_list(running& request);
void run_client_setname(running& request);
void run_client_tracking(running& request);
void run_publish(running& request);
void run_subscribe(running& request);
void run_unsubscribe(running& request);

// server_commands.cpp
void run_auth(running& request);
void run_hello(running& request);
void run_info(running& request);
void run_ping(running& request);
void run_select(running& request);
void run_time(running& request);

// script_commands.cpp
void run_eval(running& request);
void run_evalsha(running& request);
void run_script_exists(running& request);
void run_script_flush(running& request);
void run_script_load(running& request);

// transaction_commands.cpp
void run_discard(running& request);
void run_exec(running& request);
void run_multi(running& request);
void run_unwatch(running& request);
void run_watch(running& request);
/// Forgets the transaction of the sender and what it watches.
void end_transaction(running& request);

/// Throws error_reply when the name has a character that CLIENT LIST could not show.
void check_client_name(std::string_view name);

}  // namespace drover::world
