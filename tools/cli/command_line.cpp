// SPDX-License-Identifier: MIT
#include "cli/command_line.hpp"

#include <CLI/CLI.hpp>

#include <string>

#include "cli/exit_codes.hpp"
#include "cli/usage_error.hpp"

#ifndef DROVER_VERSION
#define DROVER_VERSION "of no release"
#endif

namespace drover::cli {
namespace {

constexpr const char* description =
    "Drover, a Redis cache that loads each key once: see it at work.\n"
    "\n"
    "Start with `drover demo`. It needs no configuration, touches no server of yours,\n"
    "and leaves nothing behind.";

showing complaint(const std::string& what, const std::string& command_name) {
  return {"drover: " + what + "\n`" + command_name + " --help` lists what can be given.\n",
          exit_usage};
}

}  // namespace

command parse_command_line(int count, const char* const* arguments) {
  CLI::App app{description, "drover"};
  app.set_version_flag("--version", "drover " DROVER_VERSION);
  app.failure_message(
      [](const CLI::App*, const CLI::Error& error) { return std::string{error.what()}; });
  try {
    app.parse(count, arguments);
    return showing{app.help(), exit_usage};
  } catch (const CLI::CallForHelp&) {
    return showing{app.help(), exit_met};
  } catch (const CLI::CallForAllHelp&) {
    return showing{app.help("", CLI::AppFormatMode::All), exit_met};
  } catch (const CLI::CallForVersion& version) {
    return showing{std::string{version.what()} + '\n', exit_met};
  } catch (const CLI::ParseError& error) {
    return complaint(error.what(), "drover");
  } catch (const usage_error& error) {
    return complaint(error.what(), "drover");
  }
}

}  // namespace drover::cli
