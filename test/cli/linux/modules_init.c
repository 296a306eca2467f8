/* SPDX-License-Identifier: MIT */
/* For tests on Debian's kernel only: loads the modules it needs for Quire's port, then becomes
 * Quire's init. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(void)
{
	static const char *const modules[] = {"virtio_ring", "virtio", "virtio_mmio",
					      "virtio_console"};
	char path[64];

	for (int i = 0; i < 4; i++) {
		int fd;

		snprintf(path, sizeof(path), "/.linux/%s.ko", modules[i]);
		fd = open(path, O_RDONLY);
		if (fd < 0 || syscall(SYS_finit_module, fd, "", 0))
			perror(path);
		close(fd);
		unlink(path);
	}
	unlink("/.linux/init");
	rmdir("/.linux");
	execl("/.quire/init", "/.quire/init", (char *)NULL);
	perror("/.quire/init");
	return 1;
}
