// SPDX-License-Identifier: MIT
// The options of `drover fault-proxy`.
#pragma once

#include <drover/tls_options.hpp>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "fault/script/script_sources.hpp"

namespace drover::faults {

struct fault_options {
  /// COMMAND and its arguments. Empty: any client that connects.
  std::vector<std::string> program;
  /// In the order of the command line.
  std::vector<script_source> sources;
  std::uint64_t seed = 1;
  /// Empty: 127.0.0.1 and a free port, or port 6390 without COMMAND.
  std::string listen;
  /// --upstream as typed. nullopt: the server that the environment names.
  std::optional<std::string> server;
  /// --upstream-ca, --upstream-cert and --upstream-key, for a server with TLS.
  tls_options server_tls;
  /// --redis auto.
  bool starts_redis = false;
  std::optional<std::string> redis_server;
  /// NAME=VALUE, with placeholders that are not replaced yet.
  std::vector<std::string> set_env;
  /// nullopt: until COMMAND ends, or Ctrl-C.
  std::optional<std::chrono::milliseconds> length;
  /// "-" is standard output. nullopt: no log.
  std::optional<std::filesystem::path> log;
  bool is_json = false;
  /// Of the summary. nullopt: standard output.
  std::optional<std::filesystem::path> out;
};

/// Runs the proxy until the command ends, the time is over or a signal arrives. Returns the exit
/// code: that of the command, or 0. Throws text::usage_error before anything is started, and
/// std::runtime_error if the proxy fails.
int run_fault_proxy(const fault_options& options);

}  // namespace drover::faults
