// SPDX-License-Identifier: MIT
// One attempt to connect, from the name of the host to the end of the handshake. It runs in steps,
// so that the service thread can do its other work in between.
//
// Threads: one at a time.
#pragma once

#include <drover/result.hpp>

#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include "connection/channel.hpp"
#include "connection/credentials_source.hpp"
#include "connection/faults.hpp"
#include "connection/handshake.hpp"
#include "connection/resolver.hpp"
#include "connection/sentinel_discovery.hpp"
#include "connection/socket_io.hpp"
#include "connection/stream.hpp"
#include "connection/transport.hpp"

namespace drover::connection {

[[nodiscard]] stream_limits limits_of(const settings& settings) noexcept;
[[nodiscard]] sentinel_settings sentinels_of(const settings& with);

/// A connection that has just come up.
struct connected {
  transport socket;
  given_credentials who;
  address where;
  std::unique_ptr<stream> traffic;
  greeting hello;
  std::vector<resp::message> pushes;  ///< pushes that came right after the replies of the handshake
};

class connector {
 public:
  connector(const settings& settings, const std::shared_ptr<const bell>& wake,
            resolver::look_up resolve = {});

  /// Precondition: no attempt runs.
  void begin(steady_time now) noexcept;
  [[nodiscard]] bool is_running() const noexcept { return stage_ != stage::idle; }
  /// Asks the application for credentials, while no attempt runs; null: it has no function.
  [[nodiscard]] credentials_source* logins() noexcept { return logins_ ? &*logins_ : nullptr; }

  /// The socket and conditions to wait for before the next `step`.
  [[nodiscard]] const transport* socket() const noexcept;
  [[nodiscard]] readiness interest() const noexcept;
  [[nodiscard]] steady_time until() const noexcept { return address_deadline_; }

  /// Proceeds as far as possible without waiting. A result ends the attempt. A failed allocation
  /// ends it with a fault.
  [[nodiscard]] std::optional<result<connected>> step(readiness came, steady_time now) noexcept;

 private:
  enum class stage { idle, resolving, connecting, securing, greeting };
  struct handshake_slot : slot {};
  using answer = std::optional<result<connected>>;

  [[nodiscard]] answer go_on(readiness came, steady_time now);
  [[nodiscard]] answer resolve(steady_time now);
  [[nodiscard]] answer find_credentials();
  [[nodiscard]] std::optional<resolved> find_server();
  void connect_next(steady_time now);
  void give_up() noexcept;
  [[nodiscard]] answer refuse(std::string_view why);
  [[nodiscard]] answer refuse(fault why);
  [[nodiscard]] answer refuse_by_what_came(fault otherwise);
  [[nodiscard]] fault ended_in_handshake() const;
  [[nodiscard]] answer begin_securing(steady_time now);
  [[nodiscard]] answer secure(steady_time now);
  [[nodiscard]] answer begin_greeting(steady_time now);
  [[nodiscard]] answer send_greeting();
  [[nodiscard]] answer receive_greeting();
  [[nodiscard]] answer finish(arrivals& came);
  [[nodiscard]] answer leave_replica();

  const settings& settings_;
  resolver resolver_;
  std::optional<credentials_source> logins_;
  std::optional<given_credentials> who_;  // those of this attempt
  std::optional<resolved> found_;         // the addresses of this attempt
  stage stage_ = stage::idle;
  steady_time deadline_{};
  steady_time address_deadline_{};
  steady_time greeted_at_{};
  std::vector<address> left_;  // the next address is at the back
  address where_;              // that of `socket_`
  std::error_code error_;      // the error of the last address
  transport socket_;
  std::unique_ptr<stream> traffic_;
  std::string output_;
  std::vector<resp::message> replies_;
  handshake_slot place_;
  std::vector<char> input_;
};

}  // namespace drover::connection
