#include "link.h"

/* Read in one turn of the main loop at most, so that a flood does not keep it from sampling. */
#define BYTES_A_POLL 512U

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
         !link->stopped && (((link->sent - link->acknowledged) & 0xFFFFU) < link->room);
}

void link_send(device_link *link, uint32_t type, const uint8_t *end, uint32_t now_ms) {
  uint8_t *packet = link->wire + FRAME_PACKET_AT;
  uint32_t number = 0; /* answers are not counted */
  if ((type != (uint32_t)PACKET_ACK) && (type != (uint32_t)PACKET_NACK)) {
    if (link->sent == link->acknowledged) {
      link->progress_at_ms = now_ms;
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

static void answer(device_link *link, uint32_t type, uint32_t number, const char *reason) {
  uint8_t *at = link_begin(link);
  if (at == NULL) {
    return; /* the line is stuck: the gateway will ask again */
  }
  at = codec_number(at, 1, number);
  if (reason != NULL) {
    at = codec_text(at, 2, reason);
  }
  link_send(link, type, at, 0);
}

static void say_hello(device_link *link, uint32_t now_ms) {
  link_send(link, PACKET_HELLO, link_write_hello(link_begin(link)), now_ms);
  link->acknowledged = link->sent; /* the Hello begins the session: nothing is in flight */
  link->hello_at_ms = now_ms + link->hello_wait_ms;
  link->hello_wait_ms *= 2U;
  if (link->hello_wait_ms > HELLO_LAST_WAIT_MS) {
    link->hello_wait_ms = HELLO_LAST_WAIT_MS;
  }
}

/* From the next poll on. */
static void introduce(device_link *link, uint32_t now_ms) {
  link->state = (uint32_t)LINK_INTRODUCING;
  link->heard_config = false;
  link->bound = false;
  link->stopped = false;
  link->room = MAX_IN_FLIGHT;
  link->hello_wait_ms = HELLO_FIRST_WAIT_MS;
  link->hello_at_ms = now_ms;
  link->heard_at_ms = now_ms;
}

void link_start(device_link *link, uint32_t session_id, uint32_t now_ms) {
  (void)memset(link, 0, sizeof *link);
  link->session_id = session_id;
  link->parser.session_id = session_id;
  introduce(link, now_ms);
}

static void take_hello(device_link *link, uint32_t number, const codec_field *fields, uint32_t now_ms) {
  if (fields[6].bytes != NULL) {
    link->refused_packets++; /* a device's, so probably our own from a line with echo: an answer would come back too */
    return;
  }
  if (fields[1].number != PROTOCOL_MAJOR) {
    link->refused_packets++;
    answer(link, PACKET_NACK, number, "protocol 1 only");
    return;
  }
  introduce(link, now_ms); /* the gateway is new: it wants to know us, whatever we were doing */
}

static void take_ack(device_link *link, uint32_t number, uint32_t room, uint32_t now_ms) {
  const uint32_t taken = (number - link->acknowledged) & 0xFFFFU;
  if ((taken > 0U) && (taken <= ((link->sent - link->acknowledged) & 0xFFFFU)) && (number <= 0xFFFFU)) {
    link->acknowledged = number;
    link->progress_at_ms = now_ms;
  }
  link->stopped = room == 1U;
  link->room = ((room > 1U) && (room <= MAX_IN_FLIGHT)) ? (room - 1U) : MAX_IN_FLIGHT;
}

/* A numbered packet: is it new? Answers one that came before. */
static bool is_new(device_link *link, uint32_t flags, uint32_t number) {
  const uint32_t ahead = (number - link->heard) & 0xFFFFU;
  if ((ahead > 0U) && (ahead < 0x8000U)) {
    link->lost_packets += ahead - 1U;
    link->heard = number;
    return true;
  }
  link->refused_packets++;
  if (((ahead == 0U) || (ahead > 0xFC00U)) && ((flags & FLAG_ACKNOWLEDGE) != 0U)) {
    answer(link, PACKET_ACK, number, NULL);
  }
  return false;
}

/* A numbered packet of a known session. True: it was taken in, False: refused. */
static bool take_numbered(device_link *link, uint32_t type, const codec_field *fields) {
  if (type == (uint32_t)PACKET_CONFIG) {
    if ((fields[2].number != link->session_id) || (fields[1].number == 0U) || (fields[1].number > 3U)) {
      return false;
    }
    link->state = (uint32_t)LINK_STREAMING;
    link->heard_config = true;
  }
  return link_take(type, fields);
}

static void take(device_link *link, const uint8_t *packet, uint32_t length, uint32_t now_ms) {
  const uint32_t type = packet[0] & 31U;
  const uint32_t flags = packet[1];
  const uint32_t number = load_u16(packet + 2);
  codec_field fields[CODEC_FIELDS];
  const bool valid = codec_read(packet + PACKET_HEADER_BYTES, length - PACKET_HEADER_BYTES, fields);
  const bool is_hello = type == (uint32_t)PACKET_HELLO;
  const bool is_answer = (type == (uint32_t)PACKET_ACK) || (type == (uint32_t)PACKET_NACK);

  link->heard_at_ms = now_ms;
  if ((flags & FRAME_FLAG_SESSION) != 0U) {
    link->bound = true; /* the parser lets only this session through */
  }
  if (link->bound && !is_hello && ((flags & FRAME_FLAG_SESSION) == 0U)) {
    link->refused_packets++;
    return;
  }
  if (is_hello && valid) {
    take_hello(link, number, fields, now_ms);
  } else if (!is_hello && ((packet[0] >> 5) != PROTOCOL_MAJOR)) {
    link->refused_packets++;
  } else if (is_answer) {
    if (!valid) {
      link->refused_packets++;
    } else if (type == (uint32_t)PACKET_ACK) {
      take_ack(link, fields[1].number, fields[2].number, now_ms);
    } else if (link->state == (uint32_t)LINK_INTRODUCING) {
      link->state = (uint32_t)LINK_REFUSED;
    } else {
      /* A refused streaming packet: nothing to repeat. */
    }
  } else {
    if (!is_hello && !link->heard_config) {
      if (type != (uint32_t)PACKET_CONFIG) {
        link->refused_packets++; /* of a session that this device has not begun */
        return;
      }
      link->heard = (number - 1U) & 0xFFFFU; /* the first Config may have any number */
    }
    if (!is_hello && !is_new(link, flags, number)) {
      return;
    }
    if (valid && take_numbered(link, type, fields)) {
      if ((flags & FLAG_ACKNOWLEDGE) != 0U) {
        answer(link, PACKET_ACK, number, NULL);
      }
    } else {
      link->refused_packets++;
      if (is_hello || ((flags & FLAG_ACKNOWLEDGE) != 0U)) {
        answer(link, PACKET_NACK, number, "not understood");
      }
    }
  }
}

void link_poll(device_link *link, uint32_t now_ms) {
  flush(link);
  for (uint32_t i = 0; (i < BYTES_A_POLL) && (link->wire_length == 0U); i++) {
    uint8_t byte;
    if (board_receive(&byte, 1) == 0U) {
      break;
    }
    const uint32_t length = frame_push(&link->parser, byte);
    if (length > 0U) {
      take(link, link->parser.bytes, length, now_ms);
    }
  }
  if ((now_ms - link->heard_at_ms) >= SILENCE_MS) {
    introduce(link, now_ms);
  }
  if ((link->sent != link->acknowledged) && ((now_ms - link->progress_at_ms) >= ACK_TIMEOUT_MS)) {
    link->acknowledged = link->sent;
  }
  if ((link->state == (uint32_t)LINK_INTRODUCING) && (link->wire_length == 0U) &&
      ((int32_t)(now_ms - link->hello_at_ms) >= 0)) {
    say_hello(link, now_ms);
  }
}
