// SPDX-License-Identifier: MIT
#pragma once

#include <string>

namespace drover {

/// Certificates, a key or revocation lists in PEM: the path of a file, or the text itself. Empty:
/// not given. A client reads files once, when it is made.
struct pem_source {
  std::string file{};  ///< the path of a regular file of at most 4 MiB
  std::string text{};  ///< the text, which begins with -----BEGIN; never part of a message
};

/// How a client with a `rediss://` URL uses TLS. By default it accepts a server only if a
/// certification authority of the system has certified it for the host in the URL. Nothing older
/// than TLS 1.2 is spoken.
///
/// Threads: a value; copy it.
struct tls_options {
  /// The authorities to trust, instead of those of the system. A self-signed certificate is its own
  /// authority.
  pem_source ca{};
  /// The client's certificate and the chain above it, for servers that ask for one. It needs `key`.
  pem_source certificate{};
  pem_source key{};  ///< the private key of `certificate`, not encrypted
  /// Revocation lists (CRLs). When they are given, every certificate of the server's chain needs a
  /// valid list of its authority.
  pem_source crl{};
  /// The host name or IP address that the server's certificate must be for, when that is not the
  /// host of the URL, as behind a tunnel.
  std::string server_name{};
  /// False: any certificate is accepted, so anybody between client and server can read and change
  /// everything. `event_kind::connection_unverified` reports it at each connect. No URL can do
  /// this. With `ca`, `crl` or `server_name`, false is refused.
  bool verify = true;
};

}  // namespace drover
