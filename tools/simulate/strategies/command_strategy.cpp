// SPDX-License-Identifier: MIT
#include "simulate/strategies/command_strategy.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <utility>

#include "base/printing.hpp"
#include "process/find_program.hpp"
#include "simulate/strategies/command_words.hpp"
#include "simulate/strategies/program_line.hpp"
#include "simulate/strategies/program_starter.hpp"

namespace drover::simulate {
namespace {

using namespace std::chrono_literals;
using steady = std::chrono::steady_clock;

constexpr unsigned queries_max = 1000;  // in one call; a program that sends more is broken
constexpr std::size_t shown_max = 100;
constexpr auto farewell_max = 1s;  // from the end of a program's input until it is killed

/// A value may end this much later than estimated, because Redis counts in its own milliseconds and
/// a program may store a value after it has answered.
constexpr auto late_max = 50ms;

/// The estimated times at which the values stored by this process's programs stop being cached.
class cold_times {
 public:
  void stored(std::string_view key, std::chrono::milliseconds ttl) {
    const std::scoped_lock lock{mutex_};
    cold_at_[std::string{key}] = steady::now() + ttl + late_max;
  }
  void dropped(std::string_view key) {
    const std::scoped_lock lock{mutex_};
    cold_at_.erase(std::string{key});
  }
  [[nodiscard]] bool is_warm(std::string_view key) {
    const std::scoped_lock lock{mutex_};
    const auto cold_at = cold_at_.find(key);
    return cold_at != cold_at_.end() && steady::now() < cold_at->second;
  }

 private:
  std::mutex mutex_;
  std::map<std::string, steady::time_point, std::less<>> cold_at_;
};

/// The state that all strategies of one command share.
struct plan {
  // As the user typed it: with {redis} and not the URL, which may contain a password.
  std::string command;
  std::string path;
  std::vector<std::string> words;
  program_limits within;
  cold_times cold;
};

class command_strategy final : public strategy {
 public:
  command_strategy(std::shared_ptr<plan> of, strategy_settings with)
      : of_{std::move(of)}, with_{std::move(with)} {}

  ~command_strategy() override {
    for (const auto& [thread, program] : programs_) program->end_input();
    const auto deadline = steady::now() + farewell_max;
    const auto has_ended = [](const auto& program) { return program.second->has_ended(); };
    while (!std::ranges::all_of(programs_, has_ended) && steady::now() < deadline) {
      std::this_thread::sleep_for(1ms);
    }
  }

  std::optional<std::string> get(std::string_view key) override {
    bool has_row = false;
    const reply got = ask_program("get", key, has_row);
    switch (got.type) {
      case program_line::kind::value:
        if (has_row) of_->cold.stored(key, with_.ttl);
        return got.text;
      case program_line::kind::absent: return std::nullopt;
      case program_line::kind::error: throw std::runtime_error{got.text};
      default: reject(got, "'value VALUE', 'absent', 'error TEXT' or 'query KEY'");
    }
  }

  void invalidate(std::string_view key) override {
    of_->cold.dropped(key);
    bool has_row = false;
    const reply got = ask_program("invalidate", key, has_row);
    if (got.type == program_line::kind::error) throw std::runtime_error{got.text};
    if (got.type != program_line::kind::done) reject(got, "'done' or 'error TEXT'");
  }

  bool is_cached(std::string_view key) override {
    bool has_row = false;
    const reply got = ask_program("cached", key, has_row);
    if (got.type == program_line::kind::yes) return true;
    if (got.type == program_line::kind::no) return false;
    return of_->cold.is_warm(key);
  }

 private:
  struct reply {
    program_line::kind type;
    std::string text;
    std::string line;
    std::string program;
  };

  /// Sends a request and returns the reply. Sets `has_row` to whether the row exists, if the
  /// program queried the database.
  reply ask_program(std::string_view word, std::string_view key, bool& has_row) {
    client_program& program = mine(key);
    try {
      program.tell(std::string{word}.append(" ").append(key));
      for (unsigned queries = 0;; ++queries) {
        std::string line = program.hear();
        const program_line read = read_program_line(line);
        if (read.type != program_line::kind::query) {
          return {read.type, std::string{read.text}, std::move(line), program.name()};
        }
        if (read.text != key || word != "get" || queries == queries_max) {
          reject({read.type, {}, std::move(line), program.name()},
                 word == "get" ? "an answer, or a query of the same key," : "an answer");
        }
        program.tell(query(key, has_row));
      }
    } catch (const program_failed&) {
      drop_mine();
      throw;
    }
  }

  std::string query(std::string_view key, bool& has_row) {
    try {
      const std::optional<std::string> row = with_.ask(key);
      has_row = row.has_value();
      return row ? "row " + in_one_line(*row) : "absent";
    } catch (const std::exception& error) {
      return "failed " + in_one_line(error.what());
    }
  }

  [[noreturn]] void reject(const reply& got, std::string_view due) {
    drop_mine();
    throw program_failed{got.program + " said \"" + base::escape(got.line, shown_max) +
                         "\" where " + std::string{due} + " was due"};
  }

  /// The instance of the calling thread, ready for a request. No other thread uses it.
  client_program& mine(std::string_view key) {
    client_program* running = nullptr;
    {
      const std::scoped_lock lock{mutex_};
      const auto here = programs_.find(std::this_thread::get_id());
      if (here != programs_.end()) running = here->second.get();
    }
    if (running != nullptr && !running->unheard().empty()) {
      const std::string output = base::escape(running->unheard(), shown_max);
      const std::string name = running->name();
      drop_mine();
      throw program_failed{name + " said \"" + output + "\" though it was not asked"};
    }
    if (running != nullptr && !running->has_ended()) return *running;
    auto fresh = starter_.start([this, key = std::string{key}] { return start(key); });
    const std::scoped_lock lock{mutex_};
    auto& place = programs_[std::this_thread::get_id()];
    place = std::move(fresh);
    return *place;
  }

  std::unique_ptr<client_program> start(std::string_view key) {
    const std::string ttl = std::to_string(with_.ttl.count());
    const std::array<blank, 3> blanks{
        {{"{redis}", with_.redis_url}, {"{key}", key}, {"{ttl-ms}", ttl}}};
    return std::make_unique<client_program>(
        program_call{
            .path = of_->path, .words = fill_blanks(of_->words, blanks), .shown = of_->command},
        of_->within);
  }

  void drop_mine() {
    std::unique_ptr<client_program> dropped;  // destroyed after the lock is released
    const std::scoped_lock lock{mutex_};
    const auto here = programs_.find(std::this_thread::get_id());
    if (here == programs_.end()) return;
    dropped = std::move(here->second);
    programs_.erase(here);
  }

  const std::shared_ptr<plan> of_;
  const strategy_settings with_;
  program_starter starter_;  // outlives the programs
  std::mutex mutex_;
  std::unordered_map<std::thread::id, std::unique_ptr<client_program>> programs_;
};

}  // namespace

strategy_kind command_strategy_kind(std::string_view command, program_limits within) {
  auto of = std::make_shared<plan>();
  of->command = command;
  of->words = split_words(command);
  of->path = process::find_program(of->words.front());
  of->within = within;
  const auto names_redis = [](const std::string& word) {
    return word.find("{redis}") != std::string::npos;
  };
  if (std::ranges::none_of(of->words, names_redis)) {
    throw std::invalid_argument{
        "the command has no {redis}: its program could not know the server"};
  }
  return {.name = "command",
          .title = "your program",
          .summary = "the client program that --strategy-command names",
          .weakness = "the answer is in your program",
          .begin = [of = std::move(of)](strategy_settings with) -> std::unique_ptr<strategy> {
            return std::make_unique<command_strategy>(of, std::move(with));
          }};
}

}  // namespace drover::simulate
