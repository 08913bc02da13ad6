// SPDX-License-Identifier: MIT
#include "audit/run/locate.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "audit/report/sample_for_test.hpp"
#include "audit/run/baseline_file.hpp"
#include "process/scratch_folder.hpp"
#include "text/usage_error.hpp"

namespace drover::audit::locate_test {
namespace {

namespace fs = std::filesystem;

class audit_files : public ::testing::Test {
 protected:
  void put(const std::string& path, const std::string& text) const {
    fs::create_directories((top() / path).parent_path());
    std::ofstream{top() / path, std::ios::binary} << text;
  }
  [[nodiscard]] fs::path top() const { return scratch_.path(); }

  [[nodiscard]] static audit_result sample_result() {
    audit_result result;
    result.findings.push_back(sample::make_finding("C101", confidence::proof, "user:*", ""));
    return result;
  }

  template <class Call>
  static std::string refusal(Call call) {
    try {
      call();
    } catch (const text::usage_error& error) {
      return error.what();
    }
    return "nothing was refused";
  }

 private:
  process::scratch_folder scratch_;
};

TEST_F(audit_files, LocateFindsTheLineInAFolderBelow) {
  put("src/app/users.py", "import redis\n\nkey = f\"user:{i}\"\n");
  put("README.md", "user: keys\n");
  const located result = locate(sample_result(), top());
  ASSERT_EQ(result.places.size(), 1U);
  EXPECT_EQ(result.places.at("user:*").path, "src/app/users.py");
  EXPECT_EQ(result.places.at("user:*").line, 3U);
  EXPECT_EQ(result.default_path, "README.md");
  EXPECT_EQ(result.left_out, "");
}

TEST_F(audit_files, LocateSkipsWhatIsNoSourceOfTheirs) {
  const std::string build = "key = f\"user:{i}\"\n";
  for (const char* const path : {".git/a.py", ".hidden.py", "node_modules/x/a.js", "venv/a.py",
                                 "__pycache__/a.py", "vendor/a.php", "build/a.js"}) {
    put(path, build);
  }
  put("image.bin", std::string("\0\1\2", 3) + build);
  put("big.py", build + std::string(2'000'000, 'x'));
  put("empty.py", "");
  fs::create_symlink(top(), top() / "loop");
  fs::create_symlink(top() / ".hidden.py", top() / "link.py");
  EXPECT_TRUE(locate(sample_result(), top()).places.empty());
  put("z.py", build);
  EXPECT_EQ(locate(sample_result(), top()).places.at("user:*").path, "z.py");
}

TEST_F(audit_files, LocateIsBoundedAndSaysSo) {
  for (int i = 0; i < 20; ++i) put("f" + std::to_string(i) + ".py", "x = 1\n");
  put("z.py", "key = f\"user:{i}\"\n");
  const located few = locate(sample_result(), top(), {.files_max = 5});
  EXPECT_TRUE(few.places.empty());
  EXPECT_EQ(
      few.left_out,
      "--locate: stopped after 5 files and 0 MB; the remaining files were not searched. Give a "
      "smaller folder.");
  EXPECT_NE(locate(sample_result(), top(), {.bytes_max = 50}).left_out, "");
  EXPECT_EQ(locate(sample_result(), top()).left_out, "");
}

TEST_F(audit_files, LocateWantsAFolder) {
  put("file", "x");
  for (const char* const name : {"missing", "file"}) {
    EXPECT_EQ(refusal([&] { (void)locate(sample_result(), top() / name); }),
              "--locate " + (top() / name).string() +
                  ": no such folder; give the folder with the source files");
  }
}

TEST_F(audit_files, ReadBaselineNamesTheFileAndWhatIsWrong) {
  put("b.json", "{\"version\": 1,\n\"accepted\": [,]}");
  const std::string file = (top() / "b.json").string();
  EXPECT_EQ(refusal([&] { (void)read_baseline(file); }),
            "--baseline " + file + ": line 2, column 14: not valid JSON");
  EXPECT_EQ(refusal([&] { (void)read_baseline(file + "x"); }),
            "--baseline " + file + "x: no such file; --write-baseline " + file + "x creates one");
  put("c.json", baseline_of(sample_result(), std::chrono::sys_days{std::chrono::days{20'000}}));
  EXPECT_NE(refusal([&] { (void)read_baseline(top() / "c.json"); }).find("\"reason\" is empty"),
            std::string::npos);
}

}  // namespace
}  // namespace drover::audit::locate_test
