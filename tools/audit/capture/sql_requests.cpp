// SPDX-License-Identifier: MIT
// The client's side of PostgreSQL's protocol 3
// (https://www.postgresql.org/docs/current/protocol-message-formats.html) and of MySQL's
// (https://dev.mysql.com/doc/dev/mysql-server/latest/PAGE_PROTOCOL.html). Only the head of a
// message is kept. It is long enough for the beginning of a statement.
#include <algorithm>
#include <set>
#include <utility>

#include "audit/capture/origin_requests.hpp"
#include "audit/capture/sql_text.hpp"
#include "base/bytes.hpp"

namespace drover::audit {
namespace {

/// The kept bytes of a message: the names of the statement and the portal, and the head of the
/// statement.
constexpr std::size_t message_head_max = 128 + sql_head_max;
constexpr std::size_t names_max = 1024;

/// A stream of messages. Each begins with a front of fixed size that contains its length. Keeps the
/// front and the head of one message at a time.
class framed : public request_stream {
 public:
  std::uint64_t client_sent(std::string_view bytes) final {
    std::uint64_t count = 0;
    while (stop_reason().empty()) {
      if (front_.size() < front_size()) {
        const std::size_t byte_count = std::min(bytes.size(), front_size() - front_.size());
        front_ += bytes.substr(0, byte_count);
        bytes.remove_prefix(byte_count);
        if (front_.size() < front_size()) return count;
        bytes_left_ = length_after(front_);
      }
      const auto byte_count =
          static_cast<std::size_t>(std::min<std::uint64_t>(bytes_left_, bytes.size()));
      if (head_.size() < message_head_max) {
        head_ += bytes.substr(0, std::min(byte_count, message_head_max - head_.size()));
      }
      bytes.remove_prefix(byte_count);
      bytes_left_ -= byte_count;
      if (bytes_left_ > 0) return count;
      if (stop_reason().empty() && is_request(front_, head_)) ++count;
      front_.clear();
      head_.clear();
    }
    return count;
  }

 protected:
  [[nodiscard]] virtual std::size_t front_size() const = 0;
  /// The number of bytes of the message after its front.
  [[nodiscard]] virtual std::uint64_t length_after(std::string_view front) = 0;
  [[nodiscard]] virtual bool is_request(std::string_view front, std::string_view head) = 0;

 private:
  std::string front_;
  std::string head_;
  std::uint64_t bytes_left_ = 0;
};

class postgres final : public framed {
 public:
  void server_sent(std::string_view bytes) override {
    if (!requests_encryption_ || bytes.empty()) return;
    requests_encryption_ = false;
    if (bytes[0] != 'N') stop_reading("the connection is encrypted");
  }

 private:
  [[nodiscard]] std::size_t front_size() const override { return started_ ? 5 : 4; }

  std::uint64_t length_after(std::string_view front) override {
    const auto length = base::load_big_endian<std::uint32_t>(front, started_ ? 1 : 0);
    if (length >= 4) return length - 4;
    stop_reading("an invalid PostgreSQL message");
    return 0;
  }

  bool is_request(std::string_view front, std::string_view head) override {
    if (!started_) {
      start(head);
      return false;
    }
    switch (front[0]) {
      case 'Q': return asks_for_data(head.substr(0, head.find('\0')).substr(0, sql_head_max));
      case 'F': return true;
      case 'P':
        note(quiet_statements_, name_at(head, 0), !asks_for_data(text_after_name(head, 0)));
        break;
      case 'B':
        note(quiet_portals_, name_at(head, 0),
             quiet_statements_.count(name_at(head, name_at(head, 0).size() + 1)) > 0);
        break;
      case 'E': return quiet_portals_.count(name_at(head, 0)) == 0;
      default: break;
    }
    return false;
  }

  void start(std::string_view head) {
    constexpr std::uint32_t cancel = 80'877'102;
    if (head.size() < 4) return stop_reading("an invalid PostgreSQL start-up message");
    const auto code = base::load_big_endian<std::uint32_t>(head, 0);
    if (code > cancel && code <= cancel + 2) {
      requests_encryption_ = true;
    } else if (code >> 16U == 3U) {
      started_ = true;
      requests_encryption_ = false;
    } else if (code != cancel) {
      stop_reading("an invalid PostgreSQL start-up message");
    }
  }

  static std::string name_at(std::string_view head, std::size_t from) {
    head.remove_prefix(std::min(from, head.size()));
    return std::string{head.substr(0, head.find('\0'))};
  }
  static std::string_view text_after_name(std::string_view head, std::size_t from) {
    const std::size_t end = head.find('\0', from);
    head.remove_prefix(end == std::string_view::npos ? head.size() : end + 1);
    return head.substr(0, head.find('\0')).substr(0, sql_head_max);
  }
  static void note(std::set<std::string>& names, std::string name, bool is_quiet) {
    if (!is_quiet) {
      names.erase(name);
    } else if (names.size() < names_max) {
      names.insert(std::move(name));
    }
  }

  std::set<std::string> quiet_statements_;  // statements that only manage the session
  std::set<std::string> quiet_portals_;
  bool started_ = false;
  bool requests_encryption_ = false;
};

class mysql final : public framed {
 private:
  [[nodiscard]] std::size_t front_size() const override { return 4; }

  [[nodiscard]] std::uint64_t length_after(std::string_view front) override {
    const auto byte = [front](std::size_t at) {
      return static_cast<std::uint64_t>(static_cast<unsigned char>(front[at]));
    };
    return byte(0) | byte(1) << 8U | byte(2) << 16U;
  }

  bool is_request(std::string_view front, std::string_view head) override {
    if (!logged_in_) {
      logged_in_ = true;
      read_login(head);
      return false;
    }
    // A packet with another number continues a command or the log-in.
    if (front[3] != '\0' || head.empty()) return false;
    constexpr char query = 0x03;
    constexpr char execute = 0x17;
    if (head[0] == query) return asks_for_data(head.substr(1, sql_head_max));
    return head[0] == execute;
  }

  void read_login(std::string_view head) {
    if (head.size() < 4) return stop_reading("an invalid MySQL log-in");
    const auto flags = [head](std::size_t at) { return static_cast<unsigned char>(head[at]); };
    constexpr unsigned compressed = 0x20;
    constexpr unsigned encrypted = 0x08;
    constexpr std::size_t request_size = 32;
    if ((flags(1) & encrypted) != 0 && head.size() == request_size) {
      stop_reading("the connection is encrypted");
    } else if ((flags(0) & compressed) != 0) {
      stop_reading("the connection is compressed");
    }
  }

  bool logged_in_ = false;
};

}  // namespace

std::unique_ptr<request_stream> postgres_requests() { return std::make_unique<postgres>(); }
std::unique_ptr<request_stream> mysql_requests() { return std::make_unique<mysql>(); }

}  // namespace drover::audit
