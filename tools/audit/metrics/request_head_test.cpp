// SPDX-License-Identifier: MIT
#include "audit/metrics/request_head.hpp"

#include <gtest/gtest.h>

#include <string>

namespace drover::audit::request_head_test {
namespace {

using state = request_head::state;

std::string answer(std::string_view bytes) {
  request_head request;
  const state read = request.add(bytes);
  return reply_to(request, read, "up 1\n");
}

std::string status(std::string_view bytes) {
  const std::string reply = answer(bytes);
  return reply.substr(9, 3);
}

TEST(audit_request_head, AnswersAScrapeWithTheMetrics) {
  const std::string reply = answer("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_TRUE(reply.starts_with("HTTP/1.1 200 OK\r\n")) << reply;
  EXPECT_NE(reply.find("version=0.0.4"), std::string::npos);
  EXPECT_NE(reply.find("Content-Length: 5\r\n"), std::string::npos);
  EXPECT_TRUE(reply.ends_with("\r\n\r\nup 1\n"));
  EXPECT_TRUE(answer("HEAD /metrics HTTP/1.0\n\n").ends_with("close\r\n\r\n"));
  EXPECT_EQ(answer("GET /metrics?name=up HTTP/1.1\r\n\r\n"),
            answer("GET /metrics HTTP/1.1\r\n\r\n"));
}

TEST(audit_request_head, RefusesWhatItDoesNotServe) {
  EXPECT_EQ(status("GET / HTTP/1.1\r\n\r\n"), "200");
  EXPECT_EQ(status("GET /metric HTTP/1.1\r\n\r\n"), "404");
  EXPECT_EQ(status("POST /metrics HTTP/1.1\r\n\r\n"), "405");
}

TEST(audit_request_head, RefusesWhatIsNotHttp) {
  for (const char* bytes :
       {"\r\n\r\n", "GET\r\n\r\n", "GET /metrics\r\n\r\n", "GET metrics HTTP/1.1\r\n\r\n",
        "GET /metrics HTTP/2\r\n\r\n", "G T /metrics HTTP/1.1\r\n\r\n",
        "GET /me trics HTTP/1.1\r\n\r\n", "GET /\x01 HTTP/1.1\r\n\r\n",
        "GET /metrics HTTP/1.1\r\nno colon\r\n\r\n", "GET /metrics HTTP/1.1\r\n: x\r\n\r\n",
        "\x16\x03\x01\r\n\r\n"}) {
    EXPECT_EQ(status(bytes), "400") << bytes;
  }
}

TEST(audit_request_head, WaitsForTheEndOfTheHeadAndHasABound) {
  request_head request;
  EXPECT_EQ(request.add("GET /metrics HTTP/1.1\r\nHost: x\r"), state::incomplete);
  EXPECT_EQ(request.add("\n\r"), state::incomplete);
  EXPECT_EQ(request.add("\nbody"), state::complete);
  EXPECT_EQ(request.add("more"), state::complete) << "the rest is ignored";
  EXPECT_EQ(status("GET /" + std::string(request_head::bytes_max, 'x')), "431");
  const std::string fits = "GET / HTTP/1.1\r\nA: ";
  const std::string head =
      fits + std::string(request_head::bytes_max - fits.size() - 4, 'x') + "\r\n\r\n";
  EXPECT_EQ(status(head), "200");
  EXPECT_EQ(status("\r\n" + head), "400");
}

}  // namespace
}  // namespace drover::audit::request_head_test
