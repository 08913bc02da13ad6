// SPDX-License-Identifier: MIT
#include "support/cached_origin.hpp"

#include <sstream>
#include <utility>

#include "support/told_texts.hpp"

namespace drover::test {

namespace {

client_options observed(client_options with, std::shared_ptr<observer> by) {
  with.event_observer = std::move(by);
  return with;
}

std::string word_for(load_failed::reason why) {
  switch (why) {
    case load_failed::reason::threw: return "load_failed:threw";
    case load_failed::reason::timed_out: return "load_failed:timed_out";
    case load_failed::reason::cancelled: return "load_failed:cancelled";
  }
  return "load_failed:?";
}

std::string word_for(refused::reason why) {
  switch (why) {
    case refused::reason::timed_out: return "refused:timed_out";
    case refused::reason::stopped: return "refused:stopped";
    case refused::reason::saturated: return "refused:saturated";
  }
  return "refused:?";
}

answer thrown_as(std::string how, const std::exception& error) {
  keep_text(error.what());
  return {.how = std::move(how),
          .text = error.what(),
          .thrown = std::current_exception(),
          .object = dynamic_cast<const void*>(&error)};
}

}  // namespace

policy plain_policy() {
  policy plain;
  plain.ttl = std::chrono::minutes{1};
  plain.early_beta = 0;
  plain.ttl_jitter = 0;
  return plain;
}

client_options cache_setup::client() const {
  return {.url = url, .connect_max = patience, .silence_max = patience};
}

std::vector<std::string> cache_setup::arguments() const {
  const auto ms = [](duration time) { return std::to_string(time.count()); };
  return {url,
          name,
          ms(policy.ttl),
          ms(policy.grace),
          ms(policy.absent_ttl),
          ms(policy.lease_ttl),
          ms(policy.load_max),
          std::to_string(policy.bypass_max),
          ms(patience)};
}

cache_setup cache_setup::from_arguments(std::span<const std::string> arguments) {
  const auto ms = [&](std::size_t i) { return duration{std::stoll(arguments[i])}; };
  if (arguments.size() != 9) throw std::invalid_argument{"cache_setup: nine arguments"};
  cache_setup setup{.url = arguments[0], .name = arguments[1]};
  setup.policy.ttl = ms(2);
  setup.policy.grace = ms(3);
  setup.policy.absent_ttl = ms(4);
  setup.policy.lease_ttl = ms(5);
  setup.policy.load_max = ms(6);
  setup.policy.bypass_max = static_cast<unsigned>(std::stoul(arguments[7]));
  setup.patience = ms(8);
  return setup;
}

void event_log::on_event(const event& happened) {
  ++counts_[static_cast<std::size_t>(happened.kind)];
  keep_text(happened.text);
  if (happened.kind != event_kind::fault_seen) return;
  const std::scoped_lock lock{mutex_};
  if (faults_.size() < 1000) faults_.emplace(happened.code, happened.text);
}

std::vector<std::string> event_log::faults(fault_code code) const {
  const std::scoped_lock lock{mutex_};
  std::vector<std::string> texts;
  for (auto [at, end] = faults_.equal_range(code); at != end; ++at) texts.push_back(at->second);
  return texts;
}

void tally::add(const answer& result) {
  ++how[result.how];
  if (result.thrown) {
    texts.insert(result.text);
    objects.insert(result.object);
  } else {
    ++values[result.value];
  }
}

unsigned tally::count(const std::string& source) const {
  const auto at = how.find(source);
  return at == how.end() ? 0 : at->second;
}

unsigned tally::got(const std::string& value) const {
  const auto at = values.find(value);
  return at == values.end() ? 0 : at->second;
}

unsigned tally::total() const {
  unsigned sum = 0;
  for (const auto& [source, times] : how) sum += times;
  return sum;
}

std::string tally::line() const {
  std::ostringstream out;
  out << "tally";
  for (const auto& [source, times] : how) out << " how " << source << ' ' << times;
  for (const auto& [value, times] : values) out << " value " << value << ' ' << times;
  return out.str();
}

tally tally::from_line(const std::string& line) {
  std::istringstream in{line};
  std::string word;
  in >> word;
  if (word != "tally") throw std::runtime_error{"no tally: " + line};
  tally sum;
  unsigned times = 0;
  for (std::string source; in >> word >> source >> times;) {
    (word == "how" ? sum.how : sum.values)[source] = times;
  }
  return sum;
}

tally count(const std::vector<answer>& answers) {
  tally sum;
  for (const answer& result : answers) sum.add(result);
  return sum;
}

cached_origin::cached_origin(shared_origin& origin, const cache_setup& setup)
    : cached_origin{origin, {.name = setup.name, .policy = setup.policy}, setup.client()} {}

cached_origin::cached_origin(shared_origin& origin, cache_options options, client_options with)
    : redis{observed(std::move(with), log)},
      values{redis, std::move(options),
             [&origin](std::string_view key) { return origin.load(key); }} {}

answer cached_origin::ask(std::string_view key, const call_options& limits) {
  try {
    const fetched<std::string> got = values.fetch(key, limits);
    return {.how = std::string{to_string(got.how)}, .value = got.value.value_or("absent")};
  } catch (const load_failed& error) {
    answer got = thrown_as(word_for(error.why()), error);
    got.attempt = error.attempt();
    got.retry_in = error.retry_in();
    return got;
  } catch (const refused& error) {
    return thrown_as(word_for(error.why()), error);
  } catch (const origin_failure& error) {
    return thrown_as("origin_failure", error);
  } catch (const std::exception& error) {
    return thrown_as("other", error);
  }
}

}  // namespace drover::test
