// SPDX-License-Identifier: MIT
// A scripted server: it reads requests as RESP, and a script answers them, in whole or in pieces,
// late or not at all. It listens on a unix socket in a temporary folder, or on a port of 127.0.0.1.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <functional>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "resp/request_reader.hpp"

namespace drover::connection {

inline std::string bulk(std::string_view text) {
  return "$" + std::to_string(text.size()) + "\r\n" + std::string{text} + "\r\n";
}

/// True on the threads of scripted servers, which run in the process of the test.
inline thread_local bool is_of_a_scripted_server = false;

/// One connection, for the script. Threads: only the thread of the connection.
class scripted_peer {
 public:
  scripted_peer(int descriptor, const std::atomic<bool>& stopping)
      : descriptor_{descriptor}, stopping_{stopping} {}
  /// False when the client is gone.
  bool send(std::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }
  void close() const { ::shutdown(descriptor_, SHUT_RDWR); }
  void wait_for(const std::function<bool()>& condition) const {
    while (!condition() && !stopping_) std::this_thread::yield();
  }

 private:
  int descriptor_;
  const std::atomic<bool>& stopping_;
};

class scripted_server {
 public:
  enum class over : bool { unix_socket, tcp };

  /// Called for every request after the handshake. `arguments[0]` is the command. It sends its
  /// answer to the peer.
  using script =
      std::function<void(const scripted_peer&, const std::vector<std::string>& arguments)>;

  /// `refusal`, if any, is the answer to HELLO; the server then closes the connection.
  explicit scripted_server(script does, std::string refusal = {}, over wire = over::unix_socket)
      : script_{std::move(does)}, refusal_{std::move(refusal)} {
    std::string pattern = (std::filesystem::temp_directory_path() / "drover-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error{"mkdtemp"};
    folder_ = pattern;
    wire == over::tcp ? bind_port() : bind_path();
    if (::listen(listening_, 16) != 0) throw std::runtime_error{"listen"};
    acceptor_ = std::thread{[this] { accept_all(); }};
  }
  ~scripted_server() {
    stopping_ = true;
    ::shutdown(listening_, SHUT_RDWR);
    acceptor_.join();
    {
      const std::scoped_lock lock{mutex_};
      for (const int descriptor : descriptors_) ::shutdown(descriptor, SHUT_RDWR);
    }
    for (std::thread& peer : peers_) peer.join();
    for (const int descriptor : descriptors_) ::close(descriptor);
    ::close(listening_);
    std::filesystem::remove_all(folder_);
  }
  scripted_server(const scripted_server&) = delete;
  scripted_server& operator=(const scripted_server&) = delete;

  /// Sets the reply to INFO from the next connection on.
  void be(std::string run_id, std::string role) {
    const std::scoped_lock lock{mutex_};
    info_ = "run_id:" + run_id + "\r\nrole:" + role + "\r\n";
  }

  /// Sets the version in replies to HELLO from now on.
  void report_version(std::string version) {
    const std::scoped_lock lock{mutex_};
    version_ = std::move(version);
  }

  /// From the next connection on it is a node of a cluster.
  void be_in_cluster() {
    const std::scoped_lock lock{mutex_};
    mode_ = "cluster";
  }

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }  ///< 0 over a unix socket
  [[nodiscard]] std::string path() const { return (folder_ / "socket").string(); }
  [[nodiscard]] unsigned connections() const { return connections_; }
  /// Closes all connections.
  void close_all() {
    const std::scoped_lock lock{mutex_};
    for (const int descriptor : descriptors_) ::shutdown(descriptor, SHUT_RDWR);
  }

 private:
  void bind_path() {
    listening_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un where{};
    where.sun_family = AF_UNIX;
    std::strncpy(where.sun_path, path().c_str(), sizeof where.sun_path - 1);
    if (::bind(listening_, reinterpret_cast<const sockaddr*>(&where), sizeof where) != 0) {
      throw std::runtime_error{"bind"};
    }
  }
  void bind_port() {
    listening_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in where{};
    where.sin_family = AF_INET;
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof where;
    auto* const address = reinterpret_cast<sockaddr*>(&where);
    if (::bind(listening_, address, size) != 0 || ::getsockname(listening_, address, &size) != 0) {
      throw std::runtime_error{"bind"};
    }
    port_ = ntohs(where.sin_port);
  }

  void accept_all() {
    is_of_a_scripted_server = true;
    while (!stopping_) {
      const int descriptor = ::accept4(listening_, nullptr, nullptr, SOCK_CLOEXEC);
      if (descriptor < 0) continue;
      const std::scoped_lock lock{mutex_};
      descriptors_.push_back(descriptor);
      ++connections_;
      peers_.emplace_back([this, descriptor] { serve(descriptor); });
    }
  }

  void serve(int descriptor) {
    is_of_a_scripted_server = true;
    const scripted_peer peer{descriptor, stopping_};
    resp::request_reader reader;
    resp::request request;
    char buffer[4096];
    while (true) {
      const ssize_t got = ::recv(descriptor, buffer, sizeof buffer, 0);
      if (got <= 0) return;
      std::string_view bytes{buffer, static_cast<std::size_t>(got)};
      while (!bytes.empty()) {
        const auto step = reader.read(bytes, request);
        bytes.remove_prefix(step.consumed);
        if (step.status != resp::request_reader::status::complete) break;
        std::vector<std::string> arguments;
        for (std::size_t i = 0; i < request.arguments.size(); ++i)
          arguments.emplace_back(request[i]);
        request = {};
        if (!answer_handshake(peer, arguments)) script_(peer, arguments);
      }
    }
  }

  bool answer_handshake(const scripted_peer& peer,
                        const std::vector<std::string>& arguments) const {
    if (arguments[0] == "HELLO") {
      if (!refusal_.empty()) return peer.send(refusal_), peer.close(), true;
      const std::scoped_lock lock{mutex_};
      return peer.send("%3\r\n$7\r\nversion\r\n" + bulk(version_) +
                       "$2\r\nid\r\n:7\r\n$4\r\nmode\r\n" + bulk(mode_)),
             true;
    }
    if (arguments[0] == "INFO") {
      const std::scoped_lock lock{mutex_};
      return peer.send(bulk(info_)), true;
    }
    if (arguments.size() == 1 && arguments[0] == "PING") return peer.send("+PONG\r\n"), true;
    return false;
  }

  script script_;
  std::string refusal_;
  std::filesystem::path folder_;
  int listening_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<bool> stopping_{false};
  std::atomic<unsigned> connections_{0};
  mutable std::mutex mutex_;
  std::string info_;
  std::string version_ = "7.0.15";
  std::string mode_ = "standalone";
  std::vector<int> descriptors_;
  std::vector<std::thread> peers_;
  std::thread acceptor_;
};

}  // namespace drover::connection
