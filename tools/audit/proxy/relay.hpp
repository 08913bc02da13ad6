// SPDX-License-Identifier: MIT
// One client with its own connection to the server. Bytes pass unchanged in both directions, in the
// turn of the loop in which they arrive. If a peer does not accept all bytes at once, at most one
// buffer is kept and reading stops until it is written: nothing is dropped and memory is bounded.
// The end of a connection is passed on as an end and a reset as a reset, after the bytes before it.
//
// Each side may speak TLS. The handshake with the server comes first, then the one with the client,
// and then the traffic. The tap sees the plain bytes. An end without close_notify stays one.
//
// Threads: the thread of the loop.
#pragma once

#include <uv.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "audit/proxy/socket_handle.hpp"
#include "audit/proxy/tap.hpp"
#include "audit/topology/reply_rewriter.hpp"
#include "connection/tls.hpp"

namespace drover::audit {

class relay;

/// Receives the events of all relays of a loop.
class relay_owner {
 public:
  virtual ~relay_owner() = default;

  /// Whether `connecting` is to be called.
  [[nodiscard]] virtual bool names_ports() const = 0;
  /// The connection to the server will come from this port.
  virtual void connecting(std::uint64_t connection, std::uint16_t from_port) = 0;
  /// The server behind `door` cannot be reached; `error` is libuv's.
  virtual void server_unreachable(std::size_t door, int error) = 0;
  virtual void server_reached(std::size_t door) = 0;
  /// TLS with the server or with the client has failed; `why` gives the reason and the remedy.
  virtual void tls_failed(std::size_t door, bool with_server, const std::string& why) = 0;
  virtual void counted(direction towards, std::size_t bytes) = 0;
  /// The relay has closed and may be deleted. The last call.
  virtual void relay_closed(relay& closed) = 0;
};

/// What a relay gets for one connection. Members that are not needed are nullptr.
struct relay_parts {
  /// The number of the listener that accepted the client.
  std::size_t door = 0;
  std::unique_ptr<tap> watch;
  std::unique_ptr<reply_rewriter> rewriter;
  std::unique_ptr<connection::tls_session> server_session;
  std::unique_ptr<connection::tls_session> client_session;
};

class relay : private reply_gate {
 public:
  static constexpr std::size_t buffer_size = std::size_t{64} << 10U;

  /// `buffer` is shared by all relays of a loop: it is filled and emptied within one call.
  relay(uv_loop_t* loop, relay_owner& owner, std::span<char> buffer, std::uint64_t number);
  relay(const relay&) = delete;
  relay& operator=(const relay&) = delete;

  /// Accepts the next client of the listener. False: there is none. `relay_closed` is called in
  /// this case, too.
  [[nodiscard]] bool accept(uv_stream_t* listener, bool is_unix);
  /// Closes the connection of the accepted client.
  void refuse();
  /// Connects to the server, then starts to read from the client.
  void connect(const resolved_address& server, relay_parts parts);
  /// Closes both connections. Bytes that are not written yet are dropped.
  void close();

  [[nodiscard]] std::uint64_t number() const noexcept { return number_; }
  /// The accepted socket.
  [[nodiscard]] int client_descriptor() const noexcept;

 private:
  /// One of the two connections, with the bytes that wait to be written to it.
  struct side {
    socket_handle handle{};
    relay* owner = nullptr;
    side* other = nullptr;
    direction towards = direction::to_server;  // the direction of the bytes written to it
    std::string waiting{};                     // bytes from the other side that are being written
    uv_write_t write{};
    uv_shutdown_t shutdown{};
    bool is_open = false;      // the handle is initialised and not being closed
    bool writing = false;      // `waiting` is being written
    bool ended = false;        // the end of its bytes has been read
    bool failed = false;       // reading has failed: the peer has reset the connection
    bool unwritable = false;   // writing has failed: the peer accepts no more bytes
    bool end_sent = false;     // the end of the other side is being passed on to it
    bool end_arrived = false;  // the end of the other side has been passed on to it

    std::unique_ptr<connection::tls_session> session{};  // nullptr: without TLS
    std::string sealed{};                                // bytes of TLS that the session reads
    bool is_secured = true;     // the handshake is complete, or there is none
    bool has_sealed = false;    // the session has not read all of `sealed`
    bool has_said_end = false;  // its TLS has said that nothing follows
  };

  [[nodiscard]] int name_port();
  void start_reading(side& from);
  /// Continues to receive from a side that had to wait.
  void resume(side& from);
  void begin_traffic();
  void end_reading(side& from, bool is_end);

  // relay_tls.cpp

  void secure(side& with);
  void take_sealed(side& from, std::string_view bytes);
  void open_sealed(side& from);
  void pass_sealed(side& from, std::string_view plain);
  void send_raw(side& to, std::string_view sealed);
  void say_end(side& to);
  void fail(side& with);
  [[nodiscard]] bool must_wait(const side& from) const;

  void receive(side& from, std::string_view bytes);
  void receive_final(side& from, std::string_view bytes);
  void pass(side& from, std::string_view bytes);
  void release() override;
  void pass_held();
  void write_rest(side& to, std::string_view rest);
  void settle();
  void finish(bool by_reset);
  void close_handle(side& closing, bool by_reset);

  static void on_connected(uv_connect_t* request, int status);
  static void on_buffer(uv_handle_t* handle, std::size_t suggested_size, uv_buf_t* out);
  static void on_read(uv_stream_t* stream, ssize_t count, const uv_buf_t* buffer);
  static void on_written(uv_write_t* request, int status);
  static void on_end_sent(uv_shutdown_t* request, int status);
  static void on_closed(uv_handle_t* handle);

  uv_loop_t* loop_;
  relay_owner& owner_;
  std::span<char> buffer_;
  std::uint64_t number_;
  side client_;
  side server_;
  uv_connect_t connecting_{};
  std::size_t door_ = 0;
  std::unique_ptr<tap> tap_;
  std::unique_ptr<reply_rewriter> rewriter_;  // nullptr: replies pass unchanged
  std::string held_;                          // the bytes of the server that the tap holds back
  bool is_released_ = false;
  unsigned open_handles_ = 0;
  bool finished_ = false;
  bool first_ended_is_client_ = true;
  bool any_ended_ = false;
};

}  // namespace drover::audit
