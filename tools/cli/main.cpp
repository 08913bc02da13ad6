// SPDX-License-Identifier: MIT
// The command-line tool: parses the command line, runs the command, and returns its exit code.
#include <cstdio>
#include <exception>
#include <string>
#include <variant>

#include "audit/run/advise.hpp"
#include "audit/run/exit_code.hpp"
#include "cli/command_line.hpp"
#include "doctor/doctor.hpp"
#include "fault/run/fault_options.hpp"
#include "process/exit_codes.hpp"
#include "process/signal_watch.hpp"
#include "prompts/prompt_text.hpp"
#include "simulate/herd/member.hpp"
#include "simulate/run/simulate.hpp"
#include "text/read_file_or_stdin.hpp"
#include "text/usage_error.hpp"

namespace {

using namespace drover;

int run(const cli::text_result& result) {
  std::fputs(result.text.c_str(), result.exit_code == process::exit_success ? stdout : stderr);
  return result.exit_code;
}
int run(const simulate::simulate_options& options) { return simulate::run_simulate(options); }
int run(const audit::audit_options& options) {
  try {
    return audit::run_audit(options);
  } catch (const text::usage_error&) {
    throw;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "drover: %s\n", error.what());
    return audit::exit_tool_error;
  }
}
int run(const audit::advise_options& options) {
  try {
    return audit::run_advise(options);
  } catch (const text::usage_error&) {
    throw;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "drover: %s\n", error.what());
    return audit::exit_tool_error;
  }
}
int run(const faults::fault_options& options) {
  try {
    return faults::run_fault_proxy(options);
  } catch (const text::usage_error&) {
    throw;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "drover: %s\n", error.what());
    return process::exit_usage;
  }
}
int run(const doctor::doctor_options& options) { return doctor::run_doctor(options); }
int run(const prompts::init_options& options) {
  const auto written = [&] {
    try {
      return prompts::init_ai(options);
    } catch (const std::exception& error) {
      throw text::usage_error{std::string{"init ai: "} + error.what()};
    }
  }();
  for (const auto& file : written) std::printf("wrote %s\n", file.c_str());
  if (written.empty()) std::puts("all files are up to date");
  return process::exit_success;
}
int run(const cli::fix_prompt_options& options) {
  const auto prompt = prompts::fix_prompt(text::read_file_or_stdin(options.file));
  if (!prompt) throw text::usage_error{options.file + ": " + prompt.error().text};
  std::fputs(prompt->c_str(), stdout);
  return process::exit_success;
}
int run(const cli::member_arguments& arguments) { return simulate::run_member(arguments.texts); }

}  // namespace

int main(int count, char** arguments) {
  try {
    return std::visit([](const auto& command) { return run(command); },
                      cli::parse_command_line(count, arguments));
  } catch (const text::usage_error& error) {
    std::fprintf(stderr, "drover: %s\n", error.what());
    return process::exit_usage;
  } catch (const process::interrupted& interruption) {
    std::fputs("drover: interrupted; all started processes and files were removed\n", stderr);
    return process::exit_signal + interruption.signal;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "drover: %s\n", error.what());
    return process::exit_failure;
  }
}
