// SPDX-License-Identifier: MIT
#include "text/report_file.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <future>
#include <iterator>
#include <stdexcept>
#include <string>

#include "process/scratch_folder.hpp"
#include "text/usage_error.hpp"

namespace drover::text::report_file_test {
namespace {

namespace fs = std::filesystem;

class cli_report_file : public testing::Test {
 protected:
  [[nodiscard]] fs::path path_of(const std::string& name) const { return scratch_.path() / name; }
  static std::string text_of(const fs::path& file) {
    std::ifstream stream{file};
    return {std::istreambuf_iterator<char>{stream}, {}};
  }
  [[nodiscard]] std::ptrdiff_t files() const {
    return std::distance(fs::directory_iterator{scratch_.path()}, {});
  }

 private:
  process::scratch_folder scratch_;
};

TEST_F(cli_report_file, KeepsTheOlderFileUntilTheNewOneIsComplete) {
  std::ofstream{path_of("a")} << "old";
  {
    const report_file given_up{path_of("a")};
    EXPECT_EQ(text_of(path_of("a")), "old");
  }
  EXPECT_EQ(text_of(path_of("a")), "old");
  report_file file{path_of("a")};
  file.write("new");
  EXPECT_EQ(text_of(path_of("a")), "new");
  EXPECT_EQ(files(), 1);
}

TEST_F(cli_report_file, IsForItsOwnerOnlyUnlessTheOlderFileWasForOthersToo) {
  report_file{path_of("new")}.write("text");
  EXPECT_EQ(fs::status(path_of("new")).permissions(),
            fs::perms::owner_read | fs::perms::owner_write);
  std::ofstream{path_of("old")} << "old";
  const fs::perms shared = fs::perms::owner_read | fs::perms::owner_write | fs::perms::group_read;
  fs::permissions(path_of("old"), shared);
  report_file{path_of("old")}.write("text");
  EXPECT_EQ(fs::status(path_of("old")).permissions(), shared);
}

TEST_F(cli_report_file, FollowsALinkAndLeavesItOne) {
  std::ofstream{path_of("real")} << "old";
  fs::create_symlink(path_of("real"), path_of("link"));
  report_file file{path_of("link")};
  file.write("new");
  EXPECT_TRUE(fs::is_symlink(path_of("link")));
  EXPECT_EQ(text_of(path_of("real")), "new");
  EXPECT_EQ(files(), 2);
}

TEST_F(cli_report_file, WritesToAPipeAndDoesNotReplaceIt) {
  ASSERT_EQ(::mkfifo(path_of("pipe").c_str(), 0600), 0);
  auto content = std::async(std::launch::async, [this] { return text_of(path_of("pipe")); });
  report_file file{path_of("pipe")};
  file.write("told");
  EXPECT_EQ(content.get(), "told");
  EXPECT_TRUE(fs::is_fifo(path_of("pipe")));
}

// The test uses a link in a temporary folder. If the code renames a file by mistake, it replaces
// the link and not the device.
TEST_F(cli_report_file, SaysThatADeviceIsFullAndLeavesItThere) {
  fs::create_symlink("/dev/full", path_of("full"));
  report_file file{path_of("full")};
  EXPECT_THROW(file.write("told"), std::runtime_error);
  EXPECT_TRUE(fs::is_symlink(path_of("full")));
  EXPECT_TRUE(fs::is_character_file(path_of("full")));
  EXPECT_EQ(files(), 1);
}

TEST_F(cli_report_file, RefusesAFolderAndAPlaceThatIsNone) {
  EXPECT_THROW(report_file{path_of("")}, usage_error);
  EXPECT_THROW(report_file{path_of("missing/a")}, usage_error);
  EXPECT_THROW(report_file{std::filesystem::path{}}, usage_error) << "no name at all";
}

}  // namespace
}  // namespace drover::text::report_file_test
