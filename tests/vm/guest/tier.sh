# The tier that `pagetide` takes by itself where nothing is refused, from what the kernel says: `best_tier`.

skips() { # whether this kernel preempts tasks within it, and then skips fexit programs
	case "$(uname -v)" in
	*PREEMPT_DYNAMIC*) ! grep -Eq '\((none|voluntary)\)' /sys/kernel/debug/sched/preempt ;;
	*PREEMPT*) true ;;
	*) false ;;
	esac
}

best_tier() {
	if ! skips; then
		echo fentry
	elif /pagetide probes --tier tracepoint | grep -q '^tmpfs pages in .*in the caller'; then
		echo tracepoint
	else
		echo kprobe
	fi
}
