# shellcheck shell=bash
# The parts share variables, which no part can see whole.
# shellcheck disable=SC2034
# The programs that kv-migrate and kv-replay run: in the background, so that a signal is heard at once.
#
# Reads: children (the process ids of those that run), child_signal.  Sets: child_status.

children=()

# Our programs cancel what they have the server do when they are told to end, psql when it is
# interrupted.
child_signal=TERM

# wait_for PID: waits for a child, or for a signal; sets child_status.
wait_for() {
    child_status=0
    wait "$1" || child_status=$?
}

# stop_children: tells all of them to end, and waits until they have.
stop_children() {
    local child
    for child in "${children[@]}"; do
        kill -"$child_signal" "$child" 2>/dev/null || true
    done
    for child in "${children[@]}"; do
        end_process "$child"
    done
    children=()
}

# end_process PID: waits for a child that was told to end; kills it when it takes too long.
end_process() {
    local attempt
    for ((attempt = 0; attempt < 50; attempt++)); do
        # Not waited for: where it ends in the instant in which a signal interrupts a wait for it, bash takes
        # no notice of its end, and would wait for ever.
        kill -0 "$1" 2>/dev/null || return 0
        sleep 0.1
    done
    kill -KILL "$1" 2>/dev/null || true
    wait "$1" 2>/dev/null || true
}
