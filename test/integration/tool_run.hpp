// SPDX-License-Identifier: MIT
// Runs `drover simulate` as a person does, and finds what it leaves behind.
#pragma once

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
#include <ios>
#include <iterator>
#include <optional>
#include <regex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace drover::test {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

inline constexpr const char* tool_program = DROVER_EXAMPLE_DIR "/drover";
inline constexpr auto tool_patience = 90s;

/// The contents of a file. Empty when it cannot be read, for example that of a process that is
/// ending.
inline std::string contents(const fs::path& file) {
  std::ifstream stream{file};
  try {
    return {std::istreambuf_iterator<char>{stream}, {}};
  } catch (const std::ios_base::failure&) {
    return {};
  }
}

/// One run with temporary files in its own folder, so that its processes can be recognised by the
/// path.
class tool_run {
 public:
  explicit tool_run(std::vector<std::string> options) {
    std::string name = (fs::temp_directory_path() / "simulate-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error{"mkdtemp"};
    folder_ = name;
    // PostgreSQL runs as another user when root starts it.
    fs::permissions(folder_, fs::perms::owner_all | fs::perms::others_exec);
    fs::create_directory(folder_ / "tmp");
    std::vector<std::string> texts{tool_program, "simulate"};
    texts.insert(texts.end(), options.begin(), options.end());
    std::vector<char*> arguments;
    for (std::string& text : texts) arguments.push_back(text.data());
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
  ~tool_run() {
    if (!ended_) {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, nullptr, 0);
    }
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }
  tool_run(const tool_run&) = delete;
  tool_run& operator=(const tool_run&) = delete;

  void send(int signal) const { ::kill(pid_, signal); }

  /// The status of waitpid(2); -1 when the run does not end.
  int wait() {
    int status = -1;
    const auto deadline = std::chrono::steady_clock::now() + tool_patience;
    while (!ended_ && std::chrono::steady_clock::now() < deadline) {
      ended_ = ::waitpid(pid_, &status, WNOHANG) == pid_;
      if (!ended_) std::this_thread::sleep_for(5ms);
    }
    return ended_ ? status : -1;
  }

  /// The other processes that were started with a path in its folder and with `word`.
  [[nodiscard]] std::vector<pid_t> processes(const std::string& word = "") const {
    std::vector<pid_t> out;
    for (const auto& entry : fs::directory_iterator{"/proc"}) {
      const std::string name = entry.path().filename().string();
      if (name.find_first_not_of("0123456789") != std::string::npos) continue;
      const std::string line = contents(entry.path() / "cmdline");
      if (line.find(folder_.string()) == std::string::npos) continue;
      if (line.find(word) != std::string::npos) out.push_back(std::stoi(name));
    }
    return out;
  }

  /// The first process of the herd, once there is one.
  [[nodiscard]] std::optional<pid_t> await_herd() const {
    const auto deadline = std::chrono::steady_clock::now() + tool_patience;
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

  [[nodiscard]] const fs::path& folder() const { return folder_; }
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
    ::execv(tool_program, arguments);
    ::_exit(127);
  }

  fs::path folder_;
  pid_t pid_ = 0;
  bool ended_ = false;
};

/// The numbers that follow `field` in JSON, in order.
inline std::vector<int> numbers(const std::string& json, const std::string& field) {
  std::vector<int> out;
  const std::regex pattern{'"' + field + "\": (-?[0-9]+)"};
  for (std::sregex_iterator at{json.begin(), json.end(), pattern}, end; at != end; ++at) {
    out.push_back(std::stoi((*at)[1]));
  }
  return out;
}

}  // namespace drover::test
