// SPDX-License-Identifier: MIT
// Counts loads by the lines that are added to a log. Follows the log through rotation (another file
// under the same name) and truncation (the file becomes shorter).
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "audit/run/log_pattern.hpp"
#include "audit/run/origin_counter.hpp"

namespace drover::audit {
namespace {

using namespace std::chrono_literals;

/// A file that is followed by its name.
class followed_file {
 public:
  explicit followed_file(std::string path) : path_{std::move(path)} {}
  ~followed_file() { drop(); }
  followed_file(const followed_file&) = delete;
  followed_file& operator=(const followed_file&) = delete;

  /// Seeks to the end. Fails if the file exists but cannot be read.
  result<void> begin() {
    if (!open_file() && errno != ENOENT) {
      return fault{fault_code::unreachable, path_ + " cannot be read: " + std::strerror(errno)};
    }
    if (descriptor_ >= 0) position_ = lseek(descriptor_, 0, SEEK_END);
    return {};
  }

  /// Calls `on_line` for each line that was added since the last call.
  template <class OnLine>
  void read(OnLine&& on_line) {
    if (descriptor_ >= 0) read_rest(on_line);
    struct stat named_file {};
    if (stat(path_.c_str(), &named_file) != 0) return;
    if (descriptor_ >= 0 && named_file.st_ino == inode_ && named_file.st_dev == device_) {
      if (named_file.st_size >= position_) return;
      position_ = lseek(descriptor_, 0, SEEK_SET);
      partial_line_.clear();
    } else {
      // The old file may have received a last line since it was read.
      if (descriptor_ >= 0) read_rest(on_line);
      if (!partial_line_.empty()) on_line(std::string_view{partial_line_});
      drop();
      if (!open_file()) return;
    }
    read_rest(on_line);
  }

  /// The text after the last line end.
  [[nodiscard]] std::string_view partial_line() const noexcept { return partial_line_; }

 private:
  bool open_file() {
    descriptor_ = open(path_.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor_ < 0) return false;
    struct stat status {};
    fstat(descriptor_, &status);
    inode_ = status.st_ino;
    device_ = status.st_dev;
    position_ = 0;
    return true;
  }

  void drop() noexcept {
    if (descriptor_ >= 0) close(descriptor_);
    descriptor_ = -1;
    partial_line_.clear();
  }

  template <class OnLine>
  void read_rest(OnLine& on_line) {
    std::array<char, 65536> buffer{};
    for (;;) {
      const ssize_t size = ::read(descriptor_, buffer.data(), buffer.size());
      if (size <= 0) return;
      position_ += size;
      std::string_view bytes{buffer.data(), static_cast<std::size_t>(size)};
      for (std::size_t end = bytes.find('\n'); end != std::string_view::npos;
           end = bytes.find('\n')) {
        keep(bytes.substr(0, end));
        on_line(std::string_view{partial_line_});
        partial_line_.clear();
        bytes.remove_prefix(end + 1);
      }
      keep(bytes);
    }
  }

  void keep(std::string_view part) {
    partial_line_ += part.substr(
        0, log_pattern::line_max - std::min(partial_line_.size(), log_pattern::line_max));
  }

  std::string path_;
  std::string partial_line_;
  int descriptor_ = -1;
  off_t position_ = 0;
  ino_t inode_ = 0;
  dev_t device_ = 0;
};

class log_counter final : public origin_counter {
 public:
  log_counter(std::string path, std::string pattern, origin_listener listener)
      : file_{path},
        source_{"log " + path},
        pattern_{std::move(pattern)},
        listener_{std::move(listener)} {}
  ~log_counter() override { log_counter::stop(); }

  result<void> start() override {
    result<log_pattern> compiled = log_pattern::compile(pattern_);
    if (!compiled) return compiled.error();
    compiled_ = std::move(*compiled);
    if (auto begin_result = file_.begin(); !begin_result) return begin_result;
    thread_ = std::thread{[this] { run(); }};
    return {};
  }

  void stop() override {
    if (!thread_.joinable()) return;
    {
      const std::scoped_lock lock{mutex_};
      is_stopping_ = true;
    }
    wake_.notify_all();
    thread_.join();
    read_new_lines();
    count(file_.partial_line());
  }

 private:
  static constexpr auto every = 50ms;

  void run() {
    std::unique_lock lock{mutex_};
    while (!wake_.wait_for(lock, every, [this] { return is_stopping_; })) {
      lock.unlock();
      read_new_lines();
      lock.lock();
    }
  }

  void read_new_lines() {
    file_.read([this](std::string_view line) { count(line); });
  }

  void count(std::string_view line) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    std::optional<std::string> key = compiled_->key_in(line);
    if (key) listener_.tell(origin_loads{listener_.now(), 1, *std::move(key), source_});
  }

  followed_file file_;
  std::string source_;
  std::string pattern_;
  origin_listener listener_;
  std::optional<log_pattern> compiled_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool is_stopping_ = false;
  std::thread thread_;
};

}  // namespace

std::unique_ptr<origin_counter> count_log_lines(std::string path, std::string pattern,
                                                origin_listener listener) {
  return std::make_unique<log_counter>(std::move(path), std::move(pattern), std::move(listener));
}

}  // namespace drover::audit
