// SPDX-License-Identifier: MIT
// The counters of the origin, each on its source: a real Redis, a file, a shell, connections.
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>

#include "integration/audit_origin_world.hpp"
#include "integration/audit_proxy_world.hpp"
#include "process/scratch_folder.hpp"
#include "support/redis_server.hpp"

namespace drover::test::audit_origin_counters_test {
namespace {

using namespace std::chrono_literals;
using keys = std::vector<std::string>;

audit::address at_socket(const redis_server& server) {
  return {.host = {}, .port = 0, .path = server.socket_path()};
}

TEST(audit_origin_redis, CountsFromWhatIsThereAndOverARestart) {
  redis_server server;
  server.command({"SET", "loads", "100"});
  origin_records reported;
  const auto counter = audit::count_redis_key(at_socket(server), "loads", reported.listener());
  ASSERT_TRUE(counter->start());
  server.command({"INCRBY", "loads", "3"});
  EXPECT_EQ(reported.wait_for(3), 3U);
  server.restart();  // the number is lost with the server
  server.command({"INCRBY", "loads", "2"});
  EXPECT_EQ(reported.wait_for(5), 5U);
  server.command({"INCR", "loads"});
  counter->stop();
  EXPECT_EQ(reported.wait_for(6), 6U) << "what came last is told at the end";
  EXPECT_EQ(reported.all()[0].source, "redis unix://" + server.socket_path() + " loads");
}

TEST(audit_origin_redis, SaysAtOnceWhatIsWrong) {
  redis_server server;
  origin_records reported;
  server.command({"SET", "text", "many"});
  server.command({"LPUSH", "list", "x"});
  const auto text = audit::count_redis_key(at_socket(server), "text", reported.listener())->start();
  ASSERT_FALSE(text);
  EXPECT_NE(text.error().text.find("is not an integer"), std::string::npos) << text.error().text;
  const auto list = audit::count_redis_key(at_socket(server), "list", reported.listener())->start();
  ASSERT_FALSE(list);
  EXPECT_NE(list.error().text.find("WRONGTYPE"), std::string::npos) << list.error().text;
  server.stop();
  EXPECT_FALSE(audit::count_redis_key(at_socket(server), "text", reported.listener())->start());
}

class audit_origin_log : public testing::Test {
 protected:
  void write(const std::string& text) { std::ofstream{path_, std::ios::app} << text; }
  [[nodiscard]] auto count(const std::string& pattern) {
    return audit::count_log_lines(path_, pattern, reported_.listener());
  }

  process::scratch_folder folder_;
  std::string path_ = folder_.path() / "app.log";
  origin_records reported_;
};

TEST_F(audit_origin_log, ReadsWhatIsAddedAndTheKeyInIt) {
  write("load old:1\nload bef");
  const auto counter = count("^(\\w+ )?load (?<key>\\S+)$");
  ASSERT_TRUE(counter->start());
  write("ore:2\nload user:1\nnothing\nINFO load user:2\r\nloa");
  EXPECT_EQ(reported_.wait_for(2), 2U);
  write("d user:3\nload user:4");
  EXPECT_EQ(reported_.wait_for(3), 3U);
  counter->stop();
  EXPECT_EQ(reported_.keys(), (keys{"user:1", "user:2", "user:3", "user:4"}));
}

TEST_F(audit_origin_log, FollowsRotationAndTruncation) {
  write("load 1\n");
  const auto counter = count("load (\\d+)");
  ASSERT_TRUE(counter->start());
  write("load 2\n");
  EXPECT_EQ(reported_.wait_for(1), 1U);
  std::filesystem::rename(path_, path_ + ".1");
  std::ofstream{path_ + ".1", std::ios::app} << "load 3\n";
  write("load 4, which is a long line\n");
  EXPECT_EQ(reported_.wait_for(3), 3U);
  std::ofstream{path_, std::ios::trunc} << "load 5\n";  // shorter than before
  EXPECT_EQ(reported_.wait_for(4), 4U);
  counter->stop();
  EXPECT_EQ(reported_.keys(), (keys{"2", "3", "4", "5"}));
}

TEST_F(audit_origin_log, WaitsForAFileThatIsNotThereYet) {
  const auto counter = count("SELECT");
  ASSERT_TRUE(counter->start());
  write("SELECT 1\n");
  EXPECT_EQ(reported_.wait_for(1), 1U);
  counter->stop();
  EXPECT_EQ(reported_.all()[0].source, "log " + path_);
}

TEST_F(audit_origin_log, SaysAtOnceWhatIsWrong) {
  const auto pattern = count("load ([")->start();
  ASSERT_FALSE(pattern);
  EXPECT_NE(pattern.error().text.find("invalid regular expression: load (["), std::string::npos);
  EXPECT_FALSE(audit::count_log_lines("/dev/null/app.log", "x", reported_.listener())->start());
}

TEST(audit_origin_command, CountsWhatItPrints) {
  const process::scratch_folder folder;
  const std::string file = folder.path() / "loads";
  std::ofstream{file} << "loads: 7\n";
  origin_records reported;
  const auto counter = audit::count_by_command("cat '" + file + "'", reported.listener());
  ASSERT_TRUE(counter->start());
  std::ofstream{file} << "loads: 12\n";
  counter->stop();
  EXPECT_EQ(reported.wait_for(5), 5U);
}

TEST(audit_origin_command, SaysAtOnceWhatIsWrong) {
  origin_records reported;
  const auto why = [&reported](const std::string& command) {
    const auto started = audit::count_by_command(command, reported.listener())->start();
    return started ? "" : started.error().text;
  };
  EXPECT_EQ(why("exit 3"), "the command of --origin-cmd 'exit 3' ended with exit code 3");
  EXPECT_EQ(
      why("echo none"),
      "the command of --origin-cmd 'echo none' printed no number; it must print the number of "
      "loads, 0 at the start");
}

class audit_origin_tcp : public testing::Test {
 protected:
  audit_origin_tcp() {
    audit::origin_listener listener = reported_.listener();
    counter_ = audit::count_connections({.host = "127.0.0.1", .port = 0, .path = {}}, origin_.at(),
                                        listener);
  }
  /// A connection through the counter: the client's end, the origin's end.
  std::pair<plain_socket, plain_socket> connect() {
    const std::string line = reported_.lines().at(0);
    const auto at = audit::parse_address(line.substr(line.rfind(' ') + 1));
    auto client = plain_socket::connect(*at);
    return {std::move(client), origin_.accept()};
  }

  plain_listener origin_;
  origin_records reported_;
  std::unique_ptr<audit::origin_counter> counter_;
};

TEST_F(audit_origin_tcp, PassesHttpAndCountsRequests) {
  ASSERT_TRUE(counter_->start());
  static_cast<void>(origin_.accept());  // the counter has checked that the origin is reachable
  auto [client, origin] = connect();
  const std::string request = "GET /user/1 HTTP/1.1\r\nHost: x\r\n\r\n";
  const std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
  for (std::uint64_t count = 1; count <= 3; ++count) {
    ASSERT_TRUE(client.send(request));
    EXPECT_EQ(origin.read(request.size()).bytes, request);
    ASSERT_TRUE(origin.send(answer));
    EXPECT_EQ(client.read(answer.size()).bytes, answer);
    EXPECT_EQ(reported_.wait_for(count), count);
  }
  counter_->stop();
  EXPECT_EQ(reported_.all()[0].source, "tcp " + audit::describe(origin_.at()));
}

TEST_F(audit_origin_tcp, PassesWhatItCannotReadAndSaysSo) {
  ASSERT_TRUE(counter_->start());
  static_cast<void>(origin_.accept());
  auto [client, origin] = connect();
  ASSERT_TRUE(client.send("\x16\x03\x01 hello"));
  EXPECT_EQ(origin.read(9).bytes, "\x16\x03\x01 hello");
  EXPECT_TRUE(reported_.wait_for_line("some requests are not counted"));
  counter_->stop();
  EXPECT_TRUE(reported_.all().empty());
}

}  // namespace
}  // namespace drover::test::audit_origin_counters_test
