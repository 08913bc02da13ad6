// SPDX-License-Identifier: MIT
#include "cli/audit_help.hpp"

namespace drover::cli {

const char* const audit_usage =
    "  drover audit [OPTIONS] -- COMMAND [ARGUMENT ...]\n"
    "  drover audit [OPTIONS] [--upstream ADDRESS]\n"
    "  drover audit [OPTIONS] --replay FILE\n";

const char* const audit_description =
    "Audit the Redis traffic of an application: report, with evidence, whether its caching is "
    "safe.\n"
    "\n"
    "The audit is a transparent proxy between an application, in any language, and its Redis\n"
    "server. It passes every byte on unchanged and checks a copy of the traffic against rules. "
    "The\n"
    "result of a rule is pass, fail, not exercised, or cannot be judged. The last two prove "
    "nothing.\n"
    "Without --active, the audited server receives only what the application sends.";

const char* const audit_footer =
    "Examples:\n"
    "  Audit a test suite. The proxy's address is in its REDIS_URL, REDIS_HOST and REDIS_PORT:\n"
    "    drover audit -- pytest tests/\n"
    "  Use a private Redis server, which is started and stopped by the audit:\n"
    "    drover audit --redis auto -- python3 app.py\n"
    "  Pass the proxy's address as an argument: {} is its URL; {host}, {port} and {address} work "
    "too:\n"
    "    drover audit -- ./server --redis {address}\n"
    "  Audit every client that connects within five minutes:\n"
    "    drover audit --listen 127.0.0.1:6390 --upstream 127.0.0.1:6379 --for 5m\n"
    "  Examine one key in ten of an application in production, for half an hour:\n"
    "    drover audit --sample 10% --upstream 127.0.0.1:6379 --for 30m\n"
    "  Audit without end: a report for each hour, the last 24 of them, and metrics for "
    "Prometheus:\n"
    "    drover audit --sample 10% --report-every 1h --metrics 9464 --format json --out "
    "audit.json\n"
    "  Write a page and print the text report:\n"
    "    drover audit --format html --out audit.html --format text -- COMMAND\n"
    "  Record a run, then audit the recording:\n"
    "    drover audit --record run.jsonl -- COMMAND\n"
    "    drover audit --replay run.jsonl --format json\n"
    "  Count the origin's loads by the lines of a log:\n"
    "    drover audit --origin-log queries.log --origin-regex 'SELECT.*id=(\\S+)' -- COMMAND\n"
    "  Delete hot keys during the run and count the loads that follow:\n"
    "    drover audit --active --redis auto -- COMMAND\n"
    "  Lose one reply in a hundred, and take Redis away for two seconds; docs/how-to/"
    "test-with-faults.md\n"
    "  describes the faults:\n"
    "    drover audit --fault 'reset chance=1%' --fault 'down from=5s for=2s' -- COMMAND\n"
    "  Let Redis be slow, answer with errors, fall silent and be away, one after the other, and "
    "ask the\n"
    "  application meanwhile whether it serves its callers; docs/how-to/survive-outages.md\n"
    "  describes what is judged:\n"
    "    drover audit --outages all --check http://127.0.0.1:8080/products/1 --for 90s -- "
    "./server\n"
    "\n"
    "Exit codes (the first that applies):\n"
    "  2    invalid usage, or the audit itself failed\n"
    "  N    the exit code of COMMAND, if it is not 0 (not with --exit-code findings)\n"
    "  1    findings at or above --fail-on\n"
    "  3    inconclusive: no key was missing for two requests at once, more than 1 % of the "
    "traffic\n"
    "       could not be read, or a rule named by --require was not exercised\n"
    "  0    every rule that was exercised passed, or no key was used as a cached value or a lock\n"
    "\n"
    "Environment:\n"
    "  REDIS_URL, REDIS_HOST, REDIS_PORT and similar variables name the server to audit.\n"
    "  DROVER_REDIS_SERVER is the default of --redis-server.\n"
    "  NO_COLOR disables colours.\n"
    "\n"
    "A recording contains the names of keys but no values, and with --hash-keys no names either.\n"
    "Its format is described in docs/reference/audit-record.md.";

const char* const audit_formats = "text, json, junit, sarif or html";

}  // namespace drover::cli
