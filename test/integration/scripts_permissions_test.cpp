// SPDX-License-Identifier: MIT
// The minimum rights of an ACL user, and the effect of each missing right: a fault with a class,
// from the request that needs the right, and never a reply that is misread.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lease/commands.hpp"
#include "lease/rights.hpp"
#include "resp/writer.hpp"
#include "support/lease_client.hpp"
#include "support/redis_server.hpp"

namespace drover::test::scripts_permissions_test {
namespace {

using namespace std::chrono_literals;

/// The rules that `drover acl t` prints, for an application with another database.
std::vector<std::string> rules_for_t() {
  return lease::acl_rules(std::vector<std::string>{"t"}, true);
}

/// A request of the library: its name in messages, and the number of its replies.
struct sent {
  std::string name;
  std::string bytes;
  std::size_t replies = 1;
};

std::string written(std::initializer_list<std::string_view> command) {
  std::string bytes;
  resp::write_command(bytes, command);
  return bytes;
}

template <class Write>
sent request_of(std::string name, std::size_t replies, Write write) {
  sent request{std::move(name), {}, replies};
  write(request.bytes);
  return request;
}

/// All requests of the library, in an order in which each of them has an effect.
std::vector<sent> everything(lease_client& as) {
  constexpr std::string_view key = lease_client::key;
  constexpr std::string_view mark = lease_client::refresh_mark_key;
  constexpr std::string_view channel = lease_client::channel;
  const entry::token a = token_of('a');
  const entry::token b = token_of('b');
  const std::vector<std::string> keys{std::string{key}, std::string{mark}};
  auto notifying = as.lease_of(a);
  notifying.notify = true;
  const auto lead =
      request_of("lease", 2, [&](auto& o) { lease::write_lease(o, notifying, true); });
  const auto fill = [&](const entry::token& base, const entry::token& by) {
    return request_of("fill", 1,
                      [&](auto& o) { lease::write_fill(o, as.refresh_of(base, by, "x")); });
  };
  return {
      {"select", written({"SELECT", "0"})},
      {"info", written({"INFO", "server"})},
      {"info", written({"INFO", "persistence"})},
      {"info", written({"INFO", "replication"})},
      {"ping", written({"PING"})},
      request_of("tracking", 1, [](auto& o) { lease::write_tracking(o, true); }),
      request_of("load", lease::scripts().size(), [](auto& o) { lease::write_load_scripts(o); }),
      request_of("time", 1, [](auto& o) { lease::write_time(o); }),
      request_of("canary", 5, [](auto& o) { lease::write_canary(o, "t:c:0123"); }),
      request_of("subscribe", 0, [&](auto& o) { lease::write_subscribe(o, channel); }),
      request_of("unsubscribe", 0, [&](auto& o) { lease::write_unsubscribe(o, channel); }),
      request_of("invalidate", 1, [&](auto& o) { lease::write_invalidate(o, keys); }),
      request_of("get", 1, [&](auto& o) { lease::write_get(o, key); }),
      lead,
      request_of("renew", 1, [&](auto& o) { lease::write_renew(o, key, a, 1min, 7); }),
      fill(a, a),
      request_of("mark", 2, [&](auto& o) { lease::write_refresh_mark(o, mark, key, b, 1min); }),
      request_of("mark_extend", 1,
                 [&](auto& o) { lease::write_refresh_mark_extend(o, mark, b, 1min); }),
      request_of("promote", 1, [&](auto& o) { lease::write_promote(o, key, a, b, 1min, 1h, 7); }),
      fill(b, b),
      request_of("mark_release", 1,
                 [&](auto& o) { lease::write_refresh_mark_release(o, mark, b); }),
      request_of("expire", 1, [&](auto& o) { lease::write_expire(o, key, a); }),
      request_of("invalidate", 1, [&](auto& o) { lease::write_invalidate(o, keys); }),
      lead,
      request_of("failure", 1, [&](auto& o) { lease::write_failure(o, as.failure_of(a)); }),
      request_of("invalidate", 1, [&](auto& o) { lease::write_invalidate(o, keys); }),
      lead,
      request_of("release", 1, [&](auto& o) { lease::write_release(o, key, a, channel); }),
      lead,
      request_of("uncacheable", 1,
                 [&](auto& o) { lease::write_uncacheable(o, key, a, 1min, channel); }),
      request_of("holders", 1,
                 [](auto& o) {
                   lease::write_holders(o, std::vector<std::uint64_t>{1, 2});
                 }),
  };
}

class script_permissions : public testing::Test {
 protected:
  redis_server server;
  lease_client admin{server};
  const std::vector<std::string> rules = rules_for_t();

  /// The faults of a user with these rights, by request. The refusal of a subscription is a reply,
  /// not a push; the PING after each request distinguishes the two.
  std::multimap<std::string, fault> faults_with(const std::vector<std::string>& granted) {
    std::vector<std::string_view> command{"ACL", "SETUSER", "app", "reset", "on", ">c4nary-secret"};
    command.insert(command.end(), granted.begin(), granted.end());
    EXPECT_EQ(admin.wire().command(command).text, "OK");
    EXPECT_EQ(admin.wire().command({"ACL", "LOG", "RESET"}).text, "OK");

    std::multimap<std::string, fault> faults;
    raw_client app = server.connect();
    EXPECT_FALSE(app.command({"HELLO", "3", "AUTH", "app", "c4nary-secret", "SETNAME", "drover"})
                     .root()
                     .is_error());
    for (const sent& request : everything(admin)) {
      app.send(request.bytes);
      app.send_command({"ECHO", "end"});
      for (;;) {
        const resp::message reply = app.read_reply();
        if (is_end(reply)) break;
        if (!reply.root().is_error()) continue;
        faults.emplace(request.name, lease::fault_of(reply.root().text()));
      }
    }
    return faults;
  }

  /// True when the server has refused a command, key or channel besides ECHO.
  bool has_logged_more_than_echo() {
    const resp::message log = admin.wire().command({"ACL", "LOG"});
    for (std::size_t i = 0; i < log.root().size(); ++i) {
      const resp::view entry = log.root()[i];
      for (std::size_t field = 0; field + 1 < entry.size(); field += 2) {
        if (entry[field].text() == "object" && entry[field + 1].text() != "echo") return true;
      }
    }
    return false;
  }

 private:
  /// The user may not run ECHO, so its refusal marks the end of the replies to a request.
  static bool is_end(const resp::message& reply) {
    return reply.root().is_error() && reply.text.find("'echo'") != std::string::npos;
  }
};

TEST_F(script_permissions, ThePrintedRulesSuffice) {
  for (const auto& [name, why] : faults_with(rules)) {
    ADD_FAILURE() << name << ": " << why.text;
  }
}

// PUBLISH causes no fault: a fill succeeds even if its wake-up is refused. The server's log of
// refusals shows that it is needed all the same.
TEST_F(script_permissions, EachRuleTakenAwayIsAFaultOfTheRequestsThatNeedIt) {
  const std::map<std::string, std::string> needed_by{
      {"+ping", "ping"},
      {"+info", "info"},
      {"+select", "select"},
      {"+client|tracking", "tracking"},
      {"+client|caching", "lease"},
      {"+client|list", "holders"},
      {"+get", "get"},
      {"+getrange", "lease"},
      {"+set", "lease"},
      {"+setrange", "renew"},
      {"+del", "release"},
      {"+unlink", "invalidate"},
      {"+exists", "lease"},
      {"+pexpire", "mark_extend"},
      {"+time", "lease"},
      {"+evalsha", "lease"},
      {"+script|load", "load"},
      {"+publish", ""},
      {"+subscribe", "subscribe"},
      {"+unsubscribe", "unsubscribe"},
      {"~t:*", "get"},
      {"&t:*", "subscribe"},
  };
  std::size_t taken_away = 0;
  for (const std::string& rule : rules) {
    if (rule.starts_with("reset") || rule == "-@all") continue;
    SCOPED_TRACE(rule);
    ++taken_away;
    std::vector<std::string> granted = rules;
    granted.erase(std::find(granted.begin(), granted.end(), rule));
    const auto faults = faults_with(granted);
    for (const auto& [name, why] : faults) {
      EXPECT_EQ(why.code, fault_code::unsupported) << name << ": " << why.text;
    }
    const std::string& needing = needed_by.at(rule);
    if (needing.empty()) {
      EXPECT_TRUE(faults.empty());
    } else {
      EXPECT_GT(faults.count(needing), 0U);
    }
    // The end of each request's replies is a refusal of ECHO.
    EXPECT_TRUE(has_logged_more_than_echo());
  }
  EXPECT_EQ(taken_away, needed_by.size());
}

TEST_F(script_permissions, AnotherCachesKeysAreOutOfReach) {
  ASSERT_EQ(faults_with(rules).size(), 0U);
  raw_client app = server.connect();
  app.command({"HELLO", "3", "AUTH", "app", "c4nary-secret"});
  const std::string_view sha = lease::script_of(lease::script_id::release).sha1;
  const resp::message reply =
      app.command({"EVALSHA", sha, "1", "other:1.0:v:{=k}", "0123456789abcdef", ""});
  ASSERT_TRUE(reply.root().is_error());
  EXPECT_EQ(lease::fault_of(reply.text).code, fault_code::unsupported);
}

}  // namespace
}  // namespace drover::test::scripts_permissions_test
