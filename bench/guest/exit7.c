/* SPDX-License-Identifier: MIT */
/* The small static program that exec metrics start: exits with 7. Linked with libc, as programs
 * are. */
int main(void)
{
	return 7;
}
