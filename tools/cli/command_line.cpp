// SPDX-License-Identifier: MIT
#include "cli/command_line.hpp"

#include <CLI/CLI.hpp>

#include <charconv>
#include <optional>
#include <string_view>
#include <vector>

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

constexpr const char* demo_description =
    "See a hot key expire under many callers, with and without Drover.";

constexpr const char* demo_footer =
    "Shows how many queries reach the database with plain cache-aside, with a lock, and with\n"
    "Drover. Starts a private redis-server and an SQLite database whose query is as slow as you\n"
    "say, and which counts its queries itself. For each strategy a key is loaded, its ttl runs "
    "out,\n"
    "and all callers are let go at one instant. Everything started is stopped and removed, also "
    "on\n"
    "Ctrl-C.\n"
    "\n"
    "Examples:\n"
    "  drover demo                                  the whole picture, in half a minute\n"
    "  drover demo --load-ms 50                     only the fast query\n"
    "  drover demo --processes 8 --callers 100      a larger herd\n"
    "  drover demo --json > result.json             for a program\n"
    "\n"
    "Exit codes:\n"
    "  0    Drover sent one query each time, and every caller got the right value\n"
    "  1    it did not, or it could not be shown (the message says why)\n"
    "  2    the input cannot be meant; nothing was started\n"
    "  130  interrupted by Ctrl-C (128 + the signal's number for others)\n"
    "\n"
    "Environment: DROVER_REDIS_SERVER as --redis-server; NO_COLOR for no colours.";

std::optional<unsigned> whole_number(std::string_view text) {
  unsigned number = 0;
  const char* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{} || stopped != end) return std::nullopt;
  return number;
}

unsigned number_within(const std::string& option, std::string_view text, unsigned most,
                       const std::string& example) {
  const auto number = whole_number(text);
  if (number && *number >= 1 && *number <= most) return *number;
  throw usage_error{option + " '" + std::string{text} + "': give a whole number from 1 to " +
                    std::to_string(most) + ", such as " + option + " " + example};
}

std::vector<std::chrono::milliseconds> loads_of(std::string_view text) {
  std::vector<std::chrono::milliseconds> loads;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    loads.emplace_back(number_within("--load-ms", text.substr(begin, end - begin),
                                     simulate::load_ms_max, "50,2000"));
    begin = end + 1;
  }
  if (loads.size() > simulate::loads_max) {
    throw usage_error{"--load-ms: at most " + std::to_string(simulate::loads_max) +
                      " values at a time; run it again for the others"};
  }
  return loads;
}

/// The options of `demo` as typed.
struct demo_texts {
  std::string processes = "4";
  std::string callers = "50";
  std::string loads = "50,2000";
  std::string redis_server;
  bool is_json = false;

  void offer(CLI::App& app) {
    const auto most = [](unsigned number) { return std::to_string(number); };
    app.add_option("--processes", processes,
                   "How many processes (1 to " + most(simulate::processes_max) + ")")
        ->type_name("N")
        ->capture_default_str();
    app.add_option("--callers", callers,
                   "How many callers, each a thread, in each process (1 to " +
                       most(simulate::callers_max) + ")")
        ->type_name("N")
        ->capture_default_str();
    app.add_option("--load-ms", loads,
                   "How long the query takes, in milliseconds; one round for each")
        ->type_name("LIST")
        ->capture_default_str();
    app.add_option(
           "--redis-server", redis_server,
           "The server program to run privately (else redis-server or redis-check-rdb from PATH)")
        ->type_name("PATH")
        ->envname("DROVER_REDIS_SERVER");
    app.add_flag("--json", is_json, "Results as JSON on standard output instead of text");
  }

  [[nodiscard]] simulate::demo_options meant() const {
    simulate::demo_options options;
    options.processes = number_within("--processes", processes, simulate::processes_max, "4");
    options.callers = number_within("--callers", callers, simulate::callers_max, "50");
    if (options.processes * options.callers > simulate::callers_in_all_max) {
      throw usage_error{"--processes " + processes + " --callers " + callers + ": " +
                        std::to_string(options.processes * options.callers) +
                        " callers in all are more than " +
                        std::to_string(simulate::callers_in_all_max) + "; lower one of the two"};
    }
    options.loads = loads_of(loads);
    if (!redis_server.empty()) options.redis_server = redis_server;
    options.is_json = is_json;
    return options;
  }
};

/// The options of `herd-member`, which the demo starts itself with.
struct member_texts {
  simulate::member_options told;
  unsigned load_ms = 0;
  unsigned fill_ttl_ms = 0;

  void offer(CLI::App& app) {
    app.add_option("--board", told.board)->required();
    app.add_option("--number", told.number)->required();
    app.add_option("--strategy", told.strategy)->required();
    app.add_option("--redis", told.redis_url)->required();
    app.add_option("--origin", told.origin)->required();
    app.add_option("--key", told.key)->required();
    app.add_option("--load-ms", load_ms)->required();
    app.add_option("--fill-ttl-ms", fill_ttl_ms)->required();
  }

  [[nodiscard]] simulate::member_options meant() const {
    simulate::member_options options = told;
    options.load = std::chrono::milliseconds{load_ms};
    options.fill_ttl = std::chrono::milliseconds{fill_ttl_ms};
    return options;
  }
};

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
  CLI::App& demo = *app.add_subcommand("demo", demo_description);
  demo.footer(demo_footer);
  demo_texts demo_asked;
  demo_asked.offer(demo);
  CLI::App& member = *app.add_subcommand("herd-member", "")->group("");
  member_texts member_asked;
  member_asked.offer(member);
  try {
    app.parse(count, arguments);
    if (member.parsed()) return member_asked.meant();
    if (demo.parsed()) return demo_asked.meant();
    return showing{app.help(), exit_usage};
  } catch (const CLI::CallForHelp&) {
    return showing{app.help(), exit_met};
  } catch (const CLI::CallForAllHelp&) {
    return showing{app.help("", CLI::AppFormatMode::All), exit_met};
  } catch (const CLI::CallForVersion& version) {
    return showing{std::string{version.what()} + '\n', exit_met};
  } catch (const CLI::ParseError& error) {
    return complaint(error.what(), demo.parsed() ? "drover demo" : "drover");
  } catch (const usage_error& error) {
    return complaint(error.what(), "drover demo");
  }
}

}  // namespace drover::cli
