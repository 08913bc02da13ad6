# SPDX-License-Identifier: MIT
# ./run compat: the integration tests of the library against several servers. Sourced by ./run.

run_compat() {
  need "${build_packages[@]}" "${server_packages[@]}" "${test_packages[@]}" debootstrap
  build_preset dev integration_test
  scripts/compat "$@"
}
