// SPDX-License-Identifier: MIT
#include "simulate/strategies/stamped_text.hpp"

#include <charconv>

namespace drover::simulate {
namespace {

// Removes a number and the character `behind` from the front. Returns false if they are not there.
bool take_number(std::string_view& bytes, char behind, std::int64_t& into) {
  const char* const end = bytes.data() + bytes.size();
  const auto [stop, error] = std::from_chars(bytes.data(), end, into);
  if (error != std::errc{} || stop == end || *stop != behind) return false;
  bytes.remove_prefix(static_cast<std::size_t>(stop - bytes.data()) + 1);
  return true;
}

}  // namespace

std::string write_stamped(const stamped_text& from) {
  return std::to_string(from.first) + ' ' + std::to_string(from.second) + '\n' + from.text;
}

std::optional<stamped_text> read_stamped(std::string_view bytes) {
  stamped_text read;
  if (!take_number(bytes, ' ', read.first) || !take_number(bytes, '\n', read.second)) {
    return std::nullopt;
  }
  read.text = bytes;
  return read;
}

}  // namespace drover::simulate
