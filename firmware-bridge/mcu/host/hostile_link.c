/*
 * The device's link on a hostile line, in virtual time: a gateway sends packets that are all different, the line damages
 * what passes in both directions, the device is reset. Whatever the link delivers must have been sent, in this session, in order,
 * and once; after the damage ends it must deliver again within a bound.
 *
 *   hostile-link [SECONDS A PROFILE]
 *
 * Prints one JSON object; ends with 1 if anything was violated.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec.h"
#include "gateway_frame.h"
#include "hostile_line.h"
#include "link.h"

/* Beyond the time that the line is stuck, with a gateway that answers at once: a Hello waits, and what was in flight. */
#define STALL_BOUND_MS (HELLO_LAST_WAIT_MS + ACK_TIMEOUT_MS)

static line_queue to_device;
static line_queue to_gateway;
static device_link device;
static frame_parser gateway_parser;
static const line_profile *now_on;
static uint32_t now_ms;
static uint32_t stuck_since_ms;
static uint32_t stuck_until_ms;
static uint32_t longest_stuck_ms;
static uint32_t session;     /* of the device */
static uint32_t known;       /* session that the gateway knows; 0: none */
static uint32_t gateway_number;
static bool configured;
static uint32_t config_at_ms;
static uint32_t hello_at_ms;
static uint32_t serial;      /* every packet of the gateway has another one */
static uint32_t session_first; /* serial from which on packets are of the device's session */
static uint32_t delivered_serial;
static uint32_t delivered_at_ms;

static struct {
  uint32_t sent, delivered, wrong, disorder, stale, bad_frames, resets, longest_stall_ms;
} counts;

void board_start(board_info *info) { (void)info; }
uint32_t board_milliseconds(void) { return now_ms; }

uint32_t board_receive(uint8_t *to, uint32_t room) {
  uint32_t count = 0;
  while ((count < room) && (to_device.tail != to_device.head)) {
    to[count++] = to_device.bytes[to_device.tail++ % LINE_BYTES];
  }
  return count;
}

bool board_send(const uint8_t *bytes, uint32_t count) {
  if (now_ms < stuck_until_ms) {
    return false;
  }
  line_pass(&to_gateway, now_on, bytes, count);
  return true;
}

bool board_flash(uint32_t offset, const uint8_t *bytes, uint32_t count) {
  (void)offset;
  (void)bytes;
  (void)count;
  return false;
}

uint32_t board_samples(int16_t *to, uint32_t room, float *shaft_rpm, uint32_t *lost) {
  (void)to;
  (void)room;
  (void)shaft_rpm;
  (void)lost;
  return 0;
}

uint8_t *link_write_hello(uint8_t *at) {
  at = codec_number(at, 1, PROTOCOL_MAJOR);
  at = codec_number(at, 2, PROTOCOL_MINOR);
  at = codec_text(at, 3, "device-1");
  return codec_fixed32(at, 5, session);
}

/* The payload of every packet is determined by its serial number: field 1 the number, field 3 bytes made from it. */
static uint8_t *fill(uint8_t *at, uint32_t number) {
  uint8_t bytes[192];
  const uint32_t length = number % 193U;
  for (uint32_t i = 0; i < length; i++) {
    bytes[i] = (uint8_t)(((number * 2654435761U) >> (i % 24U)) * (i % 3U));
  }
  return codec_bytes(codec_fixed32(at, 1, number), 3, bytes, length);
}

bool link_take(uint32_t type, const codec_field *fields) {
  uint8_t expected[300];
  const uint8_t *payload = device.parser.bytes + PACKET_HEADER_BYTES;
  if (type == (uint32_t)PACKET_CONFIG) {
    counts.wrong += ((fields[1].number != 2U) || (fields[3].number != 77U)) ? 1U : 0U;
    return true;
  }
  const uint32_t number = fields[1].number;
  const uint32_t bytes = (uint32_t)(fill(expected, number) - expected);
  if ((type != (uint32_t)PACKET_MODEL_CHUNK) || (memcmp(expected, payload, bytes) != 0)) {
    counts.wrong++;
  } else if (number < session_first) {
    counts.stale++;
  } else if (number <= delivered_serial) {
    counts.disorder++;
  } else {
    counts.delivered++;
    delivered_serial = number;
    if (now_ms - delivered_at_ms > counts.longest_stall_ms) {
      counts.longest_stall_ms = now_ms - delivered_at_ms;
    }
    delivered_at_ms = now_ms;
  }
  return true;
}

/* The gateway's frames; these may be longer than a block of COBS, so not frame_close. */
static void gateway_send(uint32_t type, uint32_t flags, const uint8_t *payload, uint32_t length) {
  uint8_t wire[GATEWAY_FRAME_BYTES];
  const bool numbered = (type != (uint32_t)PACKET_ACK) && (type != (uint32_t)PACKET_NACK);
  gateway_number += numbered ? 1U : 0U;
  const uint32_t number = numbered ? gateway_number : 0U;
  line_pass(&to_device, now_on, wire, gateway_frame(wire, type, flags, number, payload, length, known));
}

static void gateway_hear(const uint8_t *packet, uint32_t length) {
  codec_field fields[CODEC_FIELDS];
  uint8_t payload[16];
  if (!codec_read(packet + 4, length - 4U, fields)) {
    counts.wrong++; /* the device never writes anything else */
    return;
  }
  if ((packet[0] & 31U) == (uint32_t)PACKET_HELLO) {
    if (fields[5].number != known) {
      session_first = serial + 1U;
    }
    known = fields[5].number;
    gateway_parser.session_id = known;
    configured = false;
    config_at_ms = now_ms;
  } else if ((packet[0] & 31U) == (uint32_t)PACKET_ACK) {
    configured = true;
  } else {
    const uint8_t *end = codec_number(payload, 1, load_u16(packet + 2));
    gateway_send(PACKET_ACK, FRAME_FLAG_SESSION, payload, (uint32_t)(end - payload));
  }
}

static void gateway_turn(void) {
  uint8_t payload[300];
  uint8_t *end;
  while (to_gateway.tail != to_gateway.head) {
    const uint32_t length = frame_push(&gateway_parser, to_gateway.bytes[to_gateway.tail++ % LINE_BYTES]);
    if (length > 0U) {
      gateway_hear(gateway_parser.bytes, length);
    }
  }
  if (line_keeps_whole) {
    gateway_parser.stretch = 0; /* what a board lost is missing in that message alone */
  }
  if (known == 0U) {
    return;
  }
  if (!configured && ((int32_t)(now_ms - config_at_ms) >= 0)) {
    end = codec_number(codec_fixed32(codec_number(payload, 1, 2), 2, known), 3, 77);
    gateway_send(PACKET_CONFIG, FRAME_FLAG_SESSION | FLAG_ACKNOWLEDGE, payload, (uint32_t)(end - payload));
    config_at_ms = now_ms + 200U;
  }
  if (configured && (now_on->flood || (now_ms % 20U == 0U)) && (to_device.head - to_device.tail < 400U)) {
    serial++;
    counts.sent++;
    end = fill(payload, serial);
    gateway_send(PACKET_MODEL_CHUNK, FRAME_FLAG_SESSION, payload, (uint32_t)(end - payload));
  }
  if ((now_ms - delivered_at_ms > 1000U) && ((int32_t)(now_ms - hello_at_ms) >= 0)) {
    /* Nothing gets through, it seems: as a gateway does, ask who is there. */
    end = codec_text(codec_number(payload, 1, 1), 3, "gateway-1");
    gateway_send(PACKET_HELLO, 0, payload, (uint32_t)(end - payload));
    hello_at_ms = now_ms + 1000U;
  }
}

static void reset_device(void) {
  session = (uint32_t)(line_roll() * 4294967295.0) | 1U;
  counts.bad_frames += device.parser.bad_frames;
  link_start(&device, session);
  delivered_serial = serial; /* nothing from before may come */
  session_first = serial + 1U;
  counts.resets++;
}

/* Random bytes; of messages a whole one, and to the device alone, since this gateway hears no other. */
static void make_noise(void) {
  uint8_t burst[200];
  const uint32_t length = (uint32_t)(line_roll() * sizeof burst);
  for (uint32_t i = 0; i < length; i++) {
    burst[i] = (uint8_t)(line_roll() * 256.0);
  }
  const bool is_for_device = line_roll() < 0.5;
  if (!line_keeps_whole) {
    line_pass(is_for_device ? &to_device : &to_gateway, now_on, burst, length);
  } else if (length >= 2U) {
    store_u16(burst, length - 2U);
    line_pass(&to_device, now_on, burst, length);
  } else {
    /* No message. */
  }
}

static uint32_t run(const line_profile *with, uint32_t seconds) {
  (void)memset(&counts, 0, sizeof counts);
  now_on = with;
  now_ms = 0;
  known = 0;
  to_device.head = to_device.tail = to_gateway.head = to_gateway.tail = 0;
  stuck_until_ms = 0;
  delivered_at_ms = 0;
  longest_stuck_ms = 0;
  reset_device();
  (void)memset(&counts, 0, sizeof counts);
  uint32_t budget = 0;
  for (now_ms = 1; now_ms < seconds * 1000U; now_ms++) {
    gateway_turn();
    if (line_roll() < with->noise) {
      make_noise();
    }
    if (line_roll() < with->stuck) {
      if (now_ms >= stuck_until_ms) {
        stuck_since_ms = now_ms;
      }
      stuck_until_ms = now_ms + (uint32_t)(line_roll() * 2000.0);
      longest_stuck_ms = (stuck_until_ms - stuck_since_ms > longest_stuck_ms) ? (stuck_until_ms - stuck_since_ms) : longest_stuck_ms;
    }
    if (line_roll() < with->reset) {
      reset_device();
    }
    /* Only so many bytes pass in a millisecond: what is behind stays in the queue. */
    budget = line_bytes_a_ms;
    const uint32_t waiting = to_device.head - to_device.tail;
    const uint32_t head = to_device.head;
    to_device.head = to_device.tail + ((waiting < budget) ? waiting : budget);
    link_poll(&device, now_ms);
    to_device.head = head;
    /* The device's own stream: a sign of life every 200 ms. */
    if ((now_ms % 200U == 0U) && link_has_room(&device)) {
      link_send(&device, PACKET_HEALTH, codec_number(link_begin(&device), 1, now_ms));
    }
  }
  counts.bad_frames += device.parser.bad_frames;
  const uint32_t stall = now_ms - delivered_at_ms;
  counts.longest_stall_ms = (stall > counts.longest_stall_ms) ? stall : counts.longest_stall_ms;
  const bool late = counts.longest_stall_ms > longest_stuck_ms + with->deaf_ms + STALL_BOUND_MS;
  return counts.wrong + counts.disorder + counts.stale + (late ? 1U : 0U);
}

int main(int argc, char **argv) {
  const uint32_t seconds = (argc > 1) ? (uint32_t)atoi(argv[1]) : 60U;
  uint32_t violations = 0;
  uint32_t delivered = 0;
  (void)printf("{\"profiles\":[");
  for (uint32_t i = 0; i < line_profile_count; i++) {
    uint32_t wrong = run(&line_profiles[i], seconds);
    wrong += (counts.delivered == 0U) ? 1U : 0U;
    delivered += counts.delivered;
    violations += wrong;
    (void)printf("%s\n {\"name\":\"%s\",\"sent\":%u,\"delivered\":%u,\"badFrames\":%u,\"resets\":%u,\"wrong\":%u,"
                 "\"disorder\":%u,\"stale\":%u,\"longestStallMs\":%u,\"longestStuckMs\":%u}",
                 (i == 0U) ? "" : ",", line_profiles[i].name, (unsigned)counts.sent, (unsigned)counts.delivered,
                 (unsigned)counts.bad_frames, (unsigned)counts.resets, (unsigned)counts.wrong,
                 (unsigned)counts.disorder, (unsigned)counts.stale, (unsigned)counts.longest_stall_ms, (unsigned)longest_stuck_ms);
  }
  (void)printf("],\n \"secondsEach\":%u,\"delivered\":%u,\"violations\":%u}\n", (unsigned)seconds, (unsigned)delivered,
               (unsigned)violations);
  return (violations == 0U) ? 0 : 1;
}
