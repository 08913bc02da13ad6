// SPDX-License-Identifier: MIT
// Reads the requests of a client and says which of their replies contain addresses. Replies are
// matched in order; where that is impossible (a subscription in RESP2, CLIENT REPLY, MONITOR,
// SYNC), it stops after the replies that are still due. Pure. Memory is bounded: requests without
// addresses are only counted.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string_view>
#include <vector>

#include "audit/capture/command_table.hpp"
#include "resp/request_reader.hpp"

namespace drover::audit {

enum class address_reply : std::uint8_t {
  none,
  cluster_slots,
  cluster_shards,
  cluster_nodes,
  cluster_replicas,
  sentinel_primary,
  sentinel_servers,  ///< MASTER, MASTERS, REPLICAS, SLAVES
  sentinel_sentinels,
  transaction,   ///< EXEC: see `elements`
  subscription,  ///< in RESP3: pushes confirm it, unless it fails
};

struct expected_reply {
  address_reply kind = address_reply::none;
  /// Of a transaction: the kinds of its elements.
  std::vector<address_reply> elements{};
};

class expected_replies {
 public:
  expected_replies();

  void requested(std::string_view bytes);
  /// The next reply. Its members are at their defaults if no reply is awaited.
  [[nodiscard]] const expected_reply& next() const noexcept;
  void pop();
  /// As the client has asked for it with HELLO.
  [[nodiscard]] bool has_resp3() const noexcept { return has_resp3_; }

  /// More replies with addresses are not awaited: the client does not read.
  static constexpr std::size_t waiting_max = 10'000;

 private:
  struct entry {
    std::uint64_t plain_before = 0;
    expected_reply reply;
  };

  void take(const resp::request& request);
  void push(expected_reply reply);
  void note_protocol(const resp::request& request, effect does);

  resp::request_reader reader_;
  resp::request request_;
  std::deque<entry> entries_;
  std::uint64_t plain_at_end_ = 0;
  std::vector<address_reply> queued_;  // of the transaction that has begun
  bool in_transaction_ = false;
  bool has_resp3_ = false;
  bool is_matching_ = true;
};

}  // namespace drover::audit
