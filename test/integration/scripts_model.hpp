// SPDX-License-Identifier: MIT
// A small model of an entry: the reply to a request at a given time, and the bytes after it. It
// follows docs/internals/lease-protocol.md, not the scripts.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "entry/envelope.hpp"
#include "support/lease_client.hpp"

namespace drover::test::scripts_model {

using namespace std::chrono_literals;
using entry::envelope;
using entry::kind;
using entry::token;

inline constexpr std::uint64_t digest = lease_client::digest;

/// The contents of the key.
struct world {
  std::optional<std::string> bytes;
  bool is_other_type = false;
  std::optional<milliseconds> ttl_set;  ///< the ttl that the last request set, if any
  bool has_ttl = false;

  void set(const envelope& head, std::string_view payload, milliseconds ttl) {
    bytes = entry::encode(head, payload);
    ttl_set = std::clamp<milliseconds>(ttl, 1ms, 24h * 36'525);
    has_ttl = true;
  }
  /// Changes bytes [begin, end) only. The other bytes stay, even if no writer of the library would
  /// leave them.
  void change(const envelope& head, std::size_t begin, std::size_t end) {
    bytes->replace(begin, end - begin, entry::encode(head, "").substr(begin, end - begin));
  }
  void remove() { *this = {}; }
};

enum class verb {
  lease,
  renew,
  promote,
  fill,
  failure,
  release,
  uncacheable,
  expire,
  invalidate,
  count
};

/// One request with random fields. Each kind of request uses the fields that it needs.
struct request {
  verb kind = verb::lease;
  token first;
  token second;
  token third;
  milliseconds lease_ttl{};
  milliseconds fresh{};
  milliseconds grace{};
  bool flag = false;  ///< lease: notify; fill: absent
  std::uint32_t number = 0;
  std::string payload;
  server_time stored_from;
  milliseconds pause_max{};
  server_time loaded_at;
};

/// The key of a marker ends with the marker, so its ttl must be long enough for the test to read
/// it.
inline milliseconds marker_ttl(const request& r) { return r.lease_ttl + 1min; }

struct outcome {
  std::string reply;
  world after;
};

/// A reply in words.
std::string answer_text(std::string_view outcome, server_time now, std::int64_t number,
                        std::string_view bytes);
bool is_value_or_absent(const envelope& head);
/// The outcome if the server executes the request at time `t`.
outcome modelled(world w, const request& r, server_time t);

}  // namespace drover::test::scripts_model
