/*
 * The ring between two threads, which by the rules of C11 are what an interrupt and the main loop are: prints how many bytes came
 * out at another place than they were put in, which must be none. With ThreadSanitizer, so that a race ends it with an error.
 */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>

#include "ring.h"

#define BYTES 200000U

static byte_ring ring;

static void *write_all(void *unused) {
  for (uint32_t i = 0; i < BYTES;) {
    if (ring_put(&ring, (uint8_t)(i * 7U))) {
      i++;
    } else {
      (void)sched_yield();
    }
  }
  return unused;
}

int main(void) {
  pthread_t writer;
  uint32_t misplaced = 0;
  if (pthread_create(&writer, NULL, write_all, NULL) != 0) {
    return 2;
  }
  for (uint32_t i = 0; i < BYTES;) {
    uint8_t byte;
    if (ring_get(&ring, &byte)) {
      misplaced += (byte != (uint8_t)(i * 7U)) ? 1U : 0U;
      i++;
    } else {
      (void)sched_yield();
    }
  }
  (void)pthread_join(writer, NULL);
  (void)printf("{\"misplaced\":%u}\n", (unsigned)misplaced);
  return 0;
}
