/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * Checks the guest's packets from outside, byte for byte.
 *
 * "frames capture" reads the files of QEMU's filter-dump and knows the packets of testpmd's engines txonly
 * and flowgen: every packet must be exactly one of those. "frames inject" replaces the network of both NICs:
 * it sends numbered packets with pseudo-random contents into each, and compares the packets from the other
 * with the result that the forwarding application must produce. Lost packets are counted and allowed within a
 * limit. A failure is a wrong byte, an unknown packet, and a packet that comes twice or out of order: a wrong
 * or stale DMA address has these effects.
 */

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define ETHER_LEN 14
#define IP_LEN 20
#define UDP_LEN 8
#define IP_AT ETHER_LEN
#define UDP_AT (IP_AT + IP_LEN)
#define DATA_AT (UDP_AT + UDP_LEN)

#define MIN_FRAME 60
#define MAX_FRAME 1514
#define SIZES (MAX_FRAME - MIN_FRAME + 1)

/* Exit statuses: tests that expect a failure ask for the right one. */
enum status {
	STATUS_OK,
	STATUS_CONTENTS, /* a packet is wrong */
	STATUS_USAGE,
	STATUS_TOO_FEW, /* all packets are right, but they are too few */
};

struct mac {
	uint8_t byte[6];
};

/* ---- helpers ---- */

static void __attribute__((noreturn, format(printf, 1, 2)))
usage_error(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	fprintf(stderr, "frames: ");
	vfprintf(stderr, format, ap);
	fprintf(stderr, "\n");
	va_end(ap);
	exit(STATUS_USAGE);
}

static struct mac
parse_mac(const char *text)
{
	struct mac mac;
	int end = 0;

	if (sscanf(text, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx%n", &mac.byte[0], &mac.byte[1],
		   &mac.byte[2], &mac.byte[3], &mac.byte[4], &mac.byte[5], &end) != 6 ||
	    text[end] != '\0')
		usage_error("'%s' is not a MAC address", text);
	return mac;
}

static unsigned long
parse_number(const char *text, unsigned long min, unsigned long max)
{
	char *end;
	unsigned long value;

	errno = 0;
	value = strtoul(text, &end, 0);
	if (errno != 0 || end == text || *end != '\0' || value < min || value > max)
		usage_error("'%s' is not a number from %lu to %lu", text, min, max);
	return value;
}

static void
put16(uint8_t *at, uint16_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static void
put32(uint8_t *at, uint32_t value)
{
	put16(at, (uint16_t)(value >> 16));
	put16(at + 2, (uint16_t)value);
}

static uint16_t
get16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

static uint32_t
get32(const uint8_t *at)
{
	return (uint32_t)get16(at) << 16 | get16(at + 2);
}

/* The Internet checksum's sum, not yet folded: RFC 1071. */
static uint32_t
sum16(const uint8_t *data, size_t length, uint32_t sum)
{
	size_t i;

	for (i = 0; i + 1 < length; i += 2)
		sum += get16(data + i);
	if (length % 2 != 0)
		sum += (uint32_t)data[length - 1] << 8;
	return sum;
}

static uint16_t
fold16(uint32_t sum)
{
	while (sum > 0xffff)
		sum = (sum >> 16) + (sum & 0xffff);
	return (uint16_t)~sum;
}

static void
put_ip(uint8_t *frame, size_t frame_length, uint16_t id, uint8_t ttl, uint32_t src, uint32_t dst)
{
	uint8_t *ip = frame + IP_AT;

	memset(ip, 0, IP_LEN);
	ip[0] = 0x45;
	put16(ip + 2, (uint16_t)(frame_length - ETHER_LEN));
	put16(ip + 4, id);
	ip[8] = ttl;
	ip[9] = IPPROTO_UDP;
	put32(ip + 12, src);
	put32(ip + 16, dst);
	put16(ip + 10, fold16(sum16(ip, IP_LEN, 0)));
}

static void
put_udp(uint8_t *frame, size_t frame_length, uint16_t sport, uint16_t dport, uint16_t checksum)
{
	uint8_t *udp = frame + UDP_AT;

	put16(udp, sport);
	put16(udp + 2, dport);
	put16(udp + 4, (uint16_t)(frame_length - UDP_AT));
	put16(udp + 6, checksum);
}

static void
put_ether(uint8_t *frame, const struct mac *dst, const struct mac *src)
{
	memcpy(frame, dst, 6);
	memcpy(frame + 6, src, 6);
	put16(frame + 12, 0x0800);
}

/* The UDP checksum of an otherwise complete frame. */
static uint16_t
udp_checksum(const uint8_t *frame, size_t frame_length)
{
	const uint8_t *ip = frame + IP_AT;
	const size_t length = frame_length - UDP_AT;
	uint32_t sum = IPPROTO_UDP + (uint32_t)length;
	uint16_t checksum;

	sum = sum16(ip + 12, 8, sum);
	sum = sum16(frame + UDP_AT, 6, sum);
	sum = sum16(frame + DATA_AT, length - UDP_LEN, sum);
	checksum = fold16(sum);
	return checksum == 0 ? 0xffff : checksum;
}

static void
dump_bytes(const char *what, const uint8_t *data, size_t length, size_t around)
{
	size_t first = around > 16 ? around - 16 : 0;
	size_t last = around + 16 < length ? around + 16 : length;
	size_t i;

	printf("  %s (%zu bytes), from byte %zu:", what, length, first);
	for (i = first; i < last; i++)
		printf(" %02x", data[i]);
	printf("\n");
}

/* Prints where two frames differ. */
static void
explain(const char *who, const uint8_t *got, size_t got_length, const uint8_t *want,
	size_t want_length)
{
	size_t i, n = 0, at = 0;

	if (got_length != want_length) {
		printf("%s: %zu bytes long, must be %zu\n", who, got_length, want_length);
		at = got_length < want_length ? got_length : want_length;
	} else {
		for (i = got_length; i-- > 0;) {
			if (got[i] != want[i]) {
				at = i;
				n++;
			}
		}
		printf("%s: %zu of %zu bytes are wrong, the first is byte %zu\n", who, n,
		       got_length, at);
	}
	dump_bytes("is     ", got, got_length, at);
	dump_bytes("must be", want, want_length, at);
}

/* ---- numbered frames ---- */

enum engine {
	ENGINE_IO,    /* testpmd io: unchanged */
	ENGINE_MAC,   /* testpmd mac: MAC addresses rewritten */
	ENGINE_CSUM,  /* testpmd csum: as mac, checksums computed by the CPU */
	ENGINE_L3FWD, /* l3fwd: as mac, time to live decremented */
};

static const char *const engine_names[] = {"io", "mac", "csum", "l3fwd"};

#define N_ENGINES (sizeof(engine_names) / sizeof(engine_names[0]))
#define MAGIC UINT32_C(0x494f4153)
#define DIRECTION_AT (DATA_AT + 8)
#define PROBE UINT32_C(0x80000000)
#define HEADER_END (DATA_AT + 9)

static struct mac nic_mac[2] = {
	{{0x52, 0x54, 0, 0, 0, 1}},
	{{0x52, 0x54, 0, 0, 0, 2}},
};

static uint64_t
mix(uint64_t x)
{
	/* splitmix64's finaliser */
	x += UINT64_C(0x9e3779b97f4a7c15);
	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

static size_t
numbered_length(uint32_t seq)
{
	/* 7919 is prime to the number of sizes: each size comes once in that many frames. */
	return MIN_FRAME + (size_t)((uint64_t)(seq & ~PROBE) * 7919 % SIZES);
}

/* Frame number seq, as it is sent into NIC in. */
static size_t
make_numbered(uint8_t *frame, uint32_t seq, unsigned int in)
{
	const struct mac src = {{0x02, 0xa5, 0, 0, 0, (uint8_t)in}};
	const size_t length = numbered_length(seq);
	const uint64_t seed = mix((uint64_t)seq << 1 | in);
	/* Never right (csum must correct it), never 0 (csum would leave it unchanged). */
	uint16_t bad_checksum;
	size_t i;

	put_ether(frame, &nic_mac[in], &src);
	/* 198.18.0.0/24 leads to l3fwd's port 0, 198.18.1.0/24 to port 1. */
	put_ip(frame, length, seq & 0xffff, 64, (UINT32_C(198) << 24) | (51 << 16) | (100 << 8) | in,
	       (UINT32_C(198) << 24) | (18 << 16) | ((1 - in) << 8) | (1 + seq % 254));
	put_udp(frame, length, (uint16_t)(4000 + in), 4100, 0);
	put32(frame + DATA_AT, MAGIC);
	put32(frame + DATA_AT + 4, seq);
	frame[DIRECTION_AT] = (uint8_t)in;
	for (i = HEADER_END; i < length; i++)
		frame[i] = (uint8_t)(mix(seed + i / 8) >> i % 8 * 8);
	bad_checksum = (uint16_t)(udp_checksum(frame, length) ^ 0x5a5a);
	put16(frame + UDP_AT + 6, bad_checksum == 0 ? 0xa5a5 : bad_checksum);
	return length;
}

/* The result of the engine for a numbered frame that came in at NIC in and goes out at the other. */
static void
forward(uint8_t *frame, size_t length, unsigned int in, enum engine engine)
{
	const struct mac peer = {{0x02, 0, 0, 0, 0, (uint8_t)(1 - in)}};

	if (engine == ENGINE_IO)
		return;
	put_ether(frame, &peer, &nic_mac[1 - in]);
	if (engine == ENGINE_CSUM)
		put16(frame + UDP_AT + 6, udp_checksum(frame, length));
	if (engine == ENGINE_L3FWD) {
		frame[IP_AT + 8]--;
		put16(frame + IP_AT + 10, 0);
		put16(frame + IP_AT + 10, fold16(sum16(frame + IP_AT, IP_LEN, 0)));
	}
}

/* Whether the frame's contents identify it as an injected one. They may still be wrong. */
static bool
read_number(const uint8_t *frame, size_t length, uint32_t *seq, unsigned int *in)
{
	if (length < MIN_FRAME || length > MAX_FRAME || get32(frame + DATA_AT) != MAGIC ||
	    frame[DIRECTION_AT] > 1)
		return false;
	*seq = get32(frame + DATA_AT + 4);
	*in = frame[DIRECTION_AT];
	return true;
}

/* ---- inject ---- */

/* One direction through the guest: into one NIC, out of the other. */
struct way {
	unsigned int in;
	uint32_t sent;     /* numbers 0 .. sent-1 were sent */
	uint32_t next;     /* lowest number that may still come back */
	uint32_t last;     /* the last one that came back */
	bool any;          /* last is valid */
	bool probed;       /* a probe has come back */
	uint64_t correct;
	uint64_t wrong;
	double progress;   /* time of the last sent or received frame */
};

struct inject {
	int sock[2];
	struct sockaddr_in nic[2];
	enum engine engine;
	uint32_t count;
	uint32_t window;
	double loss;
	double wait;
	uint64_t unknown;
	struct way way[2];
};

static double
now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static int
open_port(uint16_t port)
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	const int size = 4 << 20;
	int sock = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (sock < 0)
		usage_error("socket: %s", strerror(errno));
	/* The kernel silently reduces a size above the limit, which is harmless. */
	setsockopt(sock, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	if (bind(sock, (struct sockaddr *)&addr, sizeof(addr)) != 0)
		usage_error("UDP port %u: %s", port, strerror(errno));
	return sock;
}

/* If QEMU is not there yet, or has ended, the frame is lost, and the counts show that. */
static void
send_numbered(struct inject *inject, uint32_t seq, unsigned int in)
{
	uint8_t frame[MAX_FRAME];
	const size_t length = make_numbered(frame, seq, in);

	(void)!sendto(inject->sock[in], frame, length, 0, (struct sockaddr *)&inject->nic[in],
		      sizeof(inject->nic[in]));
}

static void
check_frame(struct inject *inject, const uint8_t *got, size_t length, unsigned int out)
{
	struct way *way = &inject->way[1 - out];
	uint8_t want[MAX_FRAME];
	size_t want_length;
	unsigned int in;
	uint32_t seq;
	char who[80];

	if (!read_number(got, length, &seq, &in) || in != way->in ||
	    ((seq & PROBE) == 0 && seq >= way->sent)) {
		inject->unknown++;
		if (inject->unknown <= 3) {
			printf("NIC %u sent a packet that nobody gave it\n", out);
			dump_bytes("is     ", got, length, 16);
		}
		return;
	}
	want_length = make_numbered(want, seq, in);
	forward(want, want_length, in, inject->engine);
	way->progress = now();
	if (length != want_length || memcmp(got, want, length) != 0) {
		way->wrong++;
		if (way->wrong <= 3) {
			snprintf(who, sizeof(who), "NIC %u to NIC %u, packet %u", in, out, seq);
			explain(who, got, length, want, want_length);
		}
		return;
	}
	if ((seq & PROBE) != 0) {
		way->probed = true;
		return;
	}
	if (way->any && seq <= way->last) {
		way->wrong++;
		if (way->wrong <= 3)
			printf("NIC %u to NIC %u: packet %u %s\n", in, out, seq,
			       seq == way->last ? "came twice" : "came after a later one");
		return;
	}
	way->any = true;
	way->last = seq;
	way->next = seq + 1;
	way->correct++;
}

/* Receives what has arrived; waits for up to the given number of milliseconds. */
static void
receive(struct inject *inject, int timeout)
{
	struct pollfd fds[2] = {
		{.fd = inject->sock[0], .events = POLLIN},
		{.fd = inject->sock[1], .events = POLLIN},
	};
	uint8_t frame[65536];
	ssize_t length;
	unsigned int i;

	if (poll(fds, 2, timeout) <= 0)
		return;
	for (i = 0; i < 2; i++)
		while ((length = recv(inject->sock[i], frame, sizeof(frame), 0)) >= 0)
			check_frame(inject, frame, (size_t)length, i);
}

static uint64_t
all_wrong(const struct inject *inject)
{
	return inject->unknown + inject->way[0].wrong + inject->way[1].wrong;
}

/* Sends probes until both directions work. Lost probes do not count. */
static bool
open_ways(struct inject *inject)
{
	const double start = now();
	double step = start;
	uint32_t seq = PROBE;

	for (;;) {
		send_numbered(inject, seq, 0);
		send_numbered(inject, seq, 1);
		seq++;
		do {
			receive(inject, 100);
		} while (now() < step + 0.2);
		step = now();
		if (inject->way[0].probed && inject->way[1].probed)
			return true;
		/* A guest that corrupts everything would never answer a probe. */
		if (step > start + inject->wait || all_wrong(inject) >= 64)
			return false;
	}
}

static void
run_ways(struct inject *inject)
{
	struct way *way;
	unsigned int i;
	bool busy;

	for (i = 0; i < 2; i++)
		inject->way[i].progress = now();
	do {
		busy = false;
		for (i = 0; i < 2; i++) {
			way = &inject->way[i];
			/* Nothing came for a long time: outstanding frames are lost. */
			if (now() > way->progress + 3) {
				way->next = way->sent;
				way->progress = now();
			}
			while (way->sent < inject->count &&
			       way->sent - way->next < inject->window) {
				send_numbered(inject, way->sent, i);
				way->sent++;
			}
			if (way->next < inject->count)
				busy = true;
		}
		receive(inject, 100);
	} while (busy && all_wrong(inject) < 1000);
	/* Frames that come now are unexpected. */
	receive(inject, 300);
}

static int
inject_main(int argc, char **argv)
{
	static const struct option options[] = {
		{"base", required_argument, NULL, 'b'},
		{"engine", required_argument, NULL, 'e'},
		{"mac0", required_argument, NULL, '0'},
		{"mac1", required_argument, NULL, '1'},
		{"count", required_argument, NULL, 'c'},
		{"window", required_argument, NULL, 'w'},
		{"loss", required_argument, NULL, 'l'},
		{"wait", required_argument, NULL, 't'},
		{NULL, 0, NULL, 0},
	};
	struct inject inject = {.count = 2 * SIZES, .window = 16, .loss = 1, .wait = 120};
	bool few = false;
	uint16_t base = 0;
	unsigned int i;
	int opt;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (opt) {
		case 'b': base = (uint16_t)parse_number(optarg, 1024, 65532); break;
		case 'e':
			for (i = 0; i < N_ENGINES && strcmp(optarg, engine_names[i]) != 0; i++)
				;
			if (i == N_ENGINES)
				usage_error("no engine '%s'", optarg);
			inject.engine = (enum engine)i;
			break;
		case '0': nic_mac[0] = parse_mac(optarg); break;
		case '1': nic_mac[1] = parse_mac(optarg); break;
		case 'c': inject.count = (uint32_t)parse_number(optarg, 1, PROBE - 1); break;
		case 'w': inject.window = (uint32_t)parse_number(optarg, 1, 1024); break;
		case 'l': inject.loss = (double)parse_number(optarg, 0, 100); break;
		case 't': inject.wait = (double)parse_number(optarg, 1, 3600); break;
		default: return STATUS_USAGE;
		}
	}
	if (base == 0 || optind != argc)
		usage_error("inject needs --base PORT and no further argument");

	for (i = 0; i < 2; i++) {
		inject.way[i].in = i;
		inject.sock[i] = open_port((uint16_t)(base + 2 * i + 1));
		inject.nic[i] = (struct sockaddr_in){
			.sin_family = AF_INET,
			.sin_port = htons((uint16_t)(base + 2 * i)),
			.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		};
	}
	if (open_ways(&inject))
		run_ways(&inject);
	for (i = 0; i < 2; i++) {
		const struct way *way = &inject.way[i];
		const uint64_t lost = way->sent - way->correct;

		printf("%s, NIC %u to NIC %u: %u packets sent, %" PRIu64 " came back right, %" PRIu64
		       " wrong, %" PRIu64 " did not come back right\n",
		       engine_names[inject.engine], i, 1 - i, way->sent, way->correct, way->wrong,
		       lost);
		if (!way->probed)
			printf("NIC %u to NIC %u: no probe came back right\n", i, 1 - i);
		if (way->sent < inject.count || (double)lost * 100 > inject.loss * way->sent)
			few = true;
	}
	if (inject.unknown != 0)
		printf("%" PRIu64 " packets that nobody sent\n", inject.unknown);
	if (all_wrong(&inject) != 0)
		return STATUS_CONTENTS;
	return few ? STATUS_TOO_FEW : STATUS_OK;
}

/* ---- capture ---- */

#define MAX_LENGTHS 8

/* The requested lengths in order, and the number of frames of each. */
struct lengths {
	size_t length[MAX_LENGTHS];
	uint64_t count[MAX_LENGTHS];
	unsigned int n;
};

/* The packets that testpmd's txonly must have sent. */
struct txonly {
	struct mac src, dst;
	struct lengths lengths;
	/* The lengths of the segments of packets that have several. */
	struct lengths segments;
	size_t segmented; /* the sum */
	/* --txonly-multi-flow: the source address counts up. */
	bool multi;
	unsigned int lcore;
	uint8_t next;
	uint64_t gaps;
};

/* The packets that testpmd's flowgen must have sent. */
struct flowgen {
	struct lengths lengths;
	uint32_t flows;
	uint32_t next;
	uint64_t gaps;
};

struct capture {
	struct txonly txonly;
	struct flowgen flowgen;
	bool numbered;
	uint64_t numbered_count;
	uint64_t max_gaps;
	uint64_t frames, wrong;
};

static uint32_t
pcap32(const uint8_t *at)
{
	return (uint32_t)at[3] << 24 | (uint32_t)at[2] << 16 | (uint32_t)at[1] << 8 | at[0];
}

static void
parse_lengths(struct lengths *lengths, const char *text, size_t min)
{
	char *copy = strdup(text), *rest = copy, *one;

	while (copy != NULL && (one = strsep(&rest, ",")) != NULL) {
		if (lengths->n == MAX_LENGTHS)
			usage_error("more than %d lengths", MAX_LENGTHS);
		lengths->length[lengths->n++] = parse_number(one, min, 65535);
	}
	free(copy);
}

/* The length that a frame must have: its own if that was requested. */
static size_t
pick_length(struct lengths *lengths, size_t length)
{
	unsigned int i;

	for (i = 0; i < lengths->n; i++) {
		if (lengths->length[i] == length) {
			lengths->count[i]++;
			return length;
		}
	}
	return lengths->length[0];
}

static uint64_t
sum_lengths(const struct lengths *lengths)
{
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i < lengths->n; i++)
		sum += lengths->count[i];
	return sum;
}

static bool
too_few(const struct lengths *lengths, uint64_t min)
{
	unsigned int i;

	for (i = 0; i < lengths->n; i++)
		if (lengths->count[i] < min)
			return true;
	return false;
}

/* The engine's UDP port identifies its frames, which must be exactly right. */
/*
 * txonly writes 42 bytes of headers and leaves the rest unchanged: zero in a new mbuf. A later segment may be
 * an mbuf that was a first segment before, with a complete and right header. Accepts such headers as part of
 * the packet.
 */
static void
allow_old_headers(const struct txonly *txonly, const uint8_t *got, uint8_t *want)
{
	static const uint8_t zero[DATA_AT];
	size_t at = txonly->segments.length[0], length;
	uint8_t header[DATA_AT];
	unsigned int i, j, port;
	uint32_t src;

	for (i = 1; i < txonly->segments.n; at += txonly->segments.length[i++]) {
		if (memcmp(got + at, zero, sizeof(zero)) == 0)
			continue;
		for (j = 0; j < 2 * txonly->lengths.n; j++) {
			port = j % 2;
			length = txonly->lengths.length[j / 2];
			src = get32(got + at + IP_AT + 12);
			/* 198.18.any.any: the flow, and 2 and the lcore */
			if (src >> 16 != (198 << 8 | 18))
				continue;
			put_ether(header, &(struct mac){{2, 0, 0, 0, 0, (uint8_t)port}},
				  &nic_mac[port]);
			put_ip(header, length, 0, 64, src,
			       (UINT32_C(198) << 24) | (18 << 16) | 2);
			put_udp(header, length, 9, 9, 0);
			if (memcmp(got + at, header, sizeof(header)) == 0)
				memcpy(want + at, header, sizeof(header));
		}
	}
}

static void
check_txonly(struct capture *capture, const uint8_t *got, size_t length)
{
	struct txonly *txonly = &capture->txonly;
	const uint32_t dst = (UINT32_C(198) << 24) | (18 << 16) | 2;
	uint32_t src = (UINT32_C(198) << 24) | (18 << 16) | 1;
	uint8_t want[65536] = {0};
	const bool first = sum_lengths(&txonly->lengths) == 0;
	const size_t want_length = pick_length(&txonly->lengths, length);
	char who[80];
	uint8_t flow;

	if (txonly->multi) {
		flow = length >= DATA_AT ? got[IP_AT + 14] : 0;
		src = (dst | (uint32_t)flow << 8) + txonly->lcore;
		if (!first && flow != txonly->next)
			txonly->gaps++;
		txonly->next = (uint8_t)(flow + 1);
	}
	put_ether(want, &txonly->dst, &txonly->src);
	put_ip(want, want_length, 0, 64, src, dst);
	put_udp(want, want_length, 9, 9, 0);
	if (txonly->segments.n != 0 && length == want_length && length == txonly->segmented)
		allow_old_headers(txonly, got, want);
	if (length == want_length && memcmp(got, want, length) == 0)
		return;
	capture->wrong++;
	if (capture->wrong <= 3) {
		snprintf(who, sizeof(who), "packet %" PRIu64 " (txonly)", capture->frames);
		explain(who, got, length, want, want_length);
	}
}

static void
check_flowgen(struct capture *capture, const uint8_t *got, size_t length)
{
	static const struct mac src = {{0, 1, 2, 3, 4, 0}};
	static const struct mac dst = {{0, 1, 2, 3, 4, 1}};
	const uint32_t base = (UINT32_C(10) << 24) | (253 << 16);
	struct flowgen *flowgen = &capture->flowgen;
	uint8_t want[65536] = {0};
	const bool first = sum_lengths(&flowgen->lengths) == 0;
	const size_t want_length = pick_length(&flowgen->lengths, length);
	uint32_t flow;
	char who[80];

	flow = length >= DATA_AT ? get32(got + IP_AT + 16) - base : 0;
	if (flow >= flowgen->flows)
		flow = flowgen->next; /* wrong: the comparison shows it */
	if (!first && flow != flowgen->next)
		flowgen->gaps++;
	flowgen->next = (flow + 1) % flowgen->flows;
	put_ether(want, &dst, &src);
	put_ip(want, want_length, 0, 64, (UINT32_C(10) << 24) | (254 << 16), base + flow);
	put_udp(want, want_length, 1000, 1001, 0);
	if (length == want_length && memcmp(got, want, length) == 0)
		return;
	capture->wrong++;
	if (capture->wrong <= 3) {
		snprintf(who, sizeof(who), "packet %" PRIu64 " (flowgen)", capture->frames);
		explain(who, got, length, want, want_length);
	}
}

/* A capture contains incoming and outgoing packets: both are known. */
static bool
is_numbered(const uint8_t *got, size_t length)
{
	uint8_t want[MAX_FRAME];
	size_t want_length;
	unsigned int in, i;
	uint32_t seq;

	if (!read_number(got, length, &seq, &in))
		return false;
	for (i = 0; i < N_ENGINES; i++) {
		want_length = make_numbered(want, seq, in);
		forward(want, want_length, in, (enum engine)i);
		if (length == want_length && memcmp(got, want, length) == 0)
			return true;
	}
	return false;
}

static void
check_captured(struct capture *capture, const uint8_t *got, size_t length)
{
	const uint16_t port = length >= DATA_AT ? get16(got + UDP_AT + 2) : 0;

	capture->frames++;
	if (capture->txonly.lengths.n != 0 && port == 9) {
		check_txonly(capture, got, length);
	} else if (capture->flowgen.lengths.n != 0 && port == 1001) {
		check_flowgen(capture, got, length);
	} else if (capture->numbered && is_numbered(got, length)) {
		capture->numbered_count++;
	} else {
		capture->wrong++;
		if (capture->wrong <= 3) {
			printf("packet %" PRIu64 " is of no kind that was to be sent\n",
			       capture->frames);
			dump_bytes("is     ", got, length, 16);
		}
	}
}

static void
read_capture(struct capture *capture, const char *name)
{
	uint8_t header[24], record[16];
	static uint8_t frame[1 << 16];
	uint32_t length;
	FILE *file = fopen(name, "rbe");

	if (file == NULL)
		usage_error("%s: %s", name, strerror(errno));
	if (fread(header, sizeof(header), 1, file) != 1 || pcap32(header) != 0xa1b2c3d4 ||
	    pcap32(header + 20) != 1)
		usage_error("%s: not a capture of Ethernet packets as QEMU writes it", name);
	while (fread(record, sizeof(record), 1, file) == 1) {
		length = pcap32(record + 8);
		if (length != pcap32(record + 12) || length > sizeof(frame))
			usage_error("%s: packet %" PRIu64 " is cut or too long", name,
				    capture->frames + 1);
		/* QEMU may have ended in the middle of the last one. */
		if (length != 0 && fread(frame, length, 1, file) != 1)
			break;
		check_captured(capture, frame, length);
	}
	fclose(file);
}

static int
capture_main(int argc, char **argv)
{
	static const struct option options[] = {
		{"txonly", required_argument, NULL, 't'},
		{"segments", required_argument, NULL, 'S'},
		{"flowgen", required_argument, NULL, 'f'},
		{"numbered", no_argument, NULL, 'n'},
		{"src", required_argument, NULL, 's'},
		{"dst", required_argument, NULL, 'd'},
		{"mac0", required_argument, NULL, '0'},
		{"mac1", required_argument, NULL, '1'},
		{"multi-flow", required_argument, NULL, 'm'},
		{"flows", required_argument, NULL, 'F'},
		{"min", required_argument, NULL, 'c'},
		{"gaps", required_argument, NULL, 'g'},
		{NULL, 0, NULL, 0},
	};
	struct capture capture = {.flowgen.flows = 1024};
	uint64_t min = 1000;
	unsigned int i;
	bool few;
	int opt;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (opt) {
		case 't': parse_lengths(&capture.txonly.lengths, optarg, DATA_AT); break;
		case 'S':
			parse_lengths(&capture.txonly.segments, optarg, DATA_AT);
			for (i = 0; i < capture.txonly.segments.n; i++)
				capture.txonly.segmented += capture.txonly.segments.length[i];
			if (capture.txonly.lengths.n == MAX_LENGTHS)
				usage_error("more than %d lengths", MAX_LENGTHS);
			capture.txonly.lengths.length[capture.txonly.lengths.n++] =
				capture.txonly.segmented;
			break;
		case 'f': parse_lengths(&capture.flowgen.lengths, optarg, DATA_AT); break;
		case 'n': capture.numbered = true; break;
		case 's': capture.txonly.src = parse_mac(optarg); break;
		case 'd': capture.txonly.dst = parse_mac(optarg); break;
		case '0': nic_mac[0] = parse_mac(optarg); break;
		case '1': nic_mac[1] = parse_mac(optarg); break;
		case 'm':
			capture.txonly.multi = true;
			capture.txonly.lcore = (unsigned int)parse_number(optarg, 0, 127);
			break;
		case 'F': capture.flowgen.flows = (uint32_t)parse_number(optarg, 1, 65536); break;
		case 'c': min = parse_number(optarg, 0, UINT32_MAX); break;
		case 'g': capture.max_gaps = parse_number(optarg, 0, UINT32_MAX); break;
		default: return STATUS_USAGE;
		}
	}
	if (optind + 1 != argc)
		usage_error("capture needs one file");
	read_capture(&capture, argv[optind]);

	printf("%s: %" PRIu64 " packets, %" PRIu64 " wrong; txonly %" PRIu64 " (%" PRIu64
	       " gaps), flowgen %" PRIu64 " (%" PRIu64 " gaps), numbered %" PRIu64 "\n",
	       argv[optind], capture.frames, capture.wrong,
	       sum_lengths(&capture.txonly.lengths), capture.txonly.gaps,
	       sum_lengths(&capture.flowgen.lengths), capture.flowgen.gaps,
	       capture.numbered_count);
	if (capture.wrong != 0 || capture.txonly.gaps > capture.max_gaps ||
	    capture.flowgen.gaps > capture.max_gaps)
		return STATUS_CONTENTS;
	few = too_few(&capture.txonly.lengths, min) || too_few(&capture.flowgen.lengths, min) ||
	      (capture.numbered && capture.numbered_count < min);
	if (few)
		printf("fewer than %" PRIu64 " packets of a kind or length that is asked for\n",
		       min);
	return few ? STATUS_TOO_FEW : STATUS_OK;
}

/* ---- selftest: the other side of inject, without a guest ---- */

/* Forwards like a guest, and damages one packet in a given number. */
static int
reflect_main(int argc, char **argv)
{
	static const struct option options[] = {
		{"base", required_argument, NULL, 'b'},
		{"engine", required_argument, NULL, 'e'},
		{"damage", required_argument, NULL, 'd'},
		{"every", required_argument, NULL, 'n'},
		{NULL, 0, NULL, 0},
	};
	enum engine engine = ENGINE_IO;
	const char *damage = "none";
	unsigned long every = 500;
	struct sockaddr_in to;
	struct pollfd fds[2];
	uint16_t base = 0;
	unsigned int i;
	int opt;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (opt) {
		case 'b': base = (uint16_t)parse_number(optarg, 1024, 65532); break;
		case 'e':
			for (i = 0; i < N_ENGINES && strcmp(optarg, engine_names[i]) != 0; i++)
				;
			if (i == N_ENGINES)
				usage_error("no engine '%s'", optarg);
			engine = (enum engine)i;
			break;
		case 'd': damage = optarg; break;
		case 'n': every = parse_number(optarg, 1, PROBE); break;
		default: return STATUS_USAGE;
		}
	}
	if (base == 0)
		usage_error("reflect needs --base PORT");
	for (i = 0; i < 2; i++)
		fds[i] = (struct pollfd){.fd = open_port((uint16_t)(base + 2 * i)), .events = POLLIN};
	while (poll(fds, 2, 10000) > 0) {
		for (i = 0; i < 2; i++) {
			static uint8_t before[2][MAX_FRAME];
			uint8_t frame[MAX_FRAME];
			ssize_t length = recv(fds[i].fd, frame, sizeof(frame), 0);
			unsigned int in, times = 1;
			uint32_t seq;

			if (length < 0 || !read_number(frame, (size_t)length, &seq, &in))
				continue;
			forward(frame, (size_t)length, i, engine);
			if ((seq & PROBE) == 0 && seq % every == every - 1) {
				if (strcmp(damage, "bit") == 0)
					frame[length - 1] ^= 0x10;
				else if (strcmp(damage, "short") == 0)
					length--;
				else if (strcmp(damage, "stale") == 0)
					memcpy(frame, before[i], (size_t)length);
				else if (strcmp(damage, "twice") == 0)
					times = 2;
				else if (strcmp(damage, "lose") == 0)
					times = 0;
				else if (strcmp(damage, "zero") == 0)
					memset(frame, 0, (size_t)length);
			}
			memcpy(before[i], frame, (size_t)length);
			to = (struct sockaddr_in){
				.sin_family = AF_INET,
				.sin_port = htons((uint16_t)(base + 2 * (1 - i) + 1)),
				.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
			};
			while (times-- > 0)
				(void)!sendto(fds[1 - i].fd, frame, (size_t)length, 0,
					      (struct sockaddr *)&to, sizeof(to));
		}
	}
	return STATUS_OK;
}

int
main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc > 1 && strcmp(argv[1], "inject") == 0)
		return inject_main(argc - 1, argv + 1);
	if (argc > 1 && strcmp(argv[1], "capture") == 0)
		return capture_main(argc - 1, argv + 1);
	if (argc > 1 && strcmp(argv[1], "reflect") == 0)
		return reflect_main(argc - 1, argv + 1);
	fprintf(stderr,
		"usage: frames capture [--txonly LENGTH,... --src MAC --dst MAC [--multi-flow LCORE]\n"
		"                       [--segments LENGTH,...]]\n"
		"                      [--flowgen LENGTH,... [--flows N]] [--numbered]\n"
		"                      [--min N] [--gaps N] FILE.pcap\n"
		"       frames inject --base PORT --engine io|mac|csum|l3fwd [--mac0 MAC --mac1 MAC]\n"
		"                     [--count N] [--window N] [--loss PERCENT] [--wait SECONDS]\n"
		"       frames reflect --base PORT --engine ... [--damage bit|short|stale|twice|lose|zero]\n"
		"                      [--every N]\n"
		"status: 0 right, 1 contents wrong, 2 usage, 3 too few\n");
	return STATUS_USAGE;
}
