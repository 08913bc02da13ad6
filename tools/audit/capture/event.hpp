// SPDX-License-Identifier: MIT
// What the auditor knows of one command: who sent it, when, what it named, and how it was answered.
// Never a value: of a value only its length, its class and a keyed hash leave the capture, so that
// equal values compare and none can be guessed.
//
// A server ran the command at some time in [sent, done]. `a` came before `b` only if
// `a.done <= b.sent`; otherwise they overlap and nothing may rely on their order.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace drover::audit {

/// Since the capture began, on a clock that never goes back.
using moment = std::chrono::duration<std::int64_t, std::micro>;

/// What the bytes of a value look like. Not what they say.
enum class shape : std::uint8_t { empty, integer, json, pickle, php, text, binary };

/// A value, without the value.
struct digest {
  std::uint64_t hash = 0;    ///< keyed with a random key of the run; 0 only for an empty value
  std::uint64_t length = 0;  ///< bytes
  shape looks = shape::empty;

  friend bool operator==(const digest&, const digest&) = default;
};

enum class field_kind : std::uint8_t {
  word,   ///< an option or a number, as PX or 10000: `text` is kept, upper case
  key,    ///< `text` is the key's name (its hash in hex with hidden keys)
  value,  ///< only `of`
};

/// One argument behind the command's name.
struct field {
  field_kind kind = field_kind::value;
  std::string text;
  digest of;  ///< of the bytes as sent; set for keys and values
};

enum class reply_kind : std::uint8_t {
  null,
  status,
  error,
  integer,
  text,
  aggregate,
  missing,  ///< no reply: the connection ended before, or replies are switched off
};

/// One reply, or one item of an aggregate.
struct reply_item {
  reply_kind kind = reply_kind::missing;
  std::int64_t integer = 0;  ///< an integer's value; of an aggregate the number of its values
  std::string word;          ///< status: its text; error: its first word, as NOSCRIPT
  digest of;                 ///< text
};

struct reply : reply_item {
  /// The values of an aggregate, one level deep, as MGET's; for EXEC one for each command.
  /// At most `items_max`; `integer` has their true number.
  std::vector<reply_item> items;

  static constexpr std::size_t items_max = 1024;
};

struct event {
  std::uint64_t sequence = 0;    ///< in the order of `done`; 1 is the first of a capture
  std::uint64_t connection = 0;  ///< as in `connection_opened`
  std::uint32_t database = 0;    ///< the one selected when it was sent
  /// Commands that came in one read of the client's bytes share it.
  std::uint64_t batch = 0;
  /// Not 0: it was queued between MULTI and EXEC; MULTI, EXEC, DISCARD themselves have it as well.
  /// A queued command's event comes after its EXEC, with EXEC's `sent`, `done` and its own item of
  /// EXEC's reply; for a transaction that did not run (`executed` false) with `missing`.
  std::uint64_t transaction = 0;
  bool executed = true;  ///< false: queued, and then discarded, aborted or not answered

  moment sent{};  ///< its last byte was passed on to the server
  moment done{};  ///< the last byte of its reply was passed on to the client

  /// Upper case; a container command with its subcommand, as "CLIENT SETNAME". "" if unreadable.
  std::string command;
  std::vector<field> arguments;    ///< at most `arguments_max`
  std::size_t argument_count = 0;  ///< all of them
  /// EVAL, EVALSHA, SCRIPT LOAD: SHA1 of the body in hex; FCALL, FUNCTION LOAD: the function's or
  /// library's name. See `script_seen`.
  std::string script;
  reply answer;

  static constexpr std::size_t arguments_max = 1024;
};

}  // namespace drover::audit
