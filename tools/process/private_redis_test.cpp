// SPDX-License-Identifier: MIT
// Tests of the search for the server program. Tests of the whole tool start the server.
#include "process/private_redis.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "process/scratch_folder.hpp"
#include "text/usage_error.hpp"

namespace drover::process::private_redis_test {
namespace {

namespace fs = std::filesystem;

/// Sets $PATH to a temporary folder.
class redis_server_search : public testing::Test {
 protected:
  redis_server_search() { ::setenv("PATH", folder.path().c_str(), 1); }
  ~redis_server_search() override { ::setenv("PATH", path_before.c_str(), 1); }

  fs::path add(const std::string& name) const {
    const fs::path file = folder.path() / name;
    std::ofstream{file} << "#!/bin/sh\n";
    fs::permissions(file, fs::perms::owner_all);
    return file;
  }
  static std::string complaint(const std::optional<std::string>& requested) {
    try {
      return find_redis_server(requested).string() + " was found";
    } catch (const text::usage_error& error) {
      return error.what();
    }
  }

  const std::string path_before = std::getenv("PATH");
  const scratch_folder folder;
};

TEST_F(redis_server_search, FindsAValkeyServer) {
  const fs::path check = add("valkey-check-rdb");
  EXPECT_EQ(find_redis_server(std::nullopt), check) << "the same program under another name";
  const fs::path server = add("valkey-server");
  EXPECT_EQ(find_redis_server(std::nullopt), server);
  const fs::path redis = add("redis-server");
  EXPECT_EQ(find_redis_server(std::nullopt), redis);
}

TEST_F(redis_server_search, SaysWhatToInstall) {
  const std::string text = complaint(std::nullopt);
  for (const char* const part : {"redis-server", "valkey-server", "apt-get install redis-tools"}) {
    EXPECT_NE(text.find(part), std::string::npos) << text;
  }
}

TEST_F(redis_server_search, TakesTheProgramThatIsRequestedAndNoOther) {
  add("redis-server");
  const fs::path own_server = add("my-server");
  EXPECT_EQ(find_redis_server(own_server.string()), own_server);
  EXPECT_NE(complaint("/nowhere").find("--redis-server /nowhere"), std::string::npos);
}

}  // namespace
}  // namespace drover::process::private_redis_test
