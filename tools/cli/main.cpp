// SPDX-License-Identifier: MIT
// The command-line tool: reads what is asked for, has it done, and turns how it ended into an exit
// code.
#include <cstdio>
#include <exception>
#include <string>
#include <variant>

#include "audit/run/exit_code.hpp"
#include "cli/command_line.hpp"
#include "process/exit_codes.hpp"
#include "process/signal_watch.hpp"
#include "prompts/prompt_text.hpp"
#include "simulate/herd/member.hpp"
#include "simulate/run/simulate.hpp"
#include "text/read_file_or_stdin.hpp"
#include "text/usage_error.hpp"

namespace {

using namespace drover;

int carry_out(const cli::text_result& what) {
  std::fputs(what.text.c_str(), what.exit_code == process::exit_success ? stdout : stderr);
  return what.exit_code;
}
int carry_out(const simulate::simulate_options& asked) { return simulate::run_simulate(asked); }
int carry_out(const audit::audit_options& asked) {
  try {
    return audit::run_audit(asked);
  } catch (const text::usage_error&) {
    throw;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "drover: %s\n", error.what());
    return audit::exit_tool_error;
  }
}
int carry_out(const prompts::init_options& asked) {
  const auto written = [&] {
    try {
      return prompts::init_ai(asked);
    } catch (const std::exception& why) {
      throw text::usage_error{std::string{"init ai: "} + why.what()};
    }
  }();
  for (const auto& file : written) std::printf("wrote %s\n", file.c_str());
  if (written.empty()) std::puts("everything is there already");
  return process::exit_success;
}
int carry_out(const cli::fix_prompt_options& asked) {
  const auto made = prompts::fix_prompt(text::read_file_or_stdin(asked.file));
  if (!made) throw text::usage_error{asked.file + ": " + made.error().text};
  std::fputs(made->c_str(), stdout);
  return process::exit_success;
}
int carry_out(const cli::member_arguments& told) { return simulate::run_member(told.texts); }

}  // namespace

int main(int count, char** arguments) {
  try {
    return std::visit([](const auto& what) { return carry_out(what); },
                      cli::parse_command_line(count, arguments));
  } catch (const text::usage_error& error) {
    std::fprintf(stderr, "drover: %s\n", error.what());
    return process::exit_usage;
  } catch (const process::interrupted& by) {
    std::fputs("drover: interrupted; everything that was started is stopped and removed\n", stderr);
    return process::exit_signal + by.signal;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "drover: %s\n", error.what());
    return process::exit_failure;
  }
}
