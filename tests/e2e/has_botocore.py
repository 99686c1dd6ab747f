#!/usr/bin/env python3
"""Whether Python has a botocore that knows the calls of today: status 0. To import it would take a second."""
import importlib.metadata
import sys

try:
    importlib.metadata.version("boto3")
    version = importlib.metadata.version("botocore")
except importlib.metadata.PackageNotFoundError:
    sys.exit(1)
sys.exit(tuple(map(int, version.split(".")[:2])) < (1, 40))
