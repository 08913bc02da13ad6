// SPDX-License-Identifier: MIT
// The options of `drover fault-proxy`, as typed and as parsed.
#pragma once

#include <CLI/CLI.hpp>

#include <string>
#include <variant>
#include <vector>

#include "cli/text_result.hpp"
#include "fault/run/fault_options.hpp"

namespace drover::cli {

class fault_command {
 public:
  /// Adds the subcommand. This object outlives the parsing.
  explicit fault_command(CLI::App& app);

  [[nodiscard]] bool is_selected() const { return app_->parsed(); }
  /// `program`: the words after `--`. Throws `usage_error`, which names the invalid option. The
  /// faults themselves are read when the command runs.
  [[nodiscard]] std::variant<text_result, faults::fault_options> parsed_options(
      std::vector<std::string> program) const;

 private:
  void add_fault_options();
  void add_traffic_options();
  void add_report_options();
  CLI::Option* add(const char* name, std::string& value, const std::string& description,
                   const char* type);
  CLI::Option* add_list(const char* name, std::vector<std::string>& values,
                        const std::string& description, const char* type);
  void check(const std::vector<std::string>& program) const;
  [[nodiscard]] std::vector<faults::script_source> sources() const;
  [[nodiscard]] bool has(const char* option) const { return app_->count(option) > 0; }

  CLI::App* app_;
  /// Of the options that are added next.
  std::string group_;
  CLI::Option* fault_option_ = nullptr;
  CLI::Option* script_option_ = nullptr;
  std::vector<std::string> faults_;
  std::vector<std::string> scripts_;
  std::string seed_ = "1";
  bool lists_faults_ = false;
  std::string listen_;
  std::string server_;
  std::string server_ca_;
  std::string server_certificate_;
  std::string server_key_;
  std::string redis_;
  std::string redis_server_;
  std::vector<std::string> set_env_;
  std::string length_;
  std::string log_;
  std::string format_ = "text";
  std::string out_;
};

}  // namespace drover::cli
