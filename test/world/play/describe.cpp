// SPDX-License-Identifier: MIT
#include <sstream>

#include "world/play/plan.hpp"

namespace drover::world {
namespace {

std::string text_of(virtual_time span) {
  if (span == virtual_time::max()) return "the end of time";
  if (span == virtual_time::min()) return "the begin of time";
  const std::int64_t ns = span.count();
  return ns % 1000 == 0 ? std::to_string(ns / 1000) + " us" : std::to_string(ns) + " ns";
}

void describe_call(std::ostream& out, const planned_call& call) {
  out << ' ' << name_of(call.is);
  if (call.is == planned_call::kind::rest) {
    out << '(' << text_of(call.span) << ')';
    return;
  }
  out << '(' << (call.cache == 0 ? 'a' : 'b') << call.key;
  if (call.deadline) out << ", within " << text_of(*call.deadline);
  if (call.stop_after) out << ", stop after " << text_of(*call.stop_after);
  out << ')';
}

void describe_policy(std::ostream& out, const drover::policy& of) {
  out << "policy     ttl " << of.ttl.count() << " ms, grace " << of.grace.count() << ", absent_ttl "
      << of.absent_ttl.count() << ", lease_ttl " << of.lease_ttl.count() << ", load_max "
      << of.load_max.count() << ", wait_max " << of.wait_max.count() << ", uncacheable_ttl "
      << of.uncacheable_ttl.count() << ", failure_pause_max " << of.failure_pause_max.count()
      << ", early_beta " << of.early_beta << ", ttl_jitter " << of.ttl_jitter << ", bypass_max "
      << of.bypass_max << ", bypass_queue_max " << of.bypass_queue_max << '\n';
}

void describe_options(std::ostream& out, const client_options& of) {
  out << "client     connect_max " << of.connect_max.count() << " ms, silence_max "
      << of.silence_max.count() << ", waiters_max " << of.waiters_max << ", flights_max "
      << of.flights_max << ", background_threads " << of.background_threads
      << ", background_queue_max " << of.background_queue_max << ", deadline_threads_max "
      << of.deadline_threads_max << ", invalidations_max " << of.invalidations_max
      << ", server_keeps_writes " << of.server_keeps_writes << ", spin " << of.spin << ", key_max "
      << of.key_max << ", value_max " << of.value_max << ", reply_max " << of.reply_max << '\n';
}

std::string_view name_of(executor_kind kind) noexcept {
  switch (kind) {
    case executor_kind::none: return "none";
    case executor_kind::threads: return "a thread for each task";
    case executor_kind::mixed: return "mixed";
  }
  return "?";
}

}  // namespace

std::string_view name_of(planned_call::kind kind) noexcept {
  switch (kind) {
    case planned_call::kind::get: return "get";
    case planned_call::kind::get_or_load: return "get_or_load";
    case planned_call::kind::write: return "write";
    case planned_call::kind::expire: return "expire";
    case planned_call::kind::refresh: return "refresh";
    case planned_call::kind::peek: return "peek";
    case planned_call::kind::rest: return "rest";
  }
  return "?";
}

std::string_view name_of(planned_fault::kind kind) noexcept {
  switch (kind) {
    case planned_fault::kind::reset: return "reset";
    case planned_fault::kind::cut_to_server: return "cut_to_server";
    case planned_fault::kind::cut_to_client: return "cut_to_client";
    case planned_fault::kind::block: return "block";
    case planned_fault::kind::slow: return "slow";
    case planned_fault::kind::freeze_server: return "freeze_server";
    case planned_fault::kind::crash_server: return "crash_server";
    case planned_fault::kind::lose_server: return "lose_server";
    case planned_fault::kind::restore_server: return "restore_server";
    case planned_fault::kind::pause_process: return "pause_process";
    case planned_fault::kind::kill_process: return "kill_process";
    case planned_fault::kind::step_server_clock: return "step_server_clock";
    case planned_fault::kind::step_wall_clock: return "step_wall_clock";
    case planned_fault::kind::out_of_memory: return "out_of_memory";
    case planned_fault::kind::loading: return "loading";
    case planned_fault::kind::replica: return "replica";
    case planned_fault::kind::no_permission: return "no_permission";
    case planned_fault::kind::flush_scripts: return "flush_scripts";
    case planned_fault::kind::flush_keys: return "flush_keys";
    case planned_fault::kind::evict: return "evict";
    case planned_fault::kind::kill_client: return "kill_client";
    case planned_fault::kind::damage: return "damage";
    case planned_fault::kind::no_threads: return "no_threads";
    case planned_fault::kind::no_descriptors: return "no_descriptors";
    case planned_fault::kind::no_invalidation: return "no_invalidation";
    case planned_fault::kind::no_time: return "no_time";
    case planned_fault::kind::drop_reply: return "drop_reply";
    case planned_fault::kind::double_reply: return "double_reply";
    case planned_fault::kind::change_reply: return "change_reply";
    case planned_fault::kind::long_entry: return "long_entry";
    case planned_fault::kind::failed_entry: return "failed_entry";
    case planned_fault::kind::damaged_entries: return "damaged_entries";
  }
  return "?";
}

std::string describe(const plan& printed) {
  std::ostringstream out;
  out << "seed       " << printed.seed << ", preemption " << printed.preemption << ", "
      << printed.spurious << " % spurious wake-ups, executor: " << name_of(printed.executor)
      << '\n';
  out << "network    " << printed.network.delay_min.count() / 1000 << " to "
      << printed.network.delay_max.count() / 1000 << " us, slices of " << printed.network.slice_max
      << " bytes, window " << printed.network.window << ", duplicates "
      << printed.network.duplicates << " %\n";
  if (printed.idle_max > virtual_time{})
    out << "server     closes what is idle for " << text_of(printed.idle_max) << '\n';
  if (printed.has_wrong_password) out << "server     wants another password\n";
  describe_policy(out, printed.policy);
  describe_options(out, printed.options);
  const loader_plan& loader = printed.loader;
  out << "loader     " << text_of(loader.shortest) << " to " << text_of(loader.longest) << ", "
      << loader.failing << " % fail, " << loader.hanging << " % hang, " << loader.nested
      << " % nested (" << loader.escaping << " % of refusals escape, " << loader.limited
      << " % limited), " << loader.obedient << " % obey a stop, " << loader.unstored
      << " % not stored, " << loader.absent << " % absent\n";
  for (std::size_t i = 0; i < printed.processes.size(); ++i) {
    const planned_process& process = printed.processes[i];
    out << "process " << i + 1 << "  starts at " << text_of(process.starts) << ", drift "
        << process.drift_ppm << " ppm" << (process.drains ? ", drains" : "")
        << (process.drops_client_first ? ", drops the client first" : "") << '\n';
    for (const auto& calls : process.threads) {
      out << "  thread  ";
      for (const planned_call& call : calls) describe_call(out, call);
      out << '\n';
    }
  }
  for (const planned_fault& fault : printed.faults) {
    out << "fault      " << name_of(fault.is) << " at " << text_of(fault.when) << ", length "
        << text_of(fault.length) << ", process " << fault.process << ", amount " << fault.amount
        << '\n';
  }
  return out.str();
}

}  // namespace drover::world
