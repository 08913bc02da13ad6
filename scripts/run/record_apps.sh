# SPDX-License-Identifier: MIT
# ./run record-apps. Sourced by ./run.

run_record_apps() {
  need python3
  local packages
  read -ra packages <<<"$(python3 test/audit/record_apps.py --needs "$@")"
  ((${#packages[@]})) || { note "all recordings are up to date"; return; }
  need "${build_packages[@]}" "${server_packages[@]}" "${bench_packages[@]}" "${packages[@]}"
  command -v npm >/dev/null || need nodejs npm
  build_preset dev drover_command drover_audit_apps
  publish_server
  mkdir -p build/audit_apps
  ln -sfn ../dev/bin/audit_apps/cpp build/audit_apps/cpp
  DROVER_REDIS_SERVER="$PWD/build/bin/redis-server" python3 test/audit/record_apps.py \
    --drover build/dev/bin/drover --build "$PWD/build/audit_apps" "$@"
}
