// SPDX-License-Identifier: MIT
// `drover demo` as a person runs it: what it says, and that nothing is left whatever ends it.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <regex>
#include <string>
#include <thread>
#include <vector>

namespace drover::test {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr const char* program = DROVER_EXAMPLE_DIR "/drover";
constexpr auto patience = 90s;

std::string contents(const fs::path& file) {
  std::ifstream stream{file};
  return {std::istreambuf_iterator<char>{stream}, {}};
}

/// One run with temporary files in a folder of its own, so that its processes can be told by its
/// path.
class demo_run {
 public:
  explicit demo_run(std::vector<std::string> options) {
    std::string name = (fs::temp_directory_path() / "demo-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error{"mkdtemp"};
    folder_ = name;
    fs::create_directory(folder_ / "tmp");
    std::vector<std::string> texts{program, "demo"};
    texts.insert(texts.end(), options.begin(), options.end());
    std::vector<char*> arguments;
    for (std::string& each : texts) arguments.push_back(each.data());
    arguments.push_back(nullptr);
    const std::string out = (folder_ / "out").string();
    const std::string err = (folder_ / "err").string();
    const std::string tmp = "TMPDIR=" + (folder_ / "tmp").string();
    std::string server;
    if (std::getenv("DROVER_REDIS_SERVER") == nullptr) {
      server = std::string{"DROVER_REDIS_SERVER="} + DROVER_REDIS_SERVER;
    }
    pid_ = ::fork();
    if (pid_ == 0) become(arguments.data(), out.c_str(), err.c_str(), tmp, server);
  }
  ~demo_run() {
    if (!ended_) {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, nullptr, 0);
    }
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }
  demo_run(const demo_run&) = delete;
  demo_run& operator=(const demo_run&) = delete;

  void send(int signal) const { ::kill(pid_, signal); }

  /// Its status as waitpid(2) says it; -1 when it does not come to an end.
  int wait() {
    int status = -1;
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (!ended_ && std::chrono::steady_clock::now() < deadline) {
      ended_ = ::waitpid(pid_, &status, WNOHANG) == pid_;
      if (!ended_) std::this_thread::sleep_for(5ms);
    }
    return ended_ ? status : -1;
  }

  /// Processes, other than it, that were started with a path in its folder and with `word`.
  [[nodiscard]] std::vector<pid_t> processes(const std::string& word = "") const {
    std::vector<pid_t> found;
    for (const auto& entry : fs::directory_iterator{"/proc"}) {
      const std::string name = entry.path().filename().string();
      if (name.find_first_not_of("0123456789") != std::string::npos) continue;
      const std::string line = contents(entry.path() / "cmdline");
      if (line.find(folder_.string()) == std::string::npos) continue;
      if (line.find(word) != std::string::npos) found.push_back(std::stoi(name));
    }
    return found;
  }

  /// The first process of the herd, once there is one.
  [[nodiscard]] std::optional<pid_t> await_herd() const {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (std::chrono::steady_clock::now() < deadline) {
      if (const auto herd = processes("herd-member"); !herd.empty()) return herd.front();
      std::this_thread::sleep_for(5ms);
    }
    return std::nullopt;
  }

  void expect_nothing_left() const {
    EXPECT_TRUE(processes().empty());
    EXPECT_TRUE(fs::is_empty(folder_ / "tmp"));
    EXPECT_EQ(contents("/proc/net/unix").find(folder_.string()), std::string::npos);
  }

  [[nodiscard]] std::string out() const { return contents(folder_ / "out"); }
  [[nodiscard]] std::string err() const { return contents(folder_ / "err"); }

 private:
  [[noreturn]] static void become(char* const* arguments, const char* out, const char* err,
                                  const std::string& tmp, const std::string& server) {
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT}) ::signal(signal, SIG_DFL);
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::dup2(::open(out, O_WRONLY | O_CREAT, 0600), STDOUT_FILENO);
    ::dup2(::open(err, O_WRONLY | O_CREAT, 0600), STDERR_FILENO);
    ::putenv(const_cast<char*>(tmp.c_str()));
    if (!server.empty()) ::putenv(const_cast<char*>(server.c_str()));
    ::execv(program, arguments);
    ::_exit(127);
  }

  fs::path folder_;
  pid_t pid_ = 0;
  bool ended_ = false;
};

/// The numbers that follow `field` in JSON, in order.
std::vector<int> numbers(const std::string& json, const std::string& field) {
  std::vector<int> found;
  const std::regex pattern{'"' + field + "\": (-?[0-9]+)"};
  for (std::sregex_iterator at{json.begin(), json.end(), pattern}, end; at != end; ++at) {
    found.push_back(std::stoi((*at)[1]));
  }
  return found;
}

TEST(demo, ShowsOneQueryForDroverAndOneEachForCacheAsideAndLeavesNothing) {
  demo_run run{{"--load-ms", "50", "--processes", "2", "--callers", "20", "--json"}};
  const int status = run.wait();
  const std::string json = run.out();
  EXPECT_TRUE(WIFEXITED(status)) << run.err();
  EXPECT_EQ(WEXITSTATUS(status), 0) << run.err() << json;
  const std::vector<int> queries = numbers(json, "queries_total");
  ASSERT_EQ(queries.size(), 3U) << json;
  EXPECT_GT(queries[0], 1);  // 40, unless the machine is so busy that some callers come late
  EXPECT_LE(queries[0], 40);
  EXPECT_GE(queries[1], 1);
  EXPECT_EQ(queries[2], 1);
  EXPECT_EQ(queries, numbers(json, "queries_asked"));
  EXPECT_EQ(numbers(json, "fill_queries"), (std::vector{1, 1, 1}));
  EXPECT_EQ(numbers(json, "errors"), (std::vector{0, 0, 0}));
  EXPECT_EQ(numbers(json, "wrong_values"), (std::vector{0, 0, 0}));
  EXPECT_NE(json.find("\"met\": true"), std::string::npos);
  run.expect_nothing_left();
}

TEST(demo, WritesATableWithoutEscapeCodesIntoAFile) {
  demo_run run{{"--load-ms", "20", "--processes", "1", "--callers", "3"}};
  EXPECT_EQ(run.wait(), 0) << run.err();
  for (const char* const part : {"The query takes 20 ms", "cache-aside", "article's lock", "Drover",
                                 "Drover sent one query each time."}) {
    EXPECT_NE(run.out().find(part), std::string::npos) << part << run.out();
  }
  EXPECT_EQ((run.out() + run.err()).find('\x1b'), std::string::npos);
  EXPECT_EQ(run.err().find('\r'), std::string::npos);
  EXPECT_NE(run.err().find("[3/3] Drover"), std::string::npos) << run.err();
}

class demo_stopped : public testing::TestWithParam<int> {};

TEST_P(demo_stopped, TakesEverythingDownAndSaysSoByItsExitCode) {
  demo_run run{{"--load-ms", "20000", "--processes", "2", "--callers", "5"}};
  ASSERT_TRUE(run.await_herd()) << run.err();
  EXPECT_FALSE(run.processes("redis-server").empty());
  run.send(GetParam());
  const int status = run.wait();
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 128 + GetParam()) << run.err();
  EXPECT_NE(run.err().find("interrupted"), std::string::npos);
  run.expect_nothing_left();
}

INSTANTIATE_TEST_SUITE_P(signals, demo_stopped, testing::Values(SIGINT, SIGTERM, SIGHUP));

TEST(demo, SaysWhichProcessDiedAndTakesTheOthersDown) {
  demo_run run{{"--load-ms", "20000", "--processes", "3", "--callers", "2"}};
  const auto victim = run.await_herd();
  ASSERT_TRUE(victim) << run.err();
  ::kill(*victim, SIGKILL);
  EXPECT_EQ(WEXITSTATUS(run.wait()), 1) << run.err();
  EXPECT_NE(run.err().find("of the herd ended by signal 9"), std::string::npos) << run.err();
  run.expect_nothing_left();
}

TEST(demo, ItsProcessesEndEvenWhenItIsKilled) {
  demo_run run{{"--load-ms", "20000", "--processes", "2", "--callers", "2"}};
  ASSERT_TRUE(run.await_herd()) << run.err();
  run.send(SIGKILL);
  run.wait();
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (!run.processes().empty() && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(5ms);
  }
  EXPECT_TRUE(run.processes().empty());
}

TEST(demo, RefusesNonsenseBeforeAnythingIsStarted) {
  demo_run run{{"--callers", "0"}};
  EXPECT_EQ(WEXITSTATUS(run.wait()), 2);
  EXPECT_NE(run.err().find("--callers '0'"), std::string::npos) << run.err();
  EXPECT_EQ(run.out(), "");
  demo_run without{{"--redis-server", "/nowhere/redis-server"}};
  EXPECT_EQ(WEXITSTATUS(without.wait()), 2);
  EXPECT_NE(without.err().find("--redis-server /nowhere/redis-server"), std::string::npos);
  without.expect_nothing_left();
}

}  // namespace
}  // namespace drover::test
