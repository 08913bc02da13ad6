# SPDX-License-Identifier: MIT
"""Checks that the simulated world replaces every function of the C library by which the library
could see the real world: time, threads, sockets, randomness. A new one must be replaced in
test/world/system, or be added to the list of harmless ones below.

Usage: replaced_calls_test.py NM LIBRARY OBJECT..."""

import subprocess
import sys

HARMLESS = {
    # Memory, text, numbers.
    "memchr", "memcmp", "memcpy", "memmove", "memset", "strcmp", "strlen", "log", "inet_pton",
    "inet_ntop",
    # Messages before an abort.
    "abort", "fprintf", "stderr", "__stack_chk_fail",
    # The runtime of C++. There is no __cxa_thread_atexit: a fiber would not run such destructors.
    "_GLOBAL_OFFSET_TABLE_", "_Unwind_Resume", "__gxx_personality_v0", "__errno_location",
    "__libc_single_threaded", "__tls_get_addr", "__cxa_allocate_exception", "__cxa_begin_catch",
    "__cxa_end_catch", "__cxa_free_exception", "__cxa_guard_acquire", "__cxa_guard_release",
    "__cxa_init_primary_exception", "__cxa_rethrow", "__cxa_throw", "__cxa_guard_abort",
    # Not simulated, as the README says: names of hosts, and fork.
    "getaddrinfo", "freeaddrinfo", "pthread_atfork",
}


# TLS is not simulated either: no schedule connects with it, so nothing of OpenSSL is called.
OPENSSL = ("ASN1_", "BIO_", "CRYPTO_", "ERR_", "EVP_", "GENERAL_", "OPENSSL_", "PEM_", "SSL_",
           "TLS_", "X509_")


def symbols(nm, *arguments):
    listing = subprocess.run([nm, *arguments], check=True, capture_output=True, text=True).stdout
    return [line.split() for line in listing.splitlines()]


def main(nm, library, objects):
    used = {words[-1] for words in symbols(nm, "-u", library) if words and words[0] in "Uw"}
    used = {name for name in used if not name.startswith("_Z")}
    replaced = {words[2] for words in symbols(nm, "--defined-only", *objects)
                if len(words) == 3 and words[1] == "T"}
    if "clock_gettime" not in used & replaced:
        sys.exit("clock_gettime is not among the symbols: this check reads the wrong files")
    missing = sorted(name for name in used - replaced - HARMLESS if not name.startswith(OPENSSL))
    if missing:
        sys.exit("not replaced in the simulated world: " + ", ".join(missing))


main(sys.argv[1], sys.argv[2], sys.argv[3:])
