// SPDX-License-Identifier: MIT
// How a request that does not block follows redirects. For servers_requests.cpp.
#pragma once

#include <memory>
#include <new>
#include <optional>
#include <string>
#include <utility>

#include "store/servers.hpp"

namespace drover::store {

template <class Reply>
struct servers::routed {
  std::string key;
  sender<Reply> send;
  then<Reply> done;
  unsigned hops = 0;
};

template <class Reply>
void servers::route(std::string_view key, sender<Reply> send, then<Reply> done) {
  send_to(first_hop(key), std::make_shared<routed<Reply>>(
                              routed<Reply>{std::string{key}, std::move(send), std::move(done)}));
}

template <class Reply>
void servers::send_to(const hop& where, std::shared_ptr<routed<Reply>> request) {
  const routed<Reply>& sent = *request;
  sent.send(*where.to, where.as, [this, where, request](result<Reply> reply) {
    if (reply) return request->done(std::move(reply));
    const auto next = next_hop(request->key, where, reply.error(), request->hops);
    if (!next) return request->done(final_fault(reply.error()));
    request->hops += next->costs;
    try {
      if (next->pause.count() == 0) return send_to(*next, request);
      // The client may end meanwhile. Then nobody waits for the reply.
      home_->channel().schedule(now() + next->pause,
                                [this, next = *next, request] { send_after_pause(next, request); });
    } catch (const std::bad_alloc&) {
      request->done(out_of_memory());
    }
  });
}

template <class Reply>
void servers::send_after_pause(const hop& where, std::shared_ptr<routed<Reply>> request) noexcept {
  try {
    send_to(where, request);
  } catch (const std::bad_alloc&) {
    request->done(out_of_memory());
  }
}

}  // namespace drover::store
