/*
 * The firmware's frames and codec on the command line, for tests. Reads lines from stdin, answers each with one line:
 *   wire HEX     -> the packets that the parser finds in it, then the counts of bad frames and of discarded bytes
 *   packet HEX   -> the frame that carries it, or `too long` for this device
 *   fields HEX   -> the payload's fields `number=value` (bytes in hex), or `invalid`
 *   encode FIELD=VALUE …  -> the payload with these fields, as the codec writes them: n varint, f fixed32 (both in decimal),
 *                   b bytes, t text, d double (all in hex), each with the field's number: `n1=5 t3=61 `
 *   session HEX  -> its id in decimal, from now on
 *   crc HEX      -> the CRC-32
 */
#include <stdio.h>
#include <stdlib.h>
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

static uint8_t *encode_field(uint8_t *at, const char *token) {
  static uint8_t value[1 << 18];
  char *equals;
  const uint32_t field = (uint32_t)strtoul(token + 1, &equals, 10);
  const uint64_t number = strtoull(equals + 1, NULL, 10);
  if (token[0] == 'n') {
    return (number > UINT32_MAX) ? codec_number64(at, field, number) : codec_number(at, field, (uint32_t)number);
  }
  if (token[0] == 'f') {
    return codec_fixed32(at, field, (uint32_t)number);
  }
  const uint32_t count = read_hex(equals + 1, value, sizeof value - 1U);
  value[count] = 0;
  if (token[0] == 't') {
    return codec_text(at, field, (const char *)value);
  }
  if (token[0] == 'd') {
    double scalar;
    (void)memcpy(&scalar, value, sizeof scalar);
    return codec_double(at, field, &scalar);
  }
  return codec_bytes(at, field, value, count);
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
    } else if (line[0] == 'e') {
      uint8_t *at = bytes;
      (void)strtok(line, " \n");
      for (const char *token = strtok(NULL, " \n"); token != NULL; token = strtok(NULL, " \n")) {
        at = encode_field(at, token);
      }
      print_hex(bytes, (uint32_t)(at - bytes));
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
