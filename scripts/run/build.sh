# SPDX-License-Identifier: MIT
# Builds presets. Only one run at a time uses the build folder of a preset. Sourced by ./run.

jobs=${DROVER_JOBS:-$(nproc)}

# Prints the names of files on one line, without the folder and .cpp.
stems() {
  local file
  for file; do
    [[ -f $file ]] && printf '%s ' "$(basename "$file" .cpp)"
  done
  return 0
}

fuzz_names() {
  stems src/*/*_fuzz.cpp tools/*/*/*_fuzz.cpp test/values/*_fuzz.cpp | sed 's/_fuzz\b//g'
}

# Runs a command under the lock of a preset, so that no other run builds or tests it.
with_preset() {
  local preset=$1 status=0
  shift
  mkdir -p build
  exec {preset_lock}>"build/.$preset.lock"
  if ! flock -n "$preset_lock"; then
    note "waiting for another run that uses build/$preset"
    flock "$preset_lock"
  fi
  # The subshell has no lock, because a process left behind must not hold it.
  (exec {preset_lock}>&- && "$@") || status=$?
  exec {preset_lock}>&-
  return $status
}

# On a terminal, ninja overwrites its progress line. Otherwise this prints one line for each tenth.
sparsely() {
  if [[ -t 1 ]]; then
    "$@"
    return
  fi
  "$@" 2>&1 | awk '
    match($0, /^\[[0-9]+\/[0-9]+/) {
      split(substr($0, 2, RLENGTH - 1), n, "/")
      tenth = int(10 * n[1] / n[2])
      if (tenth == last) next
      last = tenth
    }
    { print; fflush() }'
  return "${PIPESTATUS[0]}"
}

configure_and_build() {
  local preset=$1 log=build/.$1.configure.log targets=()
  shift
  if ! cmake --preset "$preset" >"$log" 2>&1; then
    cat "$log" >&2
    return 1
  fi
  (($#)) && targets=(--target "$@")
  sparsely env NINJA_STATUS='[%f/%t] ' cmake --build "build/$preset" \
    --parallel "$jobs" "${targets[@]}"
}

# build_preset <preset> [target ...]
build_preset() {
  note "building $1"
  with_preset "$1" configure_and_build "$@"
}

# Creates the link build/bin/drover.
publish_command() {
  mkdir -p build/bin
  [[ -x build/release/bin/drover ]] && ln -sfn ../release/bin/drover build/bin/drover
  return 0
}

publish_server() {
  local program
  program=$(command -v redis-server || command -v redis-check-rdb || command -v valkey-server) ||
    die "no redis-server found"
  mkdir -p build/bin
  ln -sfn "$program" build/bin/redis-server
}
