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

error_reply no_script(const running& by) {
  const bool is_valkey = by.on.settings.family == server_family::valkey_8_1;
  return {is_valkey ? "NOSCRIPT No matching script."
                    : "NOSCRIPT No matching script. Please use EVAL."};
}

void check_key_count(const running& by) {
  const std::int64_t count = integer_in(by.arguments[2]);
  if (count > static_cast<std::int64_t>(by.arguments.size()) - 3) {
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

void run(running& by, const lease::script& script) {
  if (by.on.state.is_cut_off) throw error_reply{std::string{cut_off}};
  run_lease_script(by, script);
}

}  // namespace

void run_eval(running& by) {
  const lease::script& script = script_with(by.arguments[1]);
  check_key_count(by);
  by.on.loaded_scripts.insert(script.sha1);
  run(by, script);
}

void run_evalsha(running& by) {
  const std::string sha1 = lower_case(by.arguments[1]);
  if (sha1.size() != 40) throw no_script(by);
  check_key_count(by);
  if (!by.on.loaded_scripts.contains(sha1)) throw no_script(by);
  const auto all = lease::scripts();
  run(by, *std::ranges::find(all, sha1, &lease::script::sha1));
}

void run_script_exists(running& by) {
  write_head(by.out(), '*', by.arguments.size() - 2);
  for (const std::string_view sha1 : by.arguments.subspan(2)) {
    write_integer(by.out(), by.on.loaded_scripts.contains(lower_case(sha1)) ? 1 : 0);
  }
}

void run_script_flush(running& by) {
  const auto& words = by.arguments;
  const std::string mode = words.size() > 2 ? lower_case(words[2]) : "sync";
  if (words.size() > 3 || (mode != "sync" && mode != "async")) {
    throw error_reply{"ERR SCRIPT FLUSH only support SYNC|ASYNC option"};
  }
  by.on.loaded_scripts.clear();
  write_ok(by.out());
}

void run_script_load(running& by) {
  const lease::script& script = script_with(by.arguments[2]);
  by.on.loaded_scripts.insert(script.sha1);
  write_bulk(by.out(), script.sha1);
}

}  // namespace drover::world
