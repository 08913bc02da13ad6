// SPDX-License-Identifier: MIT
// A client with TLS across fork, and at the end of a process.
#include "integration/in_child.hpp"
#include "integration/tls_world.hpp"
#include "support/thread_sanitized.hpp"

namespace drover::test::tls_process_test {
namespace {

TEST(tls_process, AForkedChildDropsWhatItInheritedAndMakesItsOwn) {
#if DROVER_THREAD_SANITIZED
  GTEST_SKIP() << "the thread sanitizer does not follow a fork of a process with threads";
#endif
  const tls_server server;
  in_child([&] {
    tls_user user{server.url(), server.trusting()};
    user.wait_until_hit();
    in_child([&] {
      EXPECT_EQ(user.users.fetch("42").how, served::bypassed);
      EXPECT_EQ(user.redis.availability().state, availability::away);
      tls_user own{server.url(), server.trusting()};
      own.wait_until_hit();
    });
    for (int i = 0; i < 100; ++i) EXPECT_EQ(user.users.fetch("42").how, served::fresh);
    EXPECT_EQ(user.seen->count(event_kind::connection_down), 0U);
  });
}

// OpenSSL must not end before a client that is a static object, nor below threads that use one.
TEST(tls_process, AProcessExitsWithAClient) {
  const tls_server server;
  const std::string ca = server.folder.write("exit.pem", server.ca.certificate());
  for (int round = 0; round < 5; ++round) {
    for (const bool is_busy : {false, true}) {
      std::vector<std::string> arguments{server.url(), ca};
      if (is_busy) arguments.emplace_back("busy");
      const child_end ended =
          wait_for_child(start_program(DROVER_PROCESS_DIR "/tls_exit", arguments));
      EXPECT_FALSE(ended.hung);
      EXPECT_EQ(ended.status, 7) << ended.text();
    }
  }
}

}  // namespace
}  // namespace drover::test::tls_process_test
