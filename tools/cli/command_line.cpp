// SPDX-License-Identifier: MIT
#include "cli/command_line.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <string_view>
#include <utility>

#include "cli/audit_command.hpp"
#include "cli/prompts_command.hpp"
#include "cli/simulate_command.hpp"
#include "cli/typed_command.hpp"
#include "process/exit_codes.hpp"
#include "text/usage_error.hpp"

#ifndef DROVER_VERSION
#define DROVER_VERSION "of no release"
#endif

namespace drover::cli {
namespace {

constexpr const char* drover_description =
    "Drover, a Redis cache that loads each key once: see it at work, and see how other code does.\n"
    "\n"
    "Start with `drover simulate`: it needs no configuration, touches no server of yours, and\n"
    "leaves nothing behind. Then `drover audit -- COMMAND` for an application of yours.";

constexpr std::string_view member_name = "herd-member";

text_result complaint(const std::string& what, const std::string& command_name) {
  return {"drover: " + what + "\n`" + command_name + " --help` lists what can be given.\n",
          process::exit_usage};
}

template <class... Kinds>
command widened(std::variant<Kinds...> one) {
  return std::visit([](auto& what) -> command { return std::move(what); }, one);
}

/// `behind`: the dashes and what follows, empty without any.
command audit_meant(const audit_command& audit, std::vector<std::string> words,
                    std::vector<std::string> behind) {
  if (behind.size() == 1) throw text::usage_error{"--: give the command to audit behind it"};
  if (!behind.empty()) behind.erase(behind.begin());
  command made = widened(audit.parsed_options(std::move(behind)));
  words.front() = "drover";
  if (auto* options = std::get_if<audit::audit_options>(&made))
    options->typed = typed_command(words);
  return made;
}

}  // namespace

command parse_command_line(int count, const char* const* arguments) {
  if (count > 1 && arguments[1] == member_name) {
    return member_arguments{{arguments + 2, arguments + count}};
  }
  CLI::App app{drover_description, "drover"};
  app.set_version_flag("--version", "drover " DROVER_VERSION);
  app.failure_message(
      [](const CLI::App*, const CLI::Error& error) { return std::string{error.what()}; });
  const simulate_command simulate{app};
  const audit_command audit{app};
  const prompts_command prompts{app};
  const std::vector<std::string> words{arguments, arguments + count};
  // What stands behind -- is a command of the user's, and none of ours to read.
  const auto dashes = std::ranges::find(words, "--");
  const bool has_program = dashes != words.end();
  const auto asked_for = [&] {
    if (simulate.is_asked_for()) return "drover simulate";
    if (prompts.is_asked_for()) return prompts.name();
    return audit.is_asked_for() ? "drover audit" : "drover";
  };
  try {
    app.parse(static_cast<int>(dashes - words.begin()), arguments);
    if (audit.is_asked_for()) return audit_meant(audit, words, {dashes, words.end()});
    if (has_program) throw text::usage_error{"--: nothing is run but by `drover audit -- COMMAND`"};
    if (prompts.is_asked_for()) return widened(prompts.parsed_options());
    if (simulate.is_asked_for()) return widened(simulate.parsed_options(count, arguments));
    return text_result{app.help(), process::exit_usage};
  } catch (const CLI::CallForHelp&) {
    return text_result{app.help(), process::exit_success};
  } catch (const CLI::CallForAllHelp&) {
    return text_result{app.help("", CLI::AppFormatMode::All), process::exit_success};
  } catch (const CLI::CallForVersion& version) {
    return text_result{std::string{version.what()} + '\n', process::exit_success};
  } catch (const CLI::ExtrasError& error) {
    return complaint(audit.is_asked_for()
                         ? std::string{error.what()} + "; a command to audit stands behind --"
                         : std::string{error.what()},
                     asked_for());
  } catch (const CLI::ParseError& error) {
    return complaint(error.what(), asked_for());
  } catch (const text::usage_error& error) {
    return complaint(error.what(), asked_for());
  }
}

}  // namespace drover::cli
