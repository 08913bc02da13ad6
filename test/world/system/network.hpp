// SPDX-License-Identifier: MIT
// The sockets of the simulated processes, the ways between them and the server, and what can go
// wrong there. Bytes of one direction arrive in order, in slices, after a delay.
//
// Not simulated: packet loss apart from its effect, which is delay; several addresses.
// Threads: one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "world/redis_model.hpp"
#include "world/system/kernel.hpp"
#include "world/system/server.hpp"

namespace drover::world {

/// How bytes travel between one process and the server.
struct path {
  virtual_time delay_min{std::chrono::microseconds{50}};
  virtual_time delay_max{std::chrono::microseconds{200}};
  std::size_t slice_max = std::size_t{64} << 10U;  ///< bytes that arrive together
  std::size_t window = std::size_t{64} << 10U;     ///< bytes on the way to the server
  unsigned duplicates = 0;                         ///< of 100 pushes
  bool is_blocked = false;                         ///< nothing arrives until it is opened
};

struct link;

/// What may happen to one reply of a connection that lives on.
enum class lie : std::uint8_t { none, dropped, doubled, changed };

/// An open file of a simulated process: a socket or an event counter.
struct descriptor {
  enum class kind : std::uint8_t { socket, counter };
  enum class state : std::uint8_t { unconnected, connecting, open, failed };

  int number = 0;
  descriptor::kind is = kind::socket;
  process* owner = nullptr;
  // A counter.
  std::uint64_t count = 0;
  // A socket.
  state at = state::unconnected;
  int error = 0;
  bool is_nonblocking = true;
  bool is_shut = false;
  bool peer_has_closed = false;
  std::optional<virtual_time> receive_timeout;
  std::string incoming;
  std::shared_ptr<link> way;

  [[nodiscard]] bool has_input() const noexcept {
    return !incoming.empty() || peer_has_closed || is_shut || at == state::failed;
  }
};

/// A connection between a socket and the server. Either end may be gone.
struct link {
  unsigned process_number = 0;
  descriptor* client = nullptr;
  std::optional<connection> at_server;
  virtual_time last_to_server{};
  virtual_time last_to_client{};
  std::size_t unacknowledged = 0;
  bool watches_timeout = false;
  virtual_time waits_since{};  ///< for an acknowledgement
  /// The connection is reset after so many more bytes in that direction.
  std::optional<std::size_t> cut_to_server;
  std::optional<std::size_t> cut_to_client;
  lie next_reply = lie::none;
  virtual_time last_heard{};                     ///< by the server
  std::vector<std::function<void()>> held_back;  ///< deliveries on a blocked path
};

class network {
 public:
  network(kernel& on, server& to) : kernel_{on}, server_{to} {}

  [[nodiscard]] static network* current() noexcept;
  static void set_current(network* now) noexcept;

  [[nodiscard]] descriptor& open(descriptor::kind kind, process& in);
  [[nodiscard]] descriptor* find(int number) noexcept;
  void close(descriptor& closed);
  void connect(descriptor& from);
  /// Returns how many bytes were accepted; 0 when the window is full.
  [[nodiscard]] std::size_t send(descriptor& from, std::string_view bytes);
  void shut(descriptor& ended);
  [[nodiscard]] std::size_t open_descriptors(const process& of) const noexcept;
  /// Uses of descriptors that were not open: a bug of the program.
  [[nodiscard]] unsigned misuses() const noexcept { return misuses_; }
  void count_misuse() noexcept { ++misuses_; }

  [[nodiscard]] path& path_of(unsigned process_number) { return paths_[process_number]; }
  void block(unsigned process_number) { paths_[process_number].is_blocked = true; }
  void unblock(unsigned process_number);
  /// Resets the connections of a process.
  void reset(unsigned process_number);
  /// Resets a connection of the process after `bytes` more bytes in one direction.
  void cut_after(unsigned process_number, bool to_server, std::size_t bytes);
  /// The server closes the connections of a process, as CLIENT KILL does.
  void kill_clients(unsigned process_number);
  /// The next reply to the process is not what the server has sent.
  void spoil_reply(unsigned process_number, lie how);
  /// The server closes the connections from which it has heard nothing for so long.
  void close_idle(virtual_time idle_max);
  /// The process was killed: the server hears of it.
  void process_ended(unsigned process_number);
  void crash_server();
  /// Sends what the server has to say. Call it after each change of the server.
  void collect_output();

 private:
  using deliver = std::function<void()>;

  [[nodiscard]] virtual_time arrival(const link& on, virtual_time& last);
  void schedule(const std::shared_ptr<link>& on, virtual_time when, deliver run);
  void schedule_to_server(const std::shared_ptr<link>& on, std::string bytes);
  void schedule_to_client(const std::shared_ptr<link>& on, std::string bytes);
  void receive_at_server(const std::shared_ptr<link>& on, const std::string& bytes);
  void receive_at_client(link& on, const std::string& bytes);
  void complete_connect(const std::shared_ptr<link>& on);
  void close_at_server(const std::shared_ptr<link>& on);
  void fail(link& on, int error);
  void fail_later(const std::shared_ptr<link>& on, int error);
  void watch_timeout(const std::shared_ptr<link>& on);
  [[nodiscard]] std::string with_lies(link& on, std::string output);
  void changed(const descriptor& which);

  kernel& kernel_;
  server& server_;
  std::map<int, std::unique_ptr<descriptor>> descriptors_;
  std::vector<std::shared_ptr<link>> links_;
  std::map<unsigned, path> paths_;
  int next_number_ = 1 << 20;
  unsigned misuses_ = 0;
};

}  // namespace drover::world
