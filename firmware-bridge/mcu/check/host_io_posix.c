/* The check program on Linux. */
#include <stdio.h>
#include <stdlib.h>

#include "host_io.h"

static FILE *input;
static FILE *output;

void host_open(void) {
  input = fopen("in.bin", "rb");
  output = fopen("out.bin", "wb");
  if ((input == NULL) || (output == NULL)) {
    host_exit(2u);
  }
}

void host_read(void *bytes, uint32_t length) {
  if (fread(bytes, 1u, length, input) != length) {
    host_exit(3u);
  }
}

void host_write(const void *bytes, uint32_t length) {
  if (fwrite(bytes, 1u, length, output) != length) {
    host_exit(4u);
  }
}

uint32_t host_ticks(void) { return 0u; }

uint32_t host_stack_bytes(void) { return 0u; }

_Noreturn void host_exit(uint32_t status) {
  if (output != NULL) {
    (void)fclose(output);
  }
  exit((int)status);
}
