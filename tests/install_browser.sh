#!/usr/bin/env bash
# The browser tests drive the system's Chromium. On a Debian machine where we are root (CI) it is installed;
# elsewhere the tests say that they are skipped, and why.
set -euo pipefail
if command -v chromium >/dev/null || [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    exit 0
fi
apt-get update -qq
apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core >/dev/null
