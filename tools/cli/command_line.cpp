// SPDX-License-Identifier: MIT
#include "cli/command_line.hpp"

#include <CLI/CLI.hpp>

#include <string_view>

#include "cli/exit_codes.hpp"
#include "cli/simulate_command.hpp"
#include "cli/usage_error.hpp"

#ifndef DROVER_VERSION
#define DROVER_VERSION "of no release"
#endif

namespace drover::cli {
namespace {

constexpr const char* description =
    "Drover, a Redis cache that loads each key once: see it at work.\n"
    "\n"
    "Start with `drover simulate`. It needs no configuration, touches no server of yours,\n"
    "and leaves nothing behind.";

constexpr std::string_view member_name = "herd-member";

showing complaint(const std::string& what, const std::string& command_name) {
  return {"drover: " + what + "\n`" + command_name + " --help` lists what can be given.\n",
          exit_usage};
}

template <class... Kinds>
command widened(std::variant<Kinds...> one) {
  return std::visit([](auto& what) -> command { return std::move(what); }, one);
}

}  // namespace

command parse_command_line(int count, const char* const* arguments) {
  if (count > 1 && arguments[1] == member_name) {
    return member_arguments{{arguments + 2, arguments + count}};
  }
  CLI::App app{description, "drover"};
  app.set_version_flag("--version", "drover " DROVER_VERSION);
  app.failure_message(
      [](const CLI::App*, const CLI::Error& error) { return std::string{error.what()}; });
  const simulate_command simulate{app};
  try {
    app.parse(count, arguments);
    if (simulate.is_asked_for()) return widened(simulate.meant(count, arguments));
    return showing{app.help(), exit_usage};
  } catch (const CLI::CallForHelp&) {
    return showing{app.help(), exit_met};
  } catch (const CLI::CallForAllHelp&) {
    return showing{app.help("", CLI::AppFormatMode::All), exit_met};
  } catch (const CLI::CallForVersion& version) {
    return showing{std::string{version.what()} + '\n', exit_met};
  } catch (const CLI::ParseError& error) {
    return complaint(error.what(), simulate.is_asked_for() ? "drover simulate" : "drover");
  } catch (const usage_error& error) {
    return complaint(error.what(), "drover simulate");
  }
}

}  // namespace drover::cli
