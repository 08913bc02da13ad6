// SPDX-License-Identifier: MIT
// Tests of docs/how-to/invalidate-from-elsewhere.md. They run the page's commands and its Python
// code unchanged, against a server that a cache uses.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <regex>
#include <string>
#include <string_view>
#include <vector>

#include "integration/fleet.hpp"
#include "support/document.hpp"

namespace drover::test::elsewhere_page_test {
namespace {

constexpr std::string_view page_path = "docs/how-to/invalidate-from-elsewhere.md";

/// The standard output and standard error of a shell command. Empty if the shell does not start.
std::string output_of(const std::string& command) {
  FILE* pipe = popen((command + " 2>&1").c_str(), "r");
  if (pipe == nullptr) return {};
  std::string output;
  char buffer[512];
  while (const std::size_t size = std::fread(buffer, 1, sizeof buffer, pipe)) {
    output.append(buffer, size);
  }
  pclose(pipe);
  return output;
}

std::string in_hex(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string hex;
  for (const char byte : bytes) {
    const auto value = static_cast<unsigned char>(byte);
    hex += digits[value >> 4U];
    hex += digits[value & 15U];
  }
  return hex;
}

class invalidation_from_elsewhere : public fleet {
 protected:
  invalidation_from_elsewhere() { setup.name = "user"; }

  /// The first command of the page that begins with `start`, changed to use the private server.
  std::string command_of_page(std::string_view start) const {
    const std::string page = document(page_path);
    const std::string rest{part_between(page, "\n" + std::string{start}, "\n")};
    EXPECT_FALSE(rest.empty()) << start;
    const std::string private_cli = "redis-cli -s '" + server.socket_path() + "' ";
    return std::regex_replace(std::string{start} + rest, std::regex{"redis-cli "}, private_cli);
  }
  /// The results of the page's function `entry_keys` for each of `keys`, one name on each line.
  std::string keys_by_python(const std::vector<std::string>& keys) const {
    const std::filesystem::path file =
        std::filesystem::path{server.socket_path()}.parent_path() / "entry_keys.py";
    std::ofstream{file} << part_between(document(page_path), "```python\n", "```")
                        << "\nimport sys\n"
                        << "for key in sys.argv[1:]:\n"
                        << "    for name in entry_keys('user', 1, bytes.fromhex(key)):\n"
                        << "        sys.stdout.buffer.write(name + b'\\n')\n";
    std::string command = "python3 '" + file.string() + "'";
    for (const std::string& key : keys) command += " '" + in_hex(key) + "'";
    return output_of(command);
  }
};

TEST_F(invalidation_from_elsewhere, ByTheCommandIsSeenByTheNextCall) {
  cached_origin cached{origin, setup};
  EXPECT_EQ(cached.ask("42").value, "0:42");
  origin.write("42");
  EXPECT_EQ(output_of(command_of_page("redis-cli UNLINK 'user:1.1:v:{=42}'")), "1\n");
  const answer next = cached.ask("42");
  EXPECT_EQ(next.value, "1:42");
  EXPECT_EQ(next.how, "loaded");
}

TEST_F(invalidation_from_elsewhere, RefusesTheResultOfALoadThatBeganBefore) {
  use_long_leases();
  cached_origin cached{origin, setup};
  origin.hold("42", 1);
  crowd before{1, [&](unsigned) { return cached.ask("42"); }};
  before.go();
  ASSERT_TRUE(loads_run("42"));
  origin.write("42");
  EXPECT_EQ(output_of(command_of_page("redis-cli UNLINK 'user:1.1:v:{=42}'")), "1\n");
  crowd after{5, [&](unsigned) { return cached.ask("42"); }};
  after.go();
  origin.let_go("42");
  EXPECT_EQ(before.result().got("0:42"), 1U) << "it asked before the change";
  EXPECT_EQ(after.result().got("1:42"), 5U);
  EXPECT_EQ(cached.ask("42").value, "1:42");
  EXPECT_EQ(cached.values.stats().fills_refused, 1U);
}

TEST_F(invalidation_from_elsewhere, RefusesTheResultOfARefreshThatBeganBefore) {
  setup.policy.grace = 1h;
  cached_origin cached{origin, setup};
  cached_origin other{origin, setup};
  EXPECT_EQ(cached.ask("42").value, "0:42");
  origin.hold("42", 2);
  ASSERT_TRUE(cached.values.expire("42").has_value());
  EXPECT_EQ(cached.ask("42").how, "stale");
  ASSERT_TRUE(loads_run("42"));
  origin.write("42");
  EXPECT_EQ(output_of(command_of_page("redis-cli UNLINK 'user:1.1:v:{=42}'")), "2\n");
  EXPECT_EQ(other.ask("42").value, "1:42") << "while the old refresh still runs";
  origin.let_go("42");
  ASSERT_TRUE(eventually([&] { return cached.values.stats().fills_refused == 1; }));
  EXPECT_EQ(cached.ask("42").value, "1:42");
}

TEST_F(invalidation_from_elsewhere, IsCompleteWithTheEntryAlone) {
  setup.policy.grace = 1h;
  cached_origin cached{origin, setup};
  cached_origin other{origin, setup};
  EXPECT_EQ(cached.ask("42").value, "0:42");
  origin.hold("42", 2);
  ASSERT_TRUE(cached.values.expire("42").has_value());
  EXPECT_EQ(cached.ask("42").how, "stale");
  ASSERT_TRUE(loads_run("42"));
  origin.write("42");
  server.command({"DEL", value_key("42")});
  EXPECT_EQ(other.ask("42").value, "1:42");
  origin.let_go("42");
  ASSERT_TRUE(eventually([&] { return cached.values.stats().fills_refused == 1; }));
  EXPECT_EQ(cached.ask("42").value, "1:42");
}

TEST_F(invalidation_from_elsewhere, NeedsOneRight) {
  const std::string created = output_of(command_of_page("redis-cli ACL SETUSER purge"));
  EXPECT_EQ(created, "OK\n");
  cached_origin cached{origin, setup};
  EXPECT_EQ(cached.ask("42").value, "0:42");
  origin.write("42");
  raw_client purge = server.connect();
  EXPECT_EQ(purge.command({"AUTH", "purge", "secret"}).root().text(), "OK");
  EXPECT_TRUE(purge.command({"GET", value_key("42")}).root().is_error());
  EXPECT_TRUE(purge.command({"UNLINK", "other:1.1:v:{=42}"}).root().is_error());
  EXPECT_EQ(purge.command({"UNLINK", value_key("42")}).root().integer(), 1);
  EXPECT_EQ(cached.ask("42").value, "1:42");
}

TEST_F(invalidation_from_elsewhere, NamesTheKeysAsTheLibraryDoes) {
  const std::vector<std::string> user_keys{"42",
                                           "",
                                           {"a}b\r\0\xff", 6},
                                           std::string(200, 'a'),
                                           std::string(201, 'a'),
                                           std::string(1000, '}')};
  const entry::key_space keys{"user", 1};
  std::string expected;
  for (const std::string& key : user_keys) {
    expected += keys.value_key(key) + "\n" + keys.refresh_mark_key(key) + "\n";
  }
  EXPECT_EQ(keys_by_python(user_keys), expected);
}

TEST_F(invalidation_from_elsewhere, OfAWholeCacheFindsEveryEntry) {
  cached_origin cached{origin, setup};
  for (const char* key : {"1", "2", "3"}) static_cast<void>(cached.ask(key));
  server.command({"SET", "user:1.10:v:{=1}", "another schema"});
  output_of(command_of_page("redis-cli --scan --pattern 'user:1.1:v:*'"));
  for (const char* key : {"1", "2", "3"}) EXPECT_EQ(cached.ask(key).how, "loaded") << key;
  EXPECT_EQ(server.command({"EXISTS", "user:1.10:v:{=1}"}).root().integer(), 1);
}

}  // namespace
}  // namespace drover::test::elsewhere_page_test
