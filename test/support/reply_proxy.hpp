// SPDX-License-Identifier: MIT
// A TCP proxy in front of a server that parses requests and replies. Rules select replies that are
// dropped, doubled, delayed, cut, replaced, or sent a byte at a time. All other replies pass
// unchanged and in order. It can also go silent, close idle connections, and connect new clients to
// another server.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>

#include "support/redis_server.hpp"

namespace drover::test {

/// The change to a reply.
enum class deed : std::uint8_t {
  drop,
  duplicate,
  delay,    ///< it comes `interval` late, and later replies follow it
  cut,      ///< half of it comes, and the connection closes
  replace,  ///< `bytes` come instead
  precede,  ///< `bytes` come first: a push, for example
  trickle,  ///< a byte each `interval`
  hold,     ///< neither it nor anything behind it comes
};

/// A rule: the replies that it selects, and the change.
struct reply_rule {
  /// The first word of the request in capitals; for EVALSHA the script's name, as "lease". Empty:
  /// any request.
  std::string command{};
  deed does = deed::drop;
  std::string bytes{};
  std::chrono::milliseconds interval{};
  unsigned skip = 0;   ///< the number of matching replies that pass first
  unsigned times = 1;  ///< the number of replies that are changed after that
};

inline constexpr unsigned always = ~0U;

/// Threads: any.
class reply_proxy {
 public:
  explicit reply_proxy(const redis_server& to);
  ~reply_proxy();
  reply_proxy(const reply_proxy&) = delete;
  reply_proxy& operator=(const reply_proxy&) = delete;

  [[nodiscard]] std::uint16_t port() const noexcept;
  [[nodiscard]] std::string url() const;

  /// Adds a rule. The first rule that matches a reply applies.
  void add(reply_rule rule);
  void clear_rules();
  /// The number of replies to which rules were applied.
  [[nodiscard]] unsigned applied() const;

  /// True: nothing passes in either direction; connections stay open, and new ones are accepted.
  void hold(bool is_held);
  /// True: connections are closed as soon as they are made.
  void refuse(bool is_refusing);
  /// Closes all connections that have no reply outstanding. Returns how many.
  unsigned close_idle();
  void close_all();
  /// New connections go to this server. Existing connections stay.
  void lead_to(const redis_server& to);
  /// Sends `bytes` on every connection each `interval`, between replies. Zero: no more.
  void push_every(std::chrono::milliseconds interval, std::string bytes);

  /// Connections accepted so far.
  [[nodiscard]] unsigned accepted() const;

 private:
  class engine;
  std::unique_ptr<engine> engine_;
  std::thread thread_;
};

}  // namespace drover::test
