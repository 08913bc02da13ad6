// SPDX-License-Identifier: MIT
// The accounts of one flight: the requests that await a reply, the leases, marks and turns that
// have not been given back, and the number of times that it ended. They list a complaint for each
// promise that the machine breaks.
#pragma once

#include <algorithm>
#include <deque>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "fetch/flight.hpp"
#include "fetch/texts_for_test.hpp"

namespace drover::fetch::testing {

class accounts {
 public:
  std::vector<std::string> complaints;

  void complain(std::string complaint) { complaints.push_back(std::move(complaint)); }

  // --- requests
  [[nodiscard]] bool has_outstanding() const { return !outstanding_.empty(); }
  [[nodiscard]] action_kind oldest() const { return outstanding_.front().kind; }

  action take_oldest() {
    const action oldest_action = outstanding_.front();
    outstanding_.pop_front();
    return oldest_action;
  }

  /// Removes and returns the oldest request of this kind. Complains when there is none.
  std::optional<action> take(action_kind kind) {
    const auto at = std::find_if(outstanding_.begin(), outstanding_.end(),
                                 [&](const action& candidate) { return candidate.kind == kind; });
    if (at == outstanding_.end()) {
      complain("nothing was sent that this answers");
      return std::nullopt;
    }
    const action oldest_action = *at;
    outstanding_.erase(at);
    return oldest_action;
  }

  // --- what the server and the shell grant
  void lease_granted(const entry::token& attempt) { leases_.insert(attempt); }
  void lease_over(const entry::token& attempt) { leases_.erase(attempt); }
  void mark_granted(const entry::token& attempt) { marks_.insert(attempt); }
  void turn_refused() { ++turns_returned_; }
  void leases_void() { leases_.clear(); }
  void marks_void() { marks_.clear(); }

  /// The flight must end like this.
  void ending_is(flight_outcome outcome) { due_ending_ = outcome; }

  /// Records an action of the machine. `was_ended`: the flight had ended before it.
  void add(const action& requested, const flight& machine, bool was_ended) {
    settle(requested, machine);
    const bool has_reply =
        requested.kind == action_kind::send_lease || requested.kind == action_kind::send_renew ||
        requested.kind == action_kind::send_fill || requested.kind == action_kind::send_release ||
        requested.kind == action_kind::send_refresh_mark ||
        requested.kind == action_kind::send_promote;
    if (has_reply) outstanding_.push_back(requested);
    const bool is_late = requested.kind == action_kind::send_release_late ||
                         requested.kind == action_kind::send_refresh_mark_release;
    if (was_ended && !is_late) complain("after its end: " + text_of(requested));
  }

  /// The run is over: complains about everything that is still open.
  void close(const flight& machine) {
    if (finished_ != 1) complain("ended " + std::to_string(finished_) + " times");
    for (const auto& token : leases_) complain("lease " + text_of(token) + " is left over");
    for (const auto& token : marks_) complain("mark " + text_of(token) + " is left over");
    if (turns_wanted_ != turns_returned_) complain("turns wanted and returned differ");
    if (due_ending_ && machine.end().outcome != *due_ending_) {
      complain("the load's result is lost: " + text_of(machine.end()));
    }
    if (machine.due()) complain("an ended flight wants to be called");
  }

 private:
  void settle(const action& requested, const flight& machine) {
    switch (requested.kind) {
      case action_kind::send_lease: leases_.erase(requested.other); break;
      case action_kind::send_fill:
        if (requested.other == requested.attempt) leases_.erase(requested.attempt);
        break;
      case action_kind::send_failure:
      case action_kind::send_release:
      case action_kind::send_release_late: leases_.erase(requested.attempt); break;
      case action_kind::send_refresh_mark_pause:
      case action_kind::send_refresh_mark_release: marks_.erase(requested.attempt); break;
      case action_kind::lease_lost: leases_.erase(machine.held()); break;
      case action_kind::want_turn: ++turns_wanted_; break;
      case action_kind::return_turn: ++turns_returned_; break;
      case action_kind::finish: ++finished_; break;
      default: break;
    }
  }

  std::deque<action> outstanding_;
  std::set<entry::token> leases_;  ///< perhaps granted, and not given back
  std::set<entry::token> marks_;   ///< the same
  int turns_wanted_ = 0;
  int turns_returned_ = 0;
  int finished_ = 0;
  std::optional<flight_outcome> due_ending_;
};

}  // namespace drover::fetch::testing
