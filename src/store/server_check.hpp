// SPDX-License-Identifier: MIT
// Sends every command of the library, with keys of its own, and reports what the server does not
// execute. Blocks for the replies.
//
// Threads: any number at once; each check has keys of its own.
#pragma once

#include <drover/check.hpp>
#include <drover/fault.hpp>

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"
#include "connection/channel.hpp"
#include "lease/rights.hpp"
#include "store/waker.hpp"

namespace drover::store {

class server_check {
 public:
  /// Makes a key that the server has from the beginning of one.
  using key_maker = std::function<std::string(const std::string& beginning)>;

  /// `id` makes the keys of this check unique. It consists of letters, digits and '-'.
  server_check(connection::channel& on, waker& wakes, std::string id, steady_time deadline,
               key_maker key_from = {})
      : channel_{on},
        waker_{wakes},
        id_{std::move(id)},
        deadline_{deadline},
        key_from_{std::move(key_from)} {}

  /// Connects, and tries the commands with a key of each of the caches `names`. Waits for a server
  /// that is away until the deadline. Throws std::bad_alloc.
  [[nodiscard]] check_report run(std::span<const std::string> names);

 private:
  [[nodiscard]] bool connect();
  void measure_round_trip();
  void try_server_commands();
  void try_key_commands(const std::string& name);
  /// What the client would use where scripts are refused.
  void try_without_scripts(const std::string& key);
  void scripts_are_replaced_by(std::string_view instead);
  void try_subscription(const std::string& wake_channel);
  void try_wake_up(std::string canary_key);
  /// Sends the request and notes a problem if one of its replies is an error. False: the connection
  /// or the time is over, and the check ends.
  [[nodiscard]] bool try_request(lease::right_id needs, std::string_view request, unsigned replies,
                                 std::string_view name = {});
  [[nodiscard]] bool exchange(std::string_view request, std::span<resp::message> replies);
  void note_problem(lease::right_id needs, fault why, std::string_view name = {});
  void note_end(const connection::outcome& end);
  [[nodiscard]] check_report take_report();

  connection::channel& channel_;
  waker& waker_;
  std::string id_;
  steady_time deadline_;
  key_maker key_from_;  ///< empty: the server has all keys
  bool has_ended_ = false;
  bool may_track_ = true;  ///< no command of tracking was refused
  bool may_run_scripts_ = true;
  bool may_publish_ = true;  ///< nor PUBLISH on the channels of the current name
  check_report report_;
};

/// The remedy for an error reply to a command of the library, for the cache `name`. Pure. Empty:
/// none is known.
[[nodiscard]] std::string remedy_for(const fault& why, const lease::right& needed,
                                     std::string_view name);

}  // namespace drover::store
