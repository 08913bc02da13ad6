// SPDX-License-Identifier: MIT
// EVAL, EVALSHA and SCRIPT, for the library's own scripts.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "lease/scripts.hpp"
#include "world/command_handlers.hpp"
#include "world/keys.hpp"
#include "world/lease_scripts.hpp"
#include "world/reply_writer.hpp"

namespace drover::world {
namespace {

error_reply no_script(const running& request) {
  const bool is_valkey = request.server.settings.family == server_family::valkey_8_1;
  return {is_valkey ? "NOSCRIPT No matching script."
                    : "NOSCRIPT No matching script. Please use EVAL."};
}

void check_key_count(const running& request) {
  const std::int64_t count = integer_in(request.arguments[2]);
  if (count > static_cast<std::int64_t>(request.arguments.size()) - 3) {
    throw error_reply{"ERR Number of keys can't be greater than number of args"};
  }
  if (count < 0) throw error_reply{"ERR Number of keys can't be negative"};
}

const lease::script& script_with(std::string_view text) {
  const auto all = lease::scripts();
  const auto found = std::ranges::find(all, text, &lease::script::text);
  if (found != all.end()) return *found;
  throw unsupported_request{"the model of the server knows only the library's own scripts"};
}

void run(running& request, const lease::script& script) {
  if (request.server.state.is_cut_off) throw error_reply{std::string{cut_off}};
  run_lease_script(request, script);
}

}  // namespace

void run_eval(running& request) {
  const lease::script& script = script_with(request.arguments[1]);
  check_key_count(request);
  request.server.loaded_scripts.insert(script.sha1);
  run(request, script);
}

void run_evalsha(running& request) {
  const std::string sha1 = lower_case(request.arguments[1]);
  if (sha1.size() != 40) throw no_script(request);
  check_key_count(request);
  if (!request.server.loaded_scripts.contains(sha1)) throw no_script(request);
  const auto all = lease::scripts();
  run(request, *std::ranges::find(all, sha1, &lease::script::sha1));
}

void run_script_exists(running& request) {
  write_head(request.out(), '*', request.arguments.size() - 2);
  for (const std::string_view sha1 : request.arguments.subspan(2)) {
    write_integer(request.out(), request.server.loaded_scripts.contains(lower_case(sha1)) ? 1 : 0);
  }
}

void run_script_flush(running& request) {
  const auto& words = request.arguments;
  const std::string mode = words.size() > 2 ? lower_case(words[2]) : "sync";
  if (words.size() > 3 || (mode != "sync" && mode != "async")) {
    throw error_reply{"ERR SCRIPT FLUSH only support SYNC|ASYNC option"};
  }
  request.server.loaded_scripts.clear();
  write_ok(request.out());
}

void run_script_load(running& request) {
  const lease::script& script = script_with(request.arguments[2]);
  request.server.loaded_scripts.insert(script.sha1);
  write_bulk(request.out(), script.sha1);
}

}  // namespace drover::world
