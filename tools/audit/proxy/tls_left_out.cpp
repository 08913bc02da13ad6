// SPDX-License-Identifier: MIT
// The listening side of a build without TLS.
#include "audit/proxy/tls_acceptor.hpp"

namespace drover::audit {
namespace {

fault left_out() {
  return {fault_code::unsupported,
          "this build of drover has no TLS; build it with -DDROVER_WITH_TLS=ON"};
}

}  // namespace

result<std::shared_ptr<tls_acceptor>> make_tls_acceptor(const certificate_files& /*files*/) {
  return left_out();
}

result<run_certificate> make_run_certificate(const std::filesystem::path& /*folder*/) {
  return left_out();
}

}  // namespace drover::audit
