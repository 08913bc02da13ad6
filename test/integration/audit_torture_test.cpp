// SPDX-License-Identifier: MIT
// The same scripts with a server directly and through the proxy: the bytes must not differ. The
// scripts are those of audit_torture_scripts.hpp and of two independent clients: redis-py in
// test/support/audit_torture.py, and hiredis in process/audit_torture_hiredis.cpp.
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <regex>
#include <set>
#include <thread>

#include "audit/proxy/live_capture.hpp"
#include "base/printing.hpp"
#include "base/random.hpp"
#include "integration/audit_proxy_world.hpp"
#include "integration/audit_torture_scripts.hpp"
#include "process/scratch_folder.hpp"
#include "resp/reader.hpp"
#include "support/redis_server.hpp"

namespace drover::test::audit_torture_test {
namespace {

/// The sizes of the slices that are sent to the server.
using slicing = std::function<std::size_t(std::size_t left)>;

slicing whole() {
  return [](std::size_t left) { return left; };
}
slicing single_bytes() {
  return [](std::size_t) { return std::size_t{1}; };
}
slicing random_slices(std::uint64_t seed, std::size_t most) {
  return [random = base::seeded_random{seed}, most](std::size_t) mutable {
    return 1 + static_cast<std::size_t>(random.next() % most);
  };
}

/// One connection of a script, and all bytes that have come on it.
class told_connection {
 public:
  explicit told_connection(const audit::address& at) : socket_{plain_socket::connect(at)} {
    within_.bulk_max = std::size_t{256} << 20U;
    within_.message_max = std::size_t{512} << 20U;
    reader_ = resp::reader{within_};
  }

  void play(const torture_step& step, slicing& cut) {
    std::thread sender{[&] {
      for (std::string_view rest = step.bytes; !rest.empty();) {
        const auto size = std::min(cut(rest.size()), rest.size());
        if (!socket_.send(rest.substr(0, size))) break;
        rest.remove_prefix(size);
      }
    }};
    read_messages(step.messages);
    sender.join();
    switch (step.last) {
      case torture_step::then::nothing: break;
      case torture_step::then::end_sending: socket_.end_sending(); break;
      case torture_step::then::read_to_end: read_to_end(); break;
      case torture_step::then::close: socket_.close(); break;
      case torture_step::then::reset: socket_.reset(); break;
    }
  }
  [[nodiscard]] const std::string& received() const noexcept { return received_; }

 private:
  void read_messages(std::size_t count) {
    while (count > 0) {
      const auto [how, consumed] = reader_.read(unread_, message_);
      unread_.erase(0, consumed);
      if (how == resp::reader::status::complete) {
        --count;
        message_.clear();
        continue;
      }
      ASSERT_EQ(how, resp::reader::status::need_more) << reader_.error();
      const std::string more = socket_.read_some();
      ASSERT_FALSE(more.empty()) << "no answer, or an end, behind "
                                 << base::escape(received_.substr(
                                                     received_.size() -
                                                     std::min<std::size_t>(received_.size(), 200)),
                                                 400);
      received_ += more;
      unread_ += more;
    }
  }
  // A reset counts as an end, because which of the two comes depends on timing.
  void read_to_end() {
    const auto rest = socket_.read_to_end();
    EXPECT_NE(rest.error, EAGAIN) << "no end";
    received_ += rest.bytes;
  }

  resp::limits within_;
  plain_socket socket_;
  resp::reader reader_;
  resp::message message_;
  std::string unread_;
  std::string received_;
};

/// Removes the text that differs between runs: ids in HELLO, times and ports in MONITOR.
std::string without_chance(const std::string& received) {
  if (received.size() > 100'000) return received;
  static const std::regex id{"(\\$2\r\nid\r\n:)[0-9]+"};
  static const std::regex monitored{"\\+[0-9]+\\.[0-9]+ \\[[^\\]]*\\]"};
  return std::regex_replace(std::regex_replace(received, id, "$1N"), monitored, "+TIME [WHO]");
}

std::vector<std::string> play(const torture_script& script, const audit::address& at, slicing cut) {
  std::map<std::size_t, told_connection> connections;
  for (const torture_step& step : script.steps) {
    auto position = connections.find(step.connection);
    if (position == connections.end())
      position = connections.try_emplace(step.connection, at).first;
    position->second.play(step, cut);
    if (testing::Test::HasFatalFailure()) break;
  }
  std::vector<std::string> out;
  for (const auto& [number, connection] : connections)
    out.push_back(without_chance(connection.received()));
  return out;
}

std::string output_of(const std::string& command_line) {
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe{::popen(command_line.c_str(), "r"), ::pclose};
  std::string out;
  std::array<char, 4096> buffer{};
  for (std::size_t got = 0; (got = std::fread(buffer.data(), 1, buffer.size(), pipe.get())) > 0;) {
    out.append(buffer.data(), got);
  }
  return out;
}

/// Compares line by line, so that a failure shows the position.
void expect_same_lines(const std::string& expected, const std::string& got) {
  if (expected == got) return;
  const auto at = static_cast<std::size_t>(
      std::mismatch(expected.begin(), expected.end(), got.begin(), got.end()).first -
      expected.begin());
  const auto from = expected.rfind('\n', at) + 1;
  ADD_FAILURE() << "expected: " << expected.substr(from, 300)
                << "\ngot:      " << got.substr(std::min(from, got.size()), 300);
}

/// The calls of a command as counted by INFO commandstats, refused ones included.
std::uint64_t calls_in(const std::string& stats, const std::string& name) {
  const std::regex line{"cmdstat_" + name + ":calls=([0-9]+),.*rejected_calls=([0-9]+)"};
  std::smatch position;
  if (!std::regex_search(stats, position, line)) return 0;
  return std::stoull(position[1]) + std::stoull(position[2]);
}

class audit_torture : public testing::Test {
 protected:
  [[nodiscard]] static redis_server::options options() {
    return {.tcp = true, .arguments = {"--enable-debug-command", "yes"}};
  }
  [[nodiscard]] static audit::address address_of(const redis_server& server) {
    return {"127.0.0.1", server.port(), ""};
  }
  void clear() {
    // The server may not yet have closed the connections of the last script.
    server_.command({"CLIENT", "KILL", "TYPE", "pubsub"});
    server_.command({"FLUSHALL"});
    server_.command({"FUNCTION", "FLUSH"});
    server_.command({"SCRIPT", "FLUSH"});
    server_.command({"ACL", "SETUSER", "bob", "on", ">c4nary-secret", "~*", "&*", "+@all"});
  }
  std::vector<std::string> play_fresh(const torture_script& script, const audit::address& at,
                                      slicing cut) {
    clear();
    return play(script, at, std::move(cut));
  }

  [[nodiscard]] static std::string python(const audit::address& at) {
    const auto tests = std::filesystem::path{__FILE__}.parent_path().parent_path();
    return "/usr/bin/python3 '" + (tests / "support/audit_torture.py").string() + "' " +
           describe(at) + " 2>&1";
  }
  void stop() {
    proxy_.inner.stop();
    sight_.stop();
  }

  redis_server server_{options()};
  seen_records records_;
  audit::live_capture sight_{{}, records_};
  const bool looks_ = static_cast<bool>(sight_.start());
  spoken_proxy proxy_{in_front_of(address_of(server_)), &sight_};
};

void expect_same(const std::vector<std::string>& expected, const std::vector<std::string>& got) {
  ASSERT_EQ(expected.size(), got.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    if (expected[i] == got[i]) continue;
    ADD_FAILURE() << "connection " << i << "\nexpected: " << base::escape(expected[i], 2000)
                  << "\ngot:      " << base::escape(got[i], 2000);
  }
}

TEST_F(audit_torture, NoByteDiffersHoweverTheyAreCut) {
  std::set<std::uint64_t> may_not_be_blind;
  std::map<std::uint64_t, std::string> names;
  for (const torture_script& script : torture_scripts()) {
    SCOPED_TRACE(script.name);
    const auto expected = play_fresh(script, address_of(server_), whole());
    ASSERT_FALSE(HasFatalFailure());
    const auto first = proxy_.inner.counts().opened + 1;
    expect_same(expected, play_fresh(script, proxy_.at, whole()));
    const std::size_t most = script.is_large ? 200'000 : 7;
    expect_same(expected, play_fresh(script, proxy_.at, random_slices(1, most)));
    if (!script.is_large) expect_same(expected, play_fresh(script, proxy_.at, single_bytes()));
    if (HasFatalFailure()) return;
    for (auto number = first; number <= proxy_.inner.counts().opened; ++number) {
      names.emplace(number, script.name);
      if (!script.may_be_blind) may_not_be_blind.insert(number);
    }
  }
  stop();
  EXPECT_FALSE(may_not_be_blind.empty());
  for (const audit::sight_lost& lost : records_.blind()) {
    EXPECT_EQ(may_not_be_blind.count(lost.connection), 0U)
        << "blind in '" << names[lost.connection] << "': " << lost.why;
  }
}

// Capture must have read the commands that the server has run, by the server's own count of each
// command.
TEST_F(audit_torture, ReadsAlongEveryCommandOfRedisPy) {
  clear();
  server_.command({"CONFIG", "RESETSTAT"});
  output_of(python(proxy_.at));
  const auto ran = server_.command({"INFO", "commandstats"});
  stop();
  // The scripts call these commands as often.
  const std::map<std::string, std::uint64_t> by_scripts{{"get", 5}, {"set", 1}, {"hgetall", 1}};
  for (const char* name : {"get", "set", "mget", "lpop", "hgetall", "watch", "blpop", "publish",
                           "subscribe", "evalsha", "fcall", "unlink", "select"}) {
    const auto scripted = by_scripts.count(name) > 0 ? by_scripts.at(name) : 0;
    EXPECT_EQ(records_.count(name) + scripted, calls_in(std::string{ran.root().text()}, name))
        << name;
  }
}

TEST_F(audit_torture, OverUnixSocketsAsWell) {
  const process::scratch_folder folder;
  audit::proxy_settings with;
  with.server.path = server_.socket_path();
  with.listen.path = folder.path() / "p.sock";
  const spoken_proxy local{with};
  for (const torture_script& script : torture_scripts()) {
    if (script.is_large) continue;
    SCOPED_TRACE(script.name);
    expect_same(play_fresh(script, with.server, whole()),
                play_fresh(script, with.listen, random_slices(2, 100)));
    if (HasFatalFailure()) return;
  }
}

/// A proxy that speaks TLS with the server is in front of one that speaks TLS with its clients.
TEST_F(audit_torture, OverTlsAsWell) {
  const process::scratch_folder folder;
  const auto made = audit::make_run_certificate(folder.path());
  ASSERT_TRUE(made) << made.error().text;
  audit::proxy_settings behind = in_front_of(address_of(server_));
  behind.client_tls = *audit::make_tls_acceptor(made->files);
  const spoken_proxy terminating{behind};
  audit::proxy_settings with = in_front_of(terminating.at);
  with.server_tls = *connection::make_tls_context({.ca = {.file = made->authority.string()}});
  audit::live_capture sight{{.barrier = audit::miss_barrier::bounds{}}, records_};
  ASSERT_TRUE(sight.start());
  spoken_proxy originating{with, &sight};
  for (const torture_script& script : torture_scripts()) {
    SCOPED_TRACE(script.name);
    expect_same(
        play_fresh(script, address_of(server_), whole()),
        play_fresh(script, originating.at, random_slices(4, script.is_large ? 200'000 : 9)));
    if (HasFatalFailure()) return;
  }
  const auto run = [&](const audit::address& at) {
    clear();
    return output_of(python(at));
  };
  expect_same_lines(run(address_of(server_)), run(originating.at));
  originating.inner.stop();
  sight.stop();
}

TEST_F(audit_torture, HeldBackMissesChangeNoByte) {
  audit::live_capture holding{{.barrier = audit::miss_barrier::bounds{}}, records_};
  ASSERT_TRUE(holding.start());
  spoken_proxy slow{in_front_of(address_of(server_)), &holding};
  for (const torture_script& script : torture_scripts()) {
    SCOPED_TRACE(script.name);
    expect_same(play_fresh(script, address_of(server_), whole()),
                play_fresh(script, slow.at, random_slices(3, script.is_large ? 200'000 : 50)));
    if (HasFatalFailure()) return;
  }
  slow.inner.stop();
  holding.stop();
}

TEST_F(audit_torture, RedisPyGetsTheSame) {
  const auto run = [&](const audit::address& at) {
    clear();
    return output_of(python(at));
  };
  const auto expected = run(address_of(server_));
  EXPECT_NE(expected.find("\nat once: "), std::string::npos) << "not to its end: " << expected;
  expect_same_lines(expected, run(proxy_.at));
}

TEST_F(audit_torture, HiredisGetsTheSame) {
  const auto run = [&](const audit::address& at) {
    clear();
    return output_of(std::string{DROVER_PROCESS_DIR} + "/audit_torture_hiredis " +
                     std::to_string(at.port) + " 2>&1");
  };
  const auto expected = run(address_of(server_));
  EXPECT_NE(expected.find("\"QUIT\" : +\"OK\"\nthen: closed\n"), std::string::npos) << expected;
  expect_same_lines(expected, run(proxy_.at));
}

}  // namespace
}  // namespace drover::test::audit_torture_test
