// SPDX-License-Identifier: MIT
// One command as the auditor sees it: its connection, its times, its arguments and its reply.
// Values are not included. Only the length, the shape and a keyed hash of a value leave the
// capture, so that equal values can be matched and no value can be guessed.
//
// The server ran the command at some time in [sent, done]. `a` ran before `b` only if
// `a.done <= b.sent`; otherwise they overlap and their order is unknown.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace drover::audit {

/// Microseconds since the start of the capture, on a monotonic clock.
using moment = std::chrono::duration<std::int64_t, std::micro>;

/// The apparent format of a value, judged by its first bytes.
enum class shape : std::uint8_t { empty, integer, json, pickle, php, text, binary };

/// A text that gets into a cache by mistake: see known_texts.hpp.
enum class known_text : std::uint8_t {
  no,            ///< none of them
  object,        ///< [object Object], <User object at 0x...>
  undefined,     ///< undefined
  null,          ///< null
  none,          ///< None, nil
  not_a_number,  ///< NaN
  error,         ///< a stack trace
  error_page,    ///< the page of a web server that says 502
};

/// Stands for a value that is not kept.
struct digest {
  /// Keyed with a random key of the run. 0 for an empty value only.
  std::uint64_t hash = 0;
  /// In bytes.
  std::uint64_t length = 0;
  shape looks = shape::empty;
  known_text known = known_text::no;

  friend bool operator==(const digest&, const digest&) = default;
};

enum class field_kind : std::uint8_t {
  word,   ///< an option or a number, such as PX or 10000: `text` is the argument in upper case
  key,    ///< `text` is the name of the key, or its hash if keys are hidden
  value,  ///< `text` is empty
};

/// One argument after the name of the command.
struct field {
  field_kind kind = field_kind::value;
  std::string text;
  /// The digest of the bytes as sent. Set for keys and for values that are not secret.
  digest content_digest;
};

enum class reply_kind : std::uint8_t {
  null,
  status,
  error,
  integer,
  text,
  aggregate,
  missing,  ///< no reply: the connection ended before it, or replies are switched off
};

/// One reply, or one item of an aggregate.
struct reply_item {
  reply_kind kind = reply_kind::missing;
  /// The value of an integer, or the number of elements of an aggregate.
  std::int64_t integer = 0;
  /// The text of a known status, or the first word of an error, such as NOSCRIPT.
  std::string word;
  /// The digest of a text.
  digest content_digest;
};

struct reply : reply_item {
  /// The elements of an aggregate, one level deep, for example those of MGET. EXEC has one for each
  /// command. At most `items_max`; `integer` is the actual number.
  std::vector<reply_item> items;

  static constexpr std::size_t items_max = 1024;
};

struct event {
  /// Rises in the order of `done`. The first event of a capture has 1.
  std::uint64_t sequence = 0;
  /// As in `connection_opened`.
  std::uint64_t connection = 0;
  /// The selected database.
  std::uint32_t database = 0;
  /// Commands that arrived in one read of the client's bytes have the same batch.
  std::uint64_t batch = 0;
  /// 0: not part of a transaction. MULTI, EXEC, DISCARD and the commands between them have the
  /// number of their transaction. The event of a queued command comes after its EXEC. It has the
  /// `sent` and `done` of EXEC and its item of the reply of EXEC, or `missing` if the transaction
  /// did not run (`executed` is false).
  std::uint64_t transaction = 0;
  /// False: the command was queued, and then discarded, aborted or not answered.
  bool executed = true;

  /// When the last byte of the command was passed on to the server.
  moment sent{};
  /// When the last byte of the reply was passed on to the client.
  moment done{};

  /// Upper case. The name of a container command includes the subcommand: "CLIENT SETNAME". "" if
  /// it is not a possible name of a command.
  std::string command;
  /// At most `arguments_max`.
  std::vector<field> arguments;
  /// The actual number of arguments.
  std::size_t argument_count = 0;
  /// EVAL, EVALSHA, SCRIPT LOAD: the SHA1 of the body in hex. FCALL, FUNCTION LOAD: the name of the
  /// function or library. See `script_seen`.
  std::string script;
  reply answer;

  static constexpr std::size_t arguments_max = 1024;
};

}  // namespace drover::audit
