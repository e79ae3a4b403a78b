/** Families of rigs for `bench-transfer.ts`: sampling rates, speeds, lengths and disturbances that no training has seen. */
import type { RigFamily } from "./transfer-rig.ts";

/** Blows of a developed fault, and of one that is hard to find even with the best of scores, in noise rms. */
const developed = [5, 16] as const;
const early = [2.5, 8] as const;

/** All families. Slow shafts have fewer blows a second, which are stronger for the same spall. */
export const rigFamilies: readonly RigFamily[] = [
  { name: "developed, 12 kHz, 1,800 rpm", rateHz: 12_000, shaftRpm: 1800, seconds: 10, blow: developed },
  {
    name: "developed, 16 kHz, 1,200 rpm, gears",
    rateHz: 16_000,
    shaftRpm: 1200,
    seconds: 6,
    blow: developed,
    gear: 2,
  },
  { name: "developed, 25.6 kHz, 1.28 s", rateHz: 25_600, shaftRpm: 2100, seconds: 1.28, blow: developed },
  {
    name: "developed, 42 kHz, mains hum",
    rateHz: 42_000,
    shaftRpm: 1750,
    seconds: 4,
    blow: developed,
    hum: 2,
  },
  { name: "developed, 48 kHz, 3,600 rpm", rateHz: 48_000, shaftRpm: 3600, seconds: 2, blow: developed },
  { name: "developed, 51.2 kHz, 600 rpm", rateHz: 51_200, shaftRpm: 600, seconds: 6, blow: [8, 25] },
  {
    name: "developed, 600 rpm, 1 s (10 revolutions)",
    rateHz: 51_200,
    shaftRpm: 600,
    seconds: 1.01,
    blow: [8, 25],
  },
  {
    name: "developed, 800 rpm, 1.5 s (20 revolutions)",
    rateHz: 50_000,
    shaftRpm: 800,
    seconds: 1.5,
    blow: [8, 25],
  },
  {
    name: "developed, speed stated ± 2 % wrong",
    rateHz: 12_000,
    shaftRpm: 1800,
    seconds: 6,
    blow: developed,
    speedError: 0.02,
  },
  { name: "developed, knocks", rateHz: 20_000, shaftRpm: 1500, seconds: 4, blow: developed, knocks: 3 },
  { name: "developed, clipped", rateHz: 12_000, shaftRpm: 1800, seconds: 4, blow: developed, clip: 4 },
  {
    name: "developed, tiny numbers, large offset",
    rateHz: 20_000,
    shaftRpm: 1500,
    seconds: 4,
    blow: developed,
    amplitude: 1e-3,
    offset: 50,
  },
  {
    name: "developed, numbers in the thousands",
    rateHz: 20_000,
    shaftRpm: 1500,
    seconds: 4,
    blow: developed,
    amplitude: 1e3,
  },
  {
    name: "developed, 25.6 kHz, rings above 6.5 kHz",
    rateHz: 25_600,
    shaftRpm: 1500,
    seconds: 4,
    blow: developed,
    ringsHz: [6500, 9000],
  },
  {
    name: "developed, 51.2 kHz, rings above 6.5 kHz",
    rateHz: 51_200,
    shaftRpm: 1200,
    seconds: 4,
    blow: developed,
    ringsHz: [6500, 9000],
  },
  { name: "early, 12 kHz, 1,800 rpm", rateHz: 12_000, shaftRpm: 1800, seconds: 10, blow: early },
  { name: "early, 20 kHz, 2,000 rpm, 1 s", rateHz: 20_000, shaftRpm: 2000, seconds: 1, blow: early },
  {
    name: "early, 25.6 kHz, speed ± 1 % wrong",
    rateHz: 25_600,
    shaftRpm: 1500,
    seconds: 6,
    blow: early,
    speedError: 0.01,
  },
  { name: "early, 51.2 kHz, 900 rpm", rateHz: 51_200, shaftRpm: 900, seconds: 4, blow: [4, 12] },
];
