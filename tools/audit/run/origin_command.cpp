// SPDX-License-Identifier: MIT
// Counts loads by a number that a command prints, such as `psql -Atc 'SELECT calls FROM ...'`.
#include <charconv>
#include <chrono>
#include <optional>
#include <string_view>
#include <utility>

#include "audit/run/origin_counter.hpp"
#include "audit/run/sampled_number.hpp"
#include "audit/run/shell_command.hpp"
#include "process/child_process.hpp"

namespace drover::audit {
namespace {

using namespace std::chrono_literals;

constexpr auto run_max = 10s;

/// The first whole number in a text.
std::optional<std::int64_t> first_number(std::string_view text) {
  const std::size_t position = text.find_first_of("0123456789");
  if (position == std::string_view::npos) return std::nullopt;
  std::int64_t number = 0;
  const auto code = std::from_chars(text.data() + position, text.data() + text.size(), number).ec;
  if (code != std::errc{}) return std::nullopt;
  return number;
}

result<std::int64_t> run_once(const std::string& command) {
  const auto fail = [&command](const std::string& reason) {
    return fault{fault_code::unreachable,
                 "the command of --origin-cmd '" + command + "' " + reason};
  };
  const shell_result done = run_shell(command, run_max);
  if (!done.is_started) return fail("cannot be started");
  if (done.is_late) return fail("did not end within 10 s");
  if (!done.is_good()) return fail(process::ending_in_words(done.status));
  const std::optional<std::int64_t> number = first_number(done.printed);
  if (!number) return fail("printed no number; it must print the number of loads, 0 at the start");
  return *number;
}

}  // namespace

std::unique_ptr<origin_counter> count_by_command(std::string command, origin_listener listener) {
  constexpr auto every = 1s;
  std::string source = "command";
  return std::make_unique<sampled_number>(
      std::move(source), every, [command = std::move(command)] { return run_once(command); },
      std::move(listener));
}

}  // namespace drover::audit
