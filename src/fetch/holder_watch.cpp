// SPDX-License-Identifier: MIT
#include "fetch/holder_watch.hpp"

#include <algorithm>
#include <utility>

namespace drover::fetch {

namespace {

constexpr milliseconds ask_every{20};
constexpr milliseconds gone_after{15};

using clients = std::span<const holder_watch::client_id>;

bool contains(clients ascending, holder_watch::client_id client) noexcept {
  return std::binary_search(ascending.begin(), ascending.end(), client);
}

}  // namespace

void holder_watch::watch(flight_id flight, client_id client, const entry::token& held) {
  if (client == 0) return unwatch(flight);
  holder& watched = watched_.try_emplace(flight, holder{client, held}).first->second;
  if (watched.client != client || watched.held != held) watched = {client, held};
}

void holder_watch::unwatch(flight_id flight) noexcept { watched_.erase(flight); }

std::optional<steady_time> holder_watch::arm(steady_time now) noexcept {
  if (is_under_way_ || is_refused_ || watched_.empty()) return std::nullopt;
  is_under_way_ = true;
  return now + ask_every;
}

std::vector<holder_watch::client_id> holder_watch::ask(client_id self) {
  is_under_way_ = false;
  std::vector<client_id> out;
  for (const auto& [flight, watched] : watched_) {
    if (watched.client != self) out.push_back(watched.client);
  }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  is_under_way_ = !out.empty();
  return out;
}

std::vector<holder_watch::flight_id> holder_watch::answered(std::span<const client_id> clients,
                                                            std::span<const client_id> alive,
                                                            steady_time now) {
  std::vector<flight_id> gone;
  gone.reserve(watched_.size());
  is_under_way_ = false;
  for (auto& [flight, watched] : watched_) {
    if (contains(alive, watched.client)) {
      watched.missing_since.reset();
    } else if (!contains(clients, watched.client)) {
      continue;
    } else if (!watched.missing_since) {
      watched.missing_since = now;
    } else if (now - *watched.missing_since >= gone_after) {
      gone.push_back(flight);
      watched.missing_since.reset();
    }
  }
  return gone;
}

void holder_watch::unanswered() noexcept { is_under_way_ = false; }

bool holder_watch::refused() noexcept {
  is_under_way_ = false;
  return !std::exchange(is_refused_, true);
}

void holder_watch::connection_up() noexcept {
  is_refused_ = false;
  for (auto& [flight, watched] : watched_) watched.missing_since.reset();
}

}  // namespace drover::fetch
