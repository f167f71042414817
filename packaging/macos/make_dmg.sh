#!/bin/sh
# Makes dist/Lacuna.dmg from dist/Lacuna.app with the tools that come with macOS: the program beside a
# link to Applications. It is signed for this machine only ("-"); with a certificate of Apple's, give
# its name in SIGN_AS and have the result notarised, or people must allow it in the settings.
set -eu

cd "$(dirname "$0")/../.."
app=dist/Lacuna.app
[ -d "$app" ] || { echo "There is no $app; build the bundle first." >&2; exit 1; }

codesign --force --deep --sign "${SIGN_AS:--}" "$app"
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
cp -R "$app" "$stage/"
ln -s /Applications "$stage/Applications"
hdiutil create -volname Lacuna -srcfolder "$stage" -format ULMO -ov dist/Lacuna.dmg
