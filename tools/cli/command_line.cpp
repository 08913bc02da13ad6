// SPDX-License-Identifier: MIT
#include "cli/command_line.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <memory>
#include <string_view>
#include <utility>

#include "cli/acl_command.hpp"
#include "cli/advise_command.hpp"
#include "cli/audit_command.hpp"
#include "cli/doctor_command.hpp"
#include "cli/fault_command.hpp"
#include "cli/help_formatter.hpp"
#include "cli/manual_page.hpp"
#include "cli/prompts_command.hpp"
#include "cli/simulate_command.hpp"
#include "cli/typed_command.hpp"
#include "process/exit_codes.hpp"
#include "text/usage_error.hpp"

#ifndef DROVER_VERSION
#define DROVER_VERSION "(unknown version)"
#endif

namespace drover::cli {
namespace {

constexpr const char* drover_description =
    "Drover is a cache client for Redis that loads each missing key once. These commands show it "
    "at\n"
    "work, audit the caching of other applications, and test them against a Redis in trouble.\n"
    "\n"
    "Start with `drover simulate`. It needs no configuration, uses a private server, and removes\n"
    "everything that it started. Then run `drover audit -- COMMAND` with an application of yours.";

constexpr const char* drover_footer =
    "`drover COMMAND --help` describes the options, gives examples and lists the exit codes.";

constexpr std::string_view member_name = "herd-member";

/// The commands with their options.
struct command_parsers {
  CLI::App app{drover_description, "drover"};
  std::unique_ptr<simulate_command> simulate;
  std::unique_ptr<audit_command> audit;
  std::unique_ptr<advise_command> advise;
  std::unique_ptr<fault_command> fault_proxy;
  std::unique_ptr<doctor_command> doctor;
  std::unique_ptr<acl_command> acl;
  std::unique_ptr<prompts_command> prompts;

  command_parsers() {
    app.formatter(std::make_shared<help_formatter>());
    app.footer(drover_footer);
    app.get_help_ptr()->description("Print this help and exit");
    app.set_version_flag("--version", "drover " DROVER_VERSION, "Print the version and exit");
    app.failure_message(
        [](const CLI::App*, const CLI::Error& error) { return std::string{error.what()}; });
    simulate = std::make_unique<simulate_command>(app);
    audit = std::make_unique<audit_command>(app);
    advise = std::make_unique<advise_command>(app);
    fault_proxy = std::make_unique<fault_command>(app);
    doctor = std::make_unique<doctor_command>(app);
    acl = std::make_unique<acl_command>(app);
    prompts = std::make_unique<prompts_command>(app);
  }

  [[nodiscard]] const char* selected_name() const {
    if (simulate->is_selected()) return "drover simulate";
    if (prompts->is_selected()) return prompts->name();
    if (fault_proxy->is_selected()) return "drover fault-proxy";
    if (advise->is_selected()) return "drover advise";
    if (doctor->is_selected()) return "drover doctor";
    if (acl->is_selected()) return "drover acl";
    return audit->is_selected() ? "drover audit" : "drover";
  }
};

text_result usage_message(const std::string& error, const std::string& command_name) {
  return {"drover: " + error + "\nRun `" + command_name + " --help` for usage.\n",
          process::exit_usage};
}

template <class... Results>
command as_command(std::variant<Results...> parsed) {
  return std::visit([](auto& result) -> command { return std::move(result); }, parsed);
}

/// The words after the --, if there is one. `program_words`: with the --.
std::vector<std::string> program_after_dashes(std::vector<std::string> program_words,
                                              const char* purpose) {
  if (program_words.size() == 1) {
    throw text::usage_error{std::string{"--: the command to "} + purpose +
                            " is missing; put it after --"};
  }
  if (!program_words.empty()) program_words.erase(program_words.begin());
  return program_words;
}

/// `program_words`: the -- and the words after it; empty without a --.
command parsed_audit(const audit_command& audit, std::vector<std::string> words,
                     std::vector<std::string> program_words) {
  command parsed =
      as_command(audit.parsed_options(program_after_dashes(std::move(program_words), "audit")));
  words.front() = "drover";
  if (auto* options = std::get_if<audit::audit_options>(&parsed)) {
    options->typed = typed_command(words);
  }
  return parsed;
}

}  // namespace

command parse_command_line(int count, const char* const* arguments) {
  if (count > 1 && arguments[1] == member_name) {
    return member_arguments{{arguments + 2, arguments + count}};
  }
  if (count == 2 && std::string_view{arguments[1]} == "man-page") {
    return text_result{manual_page(command_parsers{}.app, DROVER_VERSION), process::exit_success};
  }
  command_parsers commands;
  CLI::App& app = commands.app;
  const std::vector<std::string> words{arguments, arguments + count};
  // The words after -- are the user's command and contain no options of drover.
  const auto dashes = std::ranges::find(words, "--");
  const bool has_program = dashes != words.end();
  try {
    app.parse(static_cast<int>(dashes - words.begin()), arguments);
    if (commands.audit->is_selected()) {
      return parsed_audit(*commands.audit, words, {dashes, words.end()});
    }
    if (commands.fault_proxy->is_selected()) {
      return as_command(
          commands.fault_proxy->parsed_options(program_after_dashes({dashes, words.end()}, "run")));
    }
    if (has_program) {
      throw text::usage_error{
          "--: only `drover audit` and `drover fault-proxy` take a command after --"};
    }
    if (commands.advise->is_selected()) return commands.advise->parsed_options();
    if (commands.doctor->is_selected()) return commands.doctor->parsed_options();
    if (commands.acl->is_selected()) return commands.acl->parsed_options();
    if (commands.prompts->is_selected()) return as_command(commands.prompts->parsed_options());
    if (commands.simulate->is_selected()) {
      return as_command(commands.simulate->parsed_options(count, arguments));
    }
    return text_result{app.help(), process::exit_usage};
  } catch (const CLI::CallForHelp&) {
    return text_result{app.help(), process::exit_success};
  } catch (const CLI::CallForAllHelp&) {
    return text_result{app.help("", CLI::AppFormatMode::All), process::exit_success};
  } catch (const CLI::CallForVersion& version) {
    return text_result{std::string{version.what()} + '\n', process::exit_success};
  } catch (const CLI::ExtrasError& error) {
    std::string remedy;
    if (commands.audit->is_selected()) remedy = "; put the command to audit after --";
    if (commands.fault_proxy->is_selected()) remedy = "; put the command to run after --";
    if (app.get_subcommands().empty() && count > 1 && arguments[1][0] != '-') {
      return usage_message(
          "unknown command '" + std::string{arguments[1]} +
              "'; the commands are: simulate, audit, advise, fault-proxy, doctor, acl, init, "
              "prompts",
          "drover");
    }
    return usage_message(error.what() + remedy, commands.selected_name());
  } catch (const CLI::ParseError& error) {
    return usage_message(error.what(), commands.selected_name());
  } catch (const text::usage_error& error) {
    return usage_message(error.what(), commands.selected_name());
  }
}

}  // namespace drover::cli
