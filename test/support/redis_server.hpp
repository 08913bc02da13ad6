// SPDX-License-Identifier: MIT
// A private redis-server for one test: its own temporary directory, a unix socket in it, and a TCP
// port when asked for. Tests run in parallel, so nothing is shared and nothing is left behind: the
// server stops with this object, or with the thread that started it if the test crashes.
//
// The program is, in this order: $DROVER_REDIS_SERVER, what the build found, redis-server in $PATH,
// redis-check-rdb in $PATH (the same program under another name), valkey-server in $PATH. If none
// is found, the test fails.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "resp/message.hpp"
#include "support/raw_client.hpp"

namespace drover::test {

/// The server program. If only redis-check-rdb is installed, a link to it in `folder`. Throws
/// std::runtime_error if there is none.
[[nodiscard]] std::filesystem::path redis_program(const std::filesystem::path& folder);
/// A Valkey: $DROVER_VALKEY_SERVER, or valkey-server in $PATH. Empty if there is none.
[[nodiscard]] std::filesystem::path valkey_program();
/// A port of 127.0.0.1 that was free a moment ago.
[[nodiscard]] std::uint16_t free_port();

/// Threads: one at a time; start and restart it on a thread that lives as long as the server is
///          used.
class redis_server {
 public:
  struct options {
    bool tcp = false;                      ///< also listen on a free port of 127.0.0.1
    std::vector<std::string> arguments{};  ///< more arguments: {"--maxmemory", "2mb"}
    std::filesystem::path program{};       ///< the server to run instead of the usual one
    bool tls = false;  ///< also listen for TLS; `arguments` names the certificates
  };

  /// Returns when the server answers. Otherwise throws std::runtime_error with the end of its log.
  redis_server() : redis_server(options{}) {}
  explicit redis_server(options with);
  ~redis_server();
  redis_server(const redis_server&) = delete;
  redis_server& operator=(const redis_server&) = delete;

  [[nodiscard]] std::string url() const;      ///< the URL of the unix socket
  [[nodiscard]] std::string tcp_url() const;  ///< only with `tcp`
  /// Only with `tls`. A port of 127.0.0.1.
  [[nodiscard]] std::uint16_t tls_port() const noexcept { return tls_port_; }
  [[nodiscard]] const std::string& socket_path() const noexcept { return socket_path_; }
  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }  ///< 0 without `tcp`
  [[nodiscard]] pid_t pid() const noexcept { return pid_; }            ///< 0 while it is down

  void stop();     ///< asks it to exit, and waits until it has
  void kill9();    ///< ends it at once
  void restart();  ///< stops it if it runs, and starts it with the same addresses and no data
  void pause();    ///< it hangs: connections stay open, and nothing is answered
  void resume();

  [[nodiscard]] raw_client connect() const { return raw_client::over_unix(socket_path_); }
  /// A connection that speaks RESP3.
  [[nodiscard]] raw_client connect3() const;
  /// Sends one command over its own connection.
  resp::message command(std::initializer_list<std::string_view> arguments) const;

 private:
  void start();
  void launch();
  [[nodiscard]] bool wait_until_up();
  void end(int signal);
  [[nodiscard]] bool has_ended();
  [[nodiscard]] std::string end_of_log() const;

  options with_;
  std::filesystem::path directory_;
  std::filesystem::path program_;
  std::string socket_path_;
  std::uint16_t port_ = 0;
  std::uint16_t tls_port_ = 0;
  pid_t pid_ = 0;
};

}  // namespace drover::test
