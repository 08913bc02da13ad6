// SPDX-License-Identifier: MIT
#include "lease/commands.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "entry/envelope.hpp"
#include "resp/message.hpp"
#include "resp/reader.hpp"

namespace drover::lease::commands_test {
namespace {

using namespace std::chrono_literals;
using namespace std::string_view_literals;

const entry::token a = entry::token::from("aaaa\0\xFF\r\naaaaaaaa"sv);
const entry::token b = entry::token::from("bbbbbbbbbbbbbbbb");

using words = std::vector<std::string>;

/// The commands in `bytes`, as a server reads them.
std::vector<words> commands_in(std::string_view bytes) {
  std::vector<words> commands;
  resp::reader reader;
  while (!bytes.empty()) {
    resp::message message;
    const auto step = reader.read(bytes, message);
    if (step.status != resp::reader::status::complete) {
      ADD_FAILURE() << "not a whole command: " << bytes;
      return commands;
    }
    bytes.remove_prefix(step.consumed);
    words& command = commands.emplace_back();
    for (std::size_t i = 0; i < message.root().size(); ++i) {
      EXPECT_EQ(message.root()[i].kind(), resp::type::bulk_string);
      command.emplace_back(message.root()[i].text());
    }
  }
  return commands;
}

template <class Write>
std::vector<words> written(Write write) {
  std::string bytes;
  write(bytes);
  return commands_in(bytes);
}

std::string sha(script_id id) { return std::string{script_of(id).sha1}; }
std::string text_of(const entry::token& which) { return std::string{which.view()}; }
std::string bytes_of(std::string_view text) { return std::string{text}; }

TEST(commands, AreAppendedAsExactBytes) {
  std::string out = "+";
  write_get(out, "k\r\n");
  write_time(out);
  EXPECT_EQ(out, "+*2\r\n$3\r\nGET\r\n$3\r\nk\r\n\r\n*1\r\n$4\r\nTIME\r\n");
}

TEST(commands, PlainOnesSayWhatTheySay) {
  const std::vector<std::string> keys{"v", "l"};
  const std::vector<std::uint64_t> ids{1, 0xFFFF'FFFF'FFFF'FFFFU};
  EXPECT_EQ(written([&](auto& out) { write_invalidate(out, keys); }),
            (std::vector<words>{{"UNLINK", "v", "l"}}));
  EXPECT_EQ(written([&](auto& out) { write_ping(out, 0x0102'0304'0D0A'00FFU); }),
            (std::vector<words>{{"PING", bytes_of("\1\2\3\4\r\n\0\xFF"sv)}}));
  EXPECT_EQ(written([&](auto& out) { write_holders(out, ids); }),
            (std::vector<words>{{"CLIENT", "LIST", "ID", "1", "18446744073709551615"}}));
  EXPECT_EQ(written([&](auto& out) { write_tracking(out, true); }),
            (std::vector<words>{{"CLIENT", "TRACKING", "ON", "OPTIN", "NOLOOP"}}));
  EXPECT_EQ(written([&](auto& out) { write_tracking(out, false); }),
            (std::vector<words>{{"CLIENT", "TRACKING", "ON", "OPTIN"}}));
  EXPECT_EQ(written([&](auto& out) { write_subscribe(out, "w"); }),
            (std::vector<words>{{"SUBSCRIBE", "w"}}));
  EXPECT_EQ(written([&](auto& out) { write_unsubscribe(out, "w"); }),
            (std::vector<words>{{"UNSUBSCRIBE", "w"}}));
  EXPECT_EQ(written([&](auto& out) { write_refresh_mark(out, "l", "v", a, 1500ms); }),
            (std::vector<words>{{"SET", "l", text_of(a), "NX", "PX", "1500"},
                                {"GETRANGE", "v", "0", "63"}}));
  EXPECT_EQ(written([&](auto& out) { write_canary(out, "c"); }),
            (std::vector<words>{{"CLIENT", "TRACKING", "ON", "OPTIN"},
                                {"CLIENT", "CACHING", "YES"},
                                {"GET", "c"},
                                {"SET", "c", "1", "PX", "1000"},
                                {"CLIENT", "TRACKING", "ON", "OPTIN", "NOLOOP"}}));
}

TEST(commands, ScriptsAreLoadedInTheirOrder) {
  std::vector<words> expected;
  for (const script& known : scripts())
    expected.push_back({"SCRIPT", "LOAD", bytes_of(known.text)});
  EXPECT_EQ(written([](auto& out) { write_load_scripts(out); }), expected);
}

TEST(commands, ALeaseCarriesTokensAndNumbersAsBytes) {
  const lease_request request{.value_key = "v",
                              .attempt = a,
                              .lease_ttl = 1s,
                              .pending_ttl = 1h,
                              .notify = true,
                              .previous = b,
                              .refused = a,
                              .client_id = 0x0102'0304'0D0A'00FFU,
                              .digest = 0xFFFF'FFFF'FFFF'FFFEU,
                              .stored_from = server_time{1'700'000'000'123ms},
                              .failure_pause_max = 10s};
  const words evalsha{"EVALSHA",
                      sha(script_id::lease),
                      "1",
                      "v",
                      text_of(a),
                      "1000",
                      "3600000",
                      "1",
                      text_of(b),
                      text_of(a),
                      bytes_of("\1\2\3\4\r\n\0\xFF"sv),
                      bytes_of("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFE"),
                      "1700000000123",
                      "12000"};
  EXPECT_EQ(written([&](auto& out) { write_lease(out, request, false); }),
            (std::vector<words>{evalsha}));
  EXPECT_EQ(written([&](auto& out) { write_lease(out, request, true); }),
            (std::vector<words>{{"CLIENT", "CACHING", "YES"}, evalsha}));
}

TEST(commands, ALeaseWithoutThemSendsEmptyTokens) {
  const lease_request request{.value_key = "v", .attempt = a, .lease_ttl = 1s, .pending_ttl = 1h};
  const auto sent = written([&](auto& out) { write_lease(out, request, false); });
  ASSERT_EQ(sent.size(), 1U);
  ASSERT_EQ(sent[0].size(), 14U);
  EXPECT_EQ(sent[0][7], "0");
  EXPECT_EQ(sent[0][8], "");
  EXPECT_EQ(sent[0][9], "");
  EXPECT_EQ(sent[0][10], std::string(8, '\0'));
  EXPECT_EQ(sent[0][12], "0") << "whatever is stored is new enough";
  EXPECT_EQ(sent[0][13], "6000");
}

TEST(commands, AFillCarriesTheSumOfItsPayload) {
  const fill_request request{.value_key = "v",
                             .expected = a,
                             .produced_by = b,
                             .load_time = 1234us,
                             .times = {.fresh = 10s, .grace = 20s, .key_ttl = 30s},
                             .digest = 7,
                             .payload = "a\0b\r\n"sv,
                             .wake_channel = "w",
                             .loaded_at = server_time{5678ms}};
  const std::uint32_t sum = entry::checksum_of(request.payload, 7);
  const std::string sum_bytes{static_cast<char>(sum >> 24U), static_cast<char>(sum >> 16U & 0xFFU),
                              static_cast<char>(sum >> 8U & 0xFFU), static_cast<char>(sum & 0xFFU)};
  const words expected{"EVALSHA",  sha(script_id::fill),
                       "1",        "v",
                       text_of(a), text_of(b),
                       "0",        "1234",
                       "10000",    "20000",
                       "30000",    bytes_of("\0\0\0\0\0\0\0\7"sv),
                       sum_bytes,  bytes_of("a\0b\r\n"sv),
                       "w",        "5678"};
  EXPECT_EQ(written([&](auto& out) { write_fill(out, request); }), (std::vector<words>{expected}));
}

TEST(commands, AnAbsentFillHasNoGrace) {
  const fill_request request{.value_key = "v",
                             .expected = a,
                             .produced_by = a,
                             .absent = true,
                             .times = {.fresh = 10s, .grace = 20s, .key_ttl = 30s},
                             .payload = {},
                             .wake_channel = {}};
  const auto sent = written([&](auto& out) { write_fill(out, request); });
  ASSERT_EQ(sent[0].size(), 16U);
  EXPECT_EQ(sent[0][6], "2");
  EXPECT_EQ(sent[0][9], "0");
  EXPECT_EQ(sent[0][13], "");
  EXPECT_EQ(sent[0][14], "");
  EXPECT_EQ(sent[0][15], "0") << "nobody knows when the load ended";
}

TEST(commands, AFailureCarriesItsClassAndTheSumOfItsText) {
  const failure_request request{.value_key = "v",
                                .held = a,
                                .attempts = 0xFFFF'FFFF,
                                .failure = entry::failure_class::cancelled,
                                .pause = 5s,
                                .key_ttl = 11s,
                                .digest = 1,
                                .text = "why",
                                .wake_channel = "w"};
  const auto sent = written([&](auto& out) { write_failure(out, request); });
  ASSERT_EQ(sent.size(), 1U);
  ASSERT_EQ(sent[0].size(), 13U);
  EXPECT_EQ(sent[0][1], sha(script_id::failure));
  EXPECT_EQ(
      (words{sent[0].begin() + 4, sent[0].begin() + 10}),
      (words{text_of(a), "4294967295", "3", "5000", "11000", bytes_of("\0\0\0\0\0\0\0\1"sv)}));
  EXPECT_EQ(sent[0][10].size(), 4U);
  EXPECT_EQ(sent[0][11], "why");
  EXPECT_EQ(sent[0][12], "w");
}

TEST(commands, StepsNameTheirScriptKeyAndToken) {
  const std::string seven("\0\0\0\0\0\0\0\7", 8);
  EXPECT_EQ(written([](auto& out) { write_renew(out, "v", a, 1s, 7); }),
            (std::vector<words>{
                {"EVALSHA", sha(script_id::renew), "1", "v", text_of(a), "1000", seven}}));
  EXPECT_EQ(written([](auto& out) { write_promote(out, "v", a, b, 1s, 2s, 7); }),
            (std::vector<words>{{"EVALSHA", sha(script_id::promote), "1", "v", text_of(a),
                                 text_of(b), "1000", "2000", seven}}));
  EXPECT_EQ(written([](auto& out) { write_release(out, "v", a, "w"); }),
            (std::vector<words>{{"EVALSHA", sha(script_id::release), "1", "v", text_of(a), "w"}}));
  EXPECT_EQ(written([](auto& out) { write_uncacheable(out, "v", a, 1s, "w"); }),
            (std::vector<words>{
                {"EVALSHA", sha(script_id::uncacheable), "1", "v", text_of(a), "1000", "w"}}));
  EXPECT_EQ(written([](auto& out) { write_expire(out, "v", a); }),
            (std::vector<words>{{"EVALSHA", sha(script_id::expire), "1", "v", text_of(a)}}));
  EXPECT_EQ(
      written([](auto& out) { write_refresh_mark_extend(out, "l", a, 1s); }),
      (std::vector<words>{{"EVALSHA", sha(script_id::mark_extend), "1", "l", text_of(a), "1000"}}));
  EXPECT_EQ(written([](auto& out) { write_refresh_mark_release(out, "l", a); }),
            (std::vector<words>{{"EVALSHA", sha(script_id::mark_release), "1", "l", text_of(a)}}));
}

TEST(commands, TimesAreSentWithinWhatRedisTakes) {
  const auto mark_ttl = [](milliseconds ttl) {
    return written([&](auto& out) { write_refresh_mark(out, "l", "v", a, ttl); })[0][5];
  };
  EXPECT_EQ(mark_ttl(0ms), "1");
  EXPECT_EQ(mark_ttl(milliseconds::min()), "1");
  EXPECT_EQ(mark_ttl(milliseconds::max()), "3155760000000");
  const auto renewal = [](milliseconds ttl) {
    return written([&](auto& out) { write_renew(out, "v", a, ttl, 7); })[0][5];
  };
  EXPECT_EQ(renewal(-1ms), "0");
  EXPECT_EQ(renewal(milliseconds::max()), "3155760000000");
}

}  // namespace
}  // namespace drover::lease::commands_test
