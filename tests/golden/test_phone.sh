#!/bin/sh
# test_phone.sh - the picture is what the conversation in the README makes
exec "${SOURCE_DIR:-$(dirname "$0")/../..}/tests/golden/phone.py" --check
