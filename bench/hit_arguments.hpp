// SPDX-License-Identifier: MIT
// The arguments and keys that the benchmarks of hits share.
#pragma once

#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace drover::bench {

struct hit_arguments {
  const char* usage = "";  ///< printed for wrong arguments
  std::size_t size = 100;
  unsigned rounds = 7;
  double seconds = 0.7;
  std::uint32_t keys = 1000;
  std::vector<unsigned> threads{1, 8, 64};
};

[[noreturn]] inline void refuse_argument(const hit_arguments& with, std::string_view argument) {
  std::fprintf(stderr, "unknown or incomplete argument: %.*s\nusage: %s\n",
               static_cast<int>(argument.size()), argument.data(), with.usage);
  std::exit(2);
}

template <class Number>
Number positive(const hit_arguments& with, std::string_view option, std::string_view text) {
  Number read{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), read);
  const bool is_whole = error == std::errc{} && end == text.data() + text.size();
  if (!is_whole || !(read > 0)) refuse_argument(with, option);
  return read;
}

/// Reads one of the shared options at `values[at]`, and moves `at` to its last word. Any other
/// word ends the program.
inline void read_argument(hit_arguments& into, int count, char** values, int& at) {
  const std::string_view name = values[at];
  if (name == "--tiny") {
    into.rounds = 1;
    into.seconds = 0.02;
    into.threads = {1, 4};
    return;
  }
  if (at + 1 >= count) refuse_argument(into, name);
  const char* const value = values[++at];
  if (name == "--size") {
    into.size = positive<std::size_t>(into, name, value);
  } else if (name == "--rounds") {
    into.rounds = positive<unsigned>(into, name, value);
  } else if (name == "--seconds") {
    into.seconds = positive<double>(into, name, value);
  } else if (name == "--threads") {
    into.threads.clear();
    std::istringstream list{value};
    for (std::string item; std::getline(list, item, ',');) {
      into.threads.push_back(positive<unsigned>(into, name, item));
    }
  } else {
    refuse_argument(into, name);
  }
}

inline std::string key_of(std::uint32_t number) {
  char text[32];
  std::snprintf(text, sizeof text, "user:%012u", number);
  return text;
}

}  // namespace drover::bench
