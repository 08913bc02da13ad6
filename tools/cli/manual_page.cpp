// SPDX-License-Identifier: MIT
#include "cli/manual_page.hpp"

#include <algorithm>
#include <vector>

#include "cli/help_formatter.hpp"

namespace drover::cli {
namespace {

/// The text without characters that have a meaning for roff. Hyphens stay hyphens when a reader
/// copies them.
std::string escaped(std::string_view text) {
  std::string result;
  for (const char byte : text) {
    if (byte == '\\') {
      result += "\\e";
    } else if (byte == '-') {
      result += "\\-";
    } else {
      result += byte;
    }
  }
  return result;
}

/// One line of text. The prefix \& keeps a leading dot or apostrophe from starting a roff request.
std::string line_of(std::string_view text) {
  const bool is_request = text.starts_with('.') || text.starts_with('\'');
  return (is_request ? "\\&" : "") + escaped(text) + '\n';
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

std::string in_quotes(std::string_view heading) { return '"' + escaped(heading) + "\"\n"; }

bool is_heading(std::string_view line) {
  return line.ends_with(':') && !line.starts_with(' ') && line.find(". ") == std::string_view::npos;
}

/// Help text for roff. Indented lines stay as they are, and other lines are filled.
std::string filled(std::string_view text) {
  std::string page;
  bool is_example = false;
  bool is_first = true;
  for (const std::string_view line : lines_of(text)) {
    const bool is_indented = line.starts_with(' ');
    if (is_indented != is_example && !line.empty()) {
      page += is_indented ? ".nf\n" : ".fi\n";
      is_example = is_indented;
    }
    if (line.empty()) {
      page += ".PP\n";
    } else if (is_heading(line)) {
      page += (is_first ? "" : ".PP\n") + std::string{".B "} + in_quotes(line);
      page += ".br\n";
    } else {
      page += line_of(line);
    }
    is_first = false;
  }
  return page + (is_example ? ".fi\n" : "");
}

std::string option_entry(const CLI::Option& option) {
  return ".TP\n.B " + in_quotes(option_signature(option, option.get_positional())) +
         line_of(option_description(option));
}

std::string options_of(const CLI::App& command) {
  std::string page;
  for (const std::string& group : command.get_groups()) {
    std::string entries;
    for (const CLI::Option* option : command.get_options()) {
      if (option->get_group() == group) entries += option_entry(*option);
    }
    if (!group.empty() && !entries.empty()) page += ".PP\n.B " + in_quotes(group + ":") + entries;
  }
  return page;
}

/// The usage lines of a command, without the heading.
std::string usage_of(const CLI::App& command, const std::string& name) {
  const std::string usage = command.get_formatter()->make_help(&command, name, {});
  std::string page = ".nf\n";
  for (const std::string_view line : lines_of(usage)) {
    if (line.empty()) break;
    if (line == "Usage:") continue;
    const std::size_t begin = line.starts_with("Usage: ") ? 7 : line.find_first_not_of(' ');
    page += line_of(line.substr(begin));
  }
  return page + ".fi\n";
}

std::string command_section(const CLI::App& command) {
  const std::string name = "drover " + command.get_name();
  std::string page = ".SH " + in_quotes(name) + usage_of(command, name) + ".PP\n";
  page += filled(command.get_description()) + options_of(command);
  if (!command.get_footer().empty()) page += ".PP\n" + filled(command.get_footer());
  return page;
}

}  // namespace

std::string manual_page(const CLI::App& app, std::string_view version) {
  const auto commands = app.get_subcommands([](const CLI::App*) { return true; });
  std::string page =
      ".TH DROVER 1 \"\" \"drover " + std::string{version} + "\" \"User Commands\"\n";
  page += ".SH NAME\ndrover \\- simulate stampedes, audit Redis caching, inject faults\n";
  page += ".SH SYNOPSIS\n";
  for (const CLI::App* subcommand : commands)
    page += usage_of(*subcommand, "drover " + subcommand->get_name());
  page += ".SH DESCRIPTION\n" + filled(app.get_description()) + options_of(app);
  for (const CLI::App* subcommand : commands) page += command_section(*subcommand);
  return page;
}

}  // namespace drover::cli
