/*
 * The firmware's frames and codec on the command line, for tests. Reads lines from stdin, answers each with one line:
 *   wire HEX     -> the packets that the parser finds in it, then the counts of bad frames and of discarded bytes
 *   packet HEX   -> the frame that carries it, or `too long` for this device
 *   fields HEX   -> the payload's fields `number=value` (bytes in hex), or `invalid`
 *   session HEX  -> its id in decimal, from now on
 *   crc HEX      -> the CRC-32
 */
#include <stdio.h>
#include <string.h>

#include "codec.h"
#include "crc32.h"
#include "frame.h"

static uint32_t read_hex(const char *text, uint8_t *bytes, uint32_t room) {
  uint32_t count = 0;
  unsigned value;
  while ((count < room) && (sscanf(text, "%2x", &value) == 1)) {
    bytes[count++] = (uint8_t)value;
    text += 2;
  }
  return count;
}

static void print_hex(const uint8_t *bytes, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) {
    (void)printf("%02x", (unsigned)bytes[i]);
  }
}

int main(void) {
  static char line[1 << 20];
  static uint8_t bytes[1 << 19];
  static frame_parser parser;
  while (fgets(line, sizeof line, stdin) != NULL) {
    char *hex = strchr(line, ' ');
    const uint32_t count = (hex == NULL) ? 0U : read_hex(hex + 1, bytes, sizeof bytes);
    if (line[0] == 'w') {
      for (uint32_t i = 0; i < count; i++) {
        const uint32_t length = frame_push(&parser, bytes[i]);
        print_hex(parser.bytes, length);
        (void)printf("%s", (length > 0U) ? " " : "");
      }
      (void)printf("%u %u\n", (unsigned)parser.bad_frames, (unsigned)parser.discarded_bytes);
    } else if (line[0] == 'p') {
      uint8_t wire[FRAME_MAX_SENT];
      if (count > PACKET_HEADER_BYTES + FRAME_MAX_SENT_PAYLOAD) {
        (void)printf("too long\n");
        continue;
      }
      (void)memcpy(wire + FRAME_PACKET_AT, bytes, count);
      print_hex(wire, frame_close(wire, count, parser.session_id));
      (void)printf("\n");
    } else if (line[0] == 's') {
      parser.session_id = load_u32(bytes);
      (void)printf("%u\n", (unsigned)parser.session_id);
    } else if (line[0] == 'c') {
      (void)printf("%08x\n", (unsigned)crc32(bytes, count));
    } else {
      codec_field fields[CODEC_FIELDS];
      if (!codec_read(bytes, count, fields)) {
        (void)printf("invalid\n");
        continue;
      }
      for (uint32_t i = 1; i < CODEC_FIELDS; i++) {
        if (fields[i].bytes != NULL) {
          (void)printf("%u=", (unsigned)i);
          print_hex(fields[i].bytes, fields[i].length);
          (void)printf(" ");
        } else if (fields[i].number != 0U) {
          (void)printf("%u=%u ", (unsigned)i, (unsigned)fields[i].number);
        } else {
          /* absent */
        }
      }
      (void)printf("\n");
    }
    (void)fflush(stdout);
  }
  return 0;
}
