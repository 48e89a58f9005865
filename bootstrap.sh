#!/usr/bin/env bash
# Installs what ipr-host is built with: Debian's packages, and LibTorch from PyPI into ./.deps. Does nothing that is
# done already. Writes to standard error only; needs root or sudo for the packages. Called by ./run and ./test.
set -euo pipefail
cd "$(dirname "$0")"
say() { printf 'bootstrap: %s\n' "$*" >&2; }

TORCH_VERSION=2.15.0
PACKAGES=(
  g++ cmake ninja-build ccache pkg-config git      # the compiler and the build
  libboost1.81-dev                                 # Boost.DLL loads plugins, Boost.Asio runs rollouts
  nlohmann-json3-dev libcli11-dev libspdlog-dev    # JSON, command line, log
  libsqlite3-dev libpugixml-dev libpcre2-dev       # run record, report, pre-tokenizer patterns
  catch2 gzip                                      # tests
  python3 python3-venv ca-certificates             # only to fetch LibTorch
)

as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"; elif command -v sudo >/dev/null; then sudo "$@"; else
    say "need root to run: $*  (become root or install sudo)"; exit 1; fi
}

installed() { dpkg-query -W -f='${Status}' "$1" 2>/dev/null | grep -q '^install ok installed$'; }

install_packages() {
  local missing=() package
  for package in "${PACKAGES[@]}"; do
    # Ubuntu 24.04 has Boost 1.83 as its default, Debian 12 has 1.81 beside an older default.
    if [ "$package" = libboost1.81-dev ] && installed libboost1.83-dev; then continue; fi
    installed "$package" || missing+=("$package")
  done
  [ "${#missing[@]}" -eq 0 ] && return
  command -v apt-get >/dev/null || { say "not a Debian system; install by hand: ${missing[*]}"; exit 1; }
  say "installing Debian packages: ${missing[*]}"
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq update >&2
  if [[ " ${missing[*]} " == *" libboost1.81-dev "* ]] && ! apt-cache show libboost1.81-dev >/dev/null 2>&1; then
    missing=("${missing[@]/libboost1.81-dev/libboost1.83-dev}")
  fi
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "${missing[@]}" >&2
}

# libtorch_cpu.so of the PyPI wheel needs two small CUDA libraries at load time, also where there is no GPU.
install_torch() {
  local stamp=".deps/torch-$TORCH_VERSION${IPR_BOOTSTRAP_CUDA:+-cuda}"
  [ -e "$stamp" ] && return
  say "installing LibTorch $TORCH_VERSION from PyPI into .deps (539 MB to download, 1.2 GB on disk)"
  rm -rf .deps
  /usr/bin/python3 -m venv .deps >&2
  if [ -n "${IPR_BOOTSTRAP_CUDA:-}" ]; then
    .deps/bin/pip install --quiet --disable-pip-version-check "torch==$TORCH_VERSION" >&2
  else
    .deps/bin/pip install --quiet --disable-pip-version-check --no-deps "torch==$TORCH_VERSION" \
      "nvidia-cuda-runtime==13.2.*" "nvidia-cuda-cupti==13.2.*" >&2
  fi
  touch "$stamp"
}

install_packages
install_torch
