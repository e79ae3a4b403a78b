/*
 * The device's side of the conversation (PROTOCOL.md, sections 5 and 6): Hello until answered, one session, numbered
 * packets, a window of packets in flight, silence noticed. Holds one outgoing frame; while the line does not take it,
 * nothing more is read from the line, so that a stuck or flooding peer costs neither memory nor time.
 */
#ifndef AURORA_LINK_H
#define AURORA_LINK_H

#include "board.h"
#include "codec.h"
#include "frame.h"

#define PROTOCOL_MAJOR 1U
#define PROTOCOL_MINOR 1U

enum packet_type {
  PACKET_HELLO = 1,
  PACKET_RAW_WINDOW = 2,
  PACKET_READING = 3,
  PACKET_SCORE = 4,
  PACKET_HEALTH = 5,
  PACKET_CONFIG = 6,
  PACKET_ACK = 7,
  PACKET_NACK = 8,
  PACKET_MODEL_BEGIN = 9,
  PACKET_MODEL_CHUNK = 10,
  PACKET_MODEL_COMMIT = 11,
  PACKET_MODEL_CONFIRM = 12,
  PACKET_MODEL_PROBE = 13,
  PACKET_MODEL_STATUS = 14
};

#define FLAG_ACKNOWLEDGE 1U

/* Every wait of the device, in milliseconds. */
#define HELLO_FIRST_WAIT_MS 100U
#define HELLO_LAST_WAIT_MS 2000U
#define SILENCE_MS 10000U    /* nothing good heard: begin again */
#define ACK_TIMEOUT_MS 1000U /* what is in flight is taken as done */
#define MAX_IN_FLIGHT 8U

enum link_state { LINK_STARTING, LINK_INTRODUCING, LINK_REFUSED, LINK_STREAMING };

/* What is used most stands first: offsets below 128 are half as long in Thumb code. */
typedef struct {
  uint32_t state;
  bool heard_config;    /* the gateway's numbers are followed */
  bool bound;           /* both sides speak version 1.1: every packet but a Hello is bound to the session */
  uint32_t room;        /* streaming packets that may be in flight */
  uint32_t sent;        /* number of the newest packet, 16 bits */
  uint32_t acknowledged;
  uint32_t heard;       /* number of the gateway's newest packet */
  uint32_t session_id;
  uint32_t now_ms;      /* of the last poll */
  uint32_t hello_wait_ms;
  uint32_t hello_at_ms;
  uint32_t heard_at_ms;
  uint32_t progress_at_ms; /* of the acknowledgements */
  uint32_t refused_packets;
  uint32_t lost_packets;
  uint32_t wire_length; /* of the frame that the line has not taken yet; 0: free */
  frame_parser parser;
  uint8_t wire[FRAME_MAX_SENT];
} device_link;

/** What the user of a link has to provide. */
/** Writes the payload of this device's Hello at `at`, returns its end; at most FRAME_MAX_SENT_PAYLOAD bytes. */
uint8_t *link_write_hello(uint8_t *at);
/**
 * Takes a new packet of the gateway: a Config of this session, or a type above 8. False: to be refused. The fields are
 * valid during the call. May send one packet.
 */
bool link_take(uint32_t type, const codec_field *fields);

/** Begins with the Hello. */
void link_start(device_link *link, uint32_t session_id);

/** Reads the line, answers, keeps the deadlines. Call it all the time. */
void link_poll(device_link *link, uint32_t now_ms);

/** Where the payload of the next packet goes; NULL while the line has not taken the one before. */
uint8_t *link_begin(device_link *link);
/** May another streaming packet (raw window, score, health) be sent? */
bool link_has_room(const device_link *link);
/** Sends the packet whose payload ends at `end`. */
void link_send(device_link *link, uint32_t type, const uint8_t *end);

#endif
