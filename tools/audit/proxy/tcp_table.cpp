// SPDX-License-Identifier: MIT
#include "audit/proxy/tcp_table.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <system_error>

namespace drover::audit {
namespace {

constexpr std::array<std::uint8_t, 12> mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};

template <class Number>
std::optional<Number> number(std::string_view text, int base) noexcept {
  Number out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out, base);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return out;
}

std::string_view next_word(std::string_view& line) noexcept {
  const auto begin = std::min(line.find_first_not_of(' '), line.size());
  const auto end = std::min(line.find(' ', begin), line.size());
  const auto out = line.substr(begin, end - begin);
  line.remove_prefix(end);
  return out;
}

// Reads "0100007F:A3C4": the address as 32-bit words in the byte order of this machine, then the
// port.
std::optional<tcp_end> read_end(std::string_view text) noexcept {
  constexpr std::size_t word_digits = 8;
  const auto colon = std::min(text.find(':'), text.size());
  tcp_end out;
  const auto port = number<std::uint16_t>(text.substr(std::min(colon + 1, text.size())), 16);
  if (!port || (colon != word_digits && colon != 4 * word_digits)) return std::nullopt;
  out.port = *port;
  std::size_t at = 0;
  if (colon == word_digits) {
    std::copy(mapped.begin(), mapped.end(), out.host.begin());
    at = mapped.size();
  }
  for (std::size_t from = 0; from < colon; from += word_digits, at += sizeof(std::uint32_t)) {
    const auto word = number<std::uint32_t>(text.substr(from, word_digits), 16);
    if (!word) return std::nullopt;
    std::memcpy(out.host.data() + at, &*word, sizeof *word);
  }
  return out;
}

}  // namespace

bool tcp_end::is_loopback() const noexcept {
  static constexpr std::array<std::uint8_t, 16> six{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  return host == six ||
         (std::equal(mapped.begin(), mapped.end(), host.begin()) && host[mapped.size()] == 127);
}

std::optional<tcp_end> end_of(const sockaddr_storage& at) noexcept {
  tcp_end out;
  if (at.ss_family == AF_INET) {
    const auto& four = reinterpret_cast<const sockaddr_in&>(at);
    std::copy(mapped.begin(), mapped.end(), out.host.begin());
    std::memcpy(out.host.data() + mapped.size(), &four.sin_addr, sizeof four.sin_addr);
    out.port = ntohs(four.sin_port);
    return out;
  }
  if (at.ss_family == AF_INET6) {
    const auto& six = reinterpret_cast<const sockaddr_in6&>(at);
    std::memcpy(out.host.data(), &six.sin6_addr, sizeof six.sin6_addr);
    out.port = ntohs(six.sin6_port);
    return out;
  }
  return std::nullopt;
}

// The columns: sl local rem st queues tr:when retrnsmt uid timeout inode ...
void read_tcp_table(std::string_view table,
                    const std::function<void(const tcp_ends&, std::uint64_t inode)>& visit) {
  while (!table.empty()) {
    const auto end = std::min(table.find('\n'), table.size());
    std::string_view line = table.substr(0, end);
    table.remove_prefix(std::min(end + 1, table.size()));
    next_word(line);
    const auto local = read_end(next_word(line));
    const auto remote = read_end(next_word(line));
    constexpr int words_before_inode = 6;
    for (int i = 0; i < words_before_inode; ++i) next_word(line);
    const auto inode = number<std::uint64_t>(next_word(line), 10);
    if (local && remote && inode.value_or(0) != 0) visit({*local, *remote}, *inode);
  }
}

}  // namespace drover::audit
