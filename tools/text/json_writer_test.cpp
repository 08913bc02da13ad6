// SPDX-License-Identifier: MIT
#include "text/json_writer.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <utility>

namespace drover::text::json_writer_test {
namespace {

TEST(json_writer, NestsWithCommasBetween) {
  json_writer out;
  out.begin_object().field("a", 1U);
  out.name("b").begin_array().value(true).value(2.5).end_array();
  out.name("c").begin_object().end_object().end_object();
  EXPECT_EQ(std::move(out).text(),
            "{\n  \"a\": 1,\n  \"b\": [\n    true,\n    2.500\n  ],\n  \"c\": {}\n}\n");
}

TEST(json_writer, EscapesWhatJsonDoesNotAllow) {
  json_writer out;
  out.value("say \"\\\"\n\x01\xff");
  EXPECT_EQ(std::move(out).text(), "\"say \\\"\\\\\\\"\\u000a\\u0001\\u00ff\"\n");
}

TEST(json_writer, KeepsCharactersOfEveryLanguage) {
  json_writer out;
  out.value("gr\xC3\xBC\xC3\x9F \xF0\x9F\x90\x91 \xC3");
  EXPECT_EQ(std::move(out).text(), "\"gr\xC3\xBC\xC3\x9F \xF0\x9F\x90\x91 \\u00c3\"\n");
}

TEST(json_writer, WritesARowOnOneLine) {
  json_writer out;
  out.begin_object().name("a").begin_array();
  out.begin_row().value(1U).begin_row().value(2U).value(true).end_row().end_row();
  out.begin_row().end_row().end_array().field("b", "c").end_object();
  EXPECT_EQ(std::move(out).text(),
            "{\n  \"a\": [\n    [1,[2,true]],\n    []\n  ],\n  \"b\": \"c\"\n}\n");
}

TEST(json_writer, HasNoWordForWhatIsNotANumber) {
  json_writer out;
  out.value(std::numeric_limits<double>::quiet_NaN());
  EXPECT_EQ(std::move(out).text(), "null\n");
}

}  // namespace
}  // namespace drover::text::json_writer_test
