// SPDX-License-Identifier: MIT
#include "audit/run/origin_counters.hpp"

#include <string>
#include <utility>

#include "text/usage_error.hpp"

namespace drover::audit {
namespace {

address address_typed(const char* option, const std::string& text) {
  auto at = parse_address(text);
  if (!at) throw text::usage_error{std::string{option} + ": " + at.error().text};
  return *std::move(at);
}

}  // namespace

std::vector<wished_counter> counters_for(const origin_sources& asked, const origin_ear& ear) {
  std::vector<wished_counter> made;
  for (const auto& [server, key] : asked.redis) {
    made.push_back(
        {"--origin-redis", count_redis_key(address_typed("--origin-redis", server), key, ear)});
  }
  for (std::size_t i = 0; i < asked.logs.size(); ++i) {
    const bool is_for_all = asked.log_regexes.size() == 1;
    made.push_back({"--origin-log", count_log_lines(asked.logs[i].string(),
                                                    asked.log_regexes[is_for_all ? 0 : i], ear)});
  }
  for (const std::string& command : asked.commands) {
    made.push_back({"--origin-cmd", count_by_command(command, ear)});
  }
  for (const auto& [listen, target] : asked.tcp) {
    made.push_back({"--origin-tcp", count_connections(address_typed("--origin-tcp", listen),
                                                      address_typed("--origin-tcp", target), ear)});
  }
  return made;
}

}  // namespace drover::audit
