// SPDX-License-Identifier: MIT
// Changes the addresses in the replies of one connection, so that a client finds the listeners of
// the proxy and not the servers. All other bytes pass unchanged, in the slices in which they come:
// at most the beginning of a line, or a reply with addresses, is held until it is complete. If the
// bytes are not RESP, or such a reply is too large, everything passes unchanged from then on.
//
// Pure. Threads: one at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "audit/topology/expected_replies.hpp"
#include "audit/topology/node_directory.hpp"
#include "resp/message.hpp"
#include "resp/scanner.hpp"

namespace drover::audit {

/// The server of a connection.
enum class server_role : std::uint8_t { cluster_node, sentinel };

class reply_rewriter {
 public:
  /// Lifetime: `nodes` outlives it.
  reply_rewriter(server_role role, address_view seen, node_directory& nodes);

  /// Bytes of the client, before their reply can come.
  void requested(std::string_view bytes) { expected_.requested(bytes); }
  /// Bytes of the server. Returns those to pass on. They are valid until the next call, and as long
  /// as `bytes`.
  [[nodiscard]] std::string_view replied(std::string_view bytes);
  /// The server has ended the connection. Returns the bytes that were held.
  [[nodiscard]] std::string take_held();

  static constexpr std::size_t held_max = std::size_t{16} << 20U;

 private:
  void begin_reply(const resp::token& first);
  void end_reply();
  [[nodiscard]] std::string changed(const std::string& raw, bool& answers) const;
  [[nodiscard]] std::string changed_error(std::string_view text) const;
  void give_up(std::string_view rest);

  server_role role_;
  address_view seen_;
  node_directory& nodes_;
  expected_replies expected_;
  resp::scanner scanner_;
  std::string out_;
  std::string pending_;    // the beginning of a line
  std::string collected_;  // a reply that may be changed
  bool in_reply_ = false;
  bool collects_ = false;
  bool is_push_ = false;
  bool is_blind_ = false;
};

}  // namespace drover::audit
