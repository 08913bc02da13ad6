// SPDX-License-Identifier: MIT
#include "world/system/network.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "resp/reader.hpp"
#include "world/system/arena.hpp"

namespace drover::world {
namespace {

// What src/connection/socket_io.cpp asks the system for.
constexpr virtual_time user_timeout = std::chrono::seconds{1};

// More small slices of one transfer would only take time: the scripts have thousands of bytes.
constexpr std::size_t small_slices_max = 12;

constexpr std::string_view other_reply = "+OK\r\n";

network* active_network = nullptr;

template <class Use>
void for_each_slice(const std::string& bytes, std::size_t slice_max, Use use) {
  std::size_t slices = 0;
  for (std::size_t at = 0; at < bytes.size();) {
    const std::size_t size = ++slices < small_slices_max ? slice_max : bytes.size();
    use(bytes.substr(at, size));
    at += size;
  }
}

}  // namespace

network* network::current() noexcept { return active_network; }
void network::set_current(network* now) noexcept { active_network = now; }

descriptor& network::open(descriptor::kind kind, process& in) {
  auto added = std::make_unique<descriptor>();
  added->number = next_number_++;
  added->is = kind;
  added->owner = &in;
  descriptor& opened = *added;
  descriptors_.emplace(opened.number, std::move(added));
  return opened;
}

descriptor* network::find(int number) noexcept {
  const auto found = descriptors_.find(number);
  return found == descriptors_.end() ? nullptr : found->second.get();
}

std::size_t network::open_descriptors(const process& of) const noexcept {
  return static_cast<std::size_t>(std::ranges::count_if(
      descriptors_, [&of](const auto& entry) { return entry.second->owner == &of; }));
}

void network::changed(const descriptor& which) { kernel_.wake(nullptr, &which, 1 << 30); }

virtual_time network::arrival(const link& on, virtual_time& last) {
  const path& way = paths_[on.process_number];
  const auto spread = static_cast<std::uint64_t>((way.delay_max - way.delay_min).count()) + 1;
  const auto delay = way.delay_min + virtual_time{static_cast<std::int64_t>(kernel_.draw(spread))};
  // Never the same moment twice: events of one moment run in any order.
  last = std::max(last + virtual_time{1}, kernel_.now() + delay);
  return last;
}

// Runs a delivery at its time, or when the path is open again.
void network::schedule(const std::shared_ptr<link>& on, virtual_time when, deliver run) {
  kernel_.at(when, [this, on, run = std::move(run)] {
    // What came earlier and is held back must arrive first.
    if (paths_[on->process_number].is_blocked || !on->held_back.empty()) {
      on->held_back.push_back(run);
    } else {
      run();
    }
  });
}

void network::connect(descriptor& from) {
  auto fresh = std::make_shared<link>();
  fresh->process_number = from.owner->number;
  fresh->client = &from;
  fresh->waits_since = kernel_.now();
  from.way = fresh;
  from.at = descriptor::state::connecting;
  links_.push_back(fresh);
  schedule(fresh, arrival(*fresh, fresh->last_to_server), [this, fresh] {
    if (fresh->client == nullptr) return;  // closed meanwhile
    // A frozen server still accepts: its system does that.
    if (!server_.is_up()) return fail_later(fresh, ECONNREFUSED);
    fresh->at_server = server_.model().connect();
    fresh->last_heard = kernel_.now();
    schedule(fresh, arrival(*fresh, fresh->last_to_client),
             [this, fresh] { complete_connect(fresh); });
  });
  watch_timeout(fresh);
}

void network::complete_connect(const std::shared_ptr<link>& on) {
  if (on->client == nullptr || on->client->at != descriptor::state::connecting) return;
  on->client->at = descriptor::state::open;
  changed(*on->client);
}

// Nothing that was sent may stay unacknowledged for longer.
void network::watch_timeout(const std::shared_ptr<link>& on) {
  if (std::exchange(on->watches_timeout, true)) return;
  const std::weak_ptr<link> watched = on;
  kernel_.at(on->waits_since + user_timeout, [this, watched] {
    const auto way = watched.lock();
    if (way == nullptr) return;
    way->watches_timeout = false;
    const bool is_waiting =
        way->client != nullptr &&
        (way->unacknowledged > 0 || way->client->at == descriptor::state::connecting);
    if (!is_waiting || !paths_[way->process_number].is_blocked) return;
    if (kernel_.now() - way->waits_since < user_timeout) return watch_timeout(way);
    fail(*way, ETIMEDOUT);
  });
}

std::size_t network::send(descriptor& from, std::string_view bytes) {
  link& way = *from.way;
  const std::size_t window = paths_[way.process_number].window;
  const std::size_t room = window > way.unacknowledged ? window - way.unacknowledged : 0;
  const std::size_t accepted = std::min(room, bytes.size());
  if (accepted == 0) return 0;
  if (way.unacknowledged == 0) way.waits_since = kernel_.now();
  way.unacknowledged += accepted;
  if (paths_[way.process_number].is_blocked) watch_timeout(from.way);
  schedule_to_server(from.way, std::string{bytes.substr(0, accepted)});
  return accepted;
}

void network::schedule_to_server(const std::shared_ptr<link>& on, std::string bytes) {
  for_each_slice(bytes, paths_[on->process_number].slice_max, [&](std::string slice) {
    schedule(on, arrival(*on, on->last_to_server),
             [this, on, arrived = std::move(slice)] { receive_at_server(on, arrived); });
  });
}

void network::receive_at_server(const std::shared_ptr<link>& on, const std::string& bytes) {
  kernel_.note(bytes.size());
  const bool was_full = on->unacknowledged >= paths_[on->process_number].window;
  on->unacknowledged -= std::min(on->unacknowledged, bytes.size());
  on->waits_since = kernel_.now();
  if (was_full && on->client != nullptr) changed(*on->client);
  if (!server_.is_up() || !on->at_server) return fail_later(on, ECONNRESET);
  std::string arrived = bytes;
  bool cuts = false;
  on->last_heard = kernel_.now();
  if (on->cut_to_server) {
    cuts = *on->cut_to_server <= arrived.size();
    arrived.resize(std::min(arrived.size(), *on->cut_to_server));
    *on->cut_to_server -= arrived.size();
  }
  server_.when_running([this, on, arrived] {
    if (on->at_server && on->at_server->is_open()) {
      on->at_server->receive(arrived, server_.clock());
      collect_output();
    }
  });
  if (!cuts) return;
  on->cut_to_server.reset();
  close_at_server(on);
  fail_later(on, ECONNRESET);
}

void network::collect_output() {
  if (!server_.is_up() || server_.is_frozen()) return;
  for (const auto& on : links_) {
    if (!on->at_server) continue;
    std::string output = on->at_server->take_output();
    const bool is_open = on->at_server->is_open();
    if (!output.empty()) output = with_lies(*on, std::move(output));
    if (!output.empty()) schedule_to_client(on, std::move(output));
    if (is_open) continue;
    on->at_server.reset();
    schedule(on, arrival(*on, on->last_to_client), [this, on] {
      if (on->client == nullptr) return;
      on->client->peer_has_closed = true;
      changed(*on->client);
    });
  }
  std::erase_if(links_, [](const auto& on) { return !on->at_server && on->client == nullptr; });
}

// Pushes may come twice, and one reply may be spoiled.
std::string network::with_lies(link& on, std::string output) {
  const unsigned percent = paths_[on.process_number].duplicates;
  if (percent == 0 && on.next_reply == lie::none) return output;
  std::string result;
  std::string_view rest = output;
  resp::reader splitter;
  while (!rest.empty()) {
    resp::message message;
    const auto [status, consumed] = splitter.read(rest, message);
    if (consumed == 0) break;
    const std::string_view whole = rest.substr(0, consumed);
    const bool is_complete = status == resp::reader::status::complete;
    const bool is_push = rest.front() == '>';
    // The replies of scripts that matter are arrays, and the others are of little interest.
    const bool is_kept = on.next_reply == lie::changed && rest.front() != '*';
    const lie how = is_complete && !is_push && !is_kept ? std::exchange(on.next_reply, lie::none)
                                                        : lie::none;
    if (how == lie::changed) result += other_reply;
    if (how == lie::none || how == lie::doubled) result += whole;
    const bool comes_again = is_complete && is_push && percent > 0 && kernel_.draw(100) < percent;
    if (how == lie::doubled || comes_again) result += whole;
    rest.remove_prefix(consumed);
  }
  result += rest;
  return result;
}

void network::schedule_to_client(const std::shared_ptr<link>& on, std::string bytes) {
  for_each_slice(bytes, paths_[on->process_number].slice_max, [&](std::string slice) {
    schedule(on, arrival(*on, on->last_to_client),
             [this, on, arrived = std::move(slice)] { receive_at_client(*on, arrived); });
  });
}

void network::receive_at_client(link& on, const std::string& bytes) {
  kernel_.note(bytes.size());
  descriptor* const to = on.client;
  if (to == nullptr || to->at != descriptor::state::open) return;
  if (on.cut_to_client && *on.cut_to_client <= bytes.size()) {
    to->incoming.append(bytes, 0, *on.cut_to_client);
    on.cut_to_client.reset();
    if (on.at_server) on.at_server->close();
    on.at_server.reset();
    return fail(on, ECONNRESET);
  }
  if (on.cut_to_client) *on.cut_to_client -= bytes.size();
  to->incoming += bytes;
  changed(*to);
}

void network::fail(link& on, int error) {
  if (on.client == nullptr || on.client->at == descriptor::state::failed) return;
  on.client->at = descriptor::state::failed;
  on.client->error = error;
  changed(*on.client);
}

void network::fail_later(const std::shared_ptr<link>& on, int error) {
  schedule(on, arrival(*on, on->last_to_client), [this, on, error] { fail(*on, error); });
}

void network::close_at_server(const std::shared_ptr<link>& on) {
  server_.when_running([this, on] {
    if (!on->at_server) return;
    on->at_server->close();
    on->at_server.reset();
    collect_output();
  });
}

void network::shut(descriptor& ended) {
  if (std::exchange(ended.is_shut, true)) return;
  changed(ended);
  if (const auto on = ended.way)
    schedule(on, arrival(*on, on->last_to_server), [this, on] { close_at_server(on); });
}

void network::close(descriptor& closed) {
  shut(closed);
  if (closed.way) closed.way->client = nullptr;
  descriptors_.erase(closed.number);
}

void network::unblock(unsigned process_number) {
  paths_[process_number].is_blocked = false;
  for (const auto& on : std::vector{links_}) {
    if (on->process_number != process_number) continue;
    for (const auto& run : std::exchange(on->held_back, {})) run();
  }
}

void network::reset(unsigned process_number) {
  for (const auto& on : std::vector{links_}) {
    if (on->process_number != process_number) continue;
    close_at_server(on);
    fail(*on, ECONNRESET);
  }
}

void network::kill_clients(unsigned process_number) {
  for (const auto& on : links_) {
    if (on->process_number == process_number && on->at_server) server_.model().kill(*on->at_server);
  }
  collect_output();
}

void network::spoil_reply(unsigned process_number, lie how) {
  for (const auto& on : links_) {
    if (on->process_number == process_number && on->client != nullptr) on->next_reply = how;
  }
}

void network::close_idle(virtual_time idle_max) {
  if (!server_.is_up() || server_.is_frozen()) return;
  for (const auto& on : links_) {
    if (on->at_server && kernel_.now() - on->last_heard >= idle_max)
      server_.model().kill(*on->at_server);
  }
  collect_output();
}

void network::cut_after(unsigned process_number, bool to_server, std::size_t bytes) {
  for (const auto& on : links_) {
    if (on->process_number != process_number || on->client == nullptr) continue;
    (to_server ? on->cut_to_server : on->cut_to_client) = bytes;
  }
}

void network::process_ended(unsigned process_number) {
  for (const auto& on : std::vector{links_}) {
    if (on->process_number != process_number) continue;
    on->client = nullptr;
    schedule(on, arrival(*on, on->last_to_server), [this, on] { close_at_server(on); });
  }
  std::erase_if(descriptors_,
                [&](const auto& entry) { return entry.second->owner->number == process_number; });
}

void network::crash_server() {
  server_.crash();
  for (const auto& on : std::vector{links_}) {
    if (on->at_server) on->at_server->close();
    on->at_server.reset();
    fail_later(on, ECONNRESET);
  }
}

}  // namespace drover::world
