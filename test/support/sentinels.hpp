// SPDX-License-Identifier: MIT
// A primary with replicas, and the sentinels that watch them: all real, on free ports of
// 127.0.0.1, with or without TLS. They stop with this object.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "support/certificates.hpp"
#include "support/raw_client.hpp"
#include "support/redis_server.hpp"

namespace drover::test {

/// One sentinel process.
///
/// Threads: as a redis_server.
class sentinel_process {
 public:
  struct options {
    std::string password{};
    std::string tls_config{};    ///< lines of its configuration; not empty: it speaks TLS
    bool is_plain_port = false;  ///< with `tls_config`: no TLS at its own port
    std::chrono::milliseconds down_after{1000};
  };

  /// Returns when it answers. Watches the primary at `port` as the service `main`; `quorum`
  /// sentinels must agree that it is down.
  sentinel_process(std::uint16_t primary_port, unsigned quorum, options with);
  ~sentinel_process();
  sentinel_process(const sentinel_process&) = delete;
  sentinel_process& operator=(const sentinel_process&) = delete;

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  [[nodiscard]] raw_client connect() const;
  void kill9();
  void pause();
  void resume();

 private:
  std::filesystem::path folder_;
  options with_;
  std::uint16_t port_ = 0;
  pid_t pid_ = 0;
};

/// A primary, two replicas and three sentinels.
class sentinel_group {
 public:
  struct options {
    std::string sentinel_password{};
    bool tls = false;              ///< all speak TLS, with certificates of `ca` for these hosts
    bool plain_sentinels = false;  ///< with `tls`: they speak it only to the servers
    certificate_options of_primary{};
    certificate_options of_replicas{};
    certificate_options of_sentinels{};
    std::chrono::milliseconds down_after{1000};
  };

  /// Returns when the replicas are in step, and the sentinels know them and each other.
  sentinel_group() : sentinel_group(options{}) {}
  explicit sentinel_group(options with);

  /// "redis+sentinel://127.0.0.1:1,127.0.0.1:2,127.0.0.1:3/main"; with TLS rediss+sentinel://.
  [[nodiscard]] std::string url() const;
  /// The port that the sentinels name.
  [[nodiscard]] std::uint16_t port_of(const redis_server& server) const noexcept {
    return with_.tls ? server.tls_port() : server.port();
  }
  /// The server at the address that the sentinels name.
  [[nodiscard]] redis_server& primary();
  /// True when the sentinels name another server than `former`, and it is a primary.
  [[nodiscard]] bool has_left(const redis_server& former);
  /// Asks the sentinels for a planned failover; it is over when `has_left`.
  void fail_over();

  scratch_folder folder;
  authority ca{"sentinel group"};
  std::vector<std::unique_ptr<redis_server>> servers;  ///< the first primary is the first one
  std::vector<std::unique_ptr<sentinel_process>> sentinels;

 private:
  [[nodiscard]] std::vector<std::string> server_arguments(bool is_primary);
  [[nodiscard]] std::string sentinel_tls();
  [[nodiscard]] std::uint16_t named_port();
  void await(const std::function<bool()>& holds, const char* condition) const;

  options with_;
};

}  // namespace drover::test
