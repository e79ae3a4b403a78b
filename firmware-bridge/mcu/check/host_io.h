/* Where the check program's input comes from and its output goes: files on the machine that runs it. */
#ifndef AURORA_CHECK_HOST_IO_H
#define AURORA_CHECK_HOST_IO_H

#include <stdint.h>

/* Opens in.bin and out.bin in the working folder. */
void host_open(void);
/* Reads exactly `length` bytes, or ends the program with an error. */
void host_read(void *bytes, uint32_t length);
void host_write(const void *bytes, uint32_t length);
/* Instructions executed so far, in whatever unit the machine has; 0 where it has none. Wraps at 2^24. */
uint32_t host_ticks(void);
/* Most bytes of stack in use at once so far; 0 where it is not known. */
uint32_t host_stack_bytes(void);
/* 0: all was done. Does not return. */
_Noreturn void host_exit(uint32_t status);

#endif
