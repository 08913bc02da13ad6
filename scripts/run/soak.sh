# SPDX-License-Identifier: MIT
# ./run soak HOURS: the simulated world, and the campaign on real servers, side by side. Their
# reports in build/soak-reports are written again and again, and the next run goes on with them.
# Sourced by ./run.

run_soak() {
  local hours=${1:-}
  [[ $hours =~ ^[0-9]+([.][0-9]+)?$ ]] || die "soak needs a number of hours, such as: ./run soak 8"
  need "${build_packages[@]}" "${server_packages[@]}" "${test_packages[@]}"
  build_preset soak drover_world_command drover_campaign
  local reports=build/soak-reports world_jobs=$((jobs > 1 ? jobs - 1 : 1))
  mkdir -p "$reports"
  [[ -z $(ls "$reports") ]] || note "going on with $reports; remove it to begin again"

  local world=(build/soak/bin/drover-world --hours "$hours" --jobs "$world_jobs"
    --report "$reports/world.json")
  local campaign=(build/soak/bin/drover-campaign --hours "$hours" --threads 16
    --report "$reports/campaign.json")
  [[ ! -f $reports/world.json ]] || world+=(--resume)
  [[ ! -f $reports/campaign.json ]] || campaign+=(--resume)

  local pids=() status=0 pid
  "${world[@]}" &
  pids+=($!)
  "${campaign[@]}" &
  pids+=($!)
  # shellcheck disable=SC2064 # the pids of now
  trap "kill ${pids[*]} 2>/dev/null || true" INT TERM
  for pid in "${pids[@]}"; do
    wait "$pid" || status=$?
  done
  trap - INT TERM
  note "the reports are in $reports"
  return $status
}
