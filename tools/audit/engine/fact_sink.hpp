// SPDX-License-Identifier: MIT
// Where trackers put the facts they close.
#pragma once

#include "audit/engine/facts.hpp"
#include "audit/engine/key_state.hpp"

namespace drover::audit {

class fact_sink {
 public:
  virtual void take(const cold_event& what, const key_state& key) = 0;
  virtual void take(const lock_hold& what, const key_state& lock) = 0;
  virtual void take(const load& what, const key_state& key) = 0;
  virtual void take(const refresh& what, const key_state& key) = 0;
  virtual void take(const settled_store& what, const key_state& key) = 0;
  virtual void take(const wait& what, const key_state& key) = 0;

 protected:
  ~fact_sink() = default;
};

}  // namespace drover::audit
