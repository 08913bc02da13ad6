// SPDX-License-Identifier: MIT
// A program with a static cache. The destructor of a static object asks it at exit for a key whose
// name in Redis is a digest. Exits with 0 when that call got a value.
#include <drover/cache.hpp>

#include <unistd.h>
#include <memory>
#include <string>
#include <string_view>

namespace {

struct last_question {
  last_question() = default;
  ~last_question() {
    const std::string key(1000, 'k');
    const bool served = cached->get(key) == key;
    cached.reset();
    ::_exit(served ? 0 : 1);
  }
  last_question(const last_question&) = delete;
  last_question& operator=(const last_question&) = delete;

  std::unique_ptr<drover::cache<std::string>> cached;
};

last_question asked_at_exit;  // it is destroyed after everything that main makes

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) return 2;
  drover::policy minute;
  minute.ttl = std::chrono::minutes{1};
  const drover::client redis{arguments[1]};
  asked_at_exit.cached = std::make_unique<drover::cache<std::string>>(
      redis, drover::cache_options{.name = "t", .policy = minute},
      [](std::string_view key) { return std::string{key}; });
  static_cast<void>(asked_at_exit.cached->get(std::string(300, 'w')));
  return 1;  // the destructor sets the exit status
}
