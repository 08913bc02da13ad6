// SPDX-License-Identifier: MIT
#include "cli/audit_command.hpp"

#include <memory>
#include <string>

#include "cli/audit_help.hpp"
#include "cli/help_formatter.hpp"

namespace drover::cli {

audit_command::audit_command(CLI::App& app) : app_{app.add_subcommand("audit", audit_description)} {
  app_->formatter(std::make_shared<help_formatter>(audit_usage));
  app_->footer(audit_footer);
  add_traffic_options();
  add_tls_options();
  add_recording_options();
  add_verdict_options();
  add_activity_options();
  add_origin_options();
  add_fault_options();
  add_outage_options();
  add_report_options();
  add_continuous_options();
}

CLI::Option* audit_command::add(const char* name, std::string& value,
                                const std::string& description, const char* type) {
  return app_->add_option(name, value, description)->type_name(type)->group(group_);
}

CLI::Option* audit_command::add_list(const char* name, std::vector<std::string>& values,
                                     const std::string& description, const char* type) {
  return app_->add_option(name, values, description)
      ->type_name(type)
      ->take_all()
      ->expected(1)
      ->group(group_);
}

void audit_command::add_flag(const char* name, bool& value, const std::string& description) {
  app_->add_flag(name, value, description)->group(group_);
}

void audit_command::add_traffic_options() {
  group_ = "Traffic";
  add("--listen", listen_,
      "Address of the proxy, to which the application connects: HOST:PORT or unix:///PATH. For "
      "several servers, the first port of as many. Default: a free port of 127.0.0.1 with "
      "COMMAND, 127.0.0.1:6390 without",
      "ADDRESS");
  add("--upstream", server_,
      "Address of the Redis server: HOST:PORT, redis://..., rediss://... (TLS), unix:///PATH, "
      "redis+cluster://HOST:PORT,... or redis+sentinel://HOST:PORT,.../SERVICE. A node of a "
      "cluster stands for its cluster. Default: the server that REDIS_URL or a similar variable "
      "names, or 127.0.0.1:6379. Only the audit's own connections use a password given here",
      "ADDRESS");
  add("--redis", redis_, "Start a private Redis server and stop it at the end", "auto");
  add("--redis-server", redis_server_,
      "Program to start as the private server. Default: redis-server or valkey-server in $PATH",
      "PATH")
      ->envname("DROVER_REDIS_SERVER");
  add_list("--set-env", set_env_,
           "Set a variable for COMMAND; VALUE may contain placeholders: 'CACHE={}/1'. Repeatable",
           "NAME=VALUE");
  add("--for", length_, "Stop after this time: 30s, 5m. Default: when COMMAND ends, or at Ctrl-C",
      "TIME");
}

void audit_command::add_tls_options() {
  group_ = "TLS";
  add("--upstream-ca", server_ca_,
      "Certification authorities to trust for a server with TLS, in PEM. Default: those of the "
      "system",
      "FILE");
  add("--upstream-cert", server_certificate_,
      "Certificate of the audit for a server that asks for one, in PEM", "FILE");
  add("--upstream-key", server_key_, "Private key of --upstream-cert, in PEM and not encrypted",
      "FILE");
  add("--upstream-name", server_name_,
      "Name that the server's certificate is for, if it is not the host of --upstream", "HOST");
  add_flag("--tls", makes_certificate_,
           "Require TLS of the application, with a certificate for localhost and 127.0.0.1 that is "
           "made for this run. Its authority is printed; {ca} stands for it, and "
           "NODE_EXTRA_CA_CERTS names it");
  add("--tls-cert", certificate_,
      "Require TLS of the application, with this certificate and the chain above it, in PEM",
      "FILE");
  add("--tls-key", key_, "Private key of --tls-cert, in PEM and not encrypted", "FILE");
}

void audit_command::add_recording_options() {
  group_ = "Recording";
  add("--record", record_,
      "Write a recording for --replay; compressed if the name of FILE ends in .gz", "FILE");
  add("--replay", replay_, "Audit a recording instead of live traffic", "FILE");
  add_flag("--hash-keys", hides_keys_, "Keep hashes of key names instead of the names");
}

void audit_command::add_verdict_options() {
  group_ = "Rules and verdict";
  add_flag("--list-rules", lists_rules_,
           "List the rules, each with its severity and meaning, and exit");
  add_list("--role", roles_,
           "Set the role of keys that are classified wrongly: lock, value, meta, mark or ignore. "
           "Repeatable; the first GLOB that matches applies",
           "GLOB=ROLE");
  app_->add_option("--require", required_, "Report inconclusive unless these rules were exercised")
      ->type_name("RULE,...")
      ->delimiter(',')
      ->group(group_);
  add("--fail-on", fail_on_, "Lowest severity that fails the audit: error, warning, info or never",
      "SEVERITY")
      ->capture_default_str();
  add("--exit-code", exit_code_,
      "command: exit with the code of COMMAND if it is not 0; findings: ignore the code of COMMAND",
      "SOURCE")
      ->capture_default_str();
  add("--baseline", baseline_, "Accept the findings listed in FILE", "FILE");
  add("--write-baseline", new_baseline_, "Write a baseline that accepts the current findings",
      "FILE");
  add("--sample", sample_,
      "Examine a share of the keys only, such as 10%, from 0.1% to 100%. A hash of the name "
      "decides; a value, its lock and its metadata are examined together. Default: 100%",
      "PERCENT");
  add("--keys-max", keys_max_,
      "Number of keys to remember; the least recently used are dropped. Default: 200000", "N");
}

void audit_command::add_activity_options() {
  group_ = "Active audit";
  add_flag("--active", is_active_,
           "Delete hot keys with UNLINK during the run and observe the loads that follow. Requires "
           "--redis auto or --allow");
  add_list("--allow", allowed_, "Keys that --active may delete. Repeatable", "GLOB");
  add_flag("--barrier", holds_misses_,
           "With --active: delay the first replies for a missing key until several clients wait "
           "for it");
}

void audit_command::add_origin_options() {
  group_ = "Counting the origin's loads";
  app_->add_option("--origin-redis", origin_redis_,
                   "Read the number of loads from a counter that the origin keeps in Redis")
      ->type_name("HOST:PORT KEY")
      ->group(group_);
  add_list("--origin-log", origin_logs_, "Count the lines of a log that match --origin-regex",
           "FILE");
  add_list("--origin-regex", origin_regexes_,
           "Regular expression for --origin-log; its first group, if any, is the key", "REGEX");
  add_list("--origin-cmd", origin_commands_,
           "Read the number of loads from the output of a shell command", "COMMAND");
  add_list("--origin-tcp", origin_tcp_,
           "Forward connections from LISTEN to TARGET and count the PostgreSQL, MySQL or HTTP "
           "requests on them",
           "LISTEN=TARGET");
}

void audit_command::add_fault_options() {
  group_ = "Faults";
  fault_option_ = add_list("--fault", faults_,
                           "Inject a fault between the application and the server: 'KIND "
                           "[NAME=VALUE ...]', such as 'reset command=set chance=1%'. Repeatable",
                           "SPEC");
  fault_script_option_ = add_list("--fault-script", fault_scripts_,
                                  "Read faults from FILE, one on each line. Repeatable; - is "
                                  "standard input",
                                  "FILE");
  add("--fault-seed", fault_seed_, "Number that all random choices of the faults follow from", "N")
      ->capture_default_str();
  add_flag("--list-faults", lists_faults_,
           "List the kinds of faults and their settings with an example of each, and exit");
}

void audit_command::add_outage_options() {
  group_ = "Outages";
  app_->add_option("--outages", outages_,
                   "Let the server fail during the run, in one way after the other: slow, errors, "
                   "full, silent, away, or all. The application gets late replies, errors, no "
                   "replies, and reset connections; the server itself gets nothing of it")
      ->type_name("KIND,...")
      ->delimiter(',')
      ->group(group_);
  add("--outage-after", outage_after_,
      "Time before the first outage, in which the application starts and works as usual. Default: "
      "10s",
      "TIME");
  add("--outage-length", outage_length_, "Length of each outage. Default: 5s", "TIME");
  add("--outage-pause", outage_pause_,
      "Time to recover after each outage. Default: 10s, which is also the longest time that an "
      "application may take",
      "TIME");
  add("--check", check_,
      "Ask the application five times a second whether it serves its callers: "
      "http://HOST:PORT/PATH "
      "(served: status 2xx or 3xx), or a shell command (served: exit code 0)",
      "URL|COMMAND");
  add("--check-timeout", check_timeout_, "Patience of a caller. Default: 2s", "TIME");
}

void audit_command::add_report_options() {
  group_ = "Reports";
  reports_.add_to(*app_, audit_formats, group_);
  add("--locate", sources_,
      "Search the source files in FOLDER for the code that builds the keys (for --format sarif)",
      "FOLDER");
}

void audit_command::add_continuous_options() {
  group_ = "Continuous audit";
  add("--report-every", report_every_,
      "Judge the traffic of each such time for itself and write its reports: 10m, 1h. Older "
      "reports "
      "become FILE.1, FILE.2, ...",
      "TIME");
  add("--keep", keep_, "Number of reports to keep of each --out. Default: 24", "N");
  add("--metrics", metrics_,
      "Serve metrics for Prometheus at http://ADDRESS/metrics. ADDRESS is PORT (on 127.0.0.1) or "
      "HOST:PORT",
      "ADDRESS");
}

}  // namespace drover::cli
