/* SPDX-License-Identifier: MIT */
/*
 * Sockets: families, types, options, addresses and messages.
 */
#pragma once

#include "abi/uio.h"
#include "lib/types.h"

#define AF_UNSPEC  0
#define AF_UNIX	   1
#define AF_LOCAL   1
#define AF_INET	   2
#define AF_INET6   10
#define AF_NETLINK 16
#define AF_PACKET  17
#define AF_VSOCK   40
#define AF_MAX	   46

#define SOCK_STREAM    1
#define SOCK_DGRAM     2
#define SOCK_RAW       3
#define SOCK_RDM       4
#define SOCK_SEQPACKET 5
#define SOCK_TYPE_MASK 0xf
#define SOCK_CLOEXEC   02000000
#define SOCK_NONBLOCK  04000

typedef unsigned short sa_family_t;
typedef unsigned int socklen_t;

struct sockaddr {
	sa_family_t sa_family;
	char sa_data[14];
};

struct sockaddr_storage {
	sa_family_t ss_family;
	char __data[126];
} __aligned(8);
static_assert(sizeof(struct sockaddr_storage) == 128, "ABI");

#define UNIX_PATH_MAX 108
struct sockaddr_un {
	sa_family_t sun_family;
	char sun_path[UNIX_PATH_MAX];
};

struct in_addr {
	u32 s_addr; /* big endian */
};
struct sockaddr_in {
	sa_family_t sin_family;
	u16 sin_port; /* big endian */
	struct in_addr sin_addr;
	unsigned char __pad[8];
};
struct in6_addr {
	u8 s6_addr[16];
};
struct sockaddr_in6 {
	unsigned short sin6_family;
	u16 sin6_port;
	u32 sin6_flowinfo;
	struct in6_addr sin6_addr;
	u32 sin6_scope_id;
};
struct sockaddr_nl {
	sa_family_t nl_family;
	unsigned short nl_pad;
	u32 nl_pid;
	u32 nl_groups;
};

/* sendmsg(2), recvmsg(2) as the calls see it. */
struct user_msghdr {
	void __user *msg_name;
	int msg_namelen;
	struct iovec __user *msg_iov;
	size_t msg_iovlen;
	void __user *msg_control;
	size_t msg_controllen;
	unsigned int msg_flags;
};
static_assert(sizeof(struct user_msghdr) == 56, "ABI");

struct mmsghdr {
	struct user_msghdr msg_hdr;
	unsigned int msg_len;
};

struct cmsghdr {
	size_t cmsg_len; /* header included */
	int cmsg_level;
	int cmsg_type;
};
#define CMSG_ALIGN(len) (((len) + sizeof(long) - 1) & ~(sizeof(long) - 1))
#define CMSG_LEN(len)	(sizeof(struct cmsghdr) + (len))
#define CMSG_SPACE(len) (sizeof(struct cmsghdr) + CMSG_ALIGN(len))
#define SCM_RIGHTS	1
#define SCM_CREDENTIALS 2
#define SCM_MAX_FD	253

struct ucred {
	u32 pid;
	u32 uid;
	u32 gid;
};

struct linger {
	int l_onoff;
	int l_linger;
};

#define MSG_OOB		 1
#define MSG_PEEK	 2
#define MSG_DONTROUTE	 4
#define MSG_CTRUNC	 8
#define MSG_TRUNC	 0x20
#define MSG_DONTWAIT	 0x40
#define MSG_EOR		 0x80
#define MSG_WAITALL	 0x100
#define MSG_ERRQUEUE	 0x2000
#define MSG_NOSIGNAL	 0x4000
#define MSG_MORE	 0x8000
#define MSG_WAITFORONE	 0x10000
#define MSG_ZEROCOPY	 0x4000000
#define MSG_FASTOPEN	 0x20000000
#define MSG_CMSG_CLOEXEC 0x40000000

#define SHUT_RD	  0
#define SHUT_WR	  1
#define SHUT_RDWR 2
#define SOMAXCONN 4096

#define SOL_SOCKET			 1
#define SOL_IP				 0
#define SOL_TCP				 6
#define SOL_NETLINK			 270
#define SO_DEBUG			 1
#define SO_REUSEADDR			 2
#define SO_TYPE				 3
#define SO_ERROR			 4
#define SO_DONTROUTE			 5
#define SO_BROADCAST			 6
#define SO_SNDBUF			 7
#define SO_RCVBUF			 8
#define SO_SNDBUFFORCE			 32
#define SO_RCVBUFFORCE			 33
#define SO_KEEPALIVE			 9
#define SO_OOBINLINE			 10
#define SO_NO_CHECK			 11
#define SO_PRIORITY			 12
#define SO_LINGER			 13
#define SO_BSDCOMPAT			 14
#define SO_REUSEPORT			 15
#define SO_PASSCRED			 16
#define SO_PEERCRED			 17
#define SO_RCVLOWAT			 18
#define SO_SNDLOWAT			 19
#define SO_RCVTIMEO_OLD			 20
#define SO_SNDTIMEO_OLD			 21
#define SO_SECURITY_AUTHENTICATION	 22
#define SO_SECURITY_ENCRYPTION_TRANSPORT 23
#define SO_SECURITY_ENCRYPTION_NETWORK	 24
#define SO_BINDTODEVICE			 25
#define SO_ATTACH_FILTER		 26
#define SO_DETACH_FILTER		 27
#define SO_GET_FILTER			 26
#define SO_PEERNAME			 28
#define SO_ACCEPTCONN			 30
#define SO_PEERSEC			 31
#define SO_PASSSEC			 34
#define SO_MARK				 36
#define SO_PROTOCOL			 38
#define SO_DOMAIN			 39
#define SO_RXQ_OVFL			 40
#define SO_WIFI_STATUS			 41
#define SO_PEEK_OFF			 42
#define SO_NOFCS			 43
#define SO_LOCK_FILTER			 44
#define SO_SELECT_ERR_QUEUE		 45
#define SO_BUSY_POLL			 46
#define SO_MAX_PACING_RATE		 47
#define SO_BPF_EXTENSIONS		 48
#define SO_INCOMING_CPU			 49
#define SO_ATTACH_BPF			 50
#define SO_DETACH_BPF			 27
#define SO_ATTACH_REUSEPORT_CBPF	 51
#define SO_ATTACH_REUSEPORT_EBPF	 52
#define SO_CNX_ADVICE			 53
#define SO_MEMINFO			 55
#define SO_INCOMING_NAPI_ID		 56
#define SO_COOKIE			 57
#define SO_PEERGROUPS			 59
#define SO_ZEROCOPY			 60
#define SO_TXTIME			 61
#define SO_BINDTOIFINDEX		 62
#define SO_TIMESTAMP_OLD		 29
#define SO_TIMESTAMPNS_OLD		 35
#define SO_TIMESTAMPING_OLD		 37
#define SO_TIMESTAMP_NEW		 63
#define SO_TIMESTAMPNS_NEW		 64
#define SO_TIMESTAMPING_NEW		 65
#define SO_RCVTIMEO_NEW			 66
#define SO_SNDTIMEO_NEW			 67
#define SO_DETACH_REUSEPORT_BPF		 68
#define SO_PREFER_BUSY_POLL		 69
#define SO_BUSY_POLL_BUDGET		 70
#define SO_NETNS_COOKIE			 71
#define SO_BUF_LOCK			 72
#define SO_RESERVE_MEM			 73
#define SO_TXREHASH			 74
#define SO_RCVMARK			 75
#define SO_TIMESTAMP			 29
#define SO_TIMESTAMPNS			 35
#define SO_TIMESTAMPING			 37
#define SO_RCVTIMEO			 20
#define SO_SNDTIMEO			 21
