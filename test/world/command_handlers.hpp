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
void run_del(running& by);
void run_exists(running& by);
void run_flushall(running& by);
void run_flushdb(running& by);
void run_get(running& by);
void run_getrange(running& by);
void run_hset(running& by);
void run_pexpire(running& by);
void run_pexpiretime(running& by);
void run_pttl(running& by);
void run_set(running& by);
void run_setrange(running& by);

// client_commands.cpp
void run_client_caching(running& by);
void run_client_getname(running& by);
void run_client_id(running& by);
void run_client_kill(running& by);
void run_client_list(running& by);
void run_client_setname(running& by);
void run_client_tracking(running& by);
void run_publish(running& by);
void run_subscribe(running& by);
void run_unsubscribe(running& by);

// server_commands.cpp
void run_auth(running& by);
void run_hello(running& by);
void run_info(running& by);
void run_ping(running& by);
void run_select(running& by);
void run_time(running& by);

// script_commands.cpp
void run_eval(running& by);
void run_evalsha(running& by);
void run_script_exists(running& by);
void run_script_flush(running& by);
void run_script_load(running& by);

/// Throws error_reply when the name has a character that CLIENT LIST could not show.
void check_client_name(std::string_view name);

}  // namespace drover::world
