// SPDX-License-Identifier: MIT
// Forwards connections to the origin and counts the requests on them.
#include <memory>
#include <mutex>
#include <set>
#include <utility>

#include "audit/capture/origin_requests.hpp"
#include "audit/proxy/proxy.hpp"
#include "audit/proxy/tap.hpp"
#include "audit/run/origin_counter.hpp"

namespace drover::audit {
namespace {

class connection_counter final : public origin_counter, private tap_maker {
 public:
  connection_counter(const address& listen, const address& target, origin_listener listener)
      : listener_{std::move(listener)},
        source_{"tcp " + describe(target)},
        proxy_{{.listen = listen, .server = target, .say = listener_.say}, this} {}
  ~connection_counter() override { connection_counter::stop(); }

  result<void> start() override {
    const result<address> at = proxy_.start();
    if (!at) return at.error();
    if (listener_.say) listener_.say("origin: listening on " + describe(*at));
    return {};
  }
  void stop() override { proxy_.stop(); }

 private:
  class counting_tap final : public tap {
   public:
    explicit counting_tap(connection_counter& counter) : counter_{counter} {}

    void passed(direction towards, std::string_view bytes) override {
      if (towards == direction::to_client) {
        requests_.server_sent(bytes);
      } else {
        counter_.unreported_ += requests_.client_sent(bytes);
      }
      if (!reported_ && !requests_.stop_reason().empty()) {
        reported_ = true;
        counter_.report_once(requests_.stop_reason());
      }
    }
    void ended(bool by_client) override { (void)by_client; }

   private:
    connection_counter& counter_;
    origin_requests requests_;
    bool reported_ = false;
  };

  std::unique_ptr<tap> opened(std::uint64_t connection, const peer& client) override {
    (void)connection, (void)client;
    return std::make_unique<counting_tap>(*this);
  }

  void turn_ended() override {
    if (unreported_ == 0) return;
    listener_.tell(origin_loads{listener_.now(), std::exchange(unreported_, 0), {}, source_});
  }

  void report_once(std::string_view reason) {
    if (!reported_.insert(reason).second || !listener_.say) return;
    listener_.say("origin: some requests are not counted: " + std::string{reason});
  }

  origin_listener listener_;
  const std::string source_;
  // Used by the proxy's thread only.
  std::uint64_t unreported_ = 0;
  std::set<std::string_view> reported_;
  proxy proxy_;
};

}  // namespace

std::unique_ptr<origin_counter> count_connections(const address& listen, const address& target,
                                                  origin_listener listener) {
  return std::make_unique<connection_counter>(listen, target, std::move(listener));
}

}  // namespace drover::audit
