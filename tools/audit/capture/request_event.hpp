// SPDX-License-Identifier: MIT
// Turns a request on the wire into an event with names of keys, words of options and digests of
// values. Secrets are omitted. The bytes of a long argument are hashed as they pass.
// Pure. Threads: one at a time.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "audit/capture/capture_core.hpp"
#include "audit/capture/command_table.hpp"
#include "audit/capture/event.hpp"
#include "resp/request_reader.hpp"

namespace drover::audit {

/// The default limits of Redis, and how much of a request is kept.
[[nodiscard]] resp::request_limits kept_of_requests() noexcept;

/// Whether the request is the first line of an HTTP request, which somebody sent to the server by
/// mistake. The server refuses it. `GET /path?token=... HTTP/1.1` contains no name of a key.
[[nodiscard]] bool is_http(const resp::request& request) noexcept;

/// Receives the bytes of a request that are not kept. Hashes them, and collects those of a script.
class request_tail final : public resp::skipped_bytes {
 public:
  explicit request_tail(const hash_key& key) : stream_{key} {}

  void skip(const resp::request& request, std::string_view bytes) override;
  /// The digest of the argument at `index` of a complete request. nullptr: no byte of it was
  /// skipped.
  [[nodiscard]] const digest* long_digest(std::size_t index);
  /// The script in the argument at `index`. nullptr: no byte of it was skipped, or it is not a
  /// script. Empty: it is too long.
  [[nodiscard]] const std::string* long_script(std::size_t index) const noexcept;
  void clear() noexcept;

 private:
  void close();

  digest_stream stream_;
  std::vector<std::pair<std::size_t, digest>> long_;
  std::size_t open_ = 0;  // the argument that is being hashed; 0: none
  std::size_t script_at_ = 0;
  std::string script_;
};

/// Turns requests into events.
class request_events {
 public:
  explicit request_events(capture_core& core) : core_{core} {}

  /// Looks up the command of a request. `spec` is nullptr if it is unknown.
  [[nodiscard]] static command_match find(const resp::request& from) noexcept;
  /// Sets `command`, `arguments`, `argument_count` and `script` of the event.
  void make(const resp::request& from, request_tail& tail, const command_match& match, event& into);

 private:
  void set_field(const resp::request& from, request_tail& tail, std::size_t at, argument_role role,
                 event& into);
  void see_script(const resp::request& from, const request_tail& tail, std::size_t at, effect does,
                  event& into);

  void note_ttl(event& into) const;

  capture_core& core_;
  std::vector<std::string_view> texts_;
  std::vector<argument_role> roles_;
};

}  // namespace drover::audit
