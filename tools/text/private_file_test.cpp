// SPDX-License-Identifier: MIT
#include "text/private_file.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "process/scratch_folder.hpp"

namespace drover::text::private_file_test {
namespace {

namespace fs = std::filesystem;

class private_file : public testing::Test {
 protected:
  [[nodiscard]] fs::path path_of(const std::string& name) const { return scratch_.path() / name; }
  static std::string text_of(const fs::path& file) {
    std::ifstream stream{file};
    return {std::istreambuf_iterator<char>{stream}, {}};
  }
  /// The problem of opening the file; empty: it was opened.
  [[nodiscard]] std::string problem_of(const std::string& name) const {
    const opened_file opened = open_private_file(path_of(name));
    if (opened.descriptor >= 0) ::close(opened.descriptor);
    return opened.problem;
  }

 private:
  process::scratch_folder scratch_;
};

TEST_F(private_file, IsCreatedAndTruncatedForItsOwnerOnly) {
  EXPECT_EQ(problem_of("new"), "");
  EXPECT_EQ(fs::status(path_of("new")).permissions(),
            fs::perms::owner_read | fs::perms::owner_write);
  std::ofstream{path_of("old")} << "text";
  fs::permissions(path_of("old"), fs::perms::all);
  EXPECT_EQ(problem_of("old"), "");
  EXPECT_EQ(text_of(path_of("old")), "");
  EXPECT_EQ(fs::status(path_of("old")).permissions(),
            fs::perms::owner_read | fs::perms::owner_write);
}

TEST_F(private_file, IsNotReachedThroughALink) {
  std::ofstream{path_of("victim")} << "precious";
  fs::permissions(path_of("victim"), fs::perms::all);
  fs::create_symlink(path_of("victim"), path_of("link"));
  fs::create_symlink(path_of("link"), path_of("link to the link"));
  fs::create_symlink(path_of("nothing"), path_of("dangling"));
  for (const char* const name : {"link", "link to the link", "dangling"}) {
    EXPECT_EQ(problem_of(name), "is a symbolic link; name the file that it leads to") << name;
  }
  EXPECT_EQ(text_of(path_of("victim")), "precious");
  EXPECT_EQ(fs::status(path_of("victim")).permissions(), fs::perms::all);
  EXPECT_FALSE(fs::exists(path_of("nothing")));
}

TEST_F(private_file, MayBeALinkToADevice) {
  fs::create_symlink("/dev/null", path_of("link"));
  EXPECT_EQ(problem_of("link"), "");
}

TEST_F(private_file, MayBeAPipeThatIsReadAndIsRefusedWithoutAReader) {
  ASSERT_EQ(::mkfifo(path_of("pipe").c_str(), 0600), 0);
  EXPECT_EQ(problem_of("pipe"), "no program reads the pipe; start its reader first");
  const int reader = ::open(path_of("pipe").c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  ASSERT_GE(reader, 0);
  EXPECT_EQ(problem_of("pipe"), "");
  ::close(reader);
}

TEST_F(private_file, SaysWhyItCannotBeOpened) {
  const std::string remedy = "; name a file in a folder that exists and is writable";
  EXPECT_EQ(problem_of("no folder/file"), "No such file or directory" + remedy);
  fs::create_directory(path_of("folder"));
  EXPECT_EQ(problem_of("folder"), "Is a directory" + remedy);
  fs::create_symlink(path_of("a"), path_of("b"));
  fs::create_symlink(path_of("b"), path_of("a"));
  EXPECT_EQ(problem_of("a"), "Too many levels of symbolic links" + remedy);
}

}  // namespace
}  // namespace drover::text::private_file_test
