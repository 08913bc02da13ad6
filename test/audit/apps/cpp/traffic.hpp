// SPDX-License-Identifier: MIT
// What drives the applications of this folder: connections, threads, processes and an origin that
// counts. Nothing in here caches anything. An application's own file holds all of its caching code.
#pragma once

#include <hiredis/hiredis.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace traffic {

using namespace std::chrono_literals;
using steady = std::chrono::steady_clock;

inline std::string redis_url() {
  const char* url = std::getenv("REDIS_URL");
  return url != nullptr ? url : "redis://127.0.0.1:6379";
}

/// The database: takes its time, and leaves a line in the log named by ORIGIN_LOG.
inline std::string load(const std::string& key, std::chrono::milliseconds takes) {
  if (const char* log = std::getenv("ORIGIN_LOG")) {
    std::ofstream{log, std::ios::app} << "load " + key + "\n";
  }
  std::this_thread::sleep_for(takes);
  return R"({"key":")" + key + R"(","text":")" + std::string(60, 'x') + "\"}";
}

/// One connection, for one thread.
class connection {
 public:
  connection() {
    const std::string url = redis_url();
    const std::size_t host = url.find("://") + 3;
    const std::size_t colon = url.find(':', host);
    const int port = colon == std::string::npos ? 6379 : std::atoi(url.c_str() + colon + 1);
    context_.reset(redisConnect(url.substr(host, colon - host).c_str(), port));
    if (context_ == nullptr || context_->err != 0) throw std::runtime_error("no Redis at " + url);
  }

  /// A reply's text; nothing for nil; an integer as text. Throws for an error reply.
  std::optional<std::string> ask(const std::vector<std::string>& command) {
    std::vector<const char*> texts;
    std::vector<std::size_t> lengths;
    for (const std::string& each : command) {
      texts.push_back(each.data());
      lengths.push_back(each.size());
    }
    const std::unique_ptr<redisReply, void (*)(void*)> reply{
        static_cast<redisReply*>(redisCommandArgv(context_.get(), static_cast<int>(texts.size()),
                                                  texts.data(), lengths.data())),
        freeReplyObject};
    if (reply == nullptr) throw std::runtime_error(context_->errstr);
    if (reply->type == REDIS_REPLY_ERROR) throw std::runtime_error(reply->str);
    if (reply->type == REDIS_REPLY_NIL) return std::nullopt;
    if (reply->type == REDIS_REPLY_INTEGER) return std::to_string(reply->integer);
    return std::string{reply->str, static_cast<std::size_t>(reply->len)};
  }

 private:
  std::unique_ptr<redisContext, void (*)(redisContext*)> context_{nullptr, redisFree};
};

using dice = std::mt19937;

inline int between(dice& roll, int low, int high) {
  return std::uniform_int_distribution<int>{low, high}(roll);
}

/// Threads that call ask(roll) again and again, with a pause of 10 to 40 ms between.
inline void crowd(int clients, std::chrono::milliseconds lasts, unsigned seed,
                  const std::function<std::function<void(dice&)>()>& make_client) {
  const steady::time_point end = steady::now() + lasts;
  std::vector<std::thread> threads;
  for (int number = 0; number < clients; ++number) {
    threads.emplace_back([&, number] {
      dice roll{seed * 1000 + static_cast<unsigned>(number)};
      const std::function<void(dice&)> ask = make_client();
      while (steady::now() < end) {
        ask(roll);
        std::this_thread::sleep_for(std::chrono::milliseconds{between(roll, 10, 40)});
      }
    });
  }
  for (std::thread& each : threads) each.join();
}

/// Runs main(number) in that many processes, and waits for them; 0 if all went well.
inline int fleet(int processes, const std::function<void(unsigned)>& main) {
  std::vector<pid_t> children;
  for (int number = 0; number < processes; ++number) {
    const pid_t child = fork();
    if (child == 0) {
      main(static_cast<unsigned>(number));
      std::_Exit(0);
    }
    children.push_back(child);
  }
  int worst = 0;
  for (const pid_t each : children) {
    int status = 0;
    waitpid(each, &status, 0);
    if (status != 0) worst = 1;
  }
  return worst;
}

}  // namespace traffic
