// SPDX-License-Identifier: MIT
// Compare-and-set by WATCH, GET, MULTI and EXEC, for servers without SET IFEQ, on a connection of
// its own: what a connection watches belongs to all its commands, and commands of others must not
// get between MULTI and EXEC. One transaction runs at a time, in two exchanges:
//
//   WATCH key, GET key, MULTI    the change is decided from the bytes
//   the change, EXEC             or DISCARD
//
// Invariants: (1) the change is sent only after MULTI was executed, and only on that connection. So
//                 it is never executed outside of a transaction;
//             (2) it is sent only if the connection leads to the server of the main connection, as
//                 far as both report a run id.
// Threads:    every member from any thread. `decide` and `done` run on the thread that reads, or on
//             the service thread, without a lock.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "connection/channel.hpp"
#include "lease/plain_changes.hpp"

namespace drover::store {

enum class transaction_end : std::uint8_t {
  changed,
  unchanged,  ///< nothing was to be changed
  lost,       ///< the key was changed meanwhile
};

class transactions {
 public:
  using decider = std::function<std::optional<lease::key_change>(lease::stored_bytes)>;
  using ended = std::function<void(result<transaction_end>)>;

  /// Connects when the first transaction runs.
  explicit transactions(connection::settings with);
  transactions(const transactions&) = delete;
  transactions& operator=(const transactions&) = delete;
  /// Precondition: `stop` was called.
  ~transactions() = default;

  /// Throws std::bad_alloc; then nothing has changed, and `done` is not called.
  void run(std::string key, decider decide, ended done);
  /// The run id of the server of the main connection; empty: unknown.
  void server_is(const std::string& run_id);
  /// See `channel::rest` and `channel::credentials_changed`.
  void rest() noexcept;
  void credentials_changed() noexcept;
  /// Ends the connection; every transaction faults. Blocks until no `done` runs. Later ones fault
  /// at once.
  void stop();

 private:
  struct transaction {
    std::string key;
    decider decide;
    ended done;
    unsigned attempts = 0;
  };
  using running = std::shared_ptr<transaction>;
  using replies = result<std::vector<resp::message>>;

  void begin_next();
  /// nullptr: none waits.
  [[nodiscard]] running take_next();
  /// Why it cannot begin; `done` is not called then.
  [[nodiscard]] std::optional<fault> begin(const running& now) noexcept;
  void begin_again(const running& now);
  /// False: the object was stopped.
  [[nodiscard]] bool connect(const running& now);
  [[nodiscard]] bool read(const running& now, std::uint64_t epoch);
  void have_read(const running& now, std::uint64_t epoch, replies got);
  void commit(const running& now, std::uint64_t epoch, const lease::key_change& change);
  void discard(std::uint64_t epoch);
  void finish(const running& now, result<transaction_end> how);
  /// False: the object was stopped.
  [[nodiscard]] bool post(std::string request, unsigned due, connection::completion done,
                          std::uint64_t only_epoch);
  [[nodiscard]] bool leads_elsewhere();
  /// Called under the mutex.
  void make_channel();

  const connection::settings with_;
  std::mutex mutex_;
  std::condition_variable is_unused_;
  unsigned users_ = 0;  ///< the threads that use `channel_`
  bool is_stopped_ = false;
  bool is_busy_ = false;
  std::deque<running> waiting_;
  std::string main_run_id_;
  std::string own_run_id_;
  std::unique_ptr<connection::channel> channel_;
};

}  // namespace drover::store
