# TAP for the tests that run in a machine, read with `. /guest/tap.sh`.
# Each test ends with `done_testing`, so that one that stopped early is seen.

tap_count=0
tap_failed=0

ok() { # NAME
	tap_count=$((tap_count + 1))
	echo "ok $tap_count - $1"
}

not_ok() { # NAME WHY
	tap_count=$((tap_count + 1))
	tap_failed=$((tap_failed + 1))
	echo "not ok $tap_count - $1"
	echo "# $2"
}

skip() { # NAME WHY
	tap_count=$((tap_count + 1))
	echo "ok $tap_count - $1 # SKIP $2"
}

check() { # NAME COMMAND...: passes when the command does
	tap_name="$1"
	shift
	if tap_said="$("$@" 2>&1)"; then
		ok "$tap_name"
	else
		not_ok "$tap_name" "failed: $* ($(echo "$tap_said" | tail -n 1))"
	fi
}

skip_all() { # WHY
	echo "1..0 # SKIP $1"
	exit 0
}

done_testing() {
	echo "1..$tap_count"
	exit $((tap_failed > 0))
}
