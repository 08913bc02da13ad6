// SPDX-License-Identifier: MIT
#include "audit/run/replay.hpp"

#include <zlib.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

#include "audit/capture/record_reader.hpp"
#include "text/usage_error.hpp"

namespace drover::audit {
namespace {

constexpr unsigned gz_buffer_size = 256U << 10U;
constexpr const char* remedy = "; give a file that `drover audit --record` wrote";

struct gz_closer {
  void operator()(gzFile_s* file) const noexcept { gzclose_r(file); }
};

}  // namespace

std::string replay(const std::filesystem::path& file, record_sink& sink,
                   const std::string& option) {
  const auto refuse = [&](const std::string& reason) {
    throw text::usage_error{option + file.string() + ": " + reason};
  };
  // zlib reads uncompressed files, too.
  const std::unique_ptr<gzFile_s, gz_closer> stream{gzopen(file.c_str(), "rbe")};
  if (!stream) refuse(errno != 0 ? std::strerror(errno) : "the file cannot be opened");
  record_reader reader;
  std::vector<char> bytes(gz_buffer_size);
  int size = 0;
  while ((size = gzread(stream.get(), bytes.data(), gz_buffer_size)) > 0) {
    const std::string_view text{bytes.data(), static_cast<std::size_t>(size)};
    if (const auto read = reader.read(text, sink); !read) {
      refuse(read.error().text + (reader.lines() <= 1 ? remedy : ""));
    }
  }
  int error = Z_OK;
  const char* const reason = gzerror(stream.get(), &error);
  // A truncated recording is read to its end, compressed or not.
  const bool is_truncated = error == Z_BUF_ERROR;
  if ((size < 0 || error < 0) && !is_truncated) {
    refuse(error == Z_ERRNO ? std::strerror(errno) : reason);
  }
  if (const auto read = reader.finish(sink); !read) refuse(read.error().text);
  if (!reader.is_cut()) return "";
  return file.string() + " ends after line " + std::to_string(reader.lines()) +
         "; the lines before are audited";
}

}  // namespace drover::audit
