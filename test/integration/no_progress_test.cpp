// SPDX-License-Identifier: MIT
// Entries and replies that could make a reader ask for ever. It asks a few times, then it bypasses
// Redis.
#include <algorithm>

#include "integration/gated_loads.hpp"
#include "support/lease_client.hpp"
#include "support/reply_proxy.hpp"

namespace drover::test::no_progress_test {
namespace {

class no_progress : public fleet {
 protected:
  [[nodiscard]] entry::envelope head_of(entry::kind stored) const {
    const auto now = server_time{std::chrono::duration_cast<milliseconds>(
        std::chrono::system_clock::now().time_since_epoch())};
    entry::envelope head;
    head.kind = stored;
    head.stored_at = now;
    head.until = now + 1h;
    head.produced_by = token_of('p');
    head.digest = entry::key_space{setup.name, 1}.digest("a");
    return head;
  }
  /// An entry of the library in which one byte of the payload is wrong.
  [[nodiscard]] static std::string damaged(entry::envelope head) {
    head.checksum = entry::checksum_of("value", head.digest) ^ 1U;
    return entry::encode(head, "value");
  }
  void store(std::string_view bytes) const {
    server.command({"SET", value_key("a"), bytes, "PX", "3600000"});
  }
  [[nodiscard]] std::string lease_answer(int which, milliseconds left,
                                         std::string_view bytes) const {
    const std::string size = std::to_string(bytes.size());
    return "*4\r\n:" + std::to_string(which) + "\r\n:" +
           std::to_string(head_of(entry::kind::value).stored_at.time_since_epoch().count()) +
           "\r\n:" + std::to_string(left.count()) + "\r\n$" + size + "\r\n" + std::string{bytes} +
           "\r\n";
  }
  /// The server answers every LEASE with this reply. Each call still gets a value, after a few
  /// requests.
  void expect_bypasses(const std::string& lease_reply) {
    in_child([&] {
      reply_proxy proxy{server};
      setup.url = proxy.url();
      cached_origin cached{origin, setup};
      static_cast<void>(cached.ask("warm"));
      proxy.add({.command = "lease", .does = deed::replace, .bytes = lease_reply, .times = always});
      const std::uint64_t before = scripts_run();
      for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(cached.ask("a").value, "0:a");
        server.command({"UNLINK", value_key("a")});  // the PENDING entry that LEASE has stored
      }
      EXPECT_LE(scripts_run() - before, 100U);
    });
  }
};

TEST_F(no_progress, WithADamagedEntryWithoutATokenEndsInALoad) {
  entry::envelope head = head_of(entry::kind::value);
  head.produced_by = {};
  store(damaged(head));
  in_child([&] {
    cached_origin cached{origin, setup};
    EXPECT_EQ(cached.ask("a").value, "0:a");
    EXPECT_TRUE(eventually([&] { return cached.ask("a").how == "fresh"; }));
  });
  EXPECT_LE(calls_of(server, "get"), 200U);
}

TEST_F(no_progress, WithAServerThatAlwaysAnswersWithDamageEndsInABypass) {
  const std::string bytes = damaged(head_of(entry::kind::value));
  expect_bypasses(lease_answer(0, 0ms, bytes));
}

TEST_F(no_progress, WithAServerThatAlwaysSaysWaitEndsInABypass) {
  entry::envelope pending = head_of(entry::kind::pending);
  pending.until = pending.stored_at + 5ms;
  expect_bypasses(lease_answer(2, 5ms, entry::encode(pending, "")));
}

TEST_F(no_progress, WithAServerThatAlwaysShowsDamageEndsInABypass) {
  in_child([&] {
    reply_proxy proxy{server};
    setup.url = proxy.url();
    cached_origin cached{origin, setup};
    static_cast<void>(cached.ask("warm"));
    const std::string bytes = damaged(head_of(entry::kind::value));
    proxy.add({.command = "GET",
               .does = deed::replace,
               .bytes = "$" + std::to_string(bytes.size()) + "\r\n" + bytes + "\r\n",
               .times = always});
    for (int i = 0; i < 3; ++i) EXPECT_EQ(cached.ask("a").value, "0:a");
    EXPECT_LE(proxy.applied(), 100U);
  });
}

TEST_F(no_progress, IsNotWhatAnInvalidationIs) {
  in_child([&] {
    cached_origin cached{origin, setup};
    cached_origin elsewhere{origin, setup};
    origin.hold("a", 8);
    crowd callers{4, [&](unsigned) { return cached.ask("a"); }};
    callers.go();
    for (unsigned i = 1; i <= 8; ++i) {
      if (!eventually([&] { return origin.loads("a") >= i; }, 1s)) break;
      EXPECT_TRUE(elsewhere.values.invalidate("a").has_value());
    }
    origin.let_go("a");
    const tally all = callers.result();
    EXPECT_EQ(all.got("0:a"), 4U) << all.line();
    EXPECT_EQ(all.count("bypassed"), 0U) << all.line();
  });
}

TEST_F(no_progress, IsNotForcedByAFailedEntryThatAsksForALongPause) {
  entry::envelope failed = head_of(entry::kind::failed);
  failed.until = failed.stored_at + 10min;
  failed.attempts = 3;
  const std::string text = std::string(5'000'000, '\x1b') + "\r\n";
  failed.checksum = entry::checksum_of(text, failed.digest);
  store(entry::encode(failed, text));
  in_child([&] {
    cached_origin cached{origin, setup};
    const answer got = cached.ask("a");
    ASSERT_EQ(got.how, "load_failed:threw") << got.value;
    EXPECT_LE(got.retry_in, 6s) << "the policy's longest pause and its spread";
    EXPECT_LE(got.text.size(), 1000U);
    EXPECT_TRUE(std::ranges::all_of(got.text, [](char c) { return c >= ' ' && c <= '~'; }));
  });
  failed.stored_at -= 1min;
  store(entry::encode(failed, text));
  in_child([&] {
    cached_origin cached{origin, setup};
    EXPECT_EQ(cached.ask("a").value, "0:a") << "the longest pause has passed";
  });
}

}  // namespace
}  // namespace drover::test::no_progress_test
