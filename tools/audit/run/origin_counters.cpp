// SPDX-License-Identifier: MIT
#include "audit/run/origin_counters.hpp"

#include <string>
#include <utility>

#include "text/usage_error.hpp"

namespace drover::audit {
namespace {

address parse_option_address(const char* option, const std::string& text) {
  auto at = parse_address(text);
  if (!at) throw text::usage_error{std::string{option} + ": " + at.error().text};
  return *std::move(at);
}

}  // namespace

std::vector<requested_counter> counters_for(const origin_sources& sources,
                                            const origin_listener& listener) {
  std::vector<requested_counter> counters;
  for (const auto& [server, key] : sources.redis) {
    counters.push_back(
        {"--origin-redis",
         count_redis_key(parse_option_address("--origin-redis", server), key, listener)});
  }
  for (std::size_t i = 0; i < sources.logs.size(); ++i) {
    const bool is_for_all = sources.log_regexes.size() == 1;
    counters.push_back(
        {"--origin-log", count_log_lines(sources.logs[i].string(),
                                         sources.log_regexes[is_for_all ? 0 : i], listener)});
  }
  for (const std::string& command : sources.commands) {
    counters.push_back({"--origin-cmd", count_by_command(command, listener)});
  }
  for (const auto& [listen, target] : sources.tcp) {
    counters.push_back({"--origin-tcp",
                        count_connections(parse_option_address("--origin-tcp", listen),
                                          parse_option_address("--origin-tcp", target), listener)});
  }
  return counters;
}

}  // namespace drover::audit
