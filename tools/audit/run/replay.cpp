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

constexpr unsigned slice = 256U << 10U;
constexpr const char* no_recording = "; give what `drover audit --record` wrote";

struct closes {
  void operator()(gzFile_s* file) const noexcept { gzclose_r(file); }
};

[[noreturn]] void refuse(const std::filesystem::path& file, const std::string& why) {
  throw text::usage_error{"--replay " + file.string() + ": " + why};
}

}  // namespace

std::string replay(const std::filesystem::path& file, record_sink& sink) {
  // What is not compressed it reads as it is.
  const std::unique_ptr<gzFile_s, closes> stream{gzopen(file.c_str(), "rbe")};
  if (!stream) refuse(file, errno != 0 ? std::strerror(errno) : "it cannot be opened");
  record_reader reader;
  std::vector<char> bytes(slice);
  int got = 0;
  while ((got = gzread(stream.get(), bytes.data(), slice)) > 0) {
    const std::string_view text{bytes.data(), static_cast<std::size_t>(got)};
    if (const auto read = reader.read(text, sink); !read) {
      refuse(file, read.error().text + (reader.lines() <= 1 ? no_recording : ""));
    }
  }
  int error = Z_OK;
  const char* const why = gzerror(stream.get(), &error);
  // A compressed recording that breaks off is read as far as it goes, as one that is not.
  const bool breaks_off = error == Z_BUF_ERROR;
  if ((got < 0 || error < 0) && !breaks_off) {
    refuse(file, error == Z_ERRNO ? std::strerror(errno) : why);
  }
  if (const auto read = reader.finish(sink); !read) refuse(file, read.error().text);
  if (!reader.is_cut()) return "";
  return file.string() + " breaks off after line " + std::to_string(reader.lines()) +
         ": judged is what is there";
}

}  // namespace drover::audit
