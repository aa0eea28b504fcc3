# What every command says where the kernel, or the rights, refuse BPF: one line
# that names the reason and what still works, and status 77; `snapshot` goes on
# with /proc alone.

one_line() { # NAME PATTERN COMMAND...: refused in one line of pagetide's that matches the pattern
	name="$1" pattern="$2"
	shift 2
	"$@" >/tmp/said 2>/tmp/refused </dev/null
	status=$?
	lines="$(wc -l </tmp/refused)"
	if [ $status -ne 77 ]; then
		not_ok "$name" "status $status, 77 expected; it said: $(head -n 3 /tmp/refused)"
	elif [ "$lines" -ne 1 ] || ! grep -q '^pagetide: ' /tmp/refused; then
		not_ok "$name" "$lines lines: $(head -n 3 /tmp/refused)"
	elif ! grep -Eiq "$pattern" /tmp/refused; then
		not_ok "$name" "not '$pattern': $(cat /tmp/refused)"
	elif ! grep -q 'snapshot works' /tmp/refused; then
		not_ok "$name" "not what still works: $(cat /tmp/refused)"
	elif [ -s /tmp/said ]; then
		not_ok "$name" "standard output: $(head -n 1 /tmp/said)"
	else
		ok "$name"
		echo "# $(cat /tmp/refused)"
	fi
}

from_proc() { # NAME PATTERN COMMAND...: a snapshot from /proc, that says why in one line
	name="$1" pattern="$2"
	shift 2
	"$@" >/tmp/said 2>/tmp/refused </dev/null
	status=$?
	if [ $status -ne 0 ]; then
		not_ok "$name" "status $status; it said: $(head -n 3 /tmp/refused)"
	elif [ "$(wc -l </tmp/refused)" -ne 1 ]; then
		not_ok "$name" "not one line: $(head -n 3 /tmp/refused)"
	elif ! grep -q '"tier": *"proc"' /tmp/said; then
		not_ok "$name" "it does not say that it is from /proc: $(head -c 200 /tmp/said)"
	elif ! grep -q '"anon_bytes":' /tmp/said; then
		not_ok "$name" "no process has memory in it"
	elif ! grep -Eiq "$pattern" /tmp/refused; then
		not_ok "$name" "not '$pattern': $(cat /tmp/refused)"
	else
		ok "$name"
		echo "# $(cat /tmp/refused)"
	fi
}

refused() { # HOW PATTERN [COMMAND...]: every command, started by the given one
	how="$1" pattern="$2"
	shift 2
	one_line "probes, $how" "$pattern" "$@" /pagetide probes
	one_line "top, $how" "$pattern" "$@" /pagetide top --json --count 1
	one_line "trace, $how" "$pattern" "$@" /pagetide trace --duration 1
	one_line "run, $how" "$pattern" "$@" /pagetide run -- touch /tmp/ran
	check "run, $how: the command is not run" test ! -e /tmp/ran
	from_proc "snapshot, $how" "$pattern" "$@" /pagetide snapshot --json
}
