// SPDX-License-Identifier: MIT
// Converts the options of a client into the settings of its connection.
//
// Threads: any.
#pragma once

#include <drover/client.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>

#include "base/host_port.hpp"
#include "store/servers.hpp"

namespace drover::detail {

// Room for the rest of the request that carries a value, and for other queued requests.
inline constexpr std::size_t around_value_max = std::size_t{1} << 20U;

inline constexpr milliseconds sentinel_back_off_max{150};

/// The nodes of a cluster ask for credentials independently of each other.
[[nodiscard]] inline std::function<credentials()> one_at_a_time(
    std::function<credentials()> source) {
  if (!source) return source;
  return [source = std::move(source), calling = std::make_shared<std::mutex>()] {
    const std::scoped_lock lock{*calling};
    return source();
  };
}

/// Where and how a client connects.
struct server_access {
  connection::endpoint at{};
  std::shared_ptr<connection::tls_context> tls{};           ///< null: without TLS
  std::shared_ptr<connection::tls_context> sentinel_tls{};  ///< null: without TLS
};

[[nodiscard]] inline connection::settings settings_of(const client_options& options,
                                                      server_access to, std::uint64_t seed) {
  connection::settings settings;
  settings.at = std::move(to.at);
  settings.tls = std::move(to.tls);
  settings.sentinel_tls = std::move(to.sentinel_tls);
  settings.ask_credentials = one_at_a_time(options.credentials_source);
  settings.sentinel_user = options.sentinel_user;
  settings.sentinel_password = options.sentinel_password;
  // While there is no primary, the sentinels are asked often enough to notice the next one at once.
  if (!settings.at.sentinels.empty()) settings.back_off_max = sentinel_back_off_max;
  settings.connect_max = options.connect_max;
  settings.silence_max = options.silence_max;
  settings.reply_max = options.reply_max;
  settings.queued_bytes_max =
      std::max(settings.queued_bytes_max, options.value_max + around_value_max);
  settings.spin = options.spin;
  settings.seed = seed;
  return settings;
}

[[nodiscard]] inline store::cluster_access nodes_of(const client_options& options) {
  store::cluster_access access;
  if (options.cluster_address) {
    access.address = [map = options.cluster_address](const base::host_port& announced) {
      const auto mapped = connection::parse_url("redis://" + map(describe(announced)));
      if (!mapped || mapped->host.empty()) return announced;
      return base::host_port{mapped->host, mapped->port};
    };
  }
  return access;
}

}  // namespace drover::detail
