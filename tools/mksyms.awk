# SPDX-License-Identifier: MIT
# Turns `nm -n` of a linked kernel into the assembly source of its symbol table (kernel/base/ksyms.c).

# The low 32 bits of a hexadecimal number: the image lies in the top 2 GiB.
function hex(s,    i, v) {
	s = substr(s, length(s) - 7)
	v = 0
	for (i = 1; i <= length(s); i++)
		v = v * 16 + index("0123456789abcdef", substr(s, i, 1)) - 1
	return v
}

BEGIN { count = offset = 0 }
$3 == "_text" { base = $1 }
$3 == "_etext" { end = hex($1) }
$2 ~ /^[tTwW]$/ && base != "" && end == "" && $3 !~ /^\.L/ && $3 != "_text" {
	address = hex($1)
	if (count && addresses[count - 1] == address)
		next # another name of the same function
	addresses[count] = address
	names[count++] = $3
}

END {
	if (base == "" || end == "" || !count) {
		print "mksyms: no _text, _etext or functions" > "/dev/stderr"
		exit 1
	}
	start = hex(base)
	print "\t.section .kallsyms, \"a\", @progbits\n\t.balign 8"
	print "\t.globl ksyms_base, ksyms_count, ksyms_addrs, ksyms_names, ksyms_text"
	print "ksyms_base:\n\t.quad 0x" base
	print "ksyms_count:\n\t.long " count
	print "ksyms_addrs:"
	for (i = 0; i < count; i++)
		print "\t.long " addresses[i] - start
	print "\t.long " end - start
	print "ksyms_names:"
	for (i = 0; i < count; i++) {
		if (i % 16 == 0)
			print "\t.long " offset
		offset += length(names[i]) + 1
	}
	print "ksyms_text:"
	for (i = 0; i < count; i++)
		print "\t.asciz \"" names[i] "\""
	print "\t.section .note.GNU-stack, \"\", @progbits"
}
