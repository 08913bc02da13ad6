// SPDX-License-Identifier: MIT
#include "audit/proxy/recorder.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <array>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <variant>
#include <vector>

#include "audit/capture/record_text.hpp"
#include "process/scratch_folder.hpp"

namespace drover::audit::recorder_test {
namespace {

namespace fs = std::filesystem;

record numbered(std::uint64_t number) {
  event out;
  out.sequence = number;
  out.command = "GET";
  return out;
}

std::string text_of(const fs::path& file) {
  std::ifstream in{file, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

/// The numbers of the records in a recording. Checks that each line can be read.
std::vector<std::uint64_t> numbers_in(const std::string& text) {
  std::vector<std::uint64_t> out;
  std::size_t from = 0;
  for (std::size_t end = 0; (end = text.find('\n', from)) != std::string::npos; from = end + 1) {
    const auto read = read_line(std::string_view{text}.substr(from, end - from));
    EXPECT_TRUE(read) << text.substr(from, end - from);
    if (read) out.push_back(std::get<event>(*read).sequence);
  }
  EXPECT_EQ(from, text.size()) << "the last line is cut";
  return out;
}

class audit_recorder : public testing::Test {
 protected:
  process::scratch_folder folder_;
  fs::path file_ = folder_.path() / "r.jsonl";
  std::vector<std::string> said_;
  recorder subject_{file_, [this](const std::string& line) { said_.push_back(line); }};
};

TEST_F(audit_recorder, WritesLinesForItsOwnersEyesOnly) {
  std::ofstream{file_} << "what was here before, and anybody could read";
  fs::permissions(file_, fs::perms::all);
  ASSERT_TRUE(subject_.open());
  for (std::uint64_t i = 1; i <= 3; ++i) subject_.write(numbered(i));
  subject_.flush();
  EXPECT_EQ(numbers_in(text_of(file_)), (std::vector<std::uint64_t>{1, 2, 3}));
  EXPECT_EQ(subject_.bytes(), fs::file_size(file_));
  EXPECT_EQ(fs::status(file_).permissions(), fs::perms::owner_read | fs::perms::owner_write);
  EXPECT_TRUE(said_.empty());
}

TEST_F(audit_recorder, DoesNotFollowALink) {
  std::ofstream{folder_.path() / "victim"} << "precious";
  fs::create_symlink(folder_.path() / "victim", file_);
  const auto opened = subject_.open();
  ASSERT_FALSE(opened);
  EXPECT_NE(opened.error().text.find("is a symbolic link"), std::string::npos)
      << opened.error().text;
  EXPECT_EQ(text_of(folder_.path() / "victim"), "precious");
}

TEST_F(audit_recorder, EndsWhenThePipesReaderStopsReading) {
  ASSERT_EQ(::mkfifo(file_.c_str(), 0600), 0);
  const int reader = ::open(file_.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  ASSERT_GE(reader, 0);
  ASSERT_TRUE(subject_.open());
  for (std::uint64_t i = 1; i <= 20'000; ++i) subject_.write(numbered(i));
  subject_.flush();
  EXPECT_FALSE(subject_.is_recording());
  ASSERT_EQ(said_.size(), 1U);
  EXPECT_NE(said_.front().find("ends here: Connection timed out"), std::string::npos)
      << said_.front();
  ::close(reader);
}

TEST_F(audit_recorder, SaysWhenTheFileCannotBeMade) {
  recorder nowhere{folder_.path() / "no" / "folder", {}};
  const auto opened = nowhere.open();
  ASSERT_FALSE(opened);
  EXPECT_NE(opened.error().text.find("no/folder"), std::string::npos) << opened.error().text;
  nowhere.write(numbered(1));
}

TEST_F(audit_recorder, EndsWithAWordWhenTheDiskIsFull) {
  recorder full{"/dev/full", [this](const std::string& line) { said_.push_back(line); }};
  ASSERT_TRUE(full.open());
  full.write(numbered(1));
  full.flush();
  full.write(numbered(2));
  full.flush();
  ASSERT_EQ(said_.size(), 1U) << "the failure is reported once";
  EXPECT_NE(said_[0].find("/dev/full"), std::string::npos) << said_[0];
  EXPECT_NE(said_[0].find("No space left"), std::string::npos) << said_[0];
  EXPECT_FALSE(full.is_recording());
}

/// The text of a compressed file, up to the point where the file ends.
std::string unpacked(const fs::path& file) {
  gzFile in = gzopen(file.c_str(), "rb");
  std::string text;
  std::array<char, 4096> slice{};
  for (int size = 0; (size = gzread(in, slice.data(), slice.size())) > 0;) {
    text.append(slice.data(), static_cast<std::size_t>(size));
  }
  gzclose(in);
  return text;
}

TEST_F(audit_recorder, CompressesWhenTheNameSaysSo) {
  constexpr std::uint64_t count = 20'000;
  const fs::path file = folder_.path() / "r.jsonl.gz";
  std::vector<std::uint64_t> all;
  recorder packed{file, {}};
  ASSERT_TRUE(packed.open());
  for (std::uint64_t i = 1; i <= count; ++i) {
    packed.write(numbered(i));
    if (i % 100 == 0) packed.flush();
    all.push_back(i);
  }
  const std::string before = unpacked(file);
  EXPECT_GT(before.size(), 1'000'000U) << "flushed records can be read before the end";
  EXPECT_TRUE(packed.finish());
  const std::string text = unpacked(file);
  EXPECT_EQ(numbers_in(text), all);
  EXPECT_LT(fs::file_size(file), text.size() / 5);
  EXPECT_EQ(packed.bytes(), fs::file_size(file));
}

TEST_F(audit_recorder, ACompressedRecordingEndsWithAWordWhenTheDiskIsFull) {
  fs::create_symlink("/dev/full", folder_.path() / "full.gz");
  recorder full{folder_.path() / "full.gz",
                [this](const std::string& line) { said_.push_back(line); }};
  ASSERT_TRUE(full.open());
  full.write(numbered(1));
  EXPECT_FALSE(full.finish());
  ASSERT_EQ(said_.size(), 1U);
  EXPECT_NE(said_[0].find("No space left"), std::string::npos) << said_[0];
}

// A limit on the size of files has the effect of a full disk.
TEST_F(audit_recorder, LeavesWholeLinesWhenTheDiskIsFull) {
  std::uint64_t count = 0;
  {
    ASSERT_TRUE(subject_.open());
    rlimit before{};
    getrlimit(RLIMIT_FSIZE, &before);
    const auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
    const rlimit small{10'000, before.rlim_max};
    setrlimit(RLIMIT_FSIZE, &small);
    while (subject_.is_recording() && count < 10'000) subject_.write(numbered(++count));
    setrlimit(RLIMIT_FSIZE, &before);
    std::signal(SIGXFSZ, old_handler);
  }
  ASSERT_EQ(said_.size(), 1U);
  const auto numbers = numbers_in(text_of(file_));
  EXPECT_GT(numbers.size(), 10U);
  EXPECT_LT(numbers.size(), count);
  for (std::size_t i = 0; i < numbers.size(); ++i) EXPECT_EQ(numbers[i], i + 1);
  EXPECT_EQ(subject_.bytes(), fs::file_size(file_));
}

}  // namespace
}  // namespace drover::audit::recorder_test
