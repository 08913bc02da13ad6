// SPDX-License-Identifier: MIT
#include "connection/sentinel_watch.hpp"

#include <cstddef>
#include <utility>
#include <vector>

#include "connection/channel.hpp"
#include "connection/moments.hpp"
#include "connection/sentinel_line.hpp"
#include "resp/writer.hpp"

namespace drover::connection {
namespace {

/// A sentinel that is silent for two of these is left.
constexpr milliseconds ping_every{2'000};
/// The pause after a sentinel that could not be listened to.
constexpr milliseconds pause{500};

}  // namespace

sentinel_watch::sentinel_watch(sentinel_settings with, callback on_new_primary)
    : with_{std::move(with)},
      on_new_primary_{std::move(on_new_primary)},
      wake_{std::make_shared<const bell>()},
      thread_{[this] { run(); }} {}

sentinel_watch::~sentinel_watch() {
  stopping_ = true;
  wake_->ring();
  thread_.join();
}

void sentinel_watch::run() noexcept {
  for (std::size_t turn = 0; !stopping_; ++turn) {
    try {
      listen_to(with_.sentinels[turn % with_.sentinels.size()]);
    } catch (...) {
      // Out of memory: the next sentinel, after the pause.
    }
    if (!stopping_) static_cast<void>(wait(nullptr, {}, after(now(), pause)));
  }
}

// The bell also tells that a name is resolved. `stopping_` is set before it rings, and is read
// after each wait.
readiness sentinel_watch::wait(const stream_socket* socket, readiness interest,
                               std::optional<steady_time> until) noexcept {
  const readiness came = wait_for(*wake_, socket, interest, until);
  wake_->hush();
  return came;
}

// The system's resolver may block for half a minute, and the destructor must not wait for it.
std::vector<address> sentinel_watch::addresses_of(const host_port& sentinel) {
  resolver names{sentinel.host, sentinel.port, wake_, with_.look_up};
  while (!stopping_) {
    if (auto found = names.ask()) return std::move(found->addresses);
    static_cast<void>(wait(nullptr, {}, std::nullopt));
  }
  return {};
}

// First the primary is asked for: it may have changed while no sentinel was listened to.
void sentinel_watch::listen_to(const host_port& sentinel) {
  sentinel_line line{addresses_of(sentinel), with_.tls.get(), sentinel.host};
  sentinel_request request = write_sentinel_request(with_.service, with_.user, with_.password);
  resp::write_command(request.bytes, {"SUBSCRIBE", "+switch-master"});
  line.send(request.bytes);
  std::vector<resp::message> replies;
  steady_time heard = now();
  steady_time pinged = heard;
  while (line.is_open() && !stopping_) {
    const readiness came =
        wait(&line.socket().socket(), line.interest(), after(pinged, ping_every));
    for (resp::message& message : line.go_on(came)) {
      heard = now();
      if (replies.size() < request.replies) {
        replies.push_back(std::move(message));
        if (replies.size() < request.replies) continue;
        const result<primary_report> report = read_primary_report(replies, with_.service);
        if (!report) return;
        take(*report);
      } else if (const auto primary = new_primary_in(message, with_.service)) {
        last_.reset();
        on_new_primary_(*primary);
      }
    }
    if (now() < after(pinged, ping_every)) continue;
    if (heard < pinged) return;  // silent since the last PING
    pinged = now();
    std::string ping;
    resp::write_command(ping, {"PING"});
    line.send(ping);
  }
}

// A sentinel that lags behind changes nothing.
void sentinel_watch::take(const primary_report& report) {
  const bool is_newer =
      last_ && report.config_epoch > last_->config_epoch && report.at != last_->at;
  if (!last_ || report.config_epoch >= last_->config_epoch) last_ = report;
  if (is_newer) on_new_primary_(report.at);
}

}  // namespace drover::connection
