# Sourced by examples/run.sh and tests/run.sh: installs the Debian packages given as arguments that are missing.
install_missing() {
  missing=""
  for package in "$@"; do
    [ "$(dpkg-query -W -f='${Status}' "$package" 2>/dev/null)" = "install ok installed" ] || missing="$missing $package"
  done
  [ -z "$missing" ] && return 0
  echo "Installing Debian packages:$missing"
  as_root=""
  [ "$(id -u)" = 0 ] || as_root="sudo"
  $as_root apt-get update -q >/dev/null
  # shellcheck disable=SC2086
  DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -q --no-install-recommends $missing >/dev/null
}

# What building the compiler and running generated code on the host takes.
build_packages="g++ cmake ninja-build libonnx-dev libprotobuf-dev protobuf-compiler libfmt-dev libcli11-dev nlohmann-json3-dev doctest-dev libpng-dev zlib1g-dev"
