// SPDX-License-Identifier: MIT
// One client's connection through the fault proxy, without its sockets: bytes of both peers go in,
// and bytes for both peers come out, with the faults of the script. Pure: time is an argument.
//
// Bounded: the owner reads from a peer only while `wants_client` or `wants_server` says so, and
// hands over at most one buffer at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "fault/flow/outbox.hpp"
#include "fault/flow/reply_queue.hpp"
#include "fault/flow/reply_side.hpp"
#include "fault/flow/request_side.hpp"

namespace drover::faults {

class faulty_stream {
 public:
  static constexpr std::size_t outbox_max = std::size_t{256} << 10U;
  static constexpr std::size_t faulted_max = 16384;

  /// Both outlive this object.
  faulty_stream(decider& decisions, std::uint64_t connection, injection_sink& sink)
      : requests_{decisions, connection, queue_, sink},
        replies_{decisions, connection, queue_, outbox_, sink} {}
  faulty_stream(const faulty_stream&) = delete;
  faulty_stream& operator=(const faulty_stream&) = delete;

  void client_sent(std::string_view bytes, microseconds now) {
    if (how_it_ends() != ending::none) return;
    requests_.receive(bytes, now, to_server_);
    if (requests_.is_unread()) replies_.pass_unchanged_after_queue();
    replies_.answer_locally(now);
  }
  void server_sent(std::string_view bytes, microseconds now) { replies_.receive(bytes, now); }

  /// The bytes for one write to the server, perhaps followed by more. Empty: none now.
  [[nodiscard]] std::string take_for_server(microseconds now) { return to_server_.take(now); }
  /// When `take_for_server` has bytes again.
  [[nodiscard]] std::optional<microseconds> next_for_server_at() const {
    return to_server_.next_at();
  }
  /// Everything that the server is to get has been taken.
  [[nodiscard]] bool is_forwarded() const noexcept { return to_server_.is_empty(); }
  /// The bytes for one write to the client, perhaps followed by more. Empty: none now.
  [[nodiscard]] std::string take_for_client(microseconds now) { return outbox_.take(now); }
  /// When `take_for_client` has bytes again.
  [[nodiscard]] std::optional<microseconds> next_at() const { return outbox_.next_at(); }
  /// Everything that is to be delivered has been taken.
  [[nodiscard]] bool is_delivered() const noexcept { return outbox_.is_empty(); }

  /// What becomes of the connection once everything is delivered. Unless this is `none`, the server
  /// is no longer needed, and later bytes of both peers are dropped.
  [[nodiscard]] ending how_it_ends() const noexcept { return replies_.how_it_ends(); }

  [[nodiscard]] bool wants_client() const noexcept {
    return outbox_.size() < outbox_max && to_server_.size() < outbox_max &&
           queue_.faulted_count() < faulted_max;
  }
  [[nodiscard]] bool wants_server() const noexcept { return outbox_.size() < outbox_max; }

 private:
  reply_queue queue_;
  outbox outbox_;
  outbox to_server_;
  request_side requests_;
  reply_side replies_;
};

}  // namespace drover::faults
