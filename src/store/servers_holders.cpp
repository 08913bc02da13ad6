// SPDX-License-Identifier: MIT
// Which holders of leases are still connected. A node of a cluster marks the ids of its clients
// (`redis_store::client_id`), because an entry keeps the id when its slot moves to another node.
// The marks of two nodes may be equal, so each node with the mark of an id is asked.
#include <algorithm>
#include <new>
#include <utility>

#include "store/servers.hpp"

namespace drover::store {
namespace {

/// The answers of all nodes.
struct client_answers {
  std::mutex mutex;
  std::size_t due = 0;
  std::vector<std::uint64_t> alive;
  std::optional<fault> refusal{};
  then<std::vector<std::uint64_t>> done;

  void one_came() {
    {
      const std::scoped_lock lock{mutex};
      if (--due > 0) return;
    }
    if (refusal) return done(*refusal);
    std::sort(alive.begin(), alive.end());
    done(std::move(alive));
  }
};

}  // namespace

// A client of which nothing is known counts as connected.
void servers::holders(std::span<const std::uint64_t> client_ids,
                      then<std::vector<std::uint64_t>> done) {
  if (!is_cluster()) return home_->holders(client_ids, std::move(done));
  const auto answers = std::make_shared<client_answers>();
  answers->done = std::move(done);
  answers->due = 1;  // this function
  std::vector<redis_store*> all;
  {
    const std::scoped_lock lock{mutex_};
    for (const auto& other : nodes_) all.push_back(other->store.get());
  }
  std::vector<std::uint64_t> others{client_ids.begin(), client_ids.end()};
  for (const redis_store* const on : all) std::erase(others, on->client_id());
  std::vector<std::uint64_t> unknown{client_ids.begin(), client_ids.end()};
  std::vector<std::pair<redis_store*, std::vector<std::uint64_t>>> questions;
  for (redis_store* const on : all) {
    std::vector<std::uint64_t> asked = others;
    std::erase_if(asked, [&](std::uint64_t id) { return !on->is_client_id(id); });
    if (asked.empty()) continue;
    std::erase_if(unknown, [&](std::uint64_t id) {
      return std::find(asked.begin(), asked.end(), id) != asked.end();
    });
    questions.emplace_back(on, std::move(asked));
  }
  std::size_t most = unknown.size();
  for (const auto& question : questions) most += question.second.size();
  answers->alive.reserve(most);
  for (auto& [on, asked] : questions) {
    {
      const std::scoped_lock lock{answers->mutex};
      ++answers->due;
    }
    const auto came = [answers, asked = asked](const result<std::vector<std::uint64_t>>& alive) {
      {
        const std::scoped_lock lock{answers->mutex};
        const bool is_refused = !alive && alive.error().code == fault_code::unsupported;
        if (is_refused) answers->refusal = alive.error();
        const std::vector<std::uint64_t>& counted = alive ? *alive : asked;
        answers->alive.insert(answers->alive.end(), counted.begin(), counted.end());
      }
      answers->one_came();
    };
    try {
      on->holders(asked, came);
    } catch (const std::bad_alloc&) {
      came(out_of_memory());
    }
  }
  {
    const std::scoped_lock lock{answers->mutex};
    answers->alive.insert(answers->alive.end(), unknown.begin(), unknown.end());
  }
  answers->one_came();
}

}  // namespace drover::store
