// SPDX-License-Identifier: MIT
#include "resp/writer.hpp"

#include <charconv>

#include "base/assert.hpp"

namespace drover::resp {
namespace {

constexpr std::size_t digits_max = 20;  // the digits of 64 bits, with a sign

template <class Integer>
std::string_view to_digits(char (&room)[digits_max], Integer number) noexcept {
  const auto [end, code] = std::to_chars(room, room + digits_max, number);
  DROVER_ASSERT(code == std::errc{});
  return {room, static_cast<std::size_t>(end - room)};
}

void write_header(std::string& out, char kind, std::size_t number) {
  char room[digits_max];
  out += kind;
  out += to_digits(room, number);
  out += "\r\n";
}

}  // namespace

void begin_command(std::string& out, std::size_t arguments) {
  DROVER_ASSERT(arguments > 0);
  write_header(out, '*', arguments);
}

void write_argument(std::string& out, std::string_view argument) {
  write_header(out, '$', argument.size());
  out += argument;
  out += "\r\n";
}

void write_argument(std::string& out, std::int64_t number) {
  char room[digits_max];
  write_argument(out, to_digits(room, number));
}

void write_command(std::string& out, std::span<const std::string_view> arguments) {
  begin_command(out, arguments.size());
  for (const std::string_view argument : arguments) write_argument(out, argument);
}

void write_command(std::string& out, std::initializer_list<std::string_view> arguments) {
  write_command(out, std::span<const std::string_view>{arguments.begin(), arguments.size()});
}

}  // namespace drover::resp
