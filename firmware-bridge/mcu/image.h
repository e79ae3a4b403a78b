/*
 * One memory image for the virtual boards (host build and QEMU): the flash, and a workbench beside it from which the
 * accelerometer is played back. scripts/mcu/mcu-image.ts writes it.
 */
#ifndef AURORA_IMAGE_H
#define AURORA_IMAGE_H

#include "bytes.h"

#define IMAGE_BYTES 0x1000000U
#define IMAGE_SECTOR_BYTES 0x1000U
/* Provisioned once: magic, flags (bit 0: has a key), key[32], id[64] */
#define IMAGE_IDENTITY 0x0U
#define IMAGE_IDENTITY_MAGIC 0x44495541U /* AUID */
#define IMAGE_SLOTS 0x1000U
#define IMAGE_SLOT_BYTES 0x4000U
#define IMAGE_WORKBENCH 0x100000U
#define IMAGE_WORKBENCH_MAGIC 0x42575541U /* AUWB */
#define IMAGE_SAMPLES 0x101000U

typedef struct {
  uint32_t magic;
  uint32_t boots;      /* counted by the device */
  uint32_t cut_at;     /* power goes at this flash operation of a run, from 1 on; 0: never */
  uint32_t cut_bytes;  /* of which so many bytes still happen */
  uint32_t operations; /* counted by the device */
  uint32_t unpaced;    /* 0: samples come in real time; else as fast as they are taken */
  double sample_rate_hz;
  double scale;
  float shaft_rpm;
  uint32_t sample_count; /* played in a loop; 0: no samples */
  uint32_t clock_ms;     /* what the clock says at the start */
} image_workbench;

#endif
