# SPDX-License-Identifier: MIT
# ./run test. Every part runs, even if an earlier part failed. scripts/test_report prints the
# totals. Sourced by ./run.

all_parts=(tidy dev asan fuzz tsan model package)
declare -A targets_of=([asan]=drover_tests [tsan]=drover_threaded)
fuzz_seconds=6

run_test() {
  local parts=()
  while (($#)) && [[ $1 != -* ]]; do
    [[ " ${all_parts[*]} " == *" $1 "* ]] || die "unknown part '$1'; the parts are: ${all_parts[*]}"
    parts+=("$1")
    shift
  done
  ((${#parts[@]})) || parts=("${all_parts[@]}")
  ctest_arguments=("$@")

  local part packages=("${test_packages[@]}")
  for part in "${parts[@]}"; do
    [[ $part == tidy ]] || packages+=("${build_packages[@]}" "${server_packages[@]}"
      "${postgresql_packages[@]}")
    case $part in
      dev) packages+=("${bench_packages[@]}") ;;
      asan | fuzz | tsan) packages+=("${clang_packages[@]}") ;;
      model) packages+=("${model_packages[@]}") ;;
    esac
  done
  need "${packages[@]}"
  [[ " ${parts[*]} " != *" dev "* ]] || unpack_prometheus

  # The tests write only into this folder, and it is removed at the end. Its path is short because
  # the path of a socket has at most 107 characters.
  scratch=$(mktemp -d /tmp/drover.XXXXXX)
  trap end_of_test EXIT
  mkdir "$scratch/tmp" "$scratch/later" "$scratch/results" "$scratch/texts"
  chmod 711 "$scratch" # a PostgreSQL server that root starts runs as another user
  results=$scratch/results
  export TMPDIR=$scratch/tmp
  export DROVER_TOLD_TEXTS=$scratch/texts

  local before after
  before=$(processor_seconds)
  for part in "${parts[@]}"; do
    "test_$part"
    after=$(processor_seconds)
    note "$part: $((after - before)) s of processor time"
    before=$after
  done
  check "no process left behind" nothing_left_running
  look_for_secrets
  note "done"
  scripts/test_report "$results"
}

end_of_test() {
  local running
  [[ -z $models ]] || kill -- "-$models" 2>/dev/null || true
  running=$(jobs -pr)
  [[ -z $running ]] || kill $running 2>/dev/null || true
  end_later_builds
  rm -rf "$scratch"
}

# record <name> <passed|failed> <seconds>
record() {
  printf '%s\t%s\t%s\n' "$@" >>"$results/steps.tsv"
}

# What all commands so far have taken, those that run in the background when they have ended.
processor_seconds() {
  awk '{ sub(/^.*\)/, ""); print int(($14 + $15) / ticks) }' ticks="$(getconf CLK_TCK)" \
    <"/proc/$$/stat"
}

# check <name> <command ...>: runs a command and records its verdict for the report.
check() {
  local name=$1 begun=$SECONDS verdict=passed
  shift
  note "$name"
  "$@" || verdict=failed
  record "$name" $verdict $((SECONDS - begun))
  [[ $verdict == passed ]] || note "FAILED: $name"
}

# Looks for the passwords of the tests in all that the tests have written, and in all that the
# library told them. Selected tests alone may leave too little to look at.
look_for_secrets() {
  local logs=("$results"/*.log)
  [[ -e ${logs[0]} ]] && ((${#ctest_arguments[@]} == 0)) || return 0
  check "no secret in any output" scripts/canary --texts "$scratch/texts" "$results" "$scratch/tmp"
}

test_tidy() {
  check "tidy: its own tests" scripts/tidy --self-test
  check "tidy" scripts/tidy
  check "reference: its own tests" scripts/reference --self-test
  check "reference" scripts/reference --check
  check "compat: its own tests" scripts/compat --self-test
  check "canary: its own tests" scripts/canary --self-test
  check "mutants: its own tests" scripts/mutants --self-test
  check "mutants" scripts/mutants --check
}

# docs/internals/builds.md says which tests the asan part runs for dev, and why.
test_dev() {
  local targets=(all all_verify_interface_header_sets) left_to_asan=()
  if [[ " ${parts[*]} " == *" asan "* ]]; then
    left_to_asan=(--label-exclude '_asan$')
  else
    targets+=(drover_run_by_asan)
  fi
  build_for_test dev "${targets[@]}" || return 0
  begin_later_builds asan tsan
  ctest_preset dev "${left_to_asan[@]}"
  # A few tests against other servers, where ./run compat has fetched them.
  [[ ! -d build/servers/trixie ]] || check "other servers" scripts/compat --short
}

test_asan() {
  build_for_test asan "${targets_of[asan]}" || return 0
  begin_later_builds tsan
  ctest_preset asan
}

test_tsan() {
  build_for_test tsan "${targets_of[tsan]}" || return 0
  begin_models
  ctest_preset tsan -L threads
}

# Many tests wait. While they run, the processor time that they leave goes to the builds of later
# parts. Such a build gives way to the tests, and it ends when a part builds for itself: that part
# compiles only what is missing, and shows the errors.
later_builds=
# begin_later_builds <preset ...>, without those that are no part of this run
begin_later_builds() {
  local preset presets=()
  for preset; do
    [[ " ${parts[*]} " != *" $preset "* ]] || presets+=("$preset")
  done
  ((${#presets[@]})) || return 0
  set -m # the builds get a process group, by which they can be ended
  (
    set +m
    export TMPDIR=$scratch/later # the check for processes left behind ignores compilers
    chrt --idle --pid 0 "$BASHPID" || renice -n 19 -p "$BASHPID"
    for preset in "${presets[@]}"; do
      build_preset "$preset" "${targets_of[$preset]}" || true
    done
  ) >"$scratch/later_builds.log" 2>&1 </dev/null &
  later_builds=$!
  set +m
}

end_later_builds() {
  [[ -n $later_builds ]] || return 0
  kill -- "-$later_builds" 2>/dev/null || true
  wait "$later_builds" || true
  later_builds=
}

# Builds, and records a failed build like a failed test.
build_for_test() {
  local begun=$SECONDS
  end_later_builds
  build_preset "$@" && return
  record "build of $1" failed $((SECONDS - begun))
  note "FAILED: build of $1"
  return 1
}

# The sanitizers of clang 14 fail with more than 28 random bits in an address.
without_aslr() {
  local bits
  bits=$(cat /proc/sys/vm/mmap_rnd_bits 2>/dev/null) || bits=0
  if ((bits > 28)) && setarch -R true 2>/dev/null; then
    setarch -R "$@"
  else
    "$@"
  fi
}

ctest_preset() {
  local preset=$1 begun=$SECONDS
  note "testing $1"
  with_preset "$preset" run_ctest "$@" || true
  cp "build/$preset/Testing/Temporary/LastTest.log" "$results/$preset.log" || true
  [[ -s $results/$preset.xml ]] || record "ctest of $preset" failed $((SECONDS - begun))
}

run_ctest() {
  local preset=$1
  shift
  export ASAN_OPTIONS=strict_string_checks=1
  export UBSAN_OPTIONS=print_stacktrace=1
  export TSAN_OPTIONS=second_deadlock_stack=1:suppressions=$PWD/scripts/tsan.supp
  # Most tests that take long wait more than they compute.
  without_aslr ctest --test-dir "build/$preset" --parallel "$((3 * jobs))" --output-on-failure \
    --output-junit "$results/$preset.xml" "$@" "${ctest_arguments[@]}" 2>&1 | only_what_matters
}

# Prints failures in full, and one line for each tenth of the tests that pass.
only_what_matters() {
  awk '
    /^ +Start +[0-9]+: / || /^Internal ctest/ || /^Test project/ { next }
    match($0, /^ *[0-9]+\/[0-9]+ Test +#/) {
      split($1, n, "/")
      tenth = int(10 * n[1] / n[2])
      if (/ Passed +[0-9.]+ sec$/ && tenth == last) next
      last = tenth
    }
    /^(Label Time Summary|Total Test time)/ { quiet = 1 }
    /^The following tests FAILED/ { quiet = 0 }
    !quiet { print; fflush() }'
}

test_fuzz() {
  local names
  read -ra names <<<"$(fuzz_names)"
  ((${#names[@]})) || return 0
  build_for_test asan "${names[@]/#/fuzz_}" || return 0
  note "fuzzing ${names[*]} for $fuzz_seconds s each"
  mkdir -p build/findings
  # A subshell waits only for its own jobs.
  (trap 'kill $(jobs -pr) 2>/dev/null || true' EXIT && fuzz_all "${names[@]}")
}

fuzz_all() {
  local name
  for name; do
    while (($(jobs -pr | wc -l) >= jobs)); do wait -n || true; done
    mkdir -p "$scratch/corpus/$name"
    (
      verdict=passed
      fuzz_one asan "$name" "$fuzz_seconds" "$scratch/corpus/$name" >"$scratch/$name.log" 2>&1 ||
        verdict=failed
      [[ $verdict == passed ]] || tail -n 60 "$scratch/$name.log"
      record "fuzz $name" $verdict "$fuzz_seconds"
    ) &
  done
  wait
}

# fuzz_one <preset> <name> <seconds> <folder for new inputs>
fuzz_one() {
  local seeds=()
  [[ -d test/corpus/$2 ]] && seeds=("test/corpus/$2")
  without_aslr "build/$1/bin/fuzz_$2" -max_total_time="$3" -timeout=10 -rss_limit_mb=3000 \
    -artifact_prefix="build/findings/$2-" "$4" "${seeds[@]}"
}

test_model() {
  [[ ! -x test/model/run ]] || check "models" await_models
}

# The last tests wait, too, and no build is left: the models are searched beside them.
models=
begin_models() {
  [[ -x test/model/run && " ${parts[*]} " == *" model "* ]] || return 0
  set -m # as for the later builds
  (
    set +m
    export TMPDIR=$scratch/later
    renice -n 19 -p "$BASHPID" >/dev/null
    small_models
  ) >"$scratch/models.log" 2>&1 </dev/null &
  models=$!
  set +m
}

await_models() {
  local status=0
  [[ -n $models ]] || { small_models; return; }
  wait "$models" || status=$?
  models=
  cat "$scratch/models.log"
  return $status
}

# Puts a prefix before the totals, so that only scripts/test_report prints a line of this form.
small_models() {
  test/model/run --small --jobs "$jobs" | sed 's/^[0-9]* passed, [0-9]* failed$/models: &/'
}

test_package() {
  [[ -x test/package/run ]] && build_for_test dev drover drover_command drover_manual || return 0
  check "package" with_preset dev test/package/run
}

# Fails if a program still runs whose command line contains a path in the scratch folder.
nothing_left_running() {
  local process words found=0
  for process in /proc/[0-9]*; do
    [[ $process != "/proc/$$" ]] || continue
    { mapfile -d '' -t words <"$process/cmdline"; } 2>/dev/null || continue
    if [[ ${words[*]} == *"$TMPDIR"* ]]; then
      echo "left running: ${words[*]}"
      kill "${process#/proc/}" 2>/dev/null || true
      found=1
    fi
  done
  return $found
}
