// SPDX-License-Identifier: MIT
#include "fault/proxy/listener.hpp"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>
#include <utility>

#include "audit/proxy/resolve.hpp"

namespace drover::faults {
namespace {

constexpr int backlog = 511;

fault cannot_listen(const audit::address& at, int error) {
  std::string reason = uv_strerror(error);
  if (error == UV_EADDRINUSE) {
    reason = "the address is in use; choose another one or stop the process that uses it";
  }
  return {fault_code::unreachable, "cannot listen at " + describe(at) + ": " + reason};
}

bool is_socket_file(const std::string& path) noexcept {
  struct stat status {};
  return ::lstat(path.c_str(), &status) == 0 && S_ISSOCK(status.st_mode);
}

/// A socket that is bound and does not listen, so that the system gives the port to no other
/// program. Like libuv's, it allows others that do not listen beside it. -1: that failed.
int bound_socket(const audit::resolved_address& at) noexcept {
  const int descriptor = ::socket(at.tcp.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return -1;
  const int on = 1;
  const socklen_t size = at.tcp.ss_family == AF_INET6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in);
  ::setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (::bind(descriptor, at.socket_address(), size) == 0) return descriptor;
  ::close(descriptor);
  return -1;
}

}  // namespace

listener::~listener() {
  if (kept_ >= 0) ::close(kept_);
}

result<void> listener::open(const audit::address& named, const audit::resolved_address& at) {
  named_ = named;
  at_ = at;
  // The file of a socket remains if its program is killed. Without a listener it can be removed.
  if (is_unix() && is_socket_file(at.path) && !audit::reach(named)) ::unlink(at.path.c_str());
  if (const int failed = listen(); failed != 0) return cannot_listen(named, failed);
  if (is_unix()) return {};
  int size = sizeof at_.tcp;  // with the actual port, to listen there again
  const int failed =
      uv_tcp_getsockname(&handle_->tcp, reinterpret_cast<sockaddr*>(&at_.tcp), &size);
  if (failed != 0) return cannot_listen(named, failed);
  named_.port =
      ntohs(at_.tcp.ss_family == AF_INET6 ? reinterpret_cast<const sockaddr_in6&>(at_.tcp).sin6_port
                                          : reinterpret_cast<const sockaddr_in&>(at_.tcp).sin_port);
  return {};
}

int listener::listen() {
  handle_ = new audit::socket_handle{};
  audit::init_handle(loop_, *handle_, is_unix());
  handle_->any.data = data_;
  int failed = is_unix() ? uv_pipe_bind(&handle_->pipe, at_.path.c_str())
                         : uv_tcp_bind(&handle_->tcp, at_.socket_address(), 0);
  if (failed == 0) failed = uv_listen(&handle_->stream, backlog, on_client_);
  return failed;
}

void listener::pause() {
  if (handle_ == nullptr) return;
  close_handle();
  if (!is_unix()) kept_ = bound_socket(at_);
}

bool listener::resume() {
  if (handle_ != nullptr) return true;
  if (listen() != 0) {
    close_handle();
    return false;
  }
  if (kept_ >= 0) ::close(std::exchange(kept_, -1));
  return true;
}

void listener::close() {
  close_handle();
  if (kept_ >= 0) ::close(std::exchange(kept_, -1));
}

void listener::close_handle() {
  if (handle_ == nullptr) return;
  // libuv removes the file of a Unix socket by the name it was bound to.
  uv_close(&std::exchange(handle_, nullptr)->any,
           [](uv_handle_t* handle) { delete reinterpret_cast<audit::socket_handle*>(handle); });
}

}  // namespace drover::faults
