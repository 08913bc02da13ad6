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
  void note_store(std::string_view key, std::chrono::milliseconds ttl) {
    const std::scoped_lock lock{mutex_};
    cold_at_[std::string{key}] = steady::now() + ttl + late_max;
  }
  void note_drop(std::string_view key) {
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
struct command_plan {
  // As the user typed it: with {redis} and not the URL, which may contain a password.
  std::string command;
  std::string path;
  std::vector<std::string> words;
  program_limits limits;
  cold_times cold;
};

class command_strategy final : public strategy {
 public:
  command_strategy(std::shared_ptr<command_plan> plan, strategy_settings settings)
      : plan_{std::move(plan)}, settings_{std::move(settings)} {}

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
    const reply response = ask_program("get", key, has_row);
    switch (response.type) {
      case program_line::kind::value:
        if (has_row) plan_->cold.note_store(key, settings_.ttl);
        return response.text;
      case program_line::kind::absent: return std::nullopt;
      case program_line::kind::error: throw std::runtime_error{response.text};
      default: reject(response, "'value VALUE', 'absent', 'error TEXT' or 'query KEY'");
    }
  }

  void invalidate(std::string_view key) override {
    plan_->cold.note_drop(key);
    bool has_row = false;
    const reply response = ask_program("invalidate", key, has_row);
    if (response.type == program_line::kind::error) throw std::runtime_error{response.text};
    if (response.type != program_line::kind::done) reject(response, "'done' or 'error TEXT'");
  }

  bool is_cached(std::string_view key) override {
    bool has_row = false;
    const reply response = ask_program("cached", key, has_row);
    if (response.type == program_line::kind::yes) return true;
    if (response.type == program_line::kind::no) return false;
    return plan_->cold.is_warm(key);
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
    client_program& program = own_instance(key);
    try {
      program.send_line(std::string{word}.append(" ").append(key));
      for (unsigned queries = 0;; ++queries) {
        std::string line = program.read_line();
        const program_line parsed = read_program_line(line);
        if (parsed.type != program_line::kind::query) {
          return {parsed.type, std::string{parsed.text}, std::move(line), program.name()};
        }
        if (parsed.text != key || word != "get" || queries == queries_max) {
          reject({parsed.type, {}, std::move(line), program.name()},
                 word == "get" ? "an answer or a query of the same key" : "an answer");
        }
        program.send_line(query(key, has_row));
      }
    } catch (const program_failed&) {
      drop_own_instance();
      throw;
    }
  }

  std::string query(std::string_view key, bool& has_row) {
    try {
      const std::optional<std::string> row = settings_.ask(key);
      has_row = row.has_value();
      return row ? "row " + in_one_line(*row) : "absent";
    } catch (const std::exception& error) {
      return "failed " + in_one_line(error.what());
    }
  }

  [[noreturn]] void reject(const reply& response, std::string_view expected) {
    drop_own_instance();
    throw program_failed{response.program + " sent \"" + base::escape(response.line, shown_max) +
                         "\" instead of " + std::string{expected}};
  }

  /// The instance of the calling thread, ready for a request. No other thread uses it.
  client_program& own_instance(std::string_view key) {
    client_program* running = nullptr;
    {
      const std::scoped_lock lock{mutex_};
      const auto position = programs_.find(std::this_thread::get_id());
      if (position != programs_.end()) running = position->second.get();
    }
    if (running != nullptr && !running->unread_output().empty()) {
      const std::string output = base::escape(running->unread_output(), shown_max);
      const std::string name = running->name();
      drop_own_instance();
      throw program_failed{name + " sent \"" + output + "\" without a request"};
    }
    if (running != nullptr && !running->has_ended()) return *running;
    auto started = starter_.start([this, key = std::string{key}] { return start(key); });
    const std::scoped_lock lock{mutex_};
    auto& place = programs_[std::this_thread::get_id()];
    place = std::move(started);
    return *place;
  }

  std::unique_ptr<client_program> start(std::string_view key) {
    const std::string ttl = std::to_string(settings_.ttl.count());
    const std::array<blank, 3> blanks{
        {{"{redis}", settings_.redis_url}, {"{key}", key}, {"{ttl-ms}", ttl}}};
    return std::make_unique<client_program>(program_call{.path = plan_->path,
                                                         .words = fill_blanks(plan_->words, blanks),
                                                         .display_name = plan_->command},
                                            plan_->limits);
  }

  void drop_own_instance() {
    std::unique_ptr<client_program> dropped;  // destroyed after the lock is released
    const std::scoped_lock lock{mutex_};
    const auto position = programs_.find(std::this_thread::get_id());
    if (position == programs_.end()) return;
    dropped = std::move(position->second);
    programs_.erase(position);
  }

  const std::shared_ptr<command_plan> plan_;
  const strategy_settings settings_;
  program_starter starter_;  // outlives the programs
  std::mutex mutex_;
  std::unordered_map<std::thread::id, std::unique_ptr<client_program>> programs_;
};

}  // namespace

strategy_kind command_strategy_kind(std::string_view command, program_limits limits) {
  auto plan = std::make_shared<command_plan>();
  plan->command = command;
  plan->words = split_words(command);
  plan->path = process::find_program(plan->words.front());
  plan->limits = limits;
  const auto names_redis = [](const std::string& word) {
    return word.find("{redis}") != std::string::npos;
  };
  if (std::ranges::none_of(plan->words, names_redis)) {
    throw std::invalid_argument{
        "the command has no {redis}, so its program would not know the server"};
  }
  return {
      .name = "command",
      .title = "your program",
      .summary = "the client program that --strategy-command names",
      .weakness = "the cause is in your program",
      .begin = [plan = std::move(plan)](strategy_settings settings) -> std::unique_ptr<strategy> {
        return std::make_unique<command_strategy>(plan, std::move(settings));
      }};
}

}  // namespace drover::simulate
