// SPDX-License-Identifier: MIT
#include "audit/replay.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

#include "audit_events/record_reader.hpp"
#include "cli/usage_error.hpp"

namespace drover::audit {
namespace {

constexpr std::size_t slice = std::size_t{256} << 10U;

struct closes {
  void operator()(std::FILE* file) const noexcept { std::fclose(file); }
};

[[noreturn]] void refuse(const std::filesystem::path& file, const std::string& why) {
  throw cli::usage_error{"--replay " + file.string() + ": " + why};
}

}  // namespace

std::string replay(const std::filesystem::path& file, record_sink& sink) {
  const std::unique_ptr<std::FILE, closes> stream{std::fopen(file.c_str(), "rbe")};
  if (!stream) refuse(file, std::strerror(errno));
  record_reader reader;
  std::vector<char> bytes(slice);
  while (const std::size_t got = std::fread(bytes.data(), 1, bytes.size(), stream.get())) {
    if (const auto read = reader.read(std::string_view{bytes.data(), got}, sink); !read) {
      refuse(file, read.error().text);
    }
  }
  if (std::ferror(stream.get()) != 0) refuse(file, "it cannot be read");
  if (const auto read = reader.finish(sink); !read) refuse(file, read.error().text);
  if (!reader.is_cut()) return "";
  return file.string() + " breaks off after line " + std::to_string(reader.lines()) +
         ": judged is what is there";
}

}  // namespace drover::audit
