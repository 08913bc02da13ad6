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
  const auto refuse = [&](const std::string& reason) {
    throw text::usage_error{"--baseline " + file.string() + ": " + reason};
  };
  std::error_code error;
  if (!std::filesystem::is_regular_file(file, error)) {
    refuse("no such file; --write-baseline " + file.string() + " creates one");
  }
  if (std::filesystem::file_size(file, error) > bytes_max) refuse("the file is larger than 4 MB");
  std::ifstream stream{file, std::ios::binary};
  if (!stream) refuse("the file cannot be read");
  const std::string text{std::istreambuf_iterator<char>{stream}, {}};
  parsed_baseline parsed = parse_baseline(text);
  if (!parsed.error.empty()) refuse(parsed.error);
  return std::move(parsed.value);
}

}  // namespace drover::audit
