#!/bin/sh
# Makes sure that what pip cannot install is there: Python's venv module, the libraries that Qt's
# X11 and Wayland plugins load, and for the tests a virtual display and a mouse for it.
# Usage: system-packages.sh python|run|test|bundle|deb
# Missing packages are installed where that is allowed (root, or sudo without a password, with
# apt-get); otherwise their names are printed. Systems without apt-get are left alone.
set -u

command -v apt-get >/dev/null 2>&1 || exit 0

has_library() { ldconfig -p 2>/dev/null | grep -q "$1"; }

missing=""
need() { missing="$missing $1"; }

need_python() {
  command -v python3 >/dev/null 2>&1 || need python3
  python3 -c "import ensurepip, venv" >/dev/null 2>&1 || need python3-venv
}

need_qt() {
  has_library libEGL.so.1 || need libegl1
  has_library libGL.so.1 || need libgl1
  has_library libxkbcommon.so.0 || need libxkbcommon0
  has_library libxkbcommon-x11.so.0 || need libxkbcommon-x11-0
  has_library libdbus-1.so.3 || need libdbus-1-3
  has_library libfontconfig.so.1 || need libfontconfig1
  has_library libglib-2.0.so.0 || need libglib2.0-0
  has_library libxcb-cursor.so.0 || need libxcb-cursor0
  has_library libxcb-icccm.so.4 || need libxcb-icccm4
  has_library libxcb-image.so.0 || need libxcb-image0
  has_library libxcb-keysyms.so.1 || need libxcb-keysyms1
  has_library libxcb-randr.so.0 || need libxcb-randr0
  has_library libxcb-render-util.so.0 || need libxcb-render-util0
  has_library libxcb-shape.so.0 || need libxcb-shape0
  has_library libxcb-xinerama.so.0 || need libxcb-xinerama0
  has_library libxcb-xkb.so.1 || need libxcb-xkb1
  fc-list 2>/dev/null | grep -q . || need fonts-dejavu-core
}

need_display() {
  command -v Xvfb >/dev/null 2>&1 || need xvfb
  command -v xdotool >/dev/null 2>&1 || need xdotool
  # The accepted pictures of the windows are in this font.
  fc-list 2>/dev/null | grep -q "DejaVuSansMono.ttf" || need fonts-dejavu-core
}

need_debian_tools() {
  command -v dpkg-deb >/dev/null 2>&1 || need dpkg
  command -v desktop-file-validate >/dev/null 2>&1 || need desktop-file-utils
  command -v appstreamcli >/dev/null 2>&1 || need appstream
  command -v man >/dev/null 2>&1 || need man-db
}

case "${1:-}" in
  python) need_python ;;
  run) need_qt ;;
  test) need_qt; need_display ;;
  bundle) need_qt; command -v strip >/dev/null 2>&1 || need binutils ;;
  deb) need_qt; need_display; need_debian_tools ;;
  *) echo "usage: $0 python|run|test|bundle|deb" >&2; exit 2 ;;
esac

[ -z "$missing" ] && exit 0

as_root=""
if [ "$(id -u)" -ne 0 ]; then
  if sudo -n true >/dev/null 2>&1; then
    as_root="sudo -n"
  else
    echo "Lacuna needs these system packages:$missing" >&2
    echo "Install them and run make again:  sudo apt-get install$missing" >&2
    exit 1
  fi
fi

echo "Installing system packages:$missing"
$as_root apt-get update -qq
# shellcheck disable=SC2086 # both are lists of words on purpose
DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends $missing >/dev/null || {
  echo "These packages could not be installed:$missing" >&2
  exit 1
}
