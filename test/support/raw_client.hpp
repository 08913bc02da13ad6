// SPDX-License-Identifier: MIT
// A blocking connection for tests. Of the library it uses only the RESP reader and writer, so that
// observations of a test do not depend on the tested code. Every failure throws std::runtime_error,
// also when no byte comes for ten seconds.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "resp/message.hpp"
#include "resp/reader.hpp"

namespace drover::test {

/// Threads: one at a time.
class raw_client {
 public:
  [[nodiscard]] static raw_client over_unix(const std::string& path);
  [[nodiscard]] static raw_client over_tcp(std::uint16_t port);  ///< on 127.0.0.1
  raw_client(raw_client&& other) noexcept;
  raw_client& operator=(raw_client&& other) noexcept;
  ~raw_client();

  void send(std::string_view bytes);
  void send_command(std::span<const std::string_view> arguments);
  void send_command(std::initializer_list<std::string_view> arguments);

  /// The next reply. Pushes before it are kept for `read_push`.
  [[nodiscard]] resp::message read_reply();
  [[nodiscard]] std::vector<resp::message> read_replies(std::size_t count);
  /// The next push; nullopt when none comes in time. A reply before it is kept for `read_reply`.
  [[nodiscard]] std::optional<resp::message> read_push(
      std::chrono::milliseconds within = std::chrono::seconds{10});
  /// Sends a PING. Returns the pushes that come before its reply.
  [[nodiscard]] std::vector<resp::message> pushes_so_far();

  /// Sends one command and reads its reply.
  resp::message command(std::span<const std::string_view> arguments);
  resp::message command(std::initializer_list<std::string_view> arguments);

  [[nodiscard]] std::uint64_t client_id();
  [[nodiscard]] int descriptor() const noexcept { return descriptor_; }

 private:
  explicit raw_client(int descriptor) noexcept : descriptor_{descriptor} {}
  /// Reads one message. False when none came in time.
  [[nodiscard]] bool read_one(std::chrono::milliseconds within);

  int descriptor_ = -1;
  resp::reader reader_;
  resp::message partial_;
  std::string unread_;
  std::deque<resp::message> replies_;
  std::deque<resp::message> pushes_;
};

}  // namespace drover::test
