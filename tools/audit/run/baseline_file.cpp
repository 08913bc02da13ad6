// SPDX-License-Identifier: MIT
#include "audit/run/baseline_file.hpp"

#include <cstdint>
#include <fstream>
#include <iterator>
#include <string>
#include <system_error>
#include <utility>

#include "text/usage_error.hpp"

namespace drover::audit {
namespace {

constexpr std::uintmax_t bytes_max = 4'000'000;

}  // namespace

baseline read_baseline(const std::filesystem::path& file) {
  const auto refuse = [&](const std::string& why) {
    throw text::usage_error{"--baseline " + file.string() + ": " + why};
  };
  std::error_code error;
  if (!std::filesystem::is_regular_file(file, error)) {
    refuse("there is no such file; --write-baseline " + file.string() + " makes one to start with");
  }
  if (std::filesystem::file_size(file, error) > bytes_max) refuse("too big for a baseline");
  std::ifstream stream{file, std::ios::binary};
  if (!stream) refuse("cannot be read");
  const std::string text{std::istreambuf_iterator<char>{stream}, {}};
  baseline_read made = parse_baseline(text);
  if (!made.error.empty()) refuse(made.error);
  return std::move(made.read);
}

}  // namespace drover::audit
