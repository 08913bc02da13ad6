// SPDX-License-Identifier: MIT
#include "fault/proxy/injection_log.hpp"

#include <gtest/gtest.h>
#include <limits.h>

#include <string>

#include "text/usage_error.hpp"

namespace drover::faults::injection_log_test {
namespace {

using namespace std::chrono_literals;

TEST(injection_log, WritesOneLineOfJsonForAFault) {
  injection event;
  event.spec = 1;
  event.kind = fault_kind::cut;
  event.at = 12345us;
  event.connection = 1;
  event.request = 4;
  event.command = "GET";
  event.key = "user:\"7\"\n\xff";
  event.bytes = 3;
  EXPECT_EQ(log_line(event),
            R"({"at_ms": 12.345,"fault": 2,"kind": "cut","connection": 1,"request": 4,)"
            R"("command": "GET","key": "user:\"7\"\u000a\u00ff","bytes": 3})"
            "\n");
}

TEST(injection_log, LeavesOutWhatDoesNotApply) {
  injection event;
  event.kind = fault_kind::down;
  EXPECT_EQ(log_line(event), "{\"at_ms\": 0.000,\"fault\": 1,\"kind\": \"down\"}\n");
  event.kind = fault_kind::delay;
  event.connection = 2;
  event.request = 1;
  event.command = "PING";
  event.delay = 1500us;
  event.is_executed = false;
  event.failure = "a reason";
  EXPECT_EQ(log_line(event),
            R"({"at_ms": 0.000,"fault": 1,"kind": "delay","connection": 2,"request": 1,)"
            R"("command": "PING","delay_ms": 1.500,"executed": false,"not_injected": "a reason"})"
            "\n");
}

TEST(injection_log, ALineOfTheLongestNamesFitsIntoAPipe) {
  injection event;
  event.connection = event.request = ~0ULL;
  event.command = std::string(200, '\x01');
  event.key = std::string(200, '\x01');
  event.failure = "the reply is larger than 1 MiB";
  EXPECT_LT(log_line(event).size(), static_cast<std::size_t>(PIPE_BUF));
}

TEST(injection_log, NamesAFileThatCannotBeCreated) {
  try {
    const injection_log log{"/no/such/folder/log"};
    FAIL() << "opened";
  } catch (const text::usage_error& error) {
    EXPECT_NE(std::string{error.what()}.find("--log /no/such/folder/log"), std::string::npos);
  }
}

}  // namespace
}  // namespace drover::faults::injection_log_test
