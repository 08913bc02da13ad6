// SPDX-License-Identifier: MIT
// 6. Events and counters for your metrics, limits for one call, and an orderly end.
//
//   06_watching_and_stopping [redis url]
#include <drover/cache.hpp>

#include <cstdio>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

using namespace std::chrono_literals;

namespace {

class printing_observer : public drover::observer {
 public:
  void on_event(const drover::event& event) override {
    const std::scoped_lock lock{mutex_};
    std::printf("event: %s\n", std::string{to_string(event.kind)}.c_str());
  }

 private:
  std::mutex mutex_;
};

}  // namespace

int main(int count, char** values) {
  drover::client redis{
      drover::client_options{.url = count > 1 ? values[1] : "redis://127.0.0.1:6379",
                             .event_observer = std::make_shared<printing_observer>()}};
  drover::cache<std::string> reports{
      redis, {.name = "example-6", .policy = {.ttl = 60s}}, [](std::string_view) {
        std::this_thread::sleep_for(1s);
        return std::string{"report"};
      }};

  try {
    static_cast<void>(reports.get("slow", drover::call_options::within(500ms)));
  } catch (const drover::refused& refused) {  // this call only: the load goes on and is stored
    std::printf("refused: %s\n", refused.what());
  }
  std::printf("%s\n", reports.get("slow")->c_str());

  const drover::cache_stats stats = reports.stats();
  std::printf("%llu load, %llu loads avoided\n", static_cast<unsigned long long>(stats.loads),
              static_cast<unsigned long long>(stats.loads_avoided));
  std::printf("%zu loads still run\n", reports.drain(1s));
}
