// SPDX-License-Identifier: MIT
// tls_exit URL CA_FILE [busy]: exits with 7 while a client with TLS is a static object; with `busy`
// also while other threads use it. Nothing else in this process uses OpenSSL.
#include <drover/cache.hpp>

#include <chrono>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

namespace {

using namespace std::chrono_literals;

struct user {
  user(const std::string& url, const std::string& ca_file)
      : redis{{.url = url, .tls = {.ca = {.file = ca_file}}, .connect_max = 20s}},
        values{redis, {.name = "exit", .policy = {.ttl = 1h}}, [](std::string_view key) {
                 return "of " + std::string{key};
               }} {}
  drover::client redis;
  drover::cache<std::string> values;
};

// It begins before OpenSSL does, and so it ends after it.
std::unique_ptr<user> only;

}  // namespace

int main(int count, char** arguments) {
  if (count < 3) return 2;
  only = std::make_unique<user>(arguments[1], arguments[2]);
  while (only->values.fetch("42").how != drover::served::fresh) std::this_thread::yield();
  if (count > 3) {
    user& leaked = *only.release();  // threads use it to the last
    for (int i = 0; i < 4; ++i) {
      std::thread{[&leaked] {
        for (;;) static_cast<void>(leaked.values.get("42"));
      }}.detach();
    }
    std::this_thread::sleep_for(50ms);
  }
  std::exit(7);
}
