// SPDX-License-Identifier: MIT
// HTTP/1 (RFC 9112): a request line, headers, and a body with a length or in chunks. A request is
// counted at the end of its headers.
#include <algorithm>
#include <charconv>

#include "audit/capture/origin_requests.hpp"

namespace drover::audit {
namespace {

constexpr std::size_t line_max = 8192;  // bytes kept of a line

bool is_like(std::string_view text, std::string_view lower) noexcept {
  const auto same = [](char a, char b) {
    return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
  };
  return text.size() == lower.size() && std::equal(text.begin(), text.end(), lower.begin(), same);
}

std::string_view trimmed(std::string_view text) noexcept {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

class http1 final : public request_stream {
 public:
  std::uint64_t client_sent(std::string_view bytes) override {
    count_ = 0;
    while (!bytes.empty() && stop_reason().empty()) {
      if (body_left_ > 0) {
        const auto byte_count =
            static_cast<std::size_t>(std::min<std::uint64_t>(body_left_, bytes.size()));
        body_left_ -= byte_count;
        bytes.remove_prefix(byte_count);
      } else {
        bytes.remove_prefix(take_line(bytes));
      }
    }
    return count_;
  }

 private:
  enum class state : std::uint8_t { request, headers, chunk_size, chunk_end, trailers };

  std::size_t take_line(std::string_view bytes) {
    const std::size_t end = bytes.find('\n');
    const std::string_view part = bytes.substr(0, end);
    line_ += part.substr(0, line_max - std::min(line_.size(), line_max));
    if (end == std::string_view::npos) return bytes.size();
    if (line_.ends_with('\r')) line_.pop_back();
    read_line();
    line_.clear();
    return end + 1;
  }

  void read_line() {
    switch (state_) {
      case state::request: return read_request();
      case state::headers: return read_header();
      case state::chunk_size: return read_chunk_size();
      case state::chunk_end: state_ = state::chunk_size; return;
      case state::trailers:
        if (line_.empty()) state_ = state::request;
        return;
    }
  }

  void read_request() {
    if (line_.empty()) return;
    const std::size_t version = line_.rfind(" HTTP/1.");
    if (version == std::string::npos && line_.size() < line_max)
      return stop_reading("an invalid HTTP request");
    is_tunnel_ = line_.starts_with("CONNECT ");
    length_ = 0;
    is_chunked_ = false;
    state_ = state::headers;
  }

  void read_header() {
    if (line_.empty()) return end_headers();
    const std::size_t colon = line_.find(':');
    if (colon == std::string::npos) return;
    const std::string_view name = std::string_view{line_}.substr(0, colon);
    const std::string_view value = trimmed(std::string_view{line_}.substr(colon + 1));
    if (is_like(name, "content-length")) {
      const auto [stop, code] = std::from_chars(value.data(), value.data() + value.size(), length_);
      if (code != std::errc{} || stop != value.data() + value.size())
        stop_reading("an invalid Content-Length");
    } else if (is_like(name, "transfer-encoding")) {
      is_chunked_ = value.size() >= 7 && is_like(value.substr(value.size() - 7), "chunked");
    } else if (is_like(name, "upgrade")) {
      is_tunnel_ = true;
    }
  }

  void end_headers() {
    ++count_;
    state_ = is_chunked_ ? state::chunk_size : state::request;
    if (!is_chunked_) body_left_ = length_;
    if (is_tunnel_) stop_reading("the connection switched to another protocol");
  }

  void read_chunk_size() {
    std::uint64_t size = 0;
    const std::string_view digits = trimmed(std::string_view{line_}.substr(0, line_.find(';')));
    const auto [stop, code] =
        std::from_chars(digits.data(), digits.data() + digits.size(), size, 16);
    if (code != std::errc{} || stop != digits.data() + digits.size())
      return stop_reading("an invalid chunk size");
    body_left_ = size;
    state_ = size > 0 ? state::chunk_end : state::trailers;
  }

  std::string line_;
  std::uint64_t count_ = 0;
  std::uint64_t length_ = 0;
  std::uint64_t body_left_ = 0;
  state state_ = state::request;
  bool is_chunked_ = false;
  bool is_tunnel_ = false;
};

/// HTTP/2 (RFC 9113): a preface, then frames, each with a head of nine bytes. Each HEADERS frame
/// that opens a stream is a request.
class http2 final : public request_stream {
 public:
  std::uint64_t client_sent(std::string_view bytes) override {
    std::uint64_t count = 0;
    const auto skipped =
        static_cast<std::size_t>(std::min<std::uint64_t>(skip_left_, bytes.size()));
    skip_left_ -= skipped;
    bytes.remove_prefix(skipped);
    while (!bytes.empty()) {
      const std::size_t byte_count = std::min(bytes.size(), head_size - head_.size());
      head_ += bytes.substr(0, byte_count);
      bytes.remove_prefix(byte_count);
      if (head_.size() < head_size) break;
      if (opens_stream()) ++count;
      skip_left_ = byte(0) << 16U | byte(1) << 8U | byte(2);
      head_.clear();
      const auto body = static_cast<std::size_t>(std::min<std::uint64_t>(skip_left_, bytes.size()));
      skip_left_ -= body;
      bytes.remove_prefix(body);
    }
    return count;
  }

 private:
  static constexpr std::size_t head_size = 9;
  static constexpr std::uint64_t preface_size = 24;

  [[nodiscard]] std::uint32_t byte(std::size_t at) const noexcept {
    return static_cast<unsigned char>(head_[at]);
  }
  bool opens_stream() noexcept {
    constexpr std::uint32_t headers = 1;
    const std::uint32_t stream =
        (byte(5) & 0x7FU) << 24U | byte(6) << 16U | byte(7) << 8U | byte(8);
    if (byte(3) != headers || stream <= last_stream_) return false;
    last_stream_ = stream;
    return true;
  }

  std::string head_;
  std::uint64_t skip_left_ = preface_size;
  std::uint32_t last_stream_ = 0;
};

}  // namespace

std::unique_ptr<request_stream> http_requests() { return std::make_unique<http1>(); }
std::unique_ptr<request_stream> http2_requests() { return std::make_unique<http2>(); }

}  // namespace drover::audit
