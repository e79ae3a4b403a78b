"""Reference values for src/maths and src/features, by NumPy and SciPy.

Run `python3 scripts/vectors/signal_features.py > test/vectors/signal-features.json` (made with NumPy 2.4.6, SciPy 1.17.1).
The chain's values come from an implementation of its definition that shares no line with the TypeScript one:
whole-array filters and dense solves instead of recursions and streaming.
"""

import json
import sys

import numpy as np
import scipy
from scipy import linalg, signal, special


def noise(count, seed):
    """Integers −1000 … 1000 of a linear congruential generator, the same in any language."""
    state, out = seed, []
    for _ in range(count):
        state = (state * 1103515245 + 12345) % 2**31
        out.append((state >> 16) % 2001 - 1000)
    return np.array(out)


def fault(count, rate, rpm, order, seed):
    """Noise, a shaft tone and a 3 kHz burst every 1/order of a revolution; rounded half up."""
    n = np.arange(count)
    period = rate / (rpm / 60 * order)
    since = np.fmod(n, period) / rate
    burst = 4000 * np.exp(-since * 1500) * np.sin(2 * np.pi * 3000 * since)
    tone = 300 * np.sin(2 * np.pi * n * rpm / 60 / rate)
    return np.floor(noise(count, seed) + burst + tone + 0.5)


PER_REV, FFT_SIZE, FLOOR_ORDERS = 48, 2048, 2.0


def round_taps(taps):
    """Fractions of 15 bits that add up to 1."""
    rounded = np.floor(taps * 2**15 + 0.5)
    rounded[(len(taps) - 1) // 2] += 2**15 - rounded.sum()
    return rounded / 2**15


def envelope_spectrum(counts, scale, rate, rpm, measure="magnitude", memory=0.75, limit=np.inf):
    order, block, per_rev, fft_size = 6, 32, PER_REV, FFT_SIZE
    x = counts * scale
    factor = max(1, int(rate // 12000))
    if factor > 1:
        taps = round_taps(signal.firwin(8 * factor + 1, 0.85 / factor, window=("kaiser", 5)))
        x = signal.lfilter(taps, [1], x)[len(taps) - 1 :: factor]
    analysis = rate / factor
    x = signal.lfilter([1, -1], [1, -0.99], x - x[0])
    padded = np.concatenate([np.zeros(order), x])
    products, residual = np.zeros(order + 1), []
    for start in range(0, len(x), block):
        here = padded[order + start : order + start + block]
        past = [padded[order + start - k : order + start - k + len(here)] for k in range(order + 1)]
        products = memory * products + np.array([np.dot(here, p) for p in past])
        r = products.copy()
        r[0] *= 1 + 1e-4
        a = np.concatenate([[1], -linalg.solve(linalg.toeplitz(r[:order]), r[1:])])
        residual.append(sum(c * p for c, p in zip(a, past)))
    envelope = np.abs(np.concatenate(residual)[order:])
    if measure == "energy":
        envelope = envelope**2
    # Integral over angle, exact at slice boundaries because the envelope is constant over a sample.
    slices_per_sample = 2 * per_rev * rpm / 60 / analysis
    total = int(np.floor(len(envelope) * slices_per_sample))
    integral = np.concatenate([[0], np.cumsum(envelope)]) * slices_per_sample
    edges = np.arange(total + 1) / slices_per_sample
    slices = np.diff(np.interp(edges, np.arange(len(integral)), integral))
    kept = signal.lfilter(signal.firwin(25, 0.45, window=("kaiser", 5)), [1], slices)[24::2]
    kept = kept.astype(np.float32).astype(float)
    kept = np.minimum(kept, limit * kept.mean())
    return np.abs(np.fft.rfft((kept - kept.mean()) * np.hanning(len(kept)), fft_size))


def read_features(spectrum, bearing):
    width = PER_REV / FFT_SIZE
    lowest, highest = int(np.ceil(0.1 / width)), int(np.floor(0.8 * PER_REV / 2 / width))

    def floor_near(at):
        centre = np.floor(at / 0.25 + 0.5) * 0.25
        low = max(lowest, int(np.floor((centre - FLOOR_ORDERS) / width + 0.5)))
        high = min(highest, int(np.floor((centre + FLOOR_ORDERS) / width + 0.5)))
        return np.median(spectrum[low : high + 1])

    def of_shaft(orders):
        return np.abs(orders - np.floor(orders + 0.5)) < 0.04

    def snr(at, tolerance=0.02, shaft=False):
        near_low = max(lowest, int(np.floor((at - at * tolerance) / width)))
        near_high = min(highest, int(np.ceil((at + at * tolerance) / width)))
        near = np.arange(near_low, near_high + 1)
        if not shaft:
            near = near[~of_shaft(near * width)]
        if shaft or not of_shaft(at):
            near = np.append(near, int(np.floor(at / width + 0.5)))
        if len(near) == 0:
            return 0.0
        return np.log(spectrum[near].max() / floor_near(at))

    def comb(order, spacing=0.0, harmonics=2, tolerance=0.02):
        """Mean log SNR of lines and of side bands at the slip, in bins of the highest line, where all stand highest."""

        def height(bins, at):
            near = np.array([bins - 1, bins, bins + 1])
            seen = np.where(of_shaft(near * width), 0, spectrum[near]).max(axis=0)
            held = np.clip(seen / floor_near(at), 1e-3, 1e3)
            return np.log(np.where((seen == 0) | (bins < lowest) | (bins > highest), 1, held))

        top = int(np.floor(harmonics * order / width + 0.5))
        reach = max(1, int(np.floor(tolerance * top + 0.5)))
        highest_line = np.arange(top - reach, top + reach + 1)
        side = int(np.floor(spacing / width + 0.5))
        lines, sides, bands = 0.0, 0.0, 0
        for h in range(1, harmonics + 1):
            bins = (2 * highest_line * h + harmonics) // (2 * harmonics)
            lines = lines + height(bins, order * h)
            for sign in (-1, 1) if side > 0 else ():
                sides = sides + height(bins + sign * side, order * h + sign * spacing)
                bands += (2 * top * h + harmonics) // (2 * harmonics) + sign * side >= lowest
        best = np.argmax(lines + sides)
        return lines[best] / harmonics, sides[best] / bands if bands > 0 else 0.0

    kinds = ["bpfi", "bpfo", "bsf"]
    means = {k: np.mean([snr(bearing[k] * h) for h in (1, 2, 3)]) for k in kinds}
    out = {}
    for kind in kinds:
        for harmonic in (1, 2, 3):
            out[f"{kind}.h{harmonic}"] = snr(bearing[kind] * harmonic)
        for name, distance in (("shaft", 1.0), ("ftf", bearing["ftf"])):
            out[f"{kind}.side.{name}"] = (snr(bearing[kind] - distance) + snr(bearing[kind] + distance)) / 2
        out[f"{kind}.margin"] = means[kind] - max(means[k] for k in kinds if k != kind)
        out[f"{kind}.comb"] = comb(bearing[kind])[0]
        out[f"{kind}.comb.half"] = comb(bearing[kind] / 2, harmonics=3)[0]
        out[f"{kind}.comb.line"], out[f"{kind}.comb.side"] = comb(bearing[kind], bearing["ftf"])
    out["cage.h1"] = snr(bearing["ftf"])
    out["shaft.h1"] = snr(1.0, 0.01, shaft=True)
    out["shaft.h2"] = snr(2.0, 0.01, shaft=True)
    return {name: float(value) for name, value in out.items()}


def main():
    small = noise(64, 7) / 8
    correlation = np.array([np.dot(small[k:], small[: 64 - k]) for k in range(7)])
    coefficients = np.concatenate([[1], linalg.solve_toeplitz(correlation[:6], -correlation[1:])])
    bearing = {"bpfo": 3.5848, "bpfi": 5.4152, "bsf": 4.7135, "ftf": 0.39828}
    chains = []
    for rate, rpm, kind, seed in ((12000, 1797, "bpfi", 1), (12000, 700, "bsf", 2), (48000, 1500, "bpfo", 5)):
        count = int(30 * 60 * rate / rpm)
        counts = fault(count, rate, rpm, bearing[kind], seed)
        window = (counts, 0.001, rate, rpm)
        chains.append(
            {"rate": rate, "rpm": rpm, "order": bearing[kind], "seed": seed, "count": count, "scale": 0.001,
             "checksum": int(counts.sum()), "features": read_features(envelope_spectrum(*window), bearing),
             "energyFeatures": read_features(envelope_spectrum(*window, "energy", 0.97), bearing),
             "limitedFeatures": read_features(envelope_spectrum(*window, "energy", 0.97, 2), bearing)}
        )
    spectrum = np.fft.rfft(small)
    vectors = {
        "madeWith": {"numpy": np.__version__, "scipy": scipy.__version__},
        "small": small.tolist(),
        "rfft": {"real": spectrum.real.tolist(), "imag": spectrum.imag.tolist()},
        "quantiles": [[p, float(np.quantile(small, p))] for p in (0, 0.1, 0.25, 0.5, 0.77, 1)],
        "medianOfFirst63": float(np.median(small[:63])),
        "autocorrelation": correlation.tolist(),
        "linearPrediction": {
            "coefficients": coefficients.tolist(),
            "errorShare": float(np.dot(coefficients, correlation) / correlation[0]),
            "residual": signal.lfilter(coefficients, [1], small).tolist()[6:],
        },
        "besselI0": [[x, float(special.i0(x))] for x in (0, 0.5, 5, 20)],
        "firwin": {
            "kaiser5": signal.firwin(25, 0.45, window=("kaiser", 5)).tolist(),
            "even": signal.firwin(16, 0.2, window=("kaiser", 8)).tolist(),
        },
        "waveform": {
            "rate": 12000, "rpm": 1797, "order": bearing["bpfi"], "seed": 3, "count": 6000, "scale": 0.002,
        },
        "bearing": bearing,
        "envelopeOrder": chains,
    }
    json.dump(vectors, sys.stdout, indent=1)
    sys.stdout.write("\n")


main()
