// SPDX-License-Identifier: MIT
// How the service thread authenticates the living connection again: it asks the application for
// credentials, and sends AUTH between two requests.
#include <memory>
#include <string>
#include <utility>

#include "connection/channel_state.hpp"
#include "connection/handshake.hpp"
#include "connection/moments.hpp"

namespace drover::connection {

void channel::state::renew_login(locked& lock) {
  credentials_source* const logins = attempt.logins();
  if (logins == nullptr || live == nullptr || live->broken || at != phase::up || stopping) return;
  if (const auto ended = std::exchange(login_end, std::nullopt)) {
    if (!*ended) return fail_login(lock, ended->error());
    renewal.accepted();
  }
  if (!renewal.is_asking() && renewal.due() > now()) return;
  renewal.asking();
  try {
    auto given = logins->ask();
    if (!given) return;
    if (!*given) return fail_login(lock, given->error());
    send_login(lock, std::move(**given));
  } catch (...) {
    fail_login(lock, fault_of(fault_code::overloaded, "no memory or thread for new credentials"));
  }
}

void channel::state::send_login(locked& lock, given_credentials with_login) {
  if (with_login.login.password.empty()) {
    return fail_login(lock, fault_of(fault_code::unsupported,
                                     "credentials_source gave no password for this connection"));
  }
  auto item = std::make_unique<posted>(
      write_login(with_login.login), 1U,
      [this](result<std::vector<resp::message>> replies) {
        const locked held{mutex};
        login_end = replies ? read_login(replies->front()) : result<void>{replies.error()};
        service_bell->ring();
      },
      posting{});
  if (const auto refused = append(*item)) return fail_login(lock, *refused);
  static_cast<void>(item.release());  // the stream has it
  renewal.sent(with_login.asked, with_login.login.renew_after);
  if (std::exchange(live->writing, true)) return;
  link& on = *live;  // only this thread ends it
  lock.unlock();
  static_cast<void>(flush(on, nullptr, false));
  lock.lock();
}

void channel::state::fail_login(locked& lock, const fault& why) {
  renewal.failed(now());
  if (!to.login_failed) return;
  lock.unlock();
  try {
    to.login_failed({why.code, describe(with.at) + ": " + why.text});
  } catch (...) {
    // The next failure is reported.
  }
  lock.lock();
}

}  // namespace drover::connection
