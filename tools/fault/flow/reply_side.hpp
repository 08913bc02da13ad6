// SPDX-License-Identifier: MIT
// The server's bytes: splits them into replies, matches them to the requests in order, and injects
// the faults that were decided for each. Pure: time is an argument.
//
// Bounded: of a reply at most `copy_max` bytes are kept, for a duplicate or to find a random byte.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "fault/flow/injection.hpp"
#include "fault/flow/outbox.hpp"
#include "fault/flow/reply_queue.hpp"
#include "resp/scanner.hpp"

namespace drover::faults {

/// What becomes of a connection after the bytes in its outbox.
enum class ending : std::uint8_t {
  none,
  by_end,
  by_reset,
  /// It stays open, and nothing more is delivered.
  by_silence,
};

class reply_side {
 public:
  static constexpr std::size_t duplicate_max = std::size_t{1} << 20U;
  static constexpr std::size_t random_cut_max = std::size_t{64} << 10U;

  /// All of them outlive this object.
  reply_side(const decider& decisions, std::uint64_t connection, reply_queue& replies, outbox& out,
             injection_sink& sink);

  void receive(std::string_view bytes, microseconds now);
  /// To be called after requests were added to the queue: some need no reply of the server.
  void answer_locally(microseconds now);
  /// No more requests are added to the queue. When it is empty, bytes pass unchanged.
  void pass_unchanged_after_queue() { is_queue_final_ = true; }

  [[nodiscard]] ending how_it_ends() const noexcept { return ending_; }

 private:
  struct scanned {
    std::size_t size = 0;
    bool is_complete = false;
  };

  scanned scan(std::string_view bytes);
  void begin_reply(microseconds now);
  void take_reply(std::string_view bytes, microseconds now);
  void end_reply(microseconds now);
  void deliver(const faulted_request& request, std::string_view bytes, microseconds now);
  void begin_delivery(const faulted_request& request, microseconds now);
  void push_messages(const faulted_request& request, microseconds now);
  void cut_at_random(const faulted_request& request, microseconds now);
  void cut(const faulted_request& request, microseconds now);
  void end_with(ending how);
  void report_fate(const faulted_request& request, microseconds now, injection event = {});
  [[nodiscard]] injection event_of(const faulted_request& request, std::size_t spec,
                                   microseconds now) const;
  [[nodiscard]] const fault_spec* fate_of(const faulted_request& request) const;
  [[nodiscard]] bool is_delivered(const faulted_request& request) const;

  const decider& decisions_;
  const std::uint64_t connection_;
  reply_queue& replies_;
  outbox& out_;
  injection_sink& sink_;
  resp::scanner scanner_;
  bool is_in_message_ = false;
  bool is_push_ = false;
  bool is_queue_final_ = false;
  bool is_unread_ = false;
  ending ending_ = ending::none;

  // Of the current reply, if it has faults.

  std::string copy_;
  std::uint64_t received_ = 0;
};

}  // namespace drover::faults
