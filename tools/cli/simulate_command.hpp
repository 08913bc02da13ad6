// SPDX-License-Identifier: MIT
// The options of `drover simulate`, as typed and as parsed.
#pragma once

#include <CLI/CLI.hpp>

#include <string>
#include <variant>

#include "cli/report_options.hpp"
#include "cli/text_result.hpp"
#include "simulate/run/simulate_options.hpp"

namespace drover::cli {

class simulate_command {
 public:
  /// Adds the subcommand. This object outlives the parsing.
  explicit simulate_command(CLI::App& app);

  [[nodiscard]] bool is_selected() const { return app_->parsed(); }
  /// Throws `usage_error`, which names the invalid option.
  [[nodiscard]] std::variant<text_result, simulate::simulate_options> parsed_options(
      int count, const char* const* arguments) const;

 private:
  CLI::Option* add_text(const char* name, std::string& value, const std::string& description,
                        const char* type);
  void add_run_options();
  void add_server_options();
  void add_result_options();
  [[nodiscard]] const simulate::scenario& parsed_scenario() const;
  void parse_strategies(simulate::simulate_options& options) const;
  void parse_sizes(simulate::simulate_options& options) const;
  void parse_servers(simulate::simulate_options& options) const;
  void parse_results(simulate::simulate_options& options) const;
  [[nodiscard]] bool has(const char* option) const { return app_->count(option) > 0; }

  CLI::App* app_;
  bool is_list_ = false;
  bool is_redis_mine_ = false;
  std::string scenario_;
  std::string strategies_;
  std::string strategy_command_;
  std::string processes_ = "4";
  std::string callers_;
  std::string loads_;
  std::string ttl_;
  std::string events_;
  std::string redis_ = "auto";
  std::string redis_server_;
  std::string origin_ = "sqlite";
  std::string postgresql_bin_;
  report_options reports_;
  std::string seed_ = "1";
  std::string expect_;
};

}  // namespace drover::cli
