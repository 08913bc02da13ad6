// SPDX-License-Identifier: MIT
// A fault proxy in front of a private server, with the faults that it has injected.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "fault/plan/fault_kinds.hpp"
#include "fault/plan/spec_parser.hpp"
#include "fault/proxy/fault_proxy.hpp"
#include "integration/audit_proxy_world.hpp"
#include "resp/writer.hpp"
#include "support/redis_server.hpp"

namespace drover::test {

inline std::string command_bytes(std::initializer_list<std::string_view> words) {
  std::string bytes;
  resp::write_command(bytes, words);
  return bytes;
}

class fault_world {
 public:
  explicit fault_world(const std::string& script, std::uint64_t seed = 1)
      : fault_world(script, seed, audit::address{"127.0.0.1", 0, ""}) {}
  fault_world(const std::string& script, std::uint64_t seed, audit::address listen)
      : proxy_{settings(script, seed, std::move(listen))} {
    auto at = proxy_.listen();
    if (!at) throw std::runtime_error{at.error().text};
    at_ = *std::move(at);
    proxy_.start();
  }

  [[nodiscard]] plain_socket connect() const { return plain_socket::connect(at_); }
  [[nodiscard]] const audit::address& at() const noexcept { return at_; }
  [[nodiscard]] std::string url() const { return "redis://" + describe(at_); }
  [[nodiscard]] redis_server& server() noexcept { return server_; }
  [[nodiscard]] faults::fault_proxy& proxy() noexcept { return proxy_; }

  /// The text of the reply of the server itself: "" for a missing key.
  [[nodiscard]] std::string value_of(std::string_view key) const {
    const resp::message reply = server_.command({"GET", key});
    return reply.root().is_null() ? "" : std::string{reply.root().text()};
  }

  /// The kinds of the faults injected so far: "drop drop cut".
  [[nodiscard]] std::string injected() {
    const std::lock_guard lock{mutex_};
    std::string kinds;
    for (const faults::injection& event : events_) {
      kinds += (kinds.empty() ? "" : " ") + std::string{name_of(event.kind)};
    }
    return kinds;
  }
  [[nodiscard]] std::vector<faults::injection> events() {
    const std::lock_guard lock{mutex_};
    return events_;
  }
  /// False: they have not been injected after a minute.
  [[nodiscard]] bool wait_for_events(std::size_t count) {
    std::unique_lock lock{mutex_};
    return changed_.wait_for(lock, std::chrono::minutes{1},
                             [&] { return events_.size() >= count; });
  }
  [[nodiscard]] std::vector<std::string> messages() {
    const std::lock_guard lock{mutex_};
    return messages_;
  }

 private:
  faults::fault_proxy_settings settings(const std::string& script, std::uint64_t seed,
                                        audit::address listen) {
    faults::fault_proxy_settings with;
    with.listen = std::move(listen);
    with.server = {"", 0, server_.socket_path()};
    with.specs = std::get<std::vector<faults::fault_spec>>(faults::parse_script(script));
    with.seed = seed;
    with.say = [this](const std::string& line) {
      const std::lock_guard lock{mutex_};
      messages_.push_back(line);
    };
    with.injected = [this](const faults::injection& event) {
      const std::lock_guard lock{mutex_};
      events_.push_back(event);
      changed_.notify_all();
    };
    return with;
  }

  redis_server server_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<faults::injection> events_;
  std::vector<std::string> messages_;
  audit::address at_;
  faults::fault_proxy proxy_;
};

/// Sends a command and expects exactly these bytes.
inline void expect_reply(plain_socket& client, std::initializer_list<std::string_view> words,
                         std::string_view reply) {
  ASSERT_TRUE(client.send(command_bytes(words)));
  EXPECT_EQ(client.read(reply.size()).bytes, reply);
}

}  // namespace drover::test
