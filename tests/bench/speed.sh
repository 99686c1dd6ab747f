#!/usr/bin/env bash
# The table of speed: see speed.py. `speed.sh [ROW...]`.
exec "$(dirname "$0")/speed.py" "${ECSFS_BUILD:-$(dirname "$0")/../../build}" "$@"
