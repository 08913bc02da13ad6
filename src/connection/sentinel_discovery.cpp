// SPDX-License-Identifier: MIT
#include "connection/sentinel_discovery.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "connection/channel.hpp"
#include "connection/moments.hpp"
#include "connection/sentinel_line.hpp"

namespace drover::connection {
namespace {

std::vector<address> addresses_of(const host_port& at, const resolver::look_up& look_up) {
  std::vector<address> found;
  if (auto numeric = numeric_address(at.host, at.port)) {
    found.push_back(*std::move(numeric));
  } else {
    found = look_up(at.host, at.port).addresses;
  }
  for (address& where : found) where.host = at.host;
  return found;
}

/// The question to one sentinel. A host whose name is resolved slowly holds up no other.
class question {
 public:
  question(const host_port& to, const sentinel_settings& with,
           const std::shared_ptr<const bell>& wake)
      : to_{to},
        service_{with.service},
        tls_{with.tls.get()},
        request_{write_sentinel_request(with.service, with.user, with.password)},
        names_{to.host, to.port, wake, with.look_up} {}

  [[nodiscard]] bool is_open() const noexcept { return !line_ || line_->is_open(); }
  [[nodiscard]] watched_socket watched() const noexcept {
    if (!line_) return {};
    return {&line_->socket().socket(), line_->interest(), {}};
  }
  [[nodiscard]] const std::optional<primary_report>& report() const noexcept { return report_; }
  /// "10.0.0.1:26379: no answer in time".
  [[nodiscard]] std::string why() const {
    if (line_ && !line_->why().empty()) return describe(to_) + ": " + line_->why();
    const bool is_securing = line_ && line_->is_securing();
    return describe(to_) + (is_securing
                                ? ": no answer to the TLS handshake in time (if it speaks no "
                                  "TLS, set plain_sentinels)"
                                : ": no answer in time");
  }

  [[nodiscard]] bool is_refused() const noexcept { return line_ && line_->is_refused(); }

  void go_on(readiness came) {
    if (!line_) {
      auto found = names_.ask();
      if (!found) return;
      line_.emplace(std::move(found->addresses), tls_, to_.host);
      line_->send(request_.bytes);
      return;
    }
    for (resp::message& reply : line_->go_on(came)) replies_.push_back(std::move(reply));
    if (replies_.size() < request_.replies) return;
    result<primary_report> read = read_primary_report(replies_, service_);
    if (!read) return line_->end(read.error().text, true);
    report_ = *std::move(read);
    line_->end({});
  }

 private:
  host_port to_;
  std::string service_;
  tls_context* tls_;
  sentinel_request request_;
  resolver names_;
  std::optional<sentinel_line> line_;
  std::vector<resp::message> replies_;
  std::optional<primary_report> report_;
};

std::vector<primary_report> ask(std::vector<question>& questions, const bell& wake,
                                const sentinel_settings& with) {
  std::vector<primary_report> reports;
  steady_time until = after(now(), with.answer_max);
  for (question& asked : questions) asked.go_on({});
  for (;;) {
    std::vector<watched_socket> watched;
    std::vector<question*> open;
    for (question& asked : questions) {
      if (!asked.is_open()) continue;
      watched.push_back(asked.watched());
      open.push_back(&asked);
    }
    if (open.empty() || now() >= until) return reports;
    wait_for_any(wake, watched, until);
    wake.hush();
    for (std::size_t i = 0; i < open.size(); ++i) {
      open[i]->go_on(watched[i].came);
      if (!open[i]->report()) continue;
      if (reports.empty()) until = std::min(until, after(now(), with.others_max));
      reports.push_back(*open[i]->report());
    }
  }
}

}  // namespace

resolved discover_primary(const sentinel_settings& with) {
  std::vector<question> questions;
  questions.reserve(with.sentinels.size());
  const auto wake = std::make_shared<const bell>();
  for (const host_port& sentinel : with.sentinels) questions.emplace_back(sentinel, with, wake);
  const std::vector<primary_report> reports = ask(questions, *wake, with);
  resolved found;
  for (const host_port& at : ranked(reports)) {
    for (address& where : addresses_of(at, with.look_up))
      found.addresses.push_back(std::move(where));
  }
  if (!found.addresses.empty()) return found;
  if (!reports.empty()) {
    found.why = "the sentinels cannot reach the primary " + describe(reports.front().at) +
                ", and no failover has ended";
    return found;
  }
  found.why = "no sentinel names a primary";
  const char* separator = ": ";
  for (const question& asked : questions) {
    found.why += std::exchange(separator, "; ") + asked.why();
    found.is_refused = found.is_refused || asked.is_refused();
  }
  return found;
}

}  // namespace drover::connection
