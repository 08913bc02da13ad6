// SPDX-License-Identifier: MIT
// One request while the model runs it: who sent it, when, and the pushes that wait for its reply.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "world/model_state.hpp"

namespace drover::world {

/// The moments, since 1970, at which a server reads its clock during one request. Usually all are
/// the same. A real Redis 7.0 reads its clock anew for each purpose, so that they may differ by a
/// little; a test that compares with one sets them apart. Invariant: started <= time <= ttl_base.
struct request_times {
  // Not explicit: a moment is what all but that test have.
  request_times(microseconds now) : started{now}, time{now}, ttl_base{now} {}  // NOLINT
  request_times(microseconds begin, microseconds shown, microseconds counted)
      : started{begin}, time{shown}, ttl_base{counted} {}

  microseconds started;   ///< decides which keys have ended
  microseconds time;      ///< the reply to TIME
  microseconds ttl_base;  ///< lifetimes count from here
};

/// Thrown, and never answered with a guess: the request is none that the model knows exactly.
struct unsupported_request : std::logic_error {
  using std::logic_error::logic_error;
};

/// An error reply, without its mark: "ERR syntax error".
struct error_reply {
  std::string text;
};

struct running {
  model_state& server;
  client& sender;
  request_times at;
  std::span<const std::string_view> arguments;
  bool is_in_script = false;
  bool has_written = false;  ///< by a script: it may then go on without memory
  /// Keys whose change this connection is told after the reply; nullopt: all keys.
  std::vector<std::optional<std::string>> own_invalidations;
  std::string own_messages;  ///< whole pushes that follow the reply

  [[nodiscard]] database& keys() const { return server.databases[sender.session.database_index]; }
  [[nodiscard]] std::string& out() const { return sender.output; }
  [[nodiscard]] bool is_resp3() const { return sender.session.is_resp3; }
  [[nodiscard]] bool is_redis_7() const {
    return server.settings.family == server_family::redis_7_0;
  }
};

}  // namespace drover::world
