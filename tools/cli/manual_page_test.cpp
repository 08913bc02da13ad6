// SPDX-License-Identifier: MIT
#include "cli/manual_page.hpp"

#include <gtest/gtest.h>

#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <variant>
#include <vector>

#include "cli/command_line.hpp"
#include "process/exit_codes.hpp"

namespace drover::cli::manual_page_test {
namespace {

std::string output_of(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "drover");
  const command parsed = parse_command_line(static_cast<int>(arguments.size()), arguments.data());
  const auto* result = std::get_if<text_result>(&parsed);
  if (result == nullptr || result->exit_code != process::exit_success) {
    ADD_FAILURE() << "no text for " << arguments.back();
    return "";
  }
  return result->text;
}

std::set<std::string> options_in(const std::string& help) {
  const std::regex option{"^  (?:-\\w, )?(--[a-z-]+)"};
  std::set<std::string> names;
  std::istringstream lines{help};
  std::smatch match;
  for (std::string line; std::getline(lines, line);) {
    if (std::regex_search(line, match, option)) names.insert(match[1]);
  }
  return names;
}

std::string unescaped(std::string page) {
  for (std::size_t at = page.find('\\'); at != std::string::npos; at = page.find('\\', at + 1)) {
    if (page.substr(at, 2) == "\\-") page.erase(at, 1);
    if (page.substr(at, 2) == "\\e") page.erase(at + 1, 1);
  }
  return page;
}

TEST(manual_page, HasEveryOptionThatHelpHas) {
  const std::string page = unescaped(output_of({"man-page"}));
  for (const char* name : {"simulate", "audit", "init", "prompts"}) {
    const auto options = options_in(output_of({name, "--help"}));
    EXPECT_TRUE(options.contains("--help")) << name;
    for (const std::string& option : options) {
      EXPECT_TRUE(std::regex_search(page, std::regex{"\n\\.B \"(-\\w, )?" + option + "[ \"]"}))
          << name << ' ' << option;
    }
    EXPECT_NE(page.find("drover " + std::string{name}), std::string::npos) << name;
  }
  EXPECT_GE(options_in(output_of({"audit", "--help"})).size(), 25U);
}

TEST(manual_page, NoTextIsTakenForARequest) {
  const std::set<std::string> requests{".TH", ".SH", ".PP", ".TP", ".B", ".br", ".nf", ".fi"};
  std::istringstream lines{output_of({"man-page"})};
  for (std::string line; std::getline(lines, line);) {
    EXPECT_FALSE(line.starts_with('\'')) << line;
    if (!line.starts_with('.')) continue;
    EXPECT_TRUE(requests.contains(line.substr(0, line.find(' ')))) << line;
  }
}

TEST(help, StartsWithUsageAndKeepsToItsWidth) {
  for (const char* name : {"audit", "init", "prompts"}) {
    const std::string help = output_of({name, "--help"});
    EXPECT_TRUE(help.starts_with("Usage:\n  drover " + std::string{name})) << help;
    for (const char* part : {"Example", "Exit codes"}) {
      EXPECT_NE(help.find(part), std::string::npos) << name << " has no " << part;
    }
    std::istringstream lines{help};
    for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 100U) << line;
  }
}

}  // namespace
}  // namespace drover::cli::manual_page_test
