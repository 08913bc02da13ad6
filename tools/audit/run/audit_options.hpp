// SPDX-License-Identifier: MIT
// The options of `drover audit`.
#pragma once

#include <drover/tls_options.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "audit/capture/key_share.hpp"
#include "audit/engine/audit_result.hpp"
#include "audit/run/application_check.hpp"
#include "audit/run/outage_plan.hpp"
#include "fault/script/script_sources.hpp"

namespace drover::audit {

enum class audit_format : std::uint8_t { text, json, junit, sarif, html };

struct report_request {
  audit_format format = audit_format::text;
  /// nullopt: standard output.
  std::optional<std::filesystem::path> out;
};

/// The sources that count the loads of the origin, as typed.
struct origin_sources {
  /// HOST:PORT and the key of each counter.
  std::vector<std::pair<std::string, std::string>> redis;
  std::vector<std::filesystem::path> logs;
  /// One for each log, or one for all logs.
  std::vector<std::string> log_regexes;
  std::vector<std::string> commands;
  /// LISTEN and TARGET of each forwarded address.
  std::vector<std::pair<std::string, std::string>> tcp;
};

struct audit_options {
  // Where the traffic comes from: COMMAND, any client, or a recording.

  /// COMMAND and its arguments. Empty: any client that connects.
  std::vector<std::string> program;
  std::optional<std::filesystem::path> replay;
  /// Empty: 127.0.0.1 and a free port, or port 6390 without COMMAND.
  std::string listen;
  /// --upstream as typed. nullopt: the server that the environment names.
  std::optional<std::string> server;
  /// --upstream-ca, --upstream-cert, --upstream-key and --upstream-name.
  tls_options server_tls;
  /// --tls: clients use TLS, with a certificate that is made for the run.
  bool makes_certificate = false;
  /// --tls-cert and --tls-key: clients use TLS, with this certificate.
  std::optional<std::pair<std::filesystem::path, std::filesystem::path>> certificate;
  /// --redis auto: start a private server.
  bool starts_redis = false;
  std::optional<std::string> redis_server;
  /// NAME=VALUE. Placeholders are not replaced yet.
  std::vector<std::string> set_env;
  /// nullopt: until COMMAND ends, or Ctrl-C.
  std::optional<std::chrono::milliseconds> length;

  // Recording.

  std::optional<std::filesystem::path> record;
  bool hides_keys = false;

  // Rules and verdict.

  /// Pairs of a glob and a role. The first glob that matches applies.
  std::vector<std::pair<std::string, key_role>> roles;
  /// Rules that must be exercised.
  std::vector<std::string> required;
  /// nullopt: no finding fails the audit.
  std::optional<severity> fail_on = severity::error;
  std::optional<std::filesystem::path> baseline;
  std::optional<std::filesystem::path> new_baseline;
  std::size_t keys_max = 200'000;
  /// --sample: the share of the keys to examine.
  std::uint32_t keys_per_million = all_keys;
  /// --exit-code findings: the exit code of COMMAND does not count.
  bool ignores_command_code = false;

  // Active audit.

  bool is_active = false;
  /// Globs of the keys that may be deleted.
  std::vector<std::string> allowed;
  bool holds_misses = false;
  origin_sources origins;

  // Faults between the application and the server.

  /// In the order of the command line. Empty: none.
  std::vector<faults::script_source> fault_sources;
  std::uint64_t fault_seed = 1;

  // Outages: times in which the server fails.

  /// In the order of the command line. Empty: none.
  std::vector<outage_kind> outages;
  outage_times outage_pace;
  /// nullopt: nobody asks the application whether it serves its callers.
  std::optional<check_target> check;
  std::chrono::milliseconds check_timeout{2000};

  std::vector<report_request> reports;

  // Continuous audit.

  /// --report-every: the length of a window. nullopt: one report at the end.
  std::optional<std::chrono::milliseconds> report_every;
  /// --keep: the number of reports that remain in files, for each format.
  std::size_t reports_kept = 24;
  /// --metrics, as typed. nullopt: no metrics.
  std::optional<std::string> metrics;

  /// --locate: the folder of the source files.
  std::optional<std::filesystem::path> sources;
  /// The command line for reports, without passwords.
  std::string typed;
};

/// Runs the audit and returns the exit code. Throws `text::usage_error` before anything is started,
/// and std::runtime_error if the audit fails. Never throws `process::interrupted`: an interrupted
/// audit reports on the traffic so far.
int run_audit(const audit_options& options);

}  // namespace drover::audit
