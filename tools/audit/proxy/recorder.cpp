// SPDX-License-Identifier: MIT
#include "audit/proxy/recorder.hpp"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

#include "audit/capture/record_text.hpp"
#include "text/private_file.hpp"

namespace drover::audit {
namespace {

constexpr std::size_t buffer_max = std::size_t{256} << 10U;
constexpr std::size_t compress_min = std::size_t{64} << 10U;
constexpr int reader_patience_ms = 3000;

}  // namespace

recorder::recorder(std::filesystem::path file, std::function<void(const std::string&)> say)
    : file_{std::move(file)}, say_{std::move(say)} {
  if (file_.extension() == ".gz") gzip_ = std::make_unique<gzip_stream>();
}

recorder::~recorder() { finish(); }

result<void> recorder::open() {
  text::opened_file opened = text::open_private_file(file_);
  if (opened.descriptor < 0) {
    return fault{fault_code::unreachable,
                 "the recording '" + file_.string() + "' cannot be written: " + opened.problem};
  }
  descriptor_ = opened.descriptor;
  return {};
}

void recorder::write(const record& item) {
  if (!is_recording()) return;
  append_line(buffer_, item);
  if (buffer_.size() >= buffer_max) flush();
}

void recorder::flush() {
  if (gzip_ && buffer_.size() < compress_min) return;
  if (is_recording()) write_bytes(gzip_ ? gzip_->add(buffer_) : buffer_);
  buffer_.clear();
}

bool recorder::finish() {
  if (is_recording()) write_bytes(gzip_ ? gzip_->add(buffer_) : buffer_);
  buffer_.clear();
  if (is_recording() && gzip_) write_bytes(gzip_->finish());
  if (!is_recording()) return false;
  return ::close(std::exchange(descriptor_, -1)) == 0;
}

void recorder::write_bytes(std::string_view bytes) {
  for (std::string_view rest = bytes; !rest.empty();) {
    const ssize_t written = ::write(descriptor_, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0 && errno == EAGAIN && is_read()) continue;
    if (written < 0) return give_up(errno);
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
  bytes_ += bytes.size();
}

/// Waits until the full pipe has room again. A reader that has stopped costs the recording.
bool recorder::is_read() {
  pollfd output{descriptor_, POLLOUT, 0};
  if (::poll(&output, 1, reader_patience_ms) == 1) return true;
  errno = ETIMEDOUT;
  return false;
}

void recorder::give_up(int error) {
  // The file may end with a part of the buffer. A recording that is not compressed keeps the
  // complete lines of this part, and the rest is cut off. A pipe cannot be truncated.
  const auto part = ::lseek(descriptor_, 0, SEEK_CUR);
  if (gzip_) {
    if (part > 0) bytes_ = static_cast<std::uint64_t>(part);
  } else if (part > static_cast<off_t>(bytes_)) {
    const std::string_view batch = buffer_;
    const auto whole = batch.substr(0, static_cast<std::size_t>(part) - bytes_).rfind('\n') + 1;
    if (::ftruncate(descriptor_, static_cast<off_t>(bytes_ + whole)) == 0) bytes_ += whole;
  }
  ::close(std::exchange(descriptor_, -1));
  if (say_) {
    say_("the recording '" + file_.string() + "' ends here: " + std::strerror(error) +
         "; its first " + std::to_string(bytes_) + " bytes can be replayed");
  }
}

}  // namespace drover::audit
