// SPDX-License-Identifier: MIT
// The options of `drover simulate`: as typed, and as meant.
#pragma once

#include <CLI/CLI.hpp>

#include <string>
#include <variant>

#include "cli/text_result.hpp"
#include "simulate/run/simulate_options.hpp"

namespace drover::cli {

class simulate_command {
 public:
  /// Adds the subcommand. This object outlives the parsing.
  explicit simulate_command(CLI::App& app);

  [[nodiscard]] bool is_asked_for() const { return app_->parsed(); }
  /// Throws `usage_error` naming the option that cannot be meant.
  [[nodiscard]] std::variant<text_result, simulate::simulate_options> parsed_options(
      int count, const char* const* arguments) const;

 private:
  [[nodiscard]] simulate::simulate_options meant_simulation(const simulate::scenario& what,
                                                            const std::string& typed) const;
  void refuse_for(const simulate::scenario& what) const;
  void refuse(const char* option, const char* why) const;
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
  std::string format_ = "text";
  std::string out_;
  std::string seed_ = "1";
  std::string expect_;
};

}  // namespace drover::cli
