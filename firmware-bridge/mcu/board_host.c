/*
 * The board for Linux: the flash is a file with the rules of NOR, the line is a TCP port or a pseudo terminal, the
 * accelerometer plays a recording from the same file (image.h).
 *
 *   firmware-host IMAGE --tcp PORT    listens on 127.0.0.1 (0: any free port)
 *   firmware-host IMAGE --pty         opens a pseudo terminal
 *
 * Prints one line, `listening PORT` or `pty PATH`, and runs until it is ended.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "board.h"
#include "firmware.h"
#include "playback.h"

static uint8_t *image;
static int listener = -1;
static int line = -1;
static uint8_t received[4096];
static size_t received_from;
static size_t received_to;
static uint8_t queued[512];
static size_t queued_bytes;
static uint64_t start_ns;

static void die(const char *what) {
  perror(what);
  exit(2);
}

static uint64_t now_ns(void) {
  struct timespec now;
  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}

static image_workbench *workbench(void) {
  return (image_workbench *)(void *)(image + IMAGE_WORKBENCH);
}

void board_start(board_info *info) {
  const uint8_t *identity = image + IMAGE_IDENTITY;
  image_workbench *bench = workbench();
  if ((load_u32(identity) != IMAGE_IDENTITY_MAGIC) || (bench->magic != IMAGE_WORKBENCH_MAGIC)) {
    (void)fprintf(stderr, "this is not a board image\n");
    exit(2);
  }
  start_ns = now_ns();
  playback_start(info, identity, bench);
  info->session_id = ((uint32_t)start_ns ^ (uint32_t)getpid()) * 2654435761U + bench->boots;
  info->slots = image + IMAGE_SLOTS;
  info->slot_bytes = IMAGE_SLOT_BYTES;
  info->sector_bytes = IMAGE_SECTOR_BYTES;
}

uint32_t board_milliseconds(void) {
  return workbench()->clock_ms + (uint32_t)((now_ns() - start_ns) / 1000000U);
}

static void hang_up(void) {
  if (listener >= 0) {
    (void)close(line);
    line = -1;
    queued_bytes = 0;
    received_to = 0;
    received_from = 0;
  }
}

static void send_queued(void) {
  if ((line < 0) || (queued_bytes == 0U)) {
    return;
  }
  const ssize_t sent = write(line, queued, queued_bytes);
  if (sent > 0) {
    queued_bytes -= (size_t)sent;
    (void)memmove(queued, queued + sent, queued_bytes);
  } else if ((sent < 0) && (errno != EAGAIN) && (errno != EIO)) {
    hang_up();
  } else {
    /* the other side does not read */
  }
}

bool board_send(const uint8_t *bytes, uint32_t count) {
  send_queued();
  if (line < 0) {
    return true; /* nobody is there: as with an unplugged cable, what is sent is gone */
  }
  if (queued_bytes + count > sizeof queued) {
    return false;
  }
  (void)memcpy(queued + queued_bytes, bytes, count);
  queued_bytes += count;
  send_queued();
  return true;
}

uint32_t board_receive(uint8_t *to, uint32_t room) {
  if (received_from == received_to) {
    send_queued();
    struct pollfd wait[2] = {{listener, POLLIN, 0}, {line, POLLIN, 0}};
    if (poll(wait, 2, 1) <= 0) {
      return 0;
    }
    if ((wait[0].revents & POLLIN) != 0) {
      const int next = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
      if (next >= 0) {
        const int yes = 1;
        hang_up();
        line = next;
        (void)setsockopt(line, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
      }
      return 0;
    }
    const ssize_t length = (line < 0) ? 0 : read(line, received, sizeof received);
    if (length <= 0) {
      if ((length == 0) || ((errno != EAGAIN) && (errno != EIO))) {
        hang_up();
      } else {
        (void)usleep(1000); /* the other side of the terminal is closed */
      }
      return 0;
    }
    received_from = 0;
    received_to = (size_t)length;
  }
  uint32_t count = 0;
  while ((count < room) && (received_from < received_to)) {
    to[count++] = received[received_from++];
  }
  return count;
}

bool board_flash(uint32_t offset, const uint8_t *bytes, uint32_t count) {
  if (playback_flash(workbench(), image + IMAGE_SLOTS + offset, bytes, count)) {
    _exit(3);
  }
  return true;
}

uint32_t board_samples(int16_t *to, uint32_t room, float *shaft_rpm, uint32_t *lost) {
  *shaft_rpm = workbench()->shaft_rpm;
  return playback_samples(workbench(), to, room, lost);
}

static void listen_tcp(uint16_t port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
  socklen_t length = sizeof address;
  const int yes = 1;
  listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  (void)setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if ((bind(listener, (struct sockaddr *)&address, length) != 0) || (listen(listener, 1) != 0) ||
      (getsockname(listener, (struct sockaddr *)&address, &length) != 0)) {
    die("listen");
  }
  (void)printf("listening %u\n", (unsigned)ntohs(address.sin_port));
}

static void open_terminal(void) {
  static char path[128];
  int other;
  if (openpty(&line, &other, path, NULL, NULL) != 0) {
    die("openpty");
  }
  struct termios raw;
  (void)tcgetattr(other, &raw);
  cfmakeraw(&raw);
  (void)tcsetattr(other, TCSANOW, &raw);
  /* `other` stays open: the terminal survives a reader that closes and comes back. */
  (void)fcntl(line, F_SETFL, O_NONBLOCK);
  (void)printf("pty %s\n", path);
}

int main(int argc, char **argv) {
  const int file = (argc >= 3) ? open(argv[1], O_RDWR) : -1;
  if (file < 0) {
    (void)fprintf(stderr, "usage: firmware-host IMAGE --tcp PORT | --pty\n");
    return 2;
  }
  image = mmap(NULL, IMAGE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (image == MAP_FAILED) {
    die("mmap");
  }
  (void)signal(SIGPIPE, SIG_IGN);
  if ((strcmp(argv[2], "--tcp") == 0) && (argc == 4)) {
    listen_tcp((uint16_t)atoi(argv[3]));
  } else {
    open_terminal();
  }
  (void)fflush(stdout);
  firmware_start();
  for (;;) {
    firmware_step();
  }
}
