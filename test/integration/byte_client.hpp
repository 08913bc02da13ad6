// SPDX-License-Identifier: MIT
// A connection to a real server that keeps every byte, for comparisons with the model.
#pragma once

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "resp/reader.hpp"
#include "resp/writer.hpp"
#include "support/raw_client.hpp"
#include "support/redis_server.hpp"

namespace drover::test {

/// The request of these words, in bytes.
inline std::string written(const std::vector<std::string>& words) {
  std::string bytes;
  resp::begin_command(bytes, words.size());
  for (const std::string& word : words) resp::write_argument(bytes, word);
  return bytes;
}

/// A connection to the real server whose bytes are kept as they come.
class byte_client {
 public:
  explicit byte_client(const redis_server& server) : wire_{server.connect()} {}

  void send(const std::vector<std::string>& words) { wire_.send(written(words)); }

  /// Everything that has come.
  std::string take() {
    while (read(MSG_DONTWAIT)) {
    }
    reader_ = resp::reader{};
    message_.clear();
    return std::exchange(bytes_, {});
  }

  /// Waits for the reply to what was sent; pushes may come before it. SUBSCRIBE and UNSUBSCRIBE are
  /// answered by pushes.
  void await_reply() {
    std::size_t scanned = 0;
    for (;;) {
      const auto step = reader_.read(std::string_view{bytes_}.substr(scanned), message_);
      scanned += step.consumed;
      if (step.status == resp::reader::status::broken) throw std::runtime_error{"no RESP"};
      if (step.status == resp::reader::status::complete) {
        const bool is_reply = message_.root().kind() != resp::type::push ||
                              message_.root()[0].text().ends_with("subscribe");
        message_.clear();
        if (is_reply) return;
        continue;
      }
      pollfd input{.fd = wire_.descriptor(), .events = POLLIN, .revents = 0};
      if (::poll(&input, 1, 10'000) == 0) throw std::runtime_error{"no reply from the server"};
      if (!read(0)) throw std::runtime_error{"the server closed the connection"};
    }
  }

  std::string ask(const std::vector<std::string>& words) {
    send(words);
    await_reply();
    return take();
  }
  resp::message read_message(const std::vector<std::string>& words) {
    const std::string bytes = ask(words);
    resp::message read;
    resp::reader reader;
    if (reader.read(bytes, read).status != resp::reader::status::complete) {
      throw std::runtime_error{"an incomplete reply"};
    }
    return read;
  }

 private:
  bool read(int flags) {
    std::array<char, 16384> buffer;
    const ssize_t got = ::recv(wire_.descriptor(), buffer.data(), buffer.size(), flags);
    if (got < 0 && errno == EINTR) return read(flags);
    if (got <= 0) return false;
    bytes_.append(buffer.data(), static_cast<std::size_t>(got));
    return true;
  }

  raw_client wire_;
  std::string bytes_;
  resp::reader reader_;
  resp::message message_;
};

}  // namespace drover::test
