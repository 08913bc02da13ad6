// SPDX-License-Identifier: MIT
// From a request on the wire to an event: names of keys, words of options, digests of values, and
// nothing of secrets. The bytes of a long argument are hashed as they pass.
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

/// Redis' own defaults, and what is kept of a request.
[[nodiscard]] resp::request_limits kept_of_requests() noexcept;

/// The bytes of a request that are not kept: hashed, and collected where they are a script's.
class request_tail final : public resp::skipped_bytes {
 public:
  explicit request_tail(const hash_key& key) : stream_{key} {}

  void skip(const resp::request& of, std::string_view bytes) override;
  /// Of the argument at `index` of a complete request, if any of it was skipped.
  [[nodiscard]] const digest* long_digest(std::size_t index);
  /// The script that the argument at `index` is; nullptr: none of it was skipped. Empty: too long.
  [[nodiscard]] const std::string* long_script(std::size_t index) const noexcept;
  void clear() noexcept;

 private:
  void close();

  digest_stream stream_;
  std::vector<std::pair<std::size_t, digest>> long_;
  std::size_t open_ = 0;  // 0: none; no name of a command is that long
  std::size_t script_at_ = 0;
  std::string script_;
};

/// Makes events of requests.
class request_events {
 public:
  explicit request_events(capture_core& of) : of_{of} {}

  /// The command that a request is. Never fails: `spec` may be missing.
  [[nodiscard]] static found_command find(const resp::request& from) noexcept;
  /// Sets command, arguments, argument_count and script.
  void make(const resp::request& from, request_tail& tail, const found_command& found, event& into);

 private:
  void set_field(const resp::request& from, request_tail& tail, std::size_t at, argument_role role,
                 event& into);
  void see_script(const resp::request& from, const request_tail& tail, std::size_t at, effect does,
                  event& into);

  void note_ttl(event& into) const;

  capture_core& of_;
  std::vector<std::string_view> texts_;
  std::vector<argument_role> roles_;
};

}  // namespace drover::audit
