#!/usr/bin/env bash
# What converting a compose project costs.
set -eu
"${ECSFS_BUILD:?}/tests/bench/compose_cost" 100 51
"$ECSFS_BUILD/tests/bench/compose_cost" 1 51
