// SPDX-License-Identifier: MIT
#include "audit/capture/script_arguments.hpp"

#include <algorithm>
#include <string>

namespace drover::audit {
namespace {

unsigned argument_at(const lua_call& call, std::size_t at) {
  if (at >= call.arguments.size() || call.arguments[at].type != lua_operand::kind::argument)
    return 0;
  return call.arguments[at].number;
}

void note_ttl(script_seen& into, unsigned argument, bool in_seconds) {
  if (argument == 0 || into.ttl_argument != 0) return;
  into.ttl_argument = argument;
  into.ttl_in_seconds = in_seconds;
}

void note_value(script_seen& into, unsigned argument) {
  if (into.value_argument == 0) into.value_argument = argument;
}

}  // namespace

std::size_t option_at(const lua_call& call, std::string_view word) {
  const auto entry =
      std::find_if(call.arguments.begin(), call.arguments.end(), [word](const auto& argument) {
        return argument.type == lua_operand::kind::text && argument.word == word;
      });
  return static_cast<std::size_t>(entry - call.arguments.begin());
}

bool sets_ttl(const lua_call& call) {
  const std::string& name = call.command;
  if (name == "SETEX" || name == "PSETEX" || name == "HSETEX" || name == "RESTORE") return true;
  if (name != "SET") return false;
  for (const std::string_view option : {"EX", "PX", "EXAT", "PXAT", "KEEPTTL"}) {
    if (option_at(call, option) < call.arguments.size()) return true;
  }
  // An option that the script computes may be one of them.
  return std::any_of(
      call.arguments.begin() + std::min<std::ptrdiff_t>(2, std::ssize(call.arguments)),
      call.arguments.end(),
      [](const lua_operand& argument) { return argument.type != lua_operand::kind::text; });
}

void note_arguments_of(const lua_call& call, script_seen& into) {
  const std::string& name = call.command;
  if (name == "PEXPIRE" || name == "EXPIRE") {
    note_ttl(into, argument_at(call, 1), name == "EXPIRE");
  } else if (name == "PSETEX" || name == "SETEX") {
    note_ttl(into, argument_at(call, 1), name == "SETEX");
    note_value(into, argument_at(call, 2));
  } else if (name == "SET" || name == "SETNX" || name == "GETSET") {
    note_value(into, argument_at(call, 1));
    note_ttl(into, argument_at(call, option_at(call, "PX") + 1), false);
    note_ttl(into, argument_at(call, option_at(call, "EX") + 1), true);
  } else if (name == "HSET" || name == "HSETNX" || name == "HMSET") {
    note_value(into, argument_at(call, 2));
  } else if (name == "HINCRBY" && into.token_argument == 0) {
    into.token_argument = argument_at(call, 1);
  }
}

}  // namespace drover::audit
