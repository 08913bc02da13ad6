// SPDX-License-Identifier: MIT
#include "simulate/strategies/stamped_text.hpp"

#include <charconv>

namespace drover::simulate {
namespace {

// Removes a number and the character `delimiter` from the front of `bytes`. Returns false if they
// are not there.
bool take_number(std::string_view& bytes, char delimiter, std::int64_t& number) {
  const char* const end = bytes.data() + bytes.size();
  const auto [stop, error] = std::from_chars(bytes.data(), end, number);
  if (error != std::errc{} || stop == end || *stop != delimiter) return false;
  bytes.remove_prefix(static_cast<std::size_t>(stop - bytes.data()) + 1);
  return true;
}

}  // namespace

std::string write_stamped(const stamped_text& stamped) {
  return std::to_string(stamped.first) + ' ' + std::to_string(stamped.second) + '\n' + stamped.text;
}

std::optional<stamped_text> read_stamped(std::string_view bytes) {
  stamped_text parsed;
  if (!take_number(bytes, ' ', parsed.first) || !take_number(bytes, '\n', parsed.second)) {
    return std::nullopt;
  }
  parsed.text = bytes;
  return parsed;
}

}  // namespace drover::simulate
