#!/usr/bin/env bash
# The browser tests drive the system's Chromium, the delivery tests a real PostgreSQL, the exporter's a real Prometheus, and Spark needs Java. On a Debian
# machine where we are root (CI) they are installed; elsewhere the tests that need them say that they are skipped, and why.
set -euo pipefail
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    exit 0
fi
if ! command -v chromium >/dev/null || ! command -v promtool >/dev/null || ! command -v java >/dev/null || ! compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null; then
    apt-get update -qq
    apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core postgresql prometheus default-jre-headless >/dev/null
fi
