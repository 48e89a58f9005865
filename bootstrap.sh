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
  libicu-dev                                       # regular expressions as MySQL has them
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

# libtorch_cpu.so of the PyPI wheel needs two small CUDA libraries at load time, also where there is no GPU. With
# IPR_BOOTSTRAP_CUDA set, all that torch wants for a GPU comes too (5 GB, for the preset cuda); that install serves the
# other presets as well, and what is there already is kept.
install_torch() {
  local done=".deps/torch-$TORCH_VERSION" what
  [ -e "$done-cuda" ] && return
  if [ -z "${IPR_BOOTSTRAP_CUDA:-}" ]; then
    [ -e "$done" ] && return
    say "installing LibTorch $TORCH_VERSION from PyPI into .deps (539 MB to download, 1.2 GB on disk)"
    what=(--no-deps "torch==$TORCH_VERSION" "nvidia-cuda-runtime==13.2.*" "nvidia-cuda-cupti==13.2.*")
  else
    say "installing LibTorch $TORCH_VERSION with its CUDA libraries from PyPI into .deps (5 GB on disk)"
    what=("torch==$TORCH_VERSION")
    done="$done-cuda"
  fi
  .deps/bin/pip --version >/dev/null 2>&1 || /usr/bin/python3 -m venv --clear .deps >&2
  .deps/bin/pip install --quiet --disable-pip-version-check "${what[@]}" >&2
  touch "$done"
}

install_packages
install_torch
