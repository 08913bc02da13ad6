// SPDX-License-Identifier: MIT
#include "audit/capture/origin_requests.hpp"

#include <algorithm>
#include <array>

#include "base/bytes.hpp"

namespace drover::audit {
namespace {

constexpr std::string_view http2_preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

enum class guess : std::uint8_t { yes, no, perhaps };

/// Whether `head` begins with one of the words. `perhaps`: `head` is too short to decide.
template <class Words>
guess begins_with_any(std::string_view head, const Words& words) {
  guess best = guess::no;
  for (const std::string_view text : words) {
    if (head.starts_with(text)) return guess::yes;
    if (text.starts_with(head)) best = guess::perhaps;
  }
  return best;
}

guess is_http(std::string_view head) {
  constexpr auto methods =
      std::to_array<std::string_view>({"GET ", "HEAD ", "POST ", "PUT ", "DELETE ", "PATCH ",
                                       "OPTIONS ", "CONNECT ", "TRACE ", "QUERY "});
  return begins_with_any(head, methods);
}

/// Whether `head` is a start-up message, a request for encryption or a cancel request.
guess is_postgres(std::string_view head) {
  if (head.size() < 8) return head[0] == '\0' ? guess::perhaps : guess::no;
  const auto length = base::load_big_endian<std::uint32_t>(head, 0);
  const auto code = base::load_big_endian<std::uint32_t>(head, 4);
  constexpr std::uint32_t length_max = 10'000;
  const bool is_version = (code >> 16U) == 3U;
  const bool is_request = code >= 80'877'102U && code <= 80'877'104U;
  return length >= 8 && length <= length_max && (is_version || is_request) ? guess::yes : guess::no;
}

}  // namespace

std::uint64_t origin_requests::client_sent(std::string_view bytes) {
  if (is_unknown_ || bytes.empty()) return 0;
  if (stream_) return stream_->client_sent(bytes);
  const std::size_t before = head_.size();
  const std::size_t byte_count = std::min(bytes.size(), http2_preface.size() - before);
  head_ += bytes.substr(0, byte_count);
  identify_protocol();
  if (!stream_) return 0;
  const std::string head = std::move(head_);
  head_.clear();
  std::uint64_t count = stream_->client_sent(head);
  if (byte_count < bytes.size()) count += stream_->client_sent(bytes.substr(byte_count));
  return count;
}

void origin_requests::identify_protocol() {
  const guess http2 = begins_with_any(head_, std::array{http2_preface});
  const guess http = is_http(head_);
  const guess postgres = is_postgres(head_);
  if (http2 == guess::yes) {
    protocol_ = "http2";
    stream_ = http2_requests();
  } else if (http == guess::yes) {
    protocol_ = "http";
    stream_ = http_requests();
  } else if (postgres == guess::yes) {
    protocol_ = "postgresql";
    stream_ = postgres_requests();
  } else if (http2 == guess::no && http == guess::no && postgres == guess::no) {
    is_unknown_ = true;
    head_.clear();
  }
}

/// Only a MySQL server speaks first. Its greeting is packet 0 and begins with the protocol version
/// 10.
void origin_requests::server_sent(std::string_view bytes) {
  if (stream_) return stream_->server_sent(bytes);
  if (is_unknown_ || bytes.empty() || !head_.empty()) return;
  // Assumes that the first five bytes of the greeting arrive together: servers send it in one
  // piece.
  const bool is_greeting =
      !has_server_begun_ && bytes.size() > 4 && bytes[3] == '\0' && bytes[4] == 10;
  has_server_begun_ = true;
  if (is_greeting) {
    protocol_ = "mysql";
    stream_ = mysql_requests();
  } else {
    is_unknown_ = true;
  }
}

std::string_view origin_requests::stop_reason() const noexcept {
  if (is_unknown_) return "a protocol that is neither HTTP, PostgreSQL's nor MySQL's";
  return stream_ ? stream_->stop_reason() : std::string_view{};
}

}  // namespace drover::audit
