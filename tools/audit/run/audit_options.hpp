// SPDX-License-Identifier: MIT
// What `drover audit` was asked for, as meant.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "audit/engine/audit_result.hpp"

namespace drover::audit {

enum class audit_format : std::uint8_t { text, json, junit, sarif, html };

struct report_request {
  audit_format format = audit_format::text;
  std::optional<std::filesystem::path> out;  ///< nullopt: standard output
};

/// How the origin is counted, in the words of the command line.
struct origin_sources {
  std::vector<std::pair<std::string, std::string>> redis;  ///< HOST:PORT and the counter's key
  std::vector<std::filesystem::path> logs;
  std::vector<std::string> log_regexes;  ///< one for each log, or one for all
  std::vector<std::string> commands;
  std::vector<std::pair<std::string, std::string>> tcp;  ///< LISTEN and TARGET
};

struct audit_options {
  // Where the traffic comes from: COMMAND, whoever connects, or a recording.
  std::vector<std::string> program;  ///< COMMAND and its arguments; empty: whoever connects
  std::optional<std::filesystem::path> replay;
  std::string listen;                 ///< empty: 127.0.0.1 and a free port, or 6390 without COMMAND
  std::optional<std::string> server;  ///< --upstream as typed; nullopt: what the variables say
  bool starts_redis = false;          ///< --redis auto
  std::optional<std::string> redis_server;
  std::vector<std::string> set_env;                 ///< NAME=VALUE, placeholders not filled in yet
  std::optional<std::chrono::milliseconds> length;  ///< nullopt: until COMMAND ends, or Ctrl-C

  // What is kept.
  std::optional<std::filesystem::path> record;
  bool hides_keys = false;

  // What is judged, and how.
  std::vector<std::pair<std::string, key_role>> roles;  ///< glob and role, the first that fits
  std::vector<std::string> required;                    ///< rules that must be exercised
  std::optional<severity> fail_on = severity::error;    ///< nullopt: nothing fails
  std::optional<std::filesystem::path> baseline;
  std::optional<std::filesystem::path> new_baseline;
  std::size_t keys_max = 200'000;
  bool ignores_command_code = false;  ///< --exit-code findings

  // What it does itself.
  bool is_active = false;
  std::vector<std::string> allowed;  ///< globs of keys that may be made cold
  bool holds_misses = false;
  origin_sources origins;

  std::vector<report_request> reports;
  std::optional<std::filesystem::path> sources;  ///< --locate
  std::string typed;                             ///< the command line, for reports
};

/// Has it done, and answers the exit code. Throws `text::usage_error` before anything is started,
/// std::runtime_error when it could not be done, `process::interrupted` never: an interrupted
/// audit ends with what it has seen.
int run_audit(const audit_options& asked);

}  // namespace drover::audit
