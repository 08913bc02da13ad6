// SPDX-License-Identifier: MIT
// A pass-through to the origin, with requests counted on the way.
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
  connection_counter(const address& listen, const address& target, origin_ear ear)
      : ear_{std::move(ear)},
        source_{"tcp " + describe(target)},
        proxy_{{.listen = listen, .server = target, .say = ear_.say}, this} {}
  ~connection_counter() override { connection_counter::stop(); }

  result<void> start() override {
    const result<address> at = proxy_.start();
    if (!at) return at.error();
    if (ear_.say) ear_.say("origin: listening on " + describe(*at));
    return {};
  }
  void stop() override { proxy_.stop(); }

 private:
  class counting_tap final : public tap {
   public:
    explicit counting_tap(connection_counter& of) : of_{of} {}

    void passed(direction towards, std::string_view bytes) override {
      if (towards == direction::to_client) {
        requests_.server_sent(bytes);
      } else {
        of_.waiting_ += requests_.client_sent(bytes);
      }
      if (!said_ && !requests_.lost().empty()) {
        said_ = true;
        of_.say_once(requests_.lost());
      }
    }
    void ended(bool by_client) override { (void)by_client; }

   private:
    connection_counter& of_;
    origin_requests requests_;
    bool said_ = false;
  };

  std::unique_ptr<tap> opened(std::uint64_t connection, const peer& who) override {
    (void)connection, (void)who;
    return std::make_unique<counting_tap>(*this);
  }

  void turn_ended() override {
    if (waiting_ == 0) return;
    ear_.tell(origin_loads{ear_.now(), std::exchange(waiting_, 0), {}, source_});
  }

  void say_once(std::string_view why) {
    if (!said_.insert(why).second || !ear_.say) return;
    ear_.say("origin: some requests are not counted: " + std::string{why});
  }

  origin_ear ear_;
  const std::string source_;
  std::uint64_t waiting_ = 0;        // the proxy's thread
  std::set<std::string_view> said_;  // the proxy's thread
  proxy proxy_;
};

}  // namespace

std::unique_ptr<origin_counter> count_connections(const address& listen, const address& target,
                                                  origin_ear ear) {
  return std::make_unique<connection_counter>(listen, target, std::move(ear));
}

}  // namespace drover::audit
