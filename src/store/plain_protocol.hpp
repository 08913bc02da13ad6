// SPDX-License-Identifier: MIT
// The requests for entries without scripts. It is used from the first refusal of a script until a
// script is executed again, which is tried now and then. Changes are compare-and-sets: by SET IFEQ
// on the main connection, or by transactions on a second one; which of them the server has is tried
// once for each connection.
//
// The times that are stored come from the estimate of the server's clock, less its uncertainty, so
// that they are never ahead of the server.
//
// Threads: every member from any thread. `done` runs as the completions of a channel do; when the
//          object was stopped, it may run inside the request.
// Memory:  a request throws std::bad_alloc if nothing was sent yet. Otherwise `done` gets a fault.
#pragma once

#include <drover/fault.hpp>
#include <drover/result.hpp>

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "connection/channel.hpp"
#include "lease/plain_changes.hpp"
#include "lease/plain_commands.hpp"
#include "store/known_server.hpp"
#include "store/transactions.hpp"

namespace drover::store {

class plain_protocol {
 public:
  template <class Reply>
  using then = std::function<void(result<Reply>)>;
  template <class Reply>
  using decider = std::function<lease::plain_decision<Reply>(lease::stored_bytes, server_time)>;

  /// `tell` gets one fault when scripts are refused, and what is used instead.
  plain_protocol(connection::channel& main, known_server& known, connection::settings with,
                 std::function<void(const fault&)> tell);

  /// True while requests use other commands than scripts.
  [[nodiscard]] bool is_active() const noexcept {
    return is_active_.load(std::memory_order_acquire) && way_ != way::none;
  }
  /// True when `why` says that the server refuses scripts, and other commands may replace them:
  /// from then on `is_active`. Without such commands scripts are tried again and again.
  bool saw(const fault& why) noexcept;
  void connection_is_new(const std::string& run_id);
  /// Call it before the main channel is destroyed.
  void stop() { transactions_.stop(); }
  void rest() noexcept { transactions_.rest(); }
  void credentials_changed() noexcept { transactions_.credentials_changed(); }

  /// Grants the lease, or returns what is stored. `tracked`: this connection then learns when the
  /// entry changes.
  void lease(const lease::lease_request& request, bool tracked, then<lease::lease_reply> done);
  /// A change of a key. `held`: the token of the PENDING entry that is probably there.
  template <class Reply>
  void change(std::string_view key, const entry::token& held, decider<Reply> decide,
              std::string_view wake_channel, then<Reply> done);

 private:
  enum class way : std::uint8_t { unknown, comparing, transactions, none };
  struct lease_attempt;
  struct change_attempt;
  using lease_run = std::shared_ptr<lease_attempt>;
  using change_run = std::shared_ptr<change_attempt>;
  using replies = result<std::vector<resp::message>>;
  using lease_decision = lease::plain_decision<lease::lease_reply>;

  void ask(const lease_run& run);
  void asked(const lease_run& run, const std::string& stub, steady_time sent, replies got);
  void take(const lease_run& run, const std::string& stored, lease_decision decided);
  void take_in_transaction(const lease_run& run);
  void ask_again(const lease_run& run);
  void go_on(const change_run& run);
  void read(const change_run& run);
  void compare(const change_run& run, std::string expected);
  void transact(const change_run& run);
  void try_again(const change_run& run);
  void find_way(std::string_view key, std::function<void(std::optional<fault>)> done);
  void have_found(way which) noexcept;
  void try_scripts(std::string_view key);
  void load_scripts();
  void scripts_work();
  [[nodiscard]] std::optional<server_time> earliest_now() const noexcept;
  /// Keeps the bytes of a PENDING entry of this process; empty: forgets them.
  void remember(const entry::token& held, std::string_view bytes) noexcept;
  [[nodiscard]] std::optional<std::string> remembered(const entry::token& held);
  void publish(std::string_view wake_channel);
  /// The fault of every request while there is no way: the refusal of the scripts.
  [[nodiscard]] fault refused();

  connection::channel& main_;
  known_server& known_;
  std::function<void(const fault&)> tell_;
  std::atomic<bool> is_active_{false};
  std::atomic<way> way_{way::unknown};
  std::atomic<std::int64_t> scripts_tried_at_us_{INT64_MIN};
  std::atomic<std::int64_t> way_sought_at_us_{INT64_MIN};
  std::mutex mutex_;
  std::string refusal_;  ///< the server's words
  bool is_told_ = false;
  std::map<entry::token, std::string> stubs_;  ///< PENDING entries of this process
  transactions transactions_;
};

}  // namespace drover::store
