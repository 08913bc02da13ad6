// SPDX-License-Identifier: MIT
// TLS for one connection, without its socket: a session turns the bytes of requests into protected
// ones and back. openssl_context.cpp makes sessions; a build without TLS has tls_left_out.cpp
// instead.
//
// OpenSSL allows one thread at a time to use a session, but a connection has a writer and a reader.
// So a session has a lock, which is held while bytes are converted and never during a system call.
// The writer calls `seal` and sends what it wrote; the reader receives and calls `feed` and `open`.
// The session's own messages (answers to key updates) leave with the next request, as the protocol
// allows. So the reader never writes, and the writer never reads.
//
// Threads: a session as said at each function, and `why` from any thread. A context from any
//          thread; it outlives its sessions.
#pragma once

#include <drover/fault.hpp>
#include <drover/result.hpp>
#include <drover/tls_options.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace drover::connection {

class tls_session {
 public:
  enum class status : std::uint8_t {
    moved,         ///< `bytes` > 0 were converted; after `shake`: the handshake is complete
    wants_input,   ///< more bytes of the peer are needed first
    wants_output,  ///< what was written must be sent first
    closed,        ///< the peer has said that nothing follows
    failed,        ///< see `why`
  };
  struct step {
    status is = status::failed;
    std::size_t bytes = 0;
    bool frees_writer = false;  ///< after `open`: a `seal` that wanted input may go on
  };

  tls_session() = default;
  virtual ~tls_session() = default;
  tls_session(const tls_session&) = delete;
  tls_session& operator=(const tls_session&) = delete;

  /// Goes on with the handshake and appends what is to be sent to `sealed`. Also after a failure:
  /// it tells the peer why. One thread, before any other call.
  [[nodiscard]] virtual step shake(std::string& sealed) noexcept = 0;

  /// Converts a prefix of `plain` and appends it to the empty `sealed`, behind the session's own
  /// messages. After `wants_input` and `wants_output`, the next call must begin with the same
  /// bytes. The writer.
  [[nodiscard]] virtual step seal(std::string_view plain, std::string& sealed) noexcept = 0;
  /// A `seal` waits for bytes of the peer.
  [[nodiscard]] virtual bool writer_wants_input() const noexcept = 0;

  /// Bytes that the peer sent; they must stay until `open` or `shake` wants input. The reader, when
  /// the last call wanted input.
  virtual void feed(std::string_view sealed) noexcept = 0;
  /// The socket has ended. The reader.
  virtual void feed_end() noexcept = 0;
  [[nodiscard]] virtual step open(std::span<char> into) noexcept = 0;  ///< the reader
  /// `open` would not want input. The reader.
  [[nodiscard]] virtual bool has_input() const noexcept = 0;

  /// Appends the message that nothing follows. No other call may be in progress, and only `why` may
  /// follow.
  virtual void close(std::string& sealed) noexcept = 0;

  /// The reason for `failed`. Its text is valid as long as the session.
  [[nodiscard]] virtual const fault& why() const noexcept = 0;
  [[nodiscard]] virtual bool is_resumed() const noexcept = 0;
};

class tls_context {
 public:
  tls_context() = default;
  virtual ~tls_context() = default;
  tls_context(const tls_context&) = delete;
  tls_context& operator=(const tls_context&) = delete;

  /// A session for a new connection to `host`, a name or an address: the certificate must be for
  /// it, unless `tls_options::server_name` names another one. It resumes the last session with that
  /// name if the server lets it. Throws std::bad_alloc, and std::invalid_argument for an empty
  /// name, which OpenSSL would take for any.
  [[nodiscard]] virtual std::unique_ptr<tls_session> begin(const std::string& host) = 0;
  [[nodiscard]] virtual bool verifies() const noexcept = 0;
};

/// Checks the options and reads their files. The text of a fault names the field and the remedy.
[[nodiscard]] result<std::shared_ptr<tls_context>> make_tls_context(const tls_options& with);

/// The name of an option that is not at its default, as "tls.ca"; empty when there is none.
[[nodiscard]] std::string_view first_set_option(const tls_options& with) noexcept;

}  // namespace drover::connection
