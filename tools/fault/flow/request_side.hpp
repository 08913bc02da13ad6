// SPDX-License-Identifier: MIT
// The client's bytes: splits them into requests, has the faults of each decided, and passes on
// those that the server gets. Pure: time is an argument.
//
// A request is held until it is complete, or until its first `held_max` bytes have arrived. Then it
// is decided by what is known of it. The result does not depend on how the bytes were sliced.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "audit/capture/command_table.hpp"
#include "audit/capture/request_event.hpp"
#include "fault/flow/injection.hpp"
#include "fault/flow/outbox.hpp"
#include "fault/flow/reply_queue.hpp"
#include "resp/request_reader.hpp"

namespace drover::faults {

class request_side {
 public:
  static constexpr std::size_t held_max = std::size_t{64} << 10U;

  /// All of them outlive this object.
  request_side(decider& decisions, std::uint64_t connection, reply_queue& replies,
               injection_sink& sink);

  /// Appends to `to_server` what the server gets.
  void receive(std::string_view bytes, microseconds now, outbox& to_server);

  /// From the next reply after those in the queue on, the connection passes unchanged.
  [[nodiscard]] bool is_unread() const noexcept { return state_ == state::unread; }
  /// The last request has been read. Later bytes are dropped.
  [[nodiscard]] bool is_over() const noexcept { return state_ == state::over; }

 private:
  enum class state : std::uint8_t {
    undecided,  // of the current request
    forwards,   // the rest of the current request
    swallows,   // the rest of the current request
    unread,
    over,
  };

  std::size_t read(std::string_view bytes, microseconds now, outbox& to_server);
  std::size_t read_undecided(std::string_view bytes, microseconds now, outbox& to_server);
  std::size_t read_rest(std::string_view bytes, outbox& to_server);
  void decide(microseconds now, outbox& to_server);
  void end_request(outbox& to_server);
  void delay(const faulted_request& request, microseconds now, outbox& to_server);
  void stop_reading(const std::string& reason);
  [[nodiscard]] std::vector<std::string_view> keys_of(const audit::command_match& command) const;

  decider& decisions_;
  const std::uint64_t connection_;
  reply_queue& replies_;
  injection_sink& sink_;
  resp::request_reader reader_;
  resp::request request_;
  connection_counts counts_;
  std::string held_;
  std::uint64_t request_number_ = 0;
  state state_ = state::undecided;
  /// The current request ends the connection.
  bool is_last_ = false;
};

}  // namespace drover::faults
