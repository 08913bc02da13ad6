// SPDX-License-Identifier: MIT
// Client programs of the user: the sample that comes with the tool, and programs that break the
// rules.
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "integration/strategy_play.hpp"
#include "simulate/strategies/client_program.hpp"
#include "simulate/strategies/command_strategy.hpp"

namespace drover::test::simulate_command_test {
namespace {

namespace fs = std::filesystem;
using simulate::command_strategy_kind;
using simulate::strategy_kind;

/// A command that runs a shell script. $1 is the URL of the server, $2 the key.
std::string shell(const std::string& script) { return "sh -c '" + script + "' sh {redis} {key}"; }

std::string complaint_about(const std::string& command) {
  try {
    static_cast<void>(command_strategy_kind(command));
    return "";
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
}

class simulate_command : public strategy_play {
 protected:
  [[nodiscard]] held_strategy play(const std::string& command,
                                   simulate::program_limits within = {}) {
    return begin(command_strategy_kind(command, within));
  }
  /// The text of a get that fails because of its program; empty otherwise.
  [[nodiscard]] static std::string fault_of(simulate::strategy& played) {
    try {
      static_cast<void>(played.get(key));
      return "";
    } catch (const simulate::program_failed& error) {
      return error.what();
    }
  }
  static void expect_in(const std::string& text, const std::string& part) {
    EXPECT_NE(text.find(part), std::string::npos) << "no '" << part << "' in: " << text;
  }
};

TEST_F(simulate_command, ReachesTheServerOverTcpToo) {
  redis_server reachable{{.tcp = true, .arguments = {}}};
  auto with = settings();
  with.redis_url = reachable.tcp_url();
  const held_strategy played = command_strategy_kind(sample_command()).begin(with);
  EXPECT_EQ(played->get(key), version(0));
  EXPECT_EQ(played->get(key), version(0));
  EXPECT_EQ(origin.loads(key), 1U);
  EXPECT_EQ(reachable.command({"GET", key}).root().text(), *version(0));
}

TEST_F(simulate_command, DrivesOneInstanceForEachThread) {
  const held_strategy played = play(sample_command());
  origin.hold(key);
  auto first = later(*played);
  auto second = later(*played);
  EXPECT_TRUE(loads_run(2)) << "each waits for a query of its own";
  origin.let_go(key);
  EXPECT_EQ(first.get(), version(0));
  EXPECT_EQ(second.get(), version(0));
}

TEST_F(simulate_command, TellsTheProgramWhatItIsToKnow) {
  const held_strategy played =
      begin(command_strategy_kind("sh -c 'read word key; echo \"value $0 $1 $2 $word $key\"'"
                                  " {redis} {key} --ttl={ttl-ms}"),
            1500ms);
  EXPECT_EQ(played->get(key), server.url() + ' ' + key + " --ttl=1500 get " + key);
}

TEST_F(simulate_command, HandsOnWhatTheDatabaseSays) {
  const held_strategy played =
      play(shell("while read l; do echo \"query $2\"; read answer; echo \"value $answer\"; done"));
  EXPECT_EQ(played->get(key), "row " + *version(0));
  origin.set_absent(key, true);
  EXPECT_EQ(played->get(key), "absent");
  origin.set_failing(key, true);
  const row failed = played->get(key);
  ASSERT_TRUE(failed);
  EXPECT_TRUE(failed->starts_with("failed ")) << *failed;
}

TEST_F(simulate_command, MayAnswerByAnErrorOfItsOwn) {
  const held_strategy played = play(shell("while read l; do echo error it broke; done"));
  try {
    static_cast<void>(played->get(key));
    ADD_FAILURE() << "an error was answered";
  } catch (const simulate::program_failed& error) {
    ADD_FAILURE() << "no fault of the program's: " << error.what();
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "it broke");
  }
  EXPECT_THROW(played->invalidate(key), std::runtime_error);
}

TEST_F(simulate_command, MayKnowWhatIsCached) {
  const held_strategy sure = play(shell("while read l; do echo yes; done"));
  EXPECT_TRUE(sure->is_cached(key));
  const held_strategy sorry = play(shell("while read l; do echo no; done"));
  EXPECT_FALSE(sorry->is_cached(key));
}

TEST_F(simulate_command, GoesByTheTtlWhereItDoesNotKnow) {
  const strategy_kind kind = command_strategy_kind(sample_command());
  const held_strategy patient = begin(kind);
  EXPECT_FALSE(patient->is_cached(key));
  {
    const held_strategy brief = begin(kind, 300ms);
    EXPECT_EQ(brief->get(key), version(0));
  }
  EXPECT_TRUE(eventually([&] { return !patient->is_cached(key); })) << "by the other one's ttl";
  EXPECT_EQ(patient->get(key), version(0));
  EXPECT_TRUE(patient->is_cached(key));
  patient->invalidate(key);
  EXPECT_FALSE(patient->is_cached(key));
}

TEST_F(simulate_command, ThatDiesFailsItsCallAndIsStartedAgain) {
  const held_strategy played = play(shell("read l; exit 3"));
  for (int i = 0; i < 2; ++i) {
    const std::string fault = fault_of(*played);
    expect_in(fault, "ended with exit code 3");
    expect_in(fault, "sh -c \'read l; exit 3\' sh {redis}");
    EXPECT_EQ(fault.find(server.url()), std::string::npos) << "a URL may have a password";
  }
  const held_strategy killed = play(shell("read l; kill -9 $$"));
  expect_in(fault_of(*killed), "was ended by signal 9");
  const held_strategy wordy = play(shell("read l; printf Traceback; exit 1"));
  expect_in(fault_of(*wordy), "ended with exit code 1, after \"Traceback\"");
}

TEST_F(simulate_command, ThatServesOneCallIsStartedForEach) {
  const held_strategy played = play(shell("read l; echo value $$"));
  const row first = played->get(key);
  std::string other;
  // The first program may still be ending.
  EXPECT_TRUE(eventually([&] {
    try {
      other = *played->get(key);
    } catch (const simulate::program_failed&) {
      return false;
    }
    return other != *first;
  }));
}

TEST_F(simulate_command, ThatBabblesIsToldWhatWasDue) {
  const held_strategy nonsense = play(shell("read l; echo blah; read l"));
  const std::string fault = fault_of(*nonsense);
  expect_in(fault, "sent \"blah\"");
  expect_in(fault, "instead of 'value VALUE', 'absent', 'error TEXT' or 'query KEY'");

  const held_strategy early = play(shell("echo hello; read l; read l"));
  expect_in(fault_of(*early), "sent \"hello\"");

  const held_strategy twice = play(shell("read l; printf \"absent\\nabsent\\n\"; read l"));
  EXPECT_EQ(twice->get(key), std::nullopt);
  expect_in(fault_of(*twice), "sent \"absent\\n\" without a request");
  EXPECT_EQ(twice->get(key), std::nullopt) << "by a new instance";

  const held_strategy elsewhere = play(shell("read l; echo query other; read l"));
  expect_in(fault_of(*elsewhere), "sent \"query other\"");
  EXPECT_EQ(origin.loads(), 0U);

  const held_strategy bytes = play(shell("read l; printf \"\\001\\377\\n\"; read l"));
  expect_in(fault_of(*bytes), "sent \"\\x01\\xff\"");
}

TEST_F(simulate_command, ThatAsksWithoutEndIsStopped) {
  const held_strategy played = play(shell("read l; while :; do echo query $2; read l; done"));
  expect_in(fault_of(*played), "sent \"query ");
  EXPECT_EQ(origin.loads(key), 1000U);
}

TEST_F(simulate_command, ThatDoesNotEndItsLineIsStopped) {
  const held_strategy played =
      play(shell("read l; while :; do printf xxxxxxxxxx; done"), {.line_max = 1000});
  expect_in(fault_of(*played), "sent more than 1000 bytes in one line: \"xxx");
}

TEST_F(simulate_command, ThatNeverAnswersIsGivenUp) {
  const held_strategy played = play(shell("exec sleep 600"), {.silence_max = 300ms});
  expect_in(fault_of(*played), "sent nothing for 300 ms");
}

TEST_F(simulate_command, ThatClosesItsOutputIsFoundOut) {
  const held_strategy played = play(shell("exec >&-; exec sleep 600"));
  expect_in(fault_of(*played), "closed its input or output");
}

TEST_F(simulate_command, ThatReadsNothingMoreIsFoundOut) {
  simulate::client_program deaf{{"/bin/sleep", {"sleep", "600"}, "sleep 600"},
                                {.silence_max = 300ms}};
  const std::string line(100'000, 'x');
  try {
    for (int i = 0; i < 100; ++i) deaf.send_line(line);
    ADD_FAILURE() << "it accepted ten megabytes";
  } catch (const simulate::program_failed& error) {
    expect_in(error.what(), "\"sleep 600\" does not read its input");
  }
}

TEST_F(simulate_command, IsRefusedWhenItCannotBeMeant) {
  EXPECT_EQ(complaint_about(""), "the command is empty");
  EXPECT_EQ(complaint_about("'"), "a ' has no end");
  expect_in(complaint_about("no-such-program-here {redis}"),
            "program \"no-such-program-here\" was not found in $PATH");
  expect_in(complaint_about("./no-such-file {redis}"), "is not an executable program");
  expect_in(complaint_about("/tmp {redis}"), "is not an executable program");
  expect_in(complaint_about("sh {key}"), "has no {redis}");
}

TEST_F(simulate_command, ThatTheSystemCannotStartSaysWhy) {
  const fs::path script = fs::path{server.socket_path()}.parent_path() / "script";
  std::ofstream{script} << "#!/no/such/interpreter\n";
  fs::permissions(script, fs::perms::owner_all);
  const held_strategy played = play(script.string() + " {redis}");
  expect_in(error_of(*played), "No such file or directory");
}

// --- nothing is left

/// False for a process that does not exist or is a zombie.
bool is_alive(pid_t process) {
  std::ifstream file{"/proc/" + std::to_string(process) + "/stat"};
  const std::string text{std::istreambuf_iterator<char>{file}, {}};
  const std::size_t behind_name = text.rfind(") ");
  return behind_name != std::string::npos && text[behind_name + 2] != 'Z';
}

TEST_F(simulate_command, IsGoneWithItsStrategy) {
  pid_t program = 0;
  {
    const held_strategy played = play(shell("read l; echo value $$; exec sleep 600"));
    program = std::stoi(*played->get(key));
    EXPECT_TRUE(is_alive(program));
  }
  EXPECT_FALSE(is_alive(program));
}

TEST_F(simulate_command, OutlivesTheThreadThatDroveIt) {
  const held_strategy played = play(shell("while read l; do echo value $$; done"));
  std::vector<pid_t> programs;
  // The kernel ends the processes that a thread has started a moment after the thread was joined.
  for (int i = 0; i < 20; ++i) programs.push_back(std::stoi(*later(*played).get()));
  for (const pid_t process : programs) EXPECT_TRUE(is_alive(process));
}

TEST_F(simulate_command, IsGoneWithAProcessThatIsKilled) {
  const fs::path pid_file = fs::path{server.socket_path()}.parent_path() / "pid";
  const pid_t owner = ::fork();
  if (owner == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const held_strategy played = play(shell("read l; echo value $$; exec sleep 600"));
    std::ofstream{pid_file.string() + ".new"} << *played->get(key) << std::endl;
    fs::rename(pid_file.string() + ".new", pid_file);
    for (;;) ::pause();
  }
  ASSERT_GT(owner, 0);
  ASSERT_TRUE(eventually([&] { return fs::exists(pid_file); }));
  pid_t program = 0;
  std::ifstream{pid_file} >> program;
  EXPECT_TRUE(is_alive(program));
  ::kill(owner, SIGKILL);
  ::waitpid(owner, nullptr, 0);
  EXPECT_TRUE(eventually([&] { return !is_alive(program); }));
}

}  // namespace
}  // namespace drover::test::simulate_command_test
