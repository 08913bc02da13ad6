// SPDX-License-Identifier: MIT
#include "store/transactions.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <thread>

#include "support/sanitized.hpp"

namespace drover::store::transactions_test {
namespace {

using namespace std::chrono_literals;

/// A server that accepts connections and never answers.
class silent_server {
 public:
  silent_server() : listener_{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
    sockaddr_un at{};
    at.sun_family = AF_UNIX;
    path_.copy(at.sun_path, sizeof at.sun_path - 1);
    EXPECT_EQ(::bind(listener_, reinterpret_cast<const sockaddr*>(&at), sizeof at), 0);
    EXPECT_EQ(::listen(listener_, 8), 0);
  }
  ~silent_server() {
    ::close(listener_);
    ::unlink(path_.c_str());
  }
  silent_server(const silent_server&) = delete;
  silent_server& operator=(const silent_server&) = delete;

  [[nodiscard]] connection::settings with() const {
    connection::settings out;
    out.at.path = path_;
    out.connect_max = 1h;
    return out;
  }

 private:
  std::string path_ = std::filesystem::temp_directory_path() /
                      ("drover-silent-" + std::to_string(::getpid()) + ".sock");
  int listener_;
};

std::optional<lease::key_change> nothing(lease::stored_bytes) { return std::nullopt; }

// There are as many waiting transactions as keys that are loaded, so their end must not take a
// piece of the stack for each.
TEST(threads_transactions, ThoseThatWaitEndWithTheStore) {
  const silent_server server;
  transactions runs{server.with()};
  constexpr int count = 10'000;
  int ended = 0;
  for (int i = 0; i < count; ++i) {
    runs.run("key", nothing, [&](const result<transaction_end>& how) {
      EXPECT_FALSE(how);
      ++ended;
    });
  }
  EXPECT_EQ(ended, 0);
  std::thread{[&] { runs.stop(); }}.join();
  EXPECT_EQ(ended, count);
  runs.run("key", nothing, [&](const result<transaction_end>& how) {
    EXPECT_FALSE(how);
    ++ended;
  });
  EXPECT_EQ(ended, count + 1);
}

TEST(threads_transactions, WithoutAFileDescriptorTheyFailAtOnce) {
  if (test::is_sanitized) GTEST_SKIP() << "the sanitizers need file descriptors themselves";
  const silent_server server;
  transactions runs{server.with()};
  rlimit usual{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &usual), 0);
  const rlimit none{0, usual.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  int failed = 0;
  for (int i = 0; i < 3; ++i) {
    runs.run("key", nothing, [&](const result<transaction_end>& how) {
      if (!how && how.error().code == fault_code::overloaded) ++failed;
    });
  }
  EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &usual), 0);
  EXPECT_EQ(failed, 3);
  runs.stop();
}

}  // namespace
}  // namespace drover::store::transactions_test
