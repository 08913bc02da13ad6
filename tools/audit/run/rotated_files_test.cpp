// SPDX-License-Identifier: MIT
#include "audit/run/rotated_files.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <string>

#include "process/scratch_folder.hpp"

namespace drover::audit::rotated_files_test {
namespace {

std::string text_of(const std::filesystem::path& file) {
  std::ifstream stream{file};
  std::string text;
  stream >> text;
  return text;
}

/// Replaces the file as reports do.
void replace(const std::filesystem::path& file, const std::string& text) {
  std::ofstream{file.string() + "-new"} << text;
  std::filesystem::rename(file.string() + "-new", file);
}

TEST(audit_rotated_files, KeepsTheNewestOnes) {
  const process::scratch_folder folder;
  const std::filesystem::path file = folder.path() / "audit.json";
  rotate_files(file, 3);
  for (int i = 1; i <= 5; ++i) {
    rotate_files(file, 3);
    EXPECT_EQ(std::filesystem::exists(file), i > 1) << "it exists all the time";
    replace(file, std::to_string(i));
  }
  EXPECT_EQ(text_of(file), "5");
  EXPECT_EQ(text_of(folder.path() / "audit.json.1"), "4");
  EXPECT_EQ(text_of(folder.path() / "audit.json.2"), "3");
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator{folder.path()}) {
    names.insert(entry.path().filename().string());
  }
  EXPECT_EQ(names.size(), 3U);
}

TEST(audit_rotated_files, LeavesDevicesAndASingleFileAlone) {
  const process::scratch_folder folder;
  rotate_files("/dev/null", 3);
  const std::filesystem::path file = folder.path() / "audit.json";
  replace(file, "1");
  rotate_files(file, 1);
  EXPECT_EQ(text_of(file), "1");
  EXPECT_FALSE(std::filesystem::exists(folder.path() / "audit.json.1"));
}

TEST(audit_rotated_files, RotatesTheFileThatALinkLeadsTo) {
  const process::scratch_folder folder;
  std::filesystem::create_directory(folder.path() / "reports");
  const std::filesystem::path file = folder.path() / "reports" / "audit.json";
  const std::filesystem::path link = folder.path() / "link";
  std::filesystem::create_symlink(file, link);
  replace(file, "1");
  rotate_files(link, 3);
  replace(file, "2");
  EXPECT_EQ(text_of(link), "2");
  EXPECT_EQ(text_of(folder.path() / "reports" / "audit.json.1"), "1");
}

}  // namespace
}  // namespace drover::audit::rotated_files_test
