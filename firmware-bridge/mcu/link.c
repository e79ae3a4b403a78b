#include "link.h"

/* Read in one turn of the main loop at most, so that a flood does not keep it from sampling. */
#define BYTES_A_POLL 512U

/* What became of a packet. */
#define COUNTED 1U  /* as refused */
#define ANSWERED 2U /* if the packet wants an answer */
enum outcome {
  HEARD = 0,
  DROPPED = COUNTED,
  TAKEN = ANSWERED,              /* by an Ack */
  REPEATED = COUNTED | ANSWERED, /* came before: by an Ack again */
  REFUSED = 4U | COUNTED | ANSWERED /* by a Nack; its reason is left out */
};

static bool is_answer(uint32_t type) { return (type == (uint32_t)PACKET_ACK) || (type == (uint32_t)PACKET_NACK); }

static void flush(device_link *link) {
  if ((link->wire_length > 0U) && board_send(link->wire, link->wire_length)) {
    link->wire_length = 0;
  }
}

uint8_t *link_begin(device_link *link) {
  return (link->wire_length > 0U) ? NULL : (link->wire + FRAME_PACKET_AT + PACKET_HEADER_BYTES);
}

bool link_has_room(const device_link *link) {
  return (link->state == (uint32_t)LINK_STREAMING) && (link->wire_length == 0U) &&
         (((link->sent - link->acknowledged) & 0xFFFFU) < link->room);
}

void link_send(device_link *link, uint32_t type, const uint8_t *end) {
  uint8_t *packet = link->wire + FRAME_PACKET_AT;
  uint32_t number = 0; /* answers are not counted */
  if (!is_answer(type)) {
    if (link->sent == link->acknowledged) {
      link->progress_at_ms = link->now_ms;
    }
    number = (link->sent + 1U) & 0xFFFFU;
    link->sent = number;
  }
  packet[0] = (uint8_t)((PROTOCOL_MAJOR << 5) | type);
  packet[1] = (link->bound && (type != (uint32_t)PACKET_HELLO)) ? FRAME_FLAG_SESSION : 0U;
  store_u16(packet + 2, number);
  link->wire_length = frame_close(link->wire, (uint32_t)(end - packet), link->session_id);
  flush(link);
}

void link_start(device_link *link, uint32_t session_id) {
  (void)memset(link, 0, sizeof *link);
  link->session_id = session_id;
  link->parser.session_id = session_id;
}

static void introduce(device_link *link) {
  link->state = (uint32_t)LINK_INTRODUCING;
  link->heard_config = false;
  link->bound = false;
  link->parser.stretch = 0; /* with message.c only lengths separate messages: the next byte is taken as the first of one */
  link->room = MAX_IN_FLIGHT;
  link->hello_wait_ms = HELLO_FIRST_WAIT_MS;
  link->hello_at_ms = link->now_ms;
  link->heard_at_ms = link->now_ms;
}

static void say_hello(device_link *link) {
  link_send(link, PACKET_HELLO, link_write_hello(link_begin(link)));
  link->acknowledged = link->sent; /* the Hello begins the session: nothing is in flight */
  link->hello_at_ms = link->now_ms + link->hello_wait_ms;
  link->hello_wait_ms *= 2U;
  if (link->hello_wait_ms > HELLO_LAST_WAIT_MS) {
    link->hello_wait_ms = HELLO_LAST_WAIT_MS;
  }
}

static void take_ack(device_link *link, uint32_t number, uint32_t room) {
  const uint32_t taken = (number - link->acknowledged) & 0xFFFFU;
  if ((taken > 0U) && (taken <= ((link->sent - link->acknowledged) & 0xFFFFU)) && (number <= 0xFFFFU)) {
    link->acknowledged = number;
    link->progress_at_ms = link->now_ms;
  }
  link->room = ((room - 1U) < MAX_IN_FLIGHT) ? (room - 1U) : MAX_IN_FLIGHT;
}

/* A numbered packet that is new. */
static enum outcome take_numbered(device_link *link, uint32_t type, const codec_field *fields) {
  if (type == (uint32_t)PACKET_CONFIG) {
    if ((fields[2].number != link->session_id) || ((fields[1].number - 1U) > 2U)) {
      return REFUSED;
    }
    link->state = (uint32_t)LINK_STREAMING;
    link->heard_config = true;
  }
  return link_take(type, fields) ? TAKEN : REFUSED;
}

static AURORA_APART enum outcome take(device_link *link, const uint8_t *packet, uint32_t length) {
  const uint32_t type = packet[0] & 31U;
  const uint32_t number = load_u16(packet + 2);
  codec_field fields[CODEC_FIELDS];
  const bool valid = codec_read(packet + PACKET_HEADER_BYTES, length - PACKET_HEADER_BYTES, fields);

  if ((packet[1] & FRAME_FLAG_SESSION) != 0U) {
    link->bound = true; /* the parser lets only this session through */
  }
  if (type == (uint32_t)PACKET_HELLO) {
    if (valid && (fields[6].bytes != NULL)) {
      return DROPPED; /* a device's, so probably our own from a line with echo: an answer would come back too */
    }
    if (!valid || (fields[1].number != PROTOCOL_MAJOR)) {
      return REFUSED;
    }
    link->state = (uint32_t)LINK_STARTING; /* the gateway is new: it wants to know us, whatever we were doing */
    return HEARD;
  }
  if (((packet[0] >> 5) != PROTOCOL_MAJOR) || (link->bound && ((packet[1] & FRAME_FLAG_SESSION) == 0U))) {
    return DROPPED;
  }
  if (is_answer(type)) {
    if (!valid) {
      return DROPPED;
    }
    if (type == (uint32_t)PACKET_ACK) {
      take_ack(link, fields[1].number, fields[2].number);
    } else if (link->state == (uint32_t)LINK_INTRODUCING) {
      link->state = (uint32_t)LINK_REFUSED;
    } else {
      /* A refused streaming packet: nothing to repeat. */
    }
    return HEARD;
  }
  if (!link->heard_config) {
    if (type != (uint32_t)PACKET_CONFIG) {
      return DROPPED; /* of a session that this device has not begun */
    }
    link->heard = number - 1U; /* the first Config may have any number */
  }
  const uint32_t ahead = (number - link->heard) & 0xFFFFU;
  if ((ahead == 0U) || (ahead >= 0x8000U)) {
    return ((ahead == 0U) || (ahead > 0xFC00U)) ? REPEATED : DROPPED;
  }
  link->lost_packets += ahead - 1U;
  link->heard = number;
  return valid ? take_numbered(link, type, fields) : REFUSED;
}

/* Takes a packet, counts it if it is refused, and answers it if that is wanted. */
static void hear(device_link *link, const uint8_t *packet, uint32_t length) {
  const enum outcome outcome = take(link, packet, length);
  if ((outcome & COUNTED) != 0U) {
    link->refused_packets++; /* not heard: it may be another's, or the middle of a message whose first bytes were lost */
  } else {
    link->heard_at_ms = link->now_ms;
  }
  const bool asks = ((packet[1] & FLAG_ACKNOWLEDGE) != 0U) || ((packet[0] & 31U) == (uint32_t)PACKET_HELLO);
  uint8_t *at = link_begin(link);
  if (!asks || ((outcome & ANSWERED) == 0U) || (at == NULL)) {
    return; /* if the line is stuck, the gateway will ask again */
  }
  at = codec_number(at, 1, load_u16(packet + 2));
  link_send(link, (outcome == REFUSED) ? (uint32_t)PACKET_NACK : (uint32_t)PACKET_ACK, at);
}

void link_poll(device_link *link, uint32_t now_ms) {
  link->now_ms = now_ms;
  flush(link);
  for (uint32_t i = 0; (i < BYTES_A_POLL) && (link->wire_length == 0U) && (link->state != (uint32_t)LINK_STARTING); i++) {
    uint8_t byte;
    if (board_receive(&byte, 1) == 0U) {
      break;
    }
    const uint32_t length = frame_push(&link->parser, byte);
    if (length > 0U) {
      hear(link, link->parser.bytes, length);
    }
  }
  if ((link->state == (uint32_t)LINK_STARTING) || ((now_ms - link->heard_at_ms) >= SILENCE_MS)) {
    introduce(link);
  }
  if ((link->sent != link->acknowledged) && ((now_ms - link->progress_at_ms) >= ACK_TIMEOUT_MS)) {
    link->acknowledged = link->sent;
  }
  if ((link->state == (uint32_t)LINK_INTRODUCING) && (link->wire_length == 0U) &&
      ((int32_t)(now_ms - link->hello_at_ms) >= 0)) {
    say_hello(link);
  }
}
