// SPDX-License-Identifier: MIT
#include "cli/help_formatter.hpp"

#include <cstddef>

#include "text/text_layout.hpp"

namespace drover::cli {
namespace {

constexpr std::size_t width = 100;
constexpr std::size_t description_column = 30;

/// Puts the name at the left and its description in a column beside it. If the name is too long,
/// the description begins on the next line.
std::string entry(const std::string& name, const std::string& description) {
  const std::string indent(description_column, ' ');
  std::string line = "  " + name;
  if (line.size() + 1 >= description_column) {
    line += '\n' + indent;
  } else {
    line.resize(description_column, ' ');
  }
  const std::string lines = text::wrapped(description, width - description_column, 0);
  for (const char byte : lines) {
    line += byte;
    if (byte == '\n') line += indent;
  }
  return line + '\n';
}

}  // namespace

std::string help_formatter::make_help(const CLI::App* app, std::string name,
                                      CLI::AppFormatMode mode) const {
  if (mode == CLI::AppFormatMode::Sub) return make_expanded(app);
  return make_usage(app, std::move(name)) + '\n' + make_description(app) + make_positionals(app) +
         make_groups(app, mode) + make_subcommands(app, mode) + '\n' + make_footer(app);
}

std::string help_formatter::make_usage(const CLI::App* app, std::string name) const {
  if (usage_.empty()) return CLI::Formatter::make_usage(app, std::move(name));
  return "Usage:\n" + usage_;
}

std::string help_formatter::make_option(const CLI::Option* option, bool is_positional) const {
  return entry(option_signature(*option, is_positional), option_description(*option));
}

std::string help_formatter::make_subcommand(const CLI::App* subcommand) const {
  const std::string description = subcommand->get_description();
  return entry(subcommand->get_name(), description.substr(0, description.find('\n')));
}

std::string option_signature(const CLI::Option& option, bool is_positional) {
  if (is_positional) return option.get_name(true, false);
  std::string name = option.get_name(false, true);
  if (const std::size_t comma = name.find(','); comma != std::string::npos)
    name.insert(comma + 1, " ");
  const bool has_value = option.get_type_size() != 0 && !option.get_type_name().empty();
  return has_value ? name + ' ' + option.get_type_name() : name;
}

std::string option_description(const CLI::Option& option) {
  std::string description = option.get_description();
  if (!option.get_default_str().empty())
    description += " [default: " + option.get_default_str() + ']';
  if (!option.get_envname().empty()) description += " [variable: " + option.get_envname() + ']';
  return description;
}

}  // namespace drover::cli
