// SPDX-License-Identifier: MIT
// The options of `drover audit`, as typed and as parsed.
#pragma once

#include <CLI/CLI.hpp>

#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "audit/run/audit_options.hpp"
#include "cli/report_options.hpp"
#include "cli/text_result.hpp"

namespace drover::cli {

class audit_command {
 public:
  /// Adds the subcommand. This object outlives the parsing.
  explicit audit_command(CLI::App& app);

  [[nodiscard]] bool is_selected() const { return app_->parsed(); }
  /// `program`: the words after `--`. Throws `usage_error`, which names the invalid option.
  [[nodiscard]] std::variant<text_result, audit::audit_options> parsed_options(
      std::vector<std::string> program) const;

 private:
  using pairs = std::vector<std::pair<std::string, std::string>>;

  void add_traffic_options();
  void add_tls_options();
  void add_recording_options();
  void add_verdict_options();
  void add_activity_options();
  void add_origin_options();
  void add_fault_options();
  void add_outage_options();
  void add_report_options();
  void add_continuous_options();
  CLI::Option* add(const char* name, std::string& value, const std::string& description,
                   const char* type);
  CLI::Option* add_list(const char* name, std::vector<std::string>& values,
                        const std::string& description, const char* type);
  void add_flag(const char* name, bool& value, const std::string& description);
  void check_combinations(const std::vector<std::string>& program) const;
  [[nodiscard]] std::vector<audit::report_request> parsed_reports() const;
  [[nodiscard]] audit::origin_sources parsed_origins() const;
  [[nodiscard]] std::vector<faults::script_source> parsed_faults() const;
  void check_outages() const;
  void check_tls() const;
  void parse_tls(audit::audit_options& options) const;
  [[nodiscard]] audit::outage_times parsed_outage_times() const;
  /// `options.length` is set.
  void parse_outages(audit::audit_options& options) const;
  [[nodiscard]] bool has(const char* option) const { return app_->count(option) > 0; }

  CLI::App* app_;
  /// The group of the options that are added next.
  std::string group_;
  std::string listen_;
  std::string server_;
  std::string server_ca_;
  std::string server_certificate_;
  std::string server_key_;
  std::string server_name_;
  bool makes_certificate_ = false;
  std::string certificate_;
  std::string key_;
  std::string redis_;
  std::string redis_server_;
  std::vector<std::string> set_env_;
  std::string length_;
  std::string record_;
  std::string replay_;
  bool hides_keys_ = false;
  std::vector<std::string> roles_;
  std::vector<std::string> required_;
  std::string fail_on_ = "error";
  std::string exit_code_ = "command";
  std::string baseline_;
  std::string new_baseline_;
  std::string keys_max_;
  std::string sample_;
  bool lists_rules_ = false;
  bool is_active_ = false;
  bool holds_misses_ = false;
  std::vector<std::string> allowed_;
  pairs origin_redis_;
  std::vector<std::string> origin_logs_;
  std::vector<std::string> origin_regexes_;
  std::vector<std::string> origin_commands_;
  std::vector<std::string> origin_tcp_;
  CLI::Option* fault_option_ = nullptr;
  CLI::Option* fault_script_option_ = nullptr;
  std::vector<std::string> faults_;
  std::vector<std::string> fault_scripts_;
  std::string fault_seed_ = "1";
  bool lists_faults_ = false;
  std::vector<std::string> outages_;
  std::string outage_after_;
  std::string outage_length_;
  std::string outage_pause_;
  std::string check_;
  std::string check_timeout_;
  report_options reports_;
  std::string report_every_;
  std::string keep_;
  std::string metrics_;
  std::string sources_;
};

}  // namespace drover::cli
