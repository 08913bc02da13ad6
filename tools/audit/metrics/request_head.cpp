// SPDX-License-Identifier: MIT
#include "audit/metrics/request_head.hpp"

#include <algorithm>

namespace drover::audit {
namespace {

constexpr std::string_view plain_text = "text/plain; charset=utf-8";
constexpr std::string_view prometheus_text = "text/plain; version=0.0.4; charset=utf-8";

std::string_view without_end(std::string_view line) {
  if (line.ends_with('\n')) line.remove_suffix(1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

bool is_token(std::string_view word) {
  constexpr std::string_view others = "!#$%&'*+-.^_`|~";
  return !word.empty() && std::all_of(word.begin(), word.end(), [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           others.find(c) != std::string_view::npos;
  });
}

bool is_printable(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) > ' ' && c != '\x7f'; });
}

/// The three parts of a request line; empty parts if there are not three.
struct request_line {
  std::string_view method;
  std::string_view target;
  std::string_view version;
};

request_line split(std::string_view line) {
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) return {};
  return {line.substr(0, first), line.substr(first + 1, last - first - 1), line.substr(last + 1)};
}

std::string http_reply(std::string_view status, std::string_view type, std::string_view body,
                       bool with_body, std::string_view header = {}) {
  std::string out = "HTTP/1.1 ";
  out += status;
  out += "\r\nContent-Type: ";
  out += type;
  out += "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n";
  out += header;
  out += "Connection: close\r\n\r\n";
  if (with_body) out += body;
  return out;
}

}  // namespace

request_head::state request_head::add(std::string_view bytes) {
  while (state_ == state::incomplete && !bytes.empty()) {
    const std::size_t end = bytes.find('\n');
    const std::size_t wanted = end == std::string_view::npos ? bytes.size() : end + 1;
    const std::size_t taken = std::min(wanted, bytes_max - head_.size());
    head_ += bytes.substr(0, taken);
    bytes.remove_prefix(taken);
    const bool is_line = head_.ends_with('\n');
    if (is_line && without_end(std::string_view{head_}.substr(line_from_)).empty()) {
      state_ = is_well_formed() ? state::complete : state::malformed;
    } else if (head_.size() == bytes_max) {
      state_ = state::too_long;
    }
    if (is_line) line_from_ = head_.size();
  }
  return state_;
}

bool request_head::is_well_formed() const {
  std::string_view rest = head_;
  const auto next_line = [&rest] {
    const std::size_t size = rest.find('\n') + 1;
    const std::string_view line = without_end(rest.substr(0, size));
    rest.remove_prefix(size);
    return line;
  };
  const request_line first = split(next_line());
  if (!is_token(first.method) || !first.target.starts_with('/') || !is_printable(first.target) ||
      (first.version != "HTTP/1.1" && first.version != "HTTP/1.0")) {
    return false;
  }
  for (std::string_view line = next_line(); !line.empty(); line = next_line()) {
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) return false;
  }
  return true;
}

std::string_view request_head::method() const {
  return split(without_end(std::string_view{head_}.substr(0, head_.find('\n')))).method;
}

std::string_view request_head::path() const {
  const std::string_view target =
      split(without_end(std::string_view{head_}.substr(0, head_.find('\n')))).target;
  return target.substr(0, target.find('?'));
}

std::string reply_to(const request_head& request, request_head::state state,
                     std::string_view text) {
  using enum request_head::state;
  if (state == too_long) {
    return http_reply("431 Request Header Fields Too Large", plain_text, "too long\n", true);
  }
  if (state != complete) return http_reply("400 Bad Request", plain_text, "not HTTP\n", true);
  const bool is_get = request.method() == "GET";
  if (!is_get && request.method() != "HEAD") {
    return http_reply("405 Method Not Allowed", plain_text, "only GET\n", true,
                      "Allow: GET, HEAD\r\n");
  }
  if (request.path() == "/metrics") return http_reply("200 OK", prometheus_text, text, is_get);
  if (request.path() == "/") {
    return http_reply("200 OK", plain_text, "drover audit: the metrics are at /metrics\n", is_get);
  }
  return http_reply("404 Not Found", plain_text, "only /metrics\n", is_get);
}

}  // namespace drover::audit
