// SPDX-License-Identifier: MIT
#include "world/command_table.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>

#include "world/command_handlers.hpp"
#include "world/pushes.hpp"
#include "world/reply_writer.hpp"

namespace drover::world {
namespace {

enum trait : unsigned {
  reads = 1U,       ///< its key is tracked
  reads_many = 2U,  ///< and so are all the keys after it
  writes = 4U,
  needs_memory = 8U,
  while_loading = 16U,
  while_stale = 32U,
  before_auth = 64U,
  of_client = 128U,       ///< leaves CLIENT CACHING in force for the next command
  of_transaction = 256U,  ///< runs at once, also after MULTI
};
constexpr unsigned anytime = while_loading | while_stale;

struct command {
  std::string_view name;
  std::ptrdiff_t arity;  ///< words with the command's own; negative: at least as many
  unsigned traits;
  void (*run)(running&);
};

constexpr std::array commands{
    command{"auth", -2, anytime | before_auth, run_auth},
    command{"client|caching", 3, anytime | of_client, run_client_caching},
    command{"client|getname", 2, anytime | of_client, run_client_getname},
    command{"client|id", 2, anytime | of_client, run_client_id},
    command{"client|kill", -3, anytime | of_client, run_client_kill},
    command{"client|list", -2, anytime | of_client, run_client_list},
    command{"client|setname", 3, anytime | of_client, run_client_setname},
    command{"client|tracking", -3, anytime | of_client, run_client_tracking},
    command{"del", -2, writes, run_del},
    command{"discard", 1, anytime | of_transaction, run_discard},
    command{"eval", -3, while_stale, run_eval},
    command{"evalsha", -3, while_stale, run_evalsha},
    command{"exec", 1, anytime | of_transaction, run_exec},
    command{"exists", -2, reads | reads_many, run_exists},
    command{"flushall", -1, writes, run_flushall},
    command{"flushdb", -1, writes, run_flushdb},
    command{"get", 2, reads, run_get},
    command{"getrange", 4, reads, run_getrange},
    command{"hello", -1, anytime | before_auth, run_hello},
    command{"hset", -4, writes | needs_memory, run_hset},
    command{"info", -1, anytime, run_info},
    command{"multi", 1, anytime | of_transaction, run_multi},
    command{"pexpire", -3, writes, run_pexpire},
    command{"pexpiretime", 2, reads, run_pexpiretime},
    command{"ping", -1, 0, run_ping},
    command{"pttl", 2, reads, run_pttl},
    command{"publish", 3, anytime, run_publish},
    command{"script|exists", -3, 0, run_script_exists},
    command{"script|flush", -2, 0, run_script_flush},
    command{"script|load", 3, while_stale, run_script_load},
    command{"select", 2, anytime, run_select},
    command{"set", -3, writes | needs_memory, run_set},
    command{"setrange", 4, writes | needs_memory, run_setrange},
    command{"subscribe", -2, anytime, run_subscribe},
    command{"time", 1, anytime, run_time},
    command{"unlink", -2, writes, run_del},
    command{"unsubscribe", -1, anytime, run_unsubscribe},
    command{"unwatch", 1, anytime, run_unwatch},
    command{"watch", -2, anytime | of_transaction, run_watch},
};

const command* find(std::string_view name) {
  const auto* const found = std::ranges::find(commands, name, &command::name);
  return found == commands.end() ? nullptr : found;
}

bool is_container(std::string_view name) { return name == "client" || name == "script"; }

error_reply wrong_number(std::string_view name) {
  return {"ERR wrong number of arguments for '" + std::string{name} + "' command"};
}

/// The command of this request. Throws error_reply: a container without a subcommand.
const command& command_of(const running& request) {
  std::string name = lower_case(request.arguments[0]);
  if (is_container(name)) {
    if (request.arguments.size() < 2) throw wrong_number(name);
    name += '|' + lower_case(request.arguments[1]);
  }
  if (const command* const found = find(name)) return *found;
  throw unsupported_request{"the model of the server does not know the command: " + name};
}

/// A replica, or a server that loads, evicts nothing and does not look at its limit.
bool lacks_memory(const server_state& state) {
  return state.is_out_of_memory && !state.is_replica && !state.is_loading;
}

/// The traits of a command; those of EXEC are those of the commands that it runs, too.
unsigned traits_of(const running& request, const command& wanted) {
  unsigned traits = wanted.traits;
  if (wanted.run != run_exec) return traits;
  for (const auto& words : request.sender.session.queued) {
    const command& queued = *find(lower_case(words[0]));
    traits |= queued.traits & (writes | needs_memory);
    traits &= ~anytime | queued.traits;
  }
  return traits;
}

void admit(const running& request, const command& wanted) {
  const server_state& state = request.server.state;
  const auto words = static_cast<std::ptrdiff_t>(request.arguments.size());
  const unsigned traits = traits_of(request, wanted);
  const auto has = [&](unsigned which) { return (traits & which) != 0; };
  if (wanted.arity >= 0 ? words != wanted.arity : words < -wanted.arity) {
    throw wrong_number(wanted.name);
  }
  if (!request.sender.session.is_authenticated && !has(before_auth)) {
    throw error_reply{"NOAUTH Authentication required."};
  }
  if (state.refused_commands.contains(wanted.name) && !has(before_auth)) {
    const std::string who = request.is_redis_7() ? "this user" : "User default";
    throw error_reply{"NOPERM " + who + " has no permissions to run the '" +
                      std::string{wanted.name} + "' command"};
  }
  // For Redis 7.0 every command between MULTI and EXEC takes memory, because it is queued.
  const bool is_queued = request.is_redis_7() && request.sender.session.is_in_transaction &&
                         wanted.run != run_exec && wanted.run != run_discard &&
                         wanted.run != run_multi;
  if (lacks_memory(state) && (has(needs_memory) || is_queued))
    throw error_reply{std::string{out_of_memory}};
  if (state.is_replica && has(writes)) throw error_reply{std::string{is_replica}};
  if (state.is_cut_off && !has(while_stale)) throw error_reply{std::string{cut_off}};
  if (state.is_loading && !has(while_loading)) {
    const bool is_valkey = request.server.settings.family == server_family::valkey_8_1;
    throw error_reply{std::string{"LOADING "} + (is_valkey ? "Valkey" : "Redis") +
                      " is loading the dataset in memory"};
  }
}

void remember_keys(const running& request, unsigned traits) {
  if ((traits & reads) == 0) return;
  const std::size_t end = (traits & reads_many) != 0 ? request.arguments.size() : 2;
  for (std::size_t i = 1; i < end; ++i) remember_reader(request, request.arguments[i]);
}

/// A transaction does not survive an error of one of its commands.
void admit_or_break(running& request, const command& wanted) {
  try {
    admit(request, wanted);
  } catch (const error_reply& why) {
    session_state& session = request.sender.session;
    if (!session.is_in_transaction) throw;
    session.has_queued_error = true;
    if (wanted.run != run_exec) throw;
    end_transaction(request);
    throw error_reply{"EXECABORT Transaction discarded because of: " + why.text};
  }
}

void run(running& request, const command& wanted) {
  try {
    wanted.run(request);
  } catch (const error_reply& why) {
    write_error(request.out(), why.text);
  }
  remember_keys(request, wanted.traits);
}

}  // namespace

void run_request(running& request) {
  bool keeps_caching = false;
  try {
    const command& wanted = command_of(request);
    keeps_caching = (wanted.traits & of_client) != 0;
    admit_or_break(request, wanted);
    session_state& session = request.sender.session;
    if (session.is_in_transaction && (wanted.traits & of_transaction) == 0) {
      session.queued.emplace_back(request.arguments.begin(), request.arguments.end());
      request.out() += "+QUEUED\r\n";
    } else {
      run(request, wanted);
    }
    write_own_pushes(request);
  } catch (const error_reply& why) {
    write_error(request.out(), why.text);
  }
  if (!keeps_caching) request.sender.session.has_caching = false;
}

void run_queued(running& request) {
  const command& wanted = command_of(request);
  if (request.server.state.refused_commands.contains(wanted.name)) {
    return write_error(request.out(),
                       "NOPERM ACLs rules changed between the moment the transaction was "
                       "accumulated and the EXEC call. This command is no longer allowed for the "
                       "following reason: no permission to execute the command or subcommand");
  }
  run(request, wanted);
}

void detail::admit_in_script(running& request, std::string_view name) {
  const command& wanted = *find(name);
  const server_state& state = request.server.state;
  if (state.refused_commands.contains(name)) {
    throw error_reply{request.is_redis_7()
                          ? "ERR The user executing the script can't run this command "
                            "or subcommand"
                          : "ERR ACL failure in script: User default has no "
                            "permissions to run the '" +
                                std::string{name} + "' command"};
  }
  if (state.is_replica && (wanted.traits & writes) != 0) {
    throw error_reply{std::string{is_replica}};
  }
  if (lacks_memory(state) && !request.has_written && (wanted.traits & needs_memory) != 0) {
    throw error_reply{std::string{out_of_memory}};
  }
  if ((wanted.traits & writes) != 0) request.has_written = true;
}

void detail::finish_in_script(const running& request, std::string_view name, std::string_view key) {
  if ((find(name)->traits & reads) != 0) remember_reader(request, key);
}

}  // namespace drover::world
