// SPDX-License-Identifier: MIT
#include "store/servers.hpp"

#include <utility>

namespace drover::store {

servers::servers(connection::settings with, server_events to, bool keeps_writes)
    : to_{std::move(to)},
      home_{std::make_unique<redis_store>(std::move(with), events_of(), keeps_writes)} {}

void servers::close() noexcept { home_->channel().close(); }

events servers::events_of() {
  return {.up = [this](const connection::greeting& hello) { to_.up(*home_, hello); },
          .down = [this](const fault& why) { to_.down(*home_, why); },
          .changed = [this](std::string_view value_key) { to_.changed(value_key); },
          .everything_changed = [this] { to_.everything_changed(*home_); },
          .waking = [this](wake_mode mode) { to_.waking(*home_, mode); },
          .refused = [this](const fault& why) { to_.refused(*home_, why); },
          .alarm = [this] { to_.alarm(); }};
}

bool servers::verify(const redis_store& /*on*/, const wait_limit& within) noexcept {
  return home_->verify(within);
}

std::string servers::key_at(const redis_store& /*on*/, const std::string& id,
                            const std::function<std::string(const std::string& id)>& key_of) {
  return key_of(id);
}

void servers::holders(std::span<const std::uint64_t> client_ids,
                      then<std::vector<std::uint64_t>> done) {
  home_->holders(client_ids, std::move(done));
}

}  // namespace drover::store
