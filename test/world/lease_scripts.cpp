// SPDX-License-Identifier: MIT
#include "world/lease_scripts.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "world/command_table.hpp"
#include "world/keys.hpp"
#include "world/pushes.hpp"
#include "world/reply_writer.hpp"

namespace drover::world {
namespace {

using lease::script_id;

constexpr std::size_t no_nth = 1;

std::string zeros(std::size_t count) { return std::string(count, '\0'); }

/// struct.pack: a number as the interpreter cuts it to `size` bytes.
std::string packed(double number, std::size_t size) {
  const auto bits = number < 0 ? static_cast<std::uint64_t>(static_cast<std::int64_t>(number))
                               : static_cast<std::uint64_t>(number);
  std::string bytes(8, '\0');
  base::store_big_endian(bytes, 0, bits);
  return bytes.substr(8 - size);
}

std::string packed_u64(double number) { return packed(number, 8); }

/// The first eight bytes of an entry.
std::string packed_head(double kind, double flags, double class_number, double number) {
  return packed(254, 1) + packed(kind, 1) + packed(flags, 1) + packed(class_number, 1) +
         packed(number, 4);
}

/// A number as a reply. One that is too large for 64 bits becomes what the x86-64 makes of it.
void write_number(std::string& out, double number) {
  constexpr double too_large = 0x1p63;
  const bool fits = number < too_large && number >= -too_large;
  write_integer(
      out, fits ? static_cast<std::int64_t>(number) : std::numeric_limits<std::int64_t>::min());
}

void write_time_reply(std::string& out, double outcome, double now) {
  write_head(out, '*', 2);
  write_number(out, outcome);
  write_number(out, now);
}

/// One run of one script. The members up to `token` are what every script on V reads first.
class script_run {
 public:
  script_run(running& request, const lease::script& script)
      : request_{request},
        script_{script},
        key_{request.arguments[3]},
        given_{request.arguments.subspan(4)} {}

  void run();

 private:
  void read_entry();
  void lease();
  void grant(double now, bool notify, double attempts, const std::string& held);
  void renew();
  void promote();
  void fill();
  void failure();
  void release();
  void uncacheable();
  void expire();
  void mark_extend();
  void mark_release();

  [[nodiscard]] std::string_view text(std::size_t number) const { return given_[number - 1]; }
  [[nodiscard]] double time(std::size_t number) const;
  [[nodiscard]] double u64(std::size_t at) const;
  [[nodiscard]] std::string part(std::size_t first, std::size_t last) const;
  [[nodiscard]] bool holds_lease() const { return kind_ == 1 && token_ == text(1); }
  void need_arguments(std::size_t count) const;

  /// `redis.call` at the `nth` place in the text where it says `site`.
  template <class Act>
  auto call(std::string_view command, std::string_view site, std::size_t nth, Act act);
  double now();
  std::string whole_entry(std::size_t nth);
  void store(std::string_view value, std::string_view ttl);
  void change(std::size_t offset, std::string_view bytes, std::string_view site);
  void remove_key();
  void touch(std::size_t nth);
  void wake(std::string_view channel, std::string_view reason);
  void answer(std::int64_t number) { write_integer(request_.out(), number); }
  void answer_lease(double outcome, double now, double number, std::string_view bytes);

  running& request_;
  const lease::script& script_;
  std::string_view key_;
  std::span<const std::string_view> given_;
  std::string head_;
  double kind_ = -1;
  unsigned flags_ = 0;
  bool is_newer_ = false;
  std::optional<std::string> token_;
};

double script_run::time(std::size_t number) const {
  const auto read = parse_integer(text(number));
  if (read) return static_cast<double>(*read);
  throw unsupported_request{"the model of the server knows scripts only with integers: argument " +
                            std::to_string(number) + " of " + std::string{script_.name}};
}

double script_run::u64(std::size_t at) const {
  return static_cast<double>(base::load_big_endian<std::uint64_t>(head_, at));
}

std::string script_run::part(std::size_t first, std::size_t last) const {
  return head_.substr(first, last - first);
}

void script_run::need_arguments(std::size_t count) const {
  if (given_.size() == count) return;
  throw unsupported_request{"the model of the server knows the script " +
                            std::string{script_.name} + " only with " + std::to_string(count) +
                            " arguments"};
}

template <class Act>
auto script_run::call(std::string_view command, std::string_view site, std::size_t nth, Act act) {
  try {
    return call_in_script(request_, command, key_, act);
  } catch (const error_reply& why) {
    std::size_t at = script_.text.find(site);
    for (; nth > 1; --nth) at = script_.text.find(site, at + 1);
    if (at == std::string_view::npos) {
      throw unsupported_request{"the text of the script has changed: " + std::string{site}};
    }
    const auto line = std::ranges::count(script_.text.substr(0, at), '\n') + 1;
    throw error_reply{why.text + " script: " + std::string{script_.sha1} +
                      ", on @user_script:" + std::to_string(line) + "."};
  }
}

double script_run::now() {
  return call("time", "redis.call('TIME'", no_nth, [this] {
    return static_cast<double>(std::chrono::floor<milliseconds>(request_.at.time).count());
  });
}

std::string script_run::whole_entry(std::size_t nth) {
  return call("get", "redis.call('GET',", nth,
              [this] { return get(request_, key_).value_or(std::string{}); });
}

void script_run::store(std::string_view value, std::string_view ttl) {
  call("set", "redis.call('SET',", no_nth,
       [&] { return set(request_, key_, value, {.ttl_ms = ttl, .ttl_s = std::nullopt}); });
}

void script_run::change(std::size_t offset, std::string_view bytes, std::string_view site) {
  call("setrange", site, no_nth,
       [&] { return set_range(request_, key_, static_cast<std::int64_t>(offset), bytes); });
}

void script_run::remove_key() {
  call("del", "redis.call('DEL',", no_nth, [this] { return remove(request_, key_); });
}

void script_run::touch(std::size_t nth) {
  call("exists", "redis.call('EXISTS',", nth,
       [this] { return look_up(request_, key_) != nullptr; });
}

void script_run::wake(std::string_view channel, std::string_view reason) {
  if (flags_ % 2 == 0 || channel.empty()) return;
  try {
    call_in_script(request_, "publish", key_, [&] { return publish(request_, channel, reason); });
  } catch (const error_reply&) {
    // It is a pcall.
  }
}

void script_run::answer_lease(double outcome, double now, double number, std::string_view bytes) {
  write_head(request_.out(), '*', 4);
  write_number(request_.out(), outcome);
  write_number(request_.out(), now);
  write_number(request_.out(), number);
  write_bulk(request_.out(), bytes);
}

void script_run::read_entry() {
  head_ = call("getrange", "redis.call('GETRANGE',", no_nth,
               [this] { return get_range(request_, key_, 0, 63); });
  if (head_.size() != 64 || head_[0] != '\xFE') return;
  const auto format = static_cast<unsigned char>(head_[1]);
  is_newer_ = format < 16 || format > 20;
  std::string named = part(24, 40);
  if (is_newer_ || named == zeros(16)) return;
  kind_ = format - 16;
  flags_ = static_cast<unsigned char>(head_[2]);
  token_ = std::move(named);
}

void script_run::lease() {
  const bool asks = text(4) == "1";
  bool notify = asks;
  const double t = now();
  if (is_newer_) return answer_lease(4, t, 0, "");
  const std::string held =
      packed_u64(t) + packed_u64(t + time(2)) + std::string{text(1)} + std::string{text(7)};
  double attempts = 0;
  double left = 0;
  bool is_old = true;
  if (kind_ == 1 || kind_ == 3) attempts = base::load_big_endian<std::uint32_t>(head_, 4);
  if (kind_ >= 0) {
    left = u64(16) - t;
    is_old = u64(8) < time(9);
  }
  const bool is_refused = token_ == text(6);
  if (kind_ == 1) {
    if (token_ == text(1) || token_ == text(5)) {
      change(8, held, "redis.call('SETRANGE',V,8,");
      touch(1);
      return answer_lease(1, t, attempts, "");
    }
    if (left > 0 && !is_old) {
      if (notify && flags_ % 2 == 0) {
        change(2, packed(flags_ + 1, 1), "redis.call('SETRANGE',V,2,");
        touch(2);
      }
      return answer_lease(2, t, left, head_);
    }
    notify = notify || flags_ % 2 == 1;
  } else if (kind_ == 0 && !is_refused) {
    const double grace = u64(40);
    if (left + grace > 0 && (grace > 0 || !is_old)) {
      return answer_lease(0, t, 0, whole_entry(1));
    }
  } else if (kind_ > 0 && !is_refused && !is_old) {
    if (kind_ == 3) {
      const double failed_at = u64(8);
      left = failed_at <= t ? std::min(left, failed_at + time(10) - t) : 0;
    }
    if (left > 0) {
      if (kind_ == 2) return answer_lease(0, t, 0, whole_entry(2));
      if (kind_ == 3) return answer_lease(3, t, left, whole_entry(3));
      return answer_lease(5, t, left, "");
    }
  }
  grant(t, notify, attempts, held);
}

void script_run::grant(double now, bool notify, double attempts, const std::string& held) {
  store(packed_head(17, notify ? 1 : 0, 0, attempts) + held + std::string{text(8)} + zeros(8),
        text(3));
  touch(3);
  answer_lease(1, now, attempts, "");
}

void script_run::renew() {
  if (!holds_lease()) return answer(0);
  const std::string until = packed_u64(now() + time(2));
  change(16, until + *token_ + std::string{text(3)}, "redis.call('SETRANGE',V,16,");
  touch(1);
  answer(1);
}

void script_run::promote() {
  if (kind_ != 0 || token_ != text(1)) return answer(0);
  const double t = now();
  store(packed_head(17, 0, 0, 0) + packed_u64(t) + packed_u64(t + time(3)) + std::string{text(2)} +
            std::string{text(5)} + part(48, 56) + zeros(8),
        text(4));
  touch(1);
  answer(1);
}

void script_run::fill() {
  const double t = now();
  if ((kind_ == 0 || kind_ == 2) && token_ == text(2))
    return write_time_reply(request_.out(), 2, t);
  if (kind_ < 0 || kind_ > 2 || token_ != text(1)) return write_time_reply(request_.out(), 0, t);
  const std::string first = packed_head(16 + time(3), 0, 0, time(4));
  double at = time(12);
  if (at <= 0 || at >= t) {
    at = t;
  } else if (at + time(5) + time(6) <= t) {
    if (kind_ == 1) {
      remove_key();
      touch(1);
      wake(text(11), "fill");
    }
    return write_time_reply(request_.out(), 0, t);
  }
  const std::string times = packed_u64(at) + packed_u64(at + time(5));
  const std::string sums = std::string{text(8)} + std::string{text(9)} + zeros(4);
  store(first + times + std::string{text(2)} + packed_u64(time(6)) + sums + std::string{text(10)},
        text(7));
  touch(2);
  wake(text(11), "fill");
  write_time_reply(request_.out(), 1, t);
}

void script_run::failure() {
  if (!holds_lease()) return answer(0);
  const double t = now();
  const std::string first = packed_head(19, 0, time(3), time(2));
  const std::string times = packed_u64(t) + packed_u64(t + time(4));
  const std::string sums = std::string{text(6)} + std::string{text(7)} + zeros(4);
  store(first + times + *token_ + zeros(8) + sums + std::string{text(8)}, text(5));
  touch(1);
  wake(text(9), "failure");
  answer(1);
}

void script_run::release() {
  if (!holds_lease()) return answer(0);
  remove_key();
  touch(1);
  wake(text(2), "release");
  answer(1);
}

void script_run::uncacheable() {
  if (!holds_lease()) return answer(0);
  const double t = now();
  store(packed_head(20, 0, 0, 0) + packed_u64(t) + packed_u64(t + time(2)) + *token_ + zeros(8) +
            part(48, 56) + zeros(8),
        text(2));
  touch(1);
  wake(text(3), "uncacheable");
  answer(1);
}

void script_run::expire() {
  if (kind_ < 0 && !is_newer_) return answer(0);
  if (kind_ == 0 && u64(40) > 0) {
    const unsigned flags = flags_ | 2U;
    const std::string until = packed_u64(std::min(u64(16), now()));
    const std::string marked = packed(flags, 1) + part(3, 16) + until + std::string{text(1)};
    bool is_marked = false;
    try {
      call_in_script(request_, "setrange", key_,
                     [&] { return set_range(request_, key_, 2, marked); });
      is_marked = true;
    } catch (const error_reply&) {
      // It is a pcall.
    }
    if (is_marked) {
      touch(1);
      return answer(1);
    }
  }
  remove_key();
  touch(2);
  answer(2);
}

void script_run::mark_extend() {
  const auto stored =
      call("get", "redis.call('GET',", no_nth, [this] { return get(request_, key_); });
  if (stored != text(1)) return answer(0);
  const bool is_set = call("pexpire", "redis.call('PEXPIRE',", no_nth,
                           [this] { return set_ttl(request_, key_, text(2)); });
  answer(is_set ? 1 : 0);
}

void script_run::mark_release() {
  const auto stored =
      call("get", "redis.call('GET',", no_nth, [this] { return get(request_, key_); });
  if (stored != text(1)) return answer(0);
  answer(call("del", "redis.call('DEL',", no_nth, [this] { return remove(request_, key_); }) ? 1
                                                                                             : 0);
}

void script_run::run() {
  struct step {
    std::size_t arguments;
    void (script_run::*act)();
    bool is_of_entry;
  };
  constexpr step steps[]{
      {10, &script_run::lease, true},       {3, &script_run::renew, true},
      {5, &script_run::promote, true},      {12, &script_run::fill, true},
      {9, &script_run::failure, true},      {2, &script_run::release, true},
      {3, &script_run::uncacheable, true},  {1, &script_run::expire, true},
      {2, &script_run::mark_extend, false}, {1, &script_run::mark_release, false},
  };
  const step& chosen = steps[static_cast<std::size_t>(script_.id)];
  need_arguments(chosen.arguments);
  if (chosen.is_of_entry) read_entry();
  (this->*chosen.act)();
}

}  // namespace

void run_lease_script(running& request, const lease::script& script) {
  if (request.arguments[2] != "1") {
    throw unsupported_request{"the model of the server knows scripts only with one key"};
  }
  request.is_in_script = true;
  script_run{request, script}.run();
}

}  // namespace drover::world
