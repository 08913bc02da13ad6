// SPDX-License-Identifier: MIT
#include "process/find_program.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "process/scratch_folder.hpp"

namespace drover::process::find_program_test {
namespace {

TEST(find_program, FindsWhatAShellWouldFind) {
  EXPECT_TRUE(std::filesystem::equivalent(find_program("sh"), "/bin/sh"));
  EXPECT_EQ(find_program("/bin/sh"), "/bin/sh");
}

TEST(find_program, LooksInTheFoldersOfThePathOnly) {
  const auto shell = find_in_path("sh");
  ASSERT_TRUE(shell);
  EXPECT_TRUE(is_executable(*shell));
  EXPECT_TRUE(std::filesystem::equivalent(*shell, "/bin/sh"));
  EXPECT_FALSE(find_in_path("no-such-program-here"));
  EXPECT_FALSE(find_in_path(""));
  EXPECT_FALSE(is_executable("/bin")) << "a folder is not a program";
}

TEST(find_program, NamesWhatIsNoProgram) {
  const scratch_folder folder;
  const auto text = (folder.path() / "text").string();
  std::ofstream{text} << "no program";
  for (const std::string& word : {std::string{"no-such-program-here"}, text, std::string{"/bin"},
                                  std::string{""}, std::string{"./no/such"}}) {
    try {
      static_cast<void>(find_program(word));
      ADD_FAILURE() << word << " was found";
    } catch (const std::invalid_argument& error) {
      EXPECT_NE(std::string{error.what()}.find('"' + word + '"'), std::string::npos)
          << error.what();
    }
  }
}

}  // namespace
}  // namespace drover::process::find_program_test
