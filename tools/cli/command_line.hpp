// SPDX-License-Identifier: MIT
// Parses the command line. Output such as --help is returned as text. Pure.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "audit/run/advise.hpp"
#include "audit/run/audit_options.hpp"
#include "cli/prompts_command.hpp"
#include "cli/text_result.hpp"
#include "doctor/doctor.hpp"
#include "fault/run/fault_options.hpp"
#include "simulate/run/simulate_options.hpp"

namespace drover::cli {

/// `drover herd-member ...`: the processes that `drover simulate` starts.
struct member_arguments {
  std::vector<std::string> texts;
};

using command = std::variant<text_result, simulate::simulate_options, audit::audit_options,
                             audit::advise_options, faults::fault_options, doctor::doctor_options,
                             prompts::init_options, fix_prompt_options, member_arguments>;

/// Never throws for invalid input: the result is a `text_result` with `exit_usage`.
[[nodiscard]] command parse_command_line(int count, const char* const* arguments);

}  // namespace drover::cli
