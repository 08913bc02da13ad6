// SPDX-License-Identifier: MIT
// TLS on the listening side of a proxy: the certificate that clients see. A build without TLS has
// tls_left_out.cpp instead of openssl_acceptor.cpp and openssl_certificates.cpp.
//
// Threads: an acceptor from any thread; a session from one at a time. An acceptor outlives its
// sessions.
#pragma once

#include <drover/result.hpp>

#include <filesystem>
#include <memory>

#include "connection/tls.hpp"

namespace drover::audit {

/// Files in PEM.
struct certificate_files {
  /// The certificate, and the chain above it if there is one.
  std::filesystem::path certificate;
  /// Its key, not encrypted.
  std::filesystem::path key;
};

class tls_acceptor {
 public:
  tls_acceptor() = default;
  virtual ~tls_acceptor() = default;
  tls_acceptor(const tls_acceptor&) = delete;
  tls_acceptor& operator=(const tls_acceptor&) = delete;

  /// A session for a connection that was accepted. Throws std::bad_alloc.
  [[nodiscard]] virtual std::unique_ptr<connection::tls_session> begin() = 0;
};

/// Reads the files. The text of a fault names the file and the remedy.
[[nodiscard]] result<std::shared_ptr<tls_acceptor>> make_tls_acceptor(
    const certificate_files& files);

/// The files of a certificate that was made for one run.
struct run_certificate {
  certificate_files files;
  /// The authority to give to the application.
  std::filesystem::path authority;
};

/// Makes an authority, and with it a certificate for localhost, 127.0.0.1 and ::1 that is valid for
/// a month. The key of the authority is not kept. Writes ca.pem, cert.pem and key.pem into the
/// existing `folder`; only the owner can read key.pem. Throws std::bad_alloc.
[[nodiscard]] result<run_certificate> make_run_certificate(const std::filesystem::path& folder);

}  // namespace drover::audit
