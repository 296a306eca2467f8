# SPDX-License-Identifier: MIT
# Too little memory: whatever --mem says, the command ends soon, with the program's result or with a
# word about memory. Another kernel needs more to begin with.
if [ -z "${QUIRE_KERNEL-}" ]; then

# ends NAME STATUSES OPTIONS... -- PROGRAM...: within ten seconds, with one of the statuses
ends() {
	local name=$1 statuses=$2 began=$SECONDS got
	shift 2
	got=$(status quire --timeout 10 "$@")
	case " $statuses " in *" $got "*) got=$statuses ;; esac
	expect "$name" "$statuses" "$got"
	expect "$name soon" yes "$([ $((SECONDS - began)) -le 12 ] && echo yes)"
}

for size in 1M 2M 3M 4M 5M; do
	ends "$size is too little" "125 121" --mem $size -- sh -c 'x=x; while :; do x=$x$x; done'
	expect "$size is too little, it says" yes "$(grep -qi memory\\\|mem status.err && echo yes)"
done
for size in 6M 8M 12M 16M; do
	ends "$size runs a pipe" 0 --mem $size -- sh -c 'ls -lR / | cat | wc -l'
	ends "$size ends an eater" "137 1 2" --mem $size -- sh -c 'x=x; while :; do x=$x$x; done'
	ends "$size ends several" "0 137" --mem $size -- sh -c \
		'for i in 1 2 3 4; do tail /dev/zero & done; wait; exit 0'
	ends "$size fills its files" "0 1" --mem $size -- sh -c 'cat /dev/zero >/tmp/zero; rm /tmp/zero'
done
timeout 60 "$QUIRE" run --mem 16M -- tail /dev/zero </dev/null >out 2>err
expect "who was killed for want of memory is told why" "137 yes" \
	"$? $(grep -q 'Out of memory: Killed process .*(tail)' err && echo yes)"
timeout 60 "$QUIRE" run --dmesg --mem 16M -- tail /dev/zero </dev/null >out 2>err
expect "--dmesg has the whole report" yes \
	"$(grep -q 'invoked oom-killer' err && grep -q 'Mem-Info' err && grep -q 'has given back' err && echo yes)"

fi
