// SPDX-License-Identifier: MIT
// Shared by the tests of a channel: settings for a scripted server, a server that echoes keys, and
// requests by key.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "connection/channel.hpp"
#include "connection/scripted_server_for_test.hpp"
#include "resp/writer.hpp"

namespace drover::connection {

using namespace std::chrono_literals;

/// Settings with limits that only a hang exceeds, so that tests pass on a busy machine.
inline settings at(const scripted_server& server) {
  settings with;
  with.at.path = server.path();
  with.seed = 1;
  with.connect_max = 20s;
  with.silence_max = 20s;
  return with;
}

inline std::string request_of(std::string_view command, std::string_view key) {
  std::string out;
  resp::write_command(out, {command, key});
  return out;
}

inline std::string get_of(std::string_view key) { return request_of("GET", key); }

/// How an exchange ended. The text is empty after a fault.
struct answer {
  outcome end;
  std::string text;
};

inline answer get(channel& on, std::string_view key, const wait_limit& within = {}) {
  resp::message reply;
  answer out{on.exchange(get_of(key), {&reply, 1}, within), {}};
  if (out.end.ended == exchange_end::replied) out.text = reply.root().text();
  return out;
}

/// Answers a request for "k" with "of k".
inline void echo(const scripted_peer& peer, const std::vector<std::string>& arguments) {
  peer.send(bulk("of " + arguments.at(1)));
}

}  // namespace drover::connection
