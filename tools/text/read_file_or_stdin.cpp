// SPDX-License-Identifier: MIT
#include "text/read_file_or_stdin.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "text/usage_error.hpp"

namespace drover::text {

std::string read_file_or_stdin(const std::string& file) {
  constexpr std::size_t bytes_max = std::size_t{256} << 20U;
  std::FILE* const stream = file == "-" ? stdin : std::fopen(file.c_str(), "rbe");
  if (stream == nullptr) throw usage_error{file + ": " + std::strerror(errno)};
  std::string text;
  char slice[65'536];
  while (const std::size_t size = std::fread(slice, 1, sizeof slice, stream)) {
    text.append(slice, size);
    if (text.size() > bytes_max) break;
  }
  const bool failed = std::ferror(stream) != 0;
  if (stream != stdin) std::fclose(stream);
  if (failed) throw usage_error{file + ": cannot be read"};
  if (text.size() > bytes_max) throw usage_error{file + ": larger than 256 MiB"};
  return text;
}

}  // namespace drover::text
