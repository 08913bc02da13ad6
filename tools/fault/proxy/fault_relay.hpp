// SPDX-License-Identifier: MIT
// The sockets of one connection through the fault proxy. It moves bytes between them and the
// connection's `faulty_stream`, and closes the sockets as the stream says.
//
// Bounded: it reads from a peer only while the other peer takes the bytes. Without faults, the end
// of a connection is passed on as an end and a reset as a reset, after the bytes before it.
//
// Threads: the thread of the loop.
#pragma once

#include <uv.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "audit/proxy/socket_handle.hpp"
#include "fault/flow/faulty_stream.hpp"

namespace drover::faults {

class fault_relay;

/// What all relays of a loop share.
class fault_relay_owner {
 public:
  virtual ~fault_relay_owner() = default;

  /// Since the start of the proxy.
  [[nodiscard]] virtual microseconds now() const = 0;
  /// The server cannot be reached; `error` is libuv's.
  virtual void server_unreachable(int error) = 0;
  virtual void server_reached() = 0;
  /// The relay has closed and may be deleted. The last call.
  virtual void relay_gone(fault_relay& gone) = 0;
};

class fault_relay {
 public:
  static constexpr std::size_t buffer_size = std::size_t{64} << 10U;

  /// `buffer` is shared by all relays of a loop: it is filled and emptied within one call.
  fault_relay(uv_loop_t* loop, fault_relay_owner& owner, std::span<char> buffer,
              std::uint64_t number);
  fault_relay(const fault_relay&) = delete;
  fault_relay& operator=(const fault_relay&) = delete;

  /// Accepts the next client of the listener. False: there is none. `relay_gone` is called in this
  /// case, too.
  [[nodiscard]] bool accept(uv_stream_t* listener, bool is_unix);
  /// Connects to the server, then passes bytes through `stream`.
  void connect(const audit::resolved_address& server, std::unique_ptr<faulty_stream> stream);
  /// Reads the client's bytes and never answers.
  void swallow();
  void reset() { finish(true); }
  void close() { finish(false); }

  [[nodiscard]] std::uint64_t number() const noexcept { return number_; }
  /// The number of the connection for the script and the log: `number`, unless it was set.
  [[nodiscard]] std::uint64_t subject() const noexcept { return subject_; }
  void set_subject(std::uint64_t number) noexcept { subject_ = number; }
  /// The port from which the accepted client has connected; 0 if it has none.
  [[nodiscard]] std::uint16_t client_port() const noexcept;

 private:
  /// One of the two connections.
  struct side {
    audit::socket_handle handle{};
    fault_relay* owner = nullptr;
    std::string waiting{};  // is being written
    uv_write_t write{};
    uv_shutdown_t shutdown{};
    bool is_open = false;
    bool is_reading = false;
    bool is_writing = false;
    bool is_unwritable = false;  // the peer takes no more
    bool has_ended = false;      // its end has been read
    bool has_failed = false;     // reading it failed: the peer has reset it
    bool end_is_sent = false;
  };

  void received(side& from, std::string_view bytes);
  /// Does everything that can be done now. To be called after any change.
  void pump();
  void write_to_server();
  void write_to_client();
  void write(side& to, std::string bytes);
  void settle();
  void read_as_wanted();
  void set_reading(side& from, bool is_wanted);
  void set_timer();
  void drop_server();
  void finish(bool by_reset);
  void close_side(side& closing, bool by_reset);
  void one_handle_closed();
  [[nodiscard]] ending how_it_ends() const;
  /// Everything for the client has been handed to the system.
  [[nodiscard]] bool is_client_served() const;
  /// The same for the server, or it takes nothing more.
  [[nodiscard]] bool is_server_served() const;

  static void on_connected(uv_connect_t* request, int status);
  static void on_buffer(uv_handle_t* handle, std::size_t wanted, uv_buf_t* out);
  static void on_read(uv_stream_t* stream, ssize_t count, const uv_buf_t* buffer);
  static void on_written(uv_write_t* request, int status);
  static void on_closed(uv_handle_t* handle);

  uv_loop_t* loop_;
  fault_relay_owner& owner_;
  std::span<char> buffer_;
  std::uint64_t number_;
  std::uint64_t subject_;
  side client_;
  side server_;
  uv_connect_t connecting_{};
  uv_timer_t timer_{};
  std::unique_ptr<faulty_stream> stream_;
  unsigned open_handles_ = 0;
  bool is_connected_ = false;
  bool is_swallowing_ = false;
  bool is_finished_ = false;
};

}  // namespace drover::faults
