// SPDX-License-Identifier: MIT
#include "cli/fault_help.hpp"

namespace drover::cli {

const char* const fault_usage =
    "  drover fault-proxy --fault 'KIND [NAME=VALUE ...]' [OPTIONS] -- COMMAND [ARGUMENT ...]\n"
    "  drover fault-proxy --script FILE [OPTIONS] [--upstream ADDRESS]\n"
    "  drover fault-proxy --list-faults\n";

const char* const fault_description =
    "Test an application against a Redis in trouble: inject delays, lost replies, errors and cut "
    "connections.\n"
    "\n"
    "The proxy runs between an application, in any language, and its Redis server. It injects the\n"
    "faults of a script into real connections and passes everything else on unchanged. The same\n"
    "script, seed and traffic give the same faults.\n"
    "\n"
    "Of the faults cut, drop, duplicate, error, reset and half-open, a request gets the first one\n"
    "that applies to it. Delays, slices and pushes are combined with them.";

const char* const fault_footer =
    "Examples:\n"
    "  Run a test suite with a slow Redis that loses one reply in a hundred. The proxy's address "
    "is in\n"
    "  REDIS_URL, REDIS_HOST and REDIS_PORT:\n"
    "    drover fault-proxy --redis auto --fault 'delay mean=20ms' --fault 'drop chance=1%' \\\n"
    "      -- pytest tests/\n"
    "  Cut the connection after the 7th byte of the reply to the second GET, and log it:\n"
    "    drover fault-proxy --fault 'cut at=7 command=get nth=2' --log faults.jsonl -- ./app\n"
    "  Take Redis away for two seconds after five, for every client of port 6390:\n"
    "    drover fault-proxy --fault 'down from=5s for=2s' --listen 127.0.0.1:6390 \\\n"
    "      --upstream 127.0.0.1:6379\n"
    "\n"
    "Exit codes (the first that applies):\n"
    "  2    invalid usage, or the proxy or its private server failed\n"
    "  N    the exit code of COMMAND\n"
    "  0    there was no COMMAND, or its time was over\n"
    "\n"
    "Environment:\n"
    "  REDIS_URL, REDIS_HOST, REDIS_PORT and similar variables name the server.\n"
    "  DROVER_REDIS_SERVER is the default of --redis-server.\n"
    "  NO_COLOR disables colours.\n"
    "\n"
    "docs/how-to/test-with-faults.md describes the faults and how they are combined.";

}  // namespace drover::cli
