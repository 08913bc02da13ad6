// SPDX-License-Identifier: MIT
// Clients with the classical mistakes. They test the campaign: its checks must find them.
#include <poll.h>

#include <chrono>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <utility>

#include "campaign/tested_client.hpp"
#include "entry/envelope.hpp"
#include "entry/keys.hpp"
#include "lease/commands.hpp"
#include "support/raw_client.hpp"

namespace drover::campaign {

namespace {

using test::raw_client;

raw_client connect_to(const std::string& url) {
  constexpr std::string_view unix_scheme = "unix://";
  if (url.starts_with(unix_scheme)) return raw_client::over_unix(url.substr(unix_scheme.size()));
  return raw_client::over_tcp(
      static_cast<std::uint16_t>(std::stoul(url.substr(url.rfind(':') + 1))));
}

/// Stores its values as Drover does, but with SET. A slow load so brings an old value back after an
/// invalidation.
class unfenced_client : public tested_client {
 public:
  unfenced_client(const worker_plan& plan, recorded_origin& origin)
      : origin_{origin}, wire_{connect_to(plan.url)} {}

  read_result get(std::uint32_t key, const call_options&) override {
    const std::string value_key = names_of(key).value_key(text_of(key));
    {
      const std::scoped_lock lock{mutex_};
      const resp::message reply = wire_.command({"GET", value_key});
      const std::string bytes{reply.root().is_null() ? std::string_view{} : reply.root().text()};
      const entry::decoded read = entry::decode(bytes);
      if (read.format == entry::decoding::ours && read.head.kind == entry::kind::value)
        return {history::outcome::fresh, std::string{read.payload}};
    }
    std::string value;
    try {
      value = origin_.load(key, 0, 0);
    } catch (const origin_failure&) {
      return {history::outcome::failed};
    }
    const std::scoped_lock lock{mutex_};
    wire_.command({"SET", value_key, entry_of(key, value), "PX", "400"});
    return {history::outcome::loaded, value};
  }
  bool invalidate(std::uint32_t key) override {
    const std::scoped_lock lock{mutex_};
    return !wire_.command({"UNLINK", names_of(key).value_key(text_of(key))}).root().is_error();
  }

 private:
  static std::string text_of(std::uint32_t key) { return std::to_string(key & 0xFFFFU); }
  static entry::key_space names_of(std::uint32_t key) {
    return {cache_name(history::cache_of(key)), 1};
  }
  std::string entry_of(std::uint32_t key, const std::string& value) {
    std::string request;
    lease::write_time(request);
    wire_.send(request);
    entry::envelope head;
    head.stored_at = lease::read_time(wire_.read_reply()).value();
    head.until = head.stored_at + std::chrono::seconds{2};
    head.produced_by.bytes.fill(static_cast<char>(1 + ++stored_ % 100));
    head.digest = names_of(key).digest(text_of(key));
    head.checksum = entry::checksum_of(value, head.digest);
    return entry::encode(head, value);
  }

  recorded_origin& origin_;
  std::mutex mutex_;
  raw_client wire_;
  unsigned stored_ = 0;
};

/// A command whose reply is late is cancelled, and its reply stays in the connection: the next
/// command gets it. So did redis-py 4.5.1 (CVE-2023-28858).
class misplaced_client : public tested_client {
 public:
  misplaced_client(const worker_plan& plan, recorded_origin& origin)
      : origin_{origin}, wire_{connect_to(plan.url)} {}

  read_result get(std::uint32_t key, const call_options&) override {
    const std::scoped_lock lock{mutex_};
    const std::string name = "plain:" + std::to_string(key);
    const std::optional<std::string> stored = exchange({"GET", name});
    if (!stored) return {history::outcome::refused};
    if (!stored->empty()) return {history::outcome::fresh, *stored};
    std::string value;
    try {
      value = origin_.load(key, 0, 0);
    } catch (const origin_failure&) {
      return {history::outcome::failed};
    }
    if (!exchange({"SET", name, value, "PX", "2000"})) return {history::outcome::refused};
    return {history::outcome::loaded, value};
  }
  bool invalidate(std::uint32_t) override { return false; }

 private:
  /// nullopt: it was cancelled. Empty: nothing is stored.
  std::optional<std::string> exchange(std::initializer_list<std::string_view> words) {
    constexpr int patience_ms = 20;
    wire_.send_command(words);
    pollfd input{.fd = wire_.descriptor(), .events = POLLIN, .revents = 0};
    if (::poll(&input, 1, patience_ms) <= 0) return std::nullopt;
    const resp::message reply = wire_.read_reply();
    return reply.root().is_null() ? std::string{} : std::string{reply.root().text()};
  }

  recorded_origin& origin_;
  std::mutex mutex_;
  raw_client wire_;
};

}  // namespace

std::unique_ptr<tested_client> make_client(const worker_plan& plan, recorded_origin& origin) {
  switch (plan.client) {
    case client_kind::unfenced: return std::make_unique<unfenced_client>(plan, origin);
    case client_kind::loses_place: return std::make_unique<misplaced_client>(plan, origin);
    case client_kind::drover:
    case client_kind::skips_invalidation: return make_drover_client(plan, origin);
  }
  throw std::invalid_argument{"there is no such client"};
}

}  // namespace drover::campaign
