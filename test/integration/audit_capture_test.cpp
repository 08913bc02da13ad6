// SPDX-License-Identifier: MIT
// The capture of traffic through the proxy: the commands with their times and clients, and a
// recording that can be read again. The traffic is not affected when capture is too slow, when it
// cannot parse the bytes, or when the disk is full.
#include <gtest/gtest.h>

#include <fstream>
#include <future>
#include <iterator>

#include "audit/capture/record_reader.hpp"
#include "audit/proxy/live_capture.hpp"
#include "base/random.hpp"
#include "integration/audit_proxy_world.hpp"
#include "process/scratch_folder.hpp"
#include "support/redis_server.hpp"

namespace drover::test::audit_capture_test {
namespace {

using namespace std::chrono_literals;

/// A server, a proxy with capture, and clients.
class seen_proxy {
 public:
  explicit seen_proxy(audit::record_sink& to, audit::live_settings with = {})
      : sight{std::move(with), to}, opened_{sight.start()} {
    if (!opened_) throw std::runtime_error{opened_.error().text};
    proxy.emplace(in_front_of({"127.0.0.1", server.port(), ""}), &sight);
  }
  [[nodiscard]] raw_client client() const { return raw_client::over_tcp(proxy->at.port); }
  void stop() {
    proxy->inner.stop();
    sight.stop();
  }

  redis_server server{{.tcp = true, .arguments = {}}};
  audit::live_capture sight;
  std::optional<spoken_proxy> proxy;

 private:
  result<void> opened_;
};

TEST(audit_capture, HandsOnWhatIsSaidAndByWhom) {
  seen_records records;
  seen_proxy subject{records, {.tool = "drover test"}};
  {
    auto client = subject.client();
    client.command({"SET", "k", "secret"});
    client.command({"GET", "k"});
    client.command({"GET", "none"});
    // Only a client that is still connected can be identified.
    ASSERT_TRUE(
        records.wait_until([&] { return !records.all<audit::connection_opened>().empty(); }));
  }
  ASSERT_TRUE(records.wait_until([&] { return !records.all<audit::connection_closed>().empty(); }));
  subject.stop();
  const auto begun = records.all<audit::capture_begun>();
  ASSERT_EQ(begun.size(), 1U);
  EXPECT_EQ(begun[0].tool, "drover test");
  EXPECT_GT(begun[0].unix_ms, 1'700'000'000'000);
  const auto opened = records.all<audit::connection_opened>();
  ASSERT_EQ(opened.size(), 1U);
  EXPECT_EQ(opened[0].pid, ::getpid());
  EXPECT_NE(opened[0].process, "");
  const auto commands = records.commands();
  ASSERT_EQ(commands.size(), 3U);
  EXPECT_EQ(commands[0].command, "SET");
  EXPECT_EQ(commands[1].answer.content_digest.hash, commands[0].arguments[1].content_digest.hash)
      << "the same value";
  EXPECT_EQ(commands[2].answer.kind, audit::reply_kind::null);
  auto last = opened[0].at;
  for (const audit::event& command : commands) {
    EXPECT_EQ(command.connection, opened[0].connection);
    EXPECT_LE(last, command.sent);
    EXPECT_LE(command.sent, command.done);
    last = command.done;
  }
  EXPECT_TRUE(records.all<audit::connection_closed>()[0].by_client);
  const auto ended = records.all<audit::capture_ended>();
  ASSERT_EQ(ended.size(), 1U);
  EXPECT_EQ(ended[0].bytes, subject.proxy->inner.counts().bytes_to_server +
                                subject.proxy->inner.counts().bytes_to_client);
  EXPECT_EQ(ended[0].commands, commands.size());
}

TEST(audit_capture, RecordsWhatItHandsOn) {
  const process::scratch_folder folder;
  const auto file = folder.path() / "r.jsonl";
  seen_records live;
  {
    seen_proxy subject{live, {.recording = file}};
    auto client = subject.client();
    for (int i = 0; i < 100; ++i) client.command({"SET", "k" + std::to_string(i), "value"});
    client.command({"EVAL", "return redis.call('GET', KEYS[1])", "1", "k1"});
    subject.stop();
  }
  std::ifstream in{file, std::ios::binary};
  const std::string text{std::istreambuf_iterator<char>{in}, {}};
  EXPECT_EQ(text.find("value\""), std::string::npos) << "no value is recorded";
  seen_records replayed;
  audit::record_reader reader;
  const auto read = reader.read(text, replayed);
  ASSERT_TRUE(read) << read.error().text;
  ASSERT_TRUE(reader.finish(replayed));
  EXPECT_FALSE(reader.is_cut());
  const auto before = live.commands();
  const auto after = replayed.commands();
  ASSERT_EQ(after.size(), before.size());
  for (std::size_t i = 0; i < before.size(); ++i) {
    const audit::event& recorded = before[i];
    const audit::event& replayed_event = after[i];
    EXPECT_EQ(replayed_event.command, recorded.command);
    EXPECT_EQ(replayed_event.sent, recorded.sent);
    EXPECT_EQ(replayed_event.done, recorded.done);
    EXPECT_EQ(replayed_event.arguments.size(), recorded.arguments.size());
  }
  EXPECT_EQ(replayed.count("set"), 100U);
}

TEST(audit_capture, AFullDiskEndsTheRecordingAndNothingElse) {
  seen_records records;
  std::promise<std::string> message;
  seen_proxy subject{records, {.recording = "/dev/full", .say = [&](const std::string& line) {
                                 message.set_value(line);
                               }}};
  auto client = subject.client();
  client.command({"SET", "k", "v"});
  auto line = message.get_future();
  ASSERT_EQ(line.wait_for(1min), std::future_status::ready);
  EXPECT_NE(line.get().find("No space left"), std::string::npos);
  EXPECT_EQ(client.command({"GET", "k"}).root().text(), "v");
  EXPECT_TRUE(records.wait_until([&] { return records.count("get") == 1; })) << "it still looks on";
  subject.stop();
}

TEST(audit_capture, SaysWhenTheRecordingCannotBeMade) {
  seen_records records;
  audit::live_capture sight{{.recording = "/no/such/folder/r.jsonl"}, records};
  const auto started = sight.start();
  ASSERT_FALSE(started);
  EXPECT_NE(started.error().text.find("/no/such/folder/r.jsonl"), std::string::npos);
}

// All bytes from either side pass. Bytes that cannot be parsed are reported, once.
TEST(audit_capture, GarbageFromEitherSidePassesUnread) {
  base::seeded_random random{11};
  const auto garbage = [&](std::size_t count) {
    std::string out(count, '\0');
    for (char& byte : out) byte = static_cast<char>(static_cast<unsigned char>(random.next()));
    return out;
  };
  plain_listener listener;
  seen_records records;
  audit::live_capture sight{{}, records};
  ASSERT_TRUE(sight.start());
  spoken_proxy proxy{in_front_of(listener.at()), &sight};
  static_cast<void>(listener.accept());
  for (int round = 0; round < 20; ++round) {
    auto client = proxy.connect();
    auto server = listener.accept();
    const std::string request = round % 2 == 0 ? garbage(5000) : "*1\r\n$4\r\nPING\r\n";
    const std::string reply = round % 3 == 0 ? "+PONG\r\n" : garbage(5000);
    client.send(request);
    EXPECT_EQ(server.read(request.size()).bytes, request);
    server.send(reply);
    EXPECT_EQ(client.read(reply.size()).bytes, reply);
    client.send("more");
    EXPECT_EQ(server.read(4).bytes, "more");
    client.close();
    EXPECT_TRUE(server.read(1).ended);
  }
  proxy.inner.stop();
  sight.stop();
  std::map<std::uint64_t, int> lost;
  for (const audit::sight_lost& loss : records.blind()) ++lost[loss.connection];
  EXPECT_GE(lost.size(), 10U);
  for (const auto& [connection, times] : lost)
    EXPECT_LE(times, 2) << "at the loss, and the bytes at the end";
}

/// Accepts one record, and then blocks until it is released.
class slow_sink final : public audit::record_sink {
 public:
  explicit slow_sink(std::shared_future<void> may) : may_{std::move(may)} {}
  void take(audit::record& record) override {
    if (std::holds_alternative<audit::event>(record)) may_.wait();
    inner.take(record);
  }
  seen_records inner;

 private:
  std::shared_future<void> may_;
};

TEST(audit_capture, LooksAtFewerKeysWhenItCannotKeepUpAndForwardsAll) {
  std::promise<void> may;
  slow_sink slow{may.get_future().share()};
  seen_proxy subject{slow, {.room = {.records_max = 1000, .bytes_max = 1U << 20U}}};
  auto client = subject.client();
  constexpr int count = 5000;
  for (int i = 0; i < count; ++i) {
    ASSERT_EQ(client.command({"SET", "k" + std::to_string(i % 200), "v"}).root().text(), "OK");
  }
  // Capture reads a reply after the proxy has forwarded it.
  EXPECT_TRUE(slow.inner.wait_until([&] { return subject.sight.counts().events == count; }));
  const auto counts = subject.sight.counts();
  EXPECT_EQ(counts.events, static_cast<std::uint64_t>(count)) << "all is read along";
  EXPECT_LT(counts.keys_per_million, audit::all_keys);
  EXPECT_GT(counts.skipped, 0U);
  may.set_value();
  subject.stop();
  const auto lost = slow.inner.blind();
  ASSERT_FALSE(lost.empty());
  std::uint32_t share = audit::all_keys;
  std::uint64_t events = 0;
  for (const audit::sight_lost& loss : lost) {
    EXPECT_EQ(loss.connection, 0U);
    EXPECT_LE(loss.keys_per_million, share) << "never more keys again";
    share = loss.keys_per_million;
    events += loss.events;
  }
  EXPECT_EQ(share, subject.sight.counts().keys_per_million);
  EXPECT_EQ(events, subject.sight.counts().lost);
  EXPECT_EQ(slow.inner.count("set") + subject.sight.counts().skipped + subject.sight.counts().lost,
            static_cast<std::uint64_t>(count))
      << "each is looked at, skipped or said to be lost";
}

}  // namespace
}  // namespace drover::test::audit_capture_test
