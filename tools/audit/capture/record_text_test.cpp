// SPDX-License-Identifier: MIT
#include "audit/capture/record_text.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "audit/capture/record_names.hpp"
#include "audit/capture/record_reader.hpp"
#include "audit/capture/sample_for_test.hpp"

namespace drover::audit::record_text_test {
namespace {

using sample::kept_records;
using sample::material;

std::string line_of(const record& item) {
  std::string out;
  append_line(out, item);
  return out;
}

std::string all_lines(const std::vector<record>& all) {
  std::string out;
  for (const record& item : all) append_line(out, item);
  return out;
}

const std::string begin_line = line_of(capture_begun{1, "drover", 0, false, false});

/// The fault that a reader reports for `text` after a valid first line.
std::string why_refused(const std::string& text) {
  record_reader reader;
  kept_records kept;
  result<void> read = reader.read(begin_line + text, kept);
  if (read) read = reader.finish(kept);
  return read ? "" : read.error().text;
}

TEST(audit_record_text, ComesBackAsItWasWrittenForAnyRecord) {
  material from{7};
  for (std::size_t kind = 0; kind < record_names.size(); ++kind) {
    for (unsigned round = 0; round < 300; ++round) {
      const std::string line = line_of(sample::any_record(from, kind, round));
      ASSERT_EQ(line.find('\n'), line.size() - 1) << line;
      const auto read = read_line(std::string_view{line}.substr(0, line.size() - 1));
      ASSERT_TRUE(read) << read.error().text << ": " << line;
      ASSERT_EQ(read->index(), kind);
      ASSERT_EQ(line_of(*read), line);
    }
  }
}

TEST(audit_record_text, KeepsEveryMemberOfAnEvent) {
  material from{11};
  for (unsigned round = 0; round < 300; ++round) {
    const event written = sample::any_event(from, round);
    const std::string line = line_of(written);
    const auto read = read_line(line);
    ASSERT_TRUE(read);
    const event& read_back = std::get<event>(*read);
    EXPECT_EQ(read_back.sequence, written.sequence);
    EXPECT_EQ(read_back.connection, written.connection);
    EXPECT_EQ(read_back.database, written.database);
    EXPECT_EQ(read_back.batch, written.batch);
    EXPECT_EQ(read_back.transaction, written.transaction);
    EXPECT_EQ(read_back.executed, written.executed);
    EXPECT_EQ(read_back.sent, written.sent);
    EXPECT_EQ(read_back.done, written.done);
    EXPECT_EQ(read_back.command, written.command);
    EXPECT_EQ(read_back.argument_count, written.argument_count);
    EXPECT_EQ(read_back.script, written.script);
    ASSERT_EQ(read_back.arguments.size(), written.arguments.size());
    for (std::size_t i = 0; i < written.arguments.size(); ++i) {
      EXPECT_EQ(read_back.arguments[i].kind, written.arguments[i].kind);
      EXPECT_EQ(read_back.arguments[i].text, written.arguments[i].text);
      EXPECT_EQ(read_back.arguments[i].content_digest, written.arguments[i].content_digest);
    }
    EXPECT_EQ(read_back.answer.kind, written.answer.kind);
    EXPECT_EQ(read_back.answer.integer, written.answer.integer);
    EXPECT_EQ(read_back.answer.word, written.answer.word);
    EXPECT_EQ(read_back.answer.content_digest, written.answer.content_digest);
    EXPECT_EQ(read_back.answer.items.size(), written.answer.items.size());
  }
}

TEST(audit_record_reader, ReadsTheSameInSlicesOfAnySize) {
  material from{3};
  std::vector<record> records{capture_begun{1, "drover", 5, false, true}};
  for (std::size_t i = 0; i < 40; ++i) {
    records.push_back(sample::any_record(from, 1 + i % 10, i + 1));
  }
  records.emplace_back(capture_ended{moment{9}, 10});
  const std::string text = all_lines(records);
  for (const std::size_t size : {std::size_t{1}, std::size_t{7}, std::size_t{1000}, text.size()}) {
    record_reader reader;
    kept_records kept;
    for (std::size_t at = 0; at < text.size(); at += size) {
      ASSERT_TRUE(reader.read(std::string_view{text}.substr(at, size), kept));
    }
    ASSERT_TRUE(reader.finish(kept));
    EXPECT_FALSE(reader.is_cut());
    EXPECT_EQ(reader.lines(), records.size());
    EXPECT_EQ(all_lines(kept.all), text);
  }
}

TEST(audit_record_reader, ReadsARecordingThatBreaksOffAsFarAsItGoes) {
  const std::string whole = begin_line + line_of(connection_opened{1, moment{2}, 3, "python3"}) +
                            line_of(connection_closed{1, moment{4}, true});
  for (std::size_t size = begin_line.size(); size <= whole.size(); ++size) {
    record_reader reader;
    kept_records kept;
    ASSERT_TRUE(reader.read(std::string_view{whole}.substr(0, size), kept));
    ASSERT_TRUE(reader.finish(kept)) << size;
    EXPECT_TRUE(reader.is_cut());
    EXPECT_EQ(all_lines(kept.all), whole.substr(0, all_lines(kept.all).size()));
  }
}

TEST(audit_record_reader, RefusesAndSaysWhere) {
  const std::string open = R"({"record":"open","connection":1,"at_us":2,"pid":3,"process":"x"})";
  EXPECT_EQ(why_refused(open + "\n"), "");
  EXPECT_EQ(why_refused(open + "\nnonsense\n"), "line 3: the line is not a JSON object");
  EXPECT_EQ(why_refused("\n"), "line 2: the line is not a JSON object");
  EXPECT_EQ(why_refused("[1]\n"), "line 2: the line is not a JSON object");
  EXPECT_EQ(why_refused("{}\n"), "line 2: the line has no \"record\"");
  EXPECT_EQ(why_refused(R"({"record":"new\n"})"
                        "\n"),
            "line 2: a kind of record that this version does not know: new\\n");
  EXPECT_EQ(why_refused(begin_line), "line 2: a second \"begin\"");
  EXPECT_EQ(why_refused(line_of(capture_ended{}) + open + "\n"),
            "line 3: a record after the \"end\"");
  EXPECT_EQ(why_refused(R"({"record":"open","connection":1,"at_us":2,"pid":3})"
                        "\n"),
            "line 2: open: \"process\" is missing");
  EXPECT_EQ(why_refused(R"({"record":"open","connection":-1,"at_us":2,"pid":3,"process":""})"
                        "\n"),
            "line 2: open: \"connection\" is not a whole number in its range");
  EXPECT_EQ(why_refused(R"({"record":"open","connection":1.5,"at_us":2,"pid":3,"process":""})"
                        "\n"),
            "line 2: open: \"connection\" is not a whole number in its range");
  EXPECT_EQ(why_refused(R"({"record":"close","connection":1,"at_us":2,"by_client":1})"
                        "\n"),
            "line 2: close: \"by_client\" is neither true nor false");
  EXPECT_EQ(why_refused(R"({"record":"tool","did":"magic","key":"","from_us":1,"to_us":1})"
                        "\n"),
            "line 2: tool: \"did\" has an unknown value");
  EXPECT_EQ(why_refused(R"({"record":"origin","at_us":1,"count":1,"key":{"hex":"0G"},"source":""})"
                        "\n"),
            "line 2: origin: \"key\" is not a text");
  EXPECT_EQ(why_refused(std::string(20, '[') + "\n"), "line 2: the line is nested too deeply");
  EXPECT_EQ(why_refused(std::string(record_line_max + 1, ' ')),
            "line 2: the line is longer than 4 MiB");
}

TEST(audit_record_reader, RefusesEventsThatCannotBe) {
  material from{5};
  event command = sample::any_event(from, 3);
  const std::string third = line_of(command);
  EXPECT_EQ(why_refused(third + third), "line 3: \"sequence\" does not rise");
  command.sent = command.done + moment{1};
  EXPECT_EQ(why_refused(line_of(command)), "line 2: event: \"done_us\" is before \"sent_us\"");
  command.sent = command.done;
  command.arguments.resize(2);
  command.argument_count = 1;
  EXPECT_EQ(why_refused(line_of(command)),
            "line 2: event: \"argument_count\" is less than the number of arguments");
  command.arguments.resize(event::arguments_max + 1);
  command.argument_count = command.arguments.size();
  EXPECT_EQ(why_refused(line_of(command)), "line 2: event: \"arguments\" has too many elements");
}

TEST(audit_record_reader, ReadsOnlyTheVersionItKnows) {
  record_reader reader;
  kept_records kept;
  const auto read = reader.read(line_of(capture_begun{2, "drover 9", 0, false, false}), kept);
  ASSERT_FALSE(read);
  EXPECT_NE(read.error().text.find("line 1: version 2 of the format"), std::string::npos);
  EXPECT_TRUE(kept.all.empty());
}

TEST(audit_record_reader, RefusesWhatIsNoRecording) {
  kept_records kept;
  record_reader nothing;
  EXPECT_EQ(nothing.finish(kept).error().text, "not a recording: it contains no complete line");
  record_reader headless;
  EXPECT_EQ(headless.read(line_of(capture_ended{}), kept).error().text,
            "line 1: a recording starts with \"begin\"");
}

TEST(audit_record_reader, IgnoresMembersItDoesNotKnow) {
  const auto read = read_line(
      R"({"record":"open","later":[{"a":null}],"connection":1,"at_us":2,"pid":3,"process":"x"})");
  ASSERT_TRUE(read);
  EXPECT_EQ(std::get<connection_opened>(*read).process, "x");
}

}  // namespace
}  // namespace drover::audit::record_text_test
