# SPDX-License-Identifier: MIT
# The packages that each command needs, by their names in Debian 12. Sourced by ./run.
#
# redis-tools is used instead of redis-server, because it contains the same server program under the
# name redis-check-rdb and installs no system service.

build_packages=(g++ cmake ninja-build libssl-dev libxxhash-dev libsqlite3-dev libcli11-dev
  libuv1-dev zlib1g-dev libjs-chart.js nlohmann-json3-dev)
server_packages=(redis-tools)
postgresql_packages=(libpqxx-dev postgresql) # for drover simulate --origin postgresql
bench_packages=(libhiredis-dev libbenchmark-dev)
clang_packages=(clang libclang-rt-dev lld llvm)
test_packages=(libgtest-dev git python3 pkgconf chromium-driver python3-selenium libhiredis-dev
  python3-redis libmsgpack-cxx-dev libprotobuf-dev protobuf-compiler libzstd-dev)
model_packages=(spin gcc libc6-dev python3)

die() {
  printf 'run: %s\n' "$*" >&2
  exit 1
}

started=$SECONDS
note() {
  local passed=$((SECONDS - started))
  printf '== [%d:%02d] %s\n' $((passed / 60)) $((passed % 60)) "$*"
}

missing_packages() {
  local have
  have=" $(dpkg-query -W -f='${Package}=${db:Status-Status} ' "$@" 2>/dev/null) " || true
  local package
  for package; do
    [[ $have == *" $package=installed "* ]] || printf '%s ' "$package"
  done
}

# Installs the missing packages. Concurrent runs wait for each other, because apt-get update fails
# otherwise. The lock is on an existing directory, so that no file is left behind.
need() {
  if ! command -v dpkg-query >/dev/null; then
    note "not a Debian system; install the packages that correspond to: $*"
    return
  fi
  local missing
  read -ra missing <<<"$(missing_packages "$@")"
  ((${#missing[@]})) || return 0

  ((EUID == 0)) || command -v sudo >/dev/null ||
    die "installing packages needs root or sudo: ${missing[*]}"
  (
    flock 9
    read -ra missing <<<"$(missing_packages "$@")"
    ((${#missing[@]} == 0)) || install_packages "${missing[@]}"
  ) 9</var/lib/dpkg
}

install_packages() {
  note "installing $*"
  local log apt
  log=$(mktemp)
  as_root=()
  ((EUID == 0)) || as_root=(sudo)
  apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive
    apt-get -qq -o DPkg::Lock::Timeout=600 -o Acquire::Retries=3)
  [[ " $* " != *" postgresql "* ]] || forbid_clusters
  if ! "${apt[@]}" update >"$log" 2>&1 9<&- ||
    ! "${apt[@]}" install -y --no-install-recommends "$@" >>"$log" 2>&1 9<&-; then
    tail -n 40 "$log" >&2
    rm -f "$log"
    allow_clusters
    die "apt-get could not install: $*"
  fi
  rm -f "$log"
  allow_clusters
}

# Prometheus reads the metrics in a test. Its package would start a service, so it is unpacked and
# not installed. Without it the test is left out.
unpack_prometheus() {
  local folder=build/prometheus
  [[ ! -x $folder/usr/bin/promtool ]] && command -v dpkg-deb >/dev/null || return 0
  command -v promtool >/dev/null && return
  note "unpacking prometheus"
  mkdir -p "$folder"
  (
    cd "$folder"
    apt-get -qq -o APT::Sandbox::User=root download prometheus >/dev/null 2>&1 || {
      as_root=()
      ((EUID == 0)) || as_root=(sudo)
      flock /var/lib/dpkg "${as_root[@]}" apt-get -qq update >/dev/null 2>&1
      apt-get -qq -o APT::Sandbox::User=root download prometheus >/dev/null 2>&1
    } && dpkg-deb -x prometheus_*.deb . && rm prometheus_*.deb
  ) || note "prometheus cannot be downloaded: its test is left out"
}

# Debian's package of the server creates a database and runs it as a service. Only the programs are
# needed.
cluster_folder=/etc/postgresql-common/createcluster.d

forbid_clusters() {
  "${as_root[@]}" mkdir -p "$cluster_folder"
  echo 'create_main_cluster = false' |
    "${as_root[@]}" tee "$cluster_folder/drover.conf" >/dev/null
}

allow_clusters() {
  [[ ! -e $cluster_folder/drover.conf ]] || "${as_root[@]}" rm "$cluster_folder/drover.conf"
}
