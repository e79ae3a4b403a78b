"""A gateway as one would write it in Python: frames from TCP devices (cobs, zlib, protobuf) -> windows of as many revolutions
as the manifest says -> whitening, envelope over shaft angle, order spectrum, features (NumPy, SciPy) -> int8 student (ONNX
Runtime), a window at a time.
It has no data contract, levels, drift sketches, alarms or record, and answers a device once. Used by bench-peer.ts:

    peer_gateway.py JOB.json HOST:PORT...

The job names the folder of the generated messages, the model, the manifest, the bearing's orders, the samples a device will
send, and how to whiten: "block", anew every 32 samples, which gives the features that the model was made for, or "window",
once a window, which is less work and gives others. Prints one JSON line when all of it is decided."""

import json
import resource
import selectors
import socket
import sys
import time
import zlib

import numpy as np
import onnxruntime
from cobs import cobs
from scipy.fft import rfft
from scipy.linalg import solve_toeplitz
from scipy.signal import firwin, lfilter

with open(sys.argv[1]) as file:
    job = json.load(file)
sys.path.insert(0, job["messages"])
import device_pb2 as messages  # noqa: E402

with open(job["manifest"]) as file:
    manifest = json.load(file)
CHAIN = manifest["features"]["chains"][0]["params"]
REVOLUTIONS = manifest["window"]["length"]
ORDER, BLOCK, MEMORY = CHAIN["whiteningOrder"], CHAIN["whiteningBlock"], CHAIN["whiteningMemory"]
PER_REVOLUTION, FFT_SIZE = CHAIN["samplesPerRevolution"], CHAIN["fftSize"]
LIMIT = CHAIN.get("envelopeLimit")
MEASURE = np.square if CHAIN.get("envelope") == "energy" else np.abs
BIN = PER_REVOLUTION / FFT_SIZE
ORDERS = dict(job["orders"], shaft=1.0)
ANGLE_FILTER = firwin(25, 0.45, window=("kaiser", 5))


def away_from_shaft(orders):
    return abs(orders - np.round(orders)) >= CHAIN["shaftGuardOrders"]


class Lines:
    """ln(peak / median around it) of every line that a feature asks for, at places that are found once a bearing."""

    lowest, highest = int(np.ceil(0.1 / BIN)), int(0.4 * PER_REVOLUTION / BIN)

    def __init__(self, features):
        self.places = {}
        lines = [feature for feature in features if "comb-" not in feature["operator"]]
        self.line_rows = [features.index(feature) for feature in lines]
        rows = [self.read(feature["operator"], **feature["params"]) for feature in lines]
        self.combs = Combs([feature for feature in features if feature not in lines], self)
        self.comb_rows = [row for row in range(len(features)) if row not in self.line_rows]
        # A feature is the mean of its lines, a margin that less the largest mean of its rivals.
        self.mean = np.zeros((len(rows), len(self.places)))
        for row, (own, _) in enumerate(rows):
            self.mean[row, own] = 1 / len(own)
        self.rivals = [(row, np.array(others)) for row, (_, others) in enumerate(rows) if others]
        peaks = [self.peak_bins(*place) for place in self.places]
        longest = max(map(len, peaks))
        self.peaks = np.array([np.pad(bins, (0, longest - len(bins)), mode="edge") for bins in peaks])
        # Neighbouring lines share a median, and medians of one width go together: at the ends they are narrower.
        slots = [self.slot(order) for order, *_ in self.places]
        known = sorted({*slots, *self.combs.slots})
        self.combs.find_floors(known)
        self.floor_of = np.array([known.index(slot) for slot in slots])
        floors = [self.floor_bins(slot * 0.25) for slot in known]
        widths = np.array([len(bins) for bins in floors])
        self.groups = []
        for width in np.unique(widths):
            at = np.flatnonzero(widths == width)
            self.groups.append((at, np.array([floors[index] for index in at])))
        self.medians = np.empty(len(known))

    def read(self, operator, order, tolerance, harmonic=1, spacing=None, harmonics=0):
        """The places whose mean is the feature, and those of a margin's rivals."""
        if operator == "order-log-snr":
            return [self.place(ORDERS[order] * harmonic, tolerance, order == "shaft")], []
        if operator == "side-band-log-snr":
            centre, distance = ORDERS[order] * harmonic, ORDERS[spacing]
            sides = [side for side in (centre - distance, centre + distance) if side >= 0.1]
            return [self.place(side, tolerance) for side in sides], []
        kinds = ("bpfi", "bpfo", "bsf")
        of = {kind: [self.place(ORDERS[kind] * h, tolerance) for h in range(1, harmonics + 1)] for kind in kinds}
        return of.pop(order), list(of.values())

    def place(self, order, tolerance, of_shaft=False):
        return self.places.setdefault((order, tolerance, of_shaft), len(self.places))

    def peak_bins(self, order, tolerance, of_shaft):
        first = max(self.lowest, int(np.floor(order * (1 - tolerance) / BIN)))
        last = min(self.highest, int(np.ceil(order * (1 + tolerance) / BIN)))
        bins = np.arange(first, last + 1)
        if not of_shaft:
            bins = bins[away_from_shaft(bins * BIN)]
        return np.append(bins, int(order / BIN + 0.5)) if of_shaft or away_from_shaft(order) else bins

    def floor_bins(self, centre):
        first = max(self.lowest, int((centre - CHAIN["floorOrders"]) / BIN + 0.5))
        return np.arange(first, min(self.highest, int((centre + CHAIN["floorOrders"]) / BIN + 0.5)) + 1)

    @staticmethod
    def slot(order):
        return int(order / 0.25 + 0.5)

    def features(self, amplitudes):
        for at, bins in self.groups:
            self.medians[at] = median_of_rows(amplitudes[bins])
        lines = np.log(amplitudes[self.peaks].max(axis=1) / self.medians[self.floor_of])
        of_lines = self.mean @ lines
        for row, others in self.rivals:
            of_lines[row] -= lines[others].mean(axis=1).max()
        features = np.empty(len(self.line_rows) + len(self.comb_rows))
        features[self.line_rows] = of_lines
        features[self.comb_rows] = self.combs.features(amplitudes, self.medians)
        return features


class Combs:
    """Mean ln(peak / median) of the lines of a comb, or of their side bands, at the one slip where all of it stands highest. Combs
    that two features read are searched once; all slips of all combs are looked at together."""

    def __init__(self, features, lines):
        self.searches, self.rows, self.slots = {}, [], []
        places = []
        for feature in features:
            params = feature["params"]
            share = 0.5 if feature["operator"].startswith("half-") else 1.0
            order, spacing = share * ORDERS[params["order"]], ORDERS[params["spacing"]] if "spacing" in params else 0.0
            key = (order, spacing, params["harmonics"], params["tolerance"])
            if key not in self.searches:
                self.searches[key] = len(self.searches)
                places.append(self.place(lines, *key))
            self.rows.append((self.searches[key], feature["operator"] == "comb-side-log-snr"))
        if not places:
            return
        widest = max(len(orders) for _, orders, *_ in places)
        self.bins, self.orders = [], []
        for bins, orders, *_ in places:
            # What a shorter comb lacks lies in a bin that counts for nothing.
            self.bins.append(np.pad(bins, ((0, 0), (0, widest - len(orders)))))
            self.orders.append(orders + [orders[0]] * (widest - len(orders)))
        self.counts = [len(bins) for bins in self.bins]
        self.starts = np.cumsum([0, *self.counts[:-1]])
        self.harmonics = [harmonics for *_, harmonics, _ in places]
        self.bands = [bands for *_, bands in places]
        self.slots = [lines.slot(order) for orders in self.orders for order in orders]
        bins = np.concatenate(self.bins)
        self.counts_for = (bins >= lines.lowest) & (bins <= lines.highest)
        self.bins = np.where(self.counts_for, bins, 0)
        near = np.arange(lines.highest + 2)
        self.seen = away_from_shaft(near * BIN)

    def place(self, lines, order, spacing, harmonics, tolerance):
        """Bins [slips × lines and side bands], the orders that medians are taken around, lines, side bands."""
        top = int(harmonics * order / BIN + 0.5)
        reach = max(1, int(tolerance * top + 0.5))
        slips = np.arange(top - reach, top + reach + 1)
        side = int(spacing / BIN + 0.5)
        bins, orders, bands = [], [], 0
        for h in range(1, harmonics + 1):
            bins.append((2 * slips * h + harmonics) // (2 * harmonics))
            orders.append(order * h)
        for h in range(1, harmonics + 1):
            for sign in (-1, 1) if side > 0 else ():
                bins.append((2 * slips * h + harmonics) // (2 * harmonics) + sign * side)
                orders.append(max(lines.lowest * BIN, min(lines.highest * BIN, order * h + sign * spacing)))
                bands += (2 * top * h + harmonics) // (2 * harmonics) + sign * side >= lines.lowest
        return np.stack(bins, axis=1), orders, harmonics, bands

    def find_floors(self, known):
        if self.rows:
            of = np.array([known.index(slot) for slot in self.slots]).reshape(len(self.counts), -1)
            self.floors = np.repeat(of, self.counts, axis=0)

    def features(self, amplitudes, medians):
        if not self.rows:
            return []
        seen = amplitudes[: len(self.seen)] * self.seen
        ridge = seen.copy()
        np.maximum(ridge[1:], seen[:-1], out=ridge[1:])
        np.maximum(ridge[:-1], seen[1:], out=ridge[:-1])
        peaks = ridge[self.bins]
        heights = np.zeros(peaks.shape)
        np.log(np.clip(peaks / medians[self.floors], 1e-3, 1e3), out=heights, where=self.counts_for & (peaks > 0))
        sums = heights.sum(axis=1)
        best = [start + sums[start : start + count].argmax() for start, count in zip(self.starts, self.counts)]
        return [
            heights[best[at], self.harmonics[at] :].sum() / max(1, self.bands[at])
            if of_sides
            else heights[best[at], : self.harmonics[at]].mean()
            for at, of_sides in self.rows
        ]


def median_of_rows(rows):
    """As numpy.median(rows, axis=1), without its checks, which take longer than the work."""
    upper = rows.shape[1] // 2
    lower = (rows.shape[1] - 1) // 2
    rows.partition((lower, upper) if lower < upper else upper, axis=1)
    return (rows[:, lower] + rows[:, upper]) / 2


def whiten_window(x):
    """Prediction error of one linear prediction for the whole window."""
    x = x - x.mean()
    r = np.array([x[: len(x) - lag] @ x[lag:] for lag in range(ORDER + 1)])
    a = solve_toeplitz(r[:ORDER] + np.eye(1, ORDER)[0] * 1e-4 * r[0], r[1:])
    return np.convolve(x, np.append(1, -a), mode="valid")


def whiten_blocks(x):
    """Prediction error of a linear prediction that is fitted anew to every block, with a fading memory of those before."""
    high = lfilter([1, -1], [1, -0.99], x - x[0])
    blocks = -(-len(x) // BLOCK)
    padded = np.zeros(ORDER + blocks * BLOCK)
    padded[ORDER : ORDER + len(x)] = high
    delayed = [padded[ORDER - lag : ORDER - lag + blocks * BLOCK].reshape(blocks, BLOCK) for lag in range(ORDER + 1)]
    r = np.stack([np.einsum("ij,ij->i", delayed[0], late) for late in delayed])
    r = lfilter([1], [1, -MEMORY], r, axis=1)
    r[0] *= 1 + 1e-4
    # Levinson-Durbin for all blocks at once.
    a = np.zeros((ORDER + 1, blocks))
    a[0] = 1
    error = r[0].copy()
    for m in range(1, ORDER + 1):
        reflection = -(r[m] + (a[1:m] * r[m - 1 : 0 : -1]).sum(axis=0)) / error
        a[1:m] += reflection * a[m - 1 : 0 : -1].copy()
        a[m] = reflection
        error *= 1 - reflection * reflection
    e = delayed[0].copy()
    for lag in range(1, ORDER + 1):
        e += a[lag][:, None] * delayed[lag]
    return e.ravel()[ORDER : len(x)]


whiten = {"block": whiten_blocks, "window": whiten_window}[job["whitening"]]
hann_of = {}


def angle_envelope(e, step):
    """|e| or e² integrated into equal slices of a revolution, low-passed, every second one kept; `step` in slices a sample."""
    sums = np.empty(len(e) + 1)
    angles = np.empty(len(e) + 1)
    sums[0] = angles[0] = 0
    np.cumsum(MEASURE(e) * step, out=sums[1:])
    np.cumsum(step, out=angles[1:])
    slices = np.diff(np.interp(np.arange(int(angles[-1]) + 1), angles, sums))
    return np.convolve(slices, ANGLE_FILTER, mode="valid")[::2]


def order_spectrum(samples):
    hann = hann_of.get(len(samples))
    if hann is None:
        hann = hann_of[len(samples)] = np.hanning(len(samples))
    if LIMIT is not None:
        samples = np.minimum(samples, LIMIT * samples.mean())
    return np.abs(rfft((samples - samples.mean()) * hann, FFT_SIZE))


class Student:
    def __init__(self):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(job["model"], options, providers=["CPUExecutionProvider"])
        self.input = self.session.get_inputs()[0].name
        scaler = manifest["scaler"]
        self.mean, self.inverse, self.clamp = np.array(scaler["mean"]), np.array(scaler["inverseStd"]), scaler["clamp"]

    def score(self, features):
        row = np.clip((features - self.mean) * self.inverse, -self.clamp, self.clamp).astype(np.float32)
        return self.session.run(None, {self.input: row[None]})[0][0]


class Device:
    """One device: its line, and the window that is open."""

    def __init__(self, address, decide):
        host, port = address.removeprefix("tcp://").split(":")
        self.socket = socket.create_connection((host, int(port)))
        self.decide = decide
        self.rest = b""
        self.session = self.samples = 0
        self.scale = self.rate = 1.0
        self.parts, self.lengths, self.speeds, self.position = [], [], [], 0.0
        self.first, self.scores = None, []

    def send(self, kind, message):
        packet = bytes([0x20 | kind, 1, 0, 0]) + message.SerializeToString()
        self.socket.sendall(b"\0" + cobs.encode(packet + zlib.crc32(packet).to_bytes(4, "little")) + b"\0")

    def feed(self, data):
        frames = (self.rest + data).split(b"\0")
        self.rest = frames.pop()
        for frame in frames:
            if frame:
                packet = cobs.decode(frame)
                check = int.from_bytes(packet[-4:], "little") ^ (self.session if packet[1] & 4 else 0)
                if zlib.crc32(packet[:-4]) == check:
                    self.take(packet[0] & 31, packet[4:-4])

    def take(self, kind, payload):
        if kind == 2:
            self.add(messages.RawWindow.FromString(payload))
        elif kind == 1:
            hello = messages.Hello.FromString(payload)
            self.session, channel = hello.session_id, hello.channels[0]
            self.scale, self.rate = channel.scale, channel.sample_rate_hz
            self.send(6, messages.Config(mode=messages.MODE_RAW, session_id=hello.session_id))

    def add(self, raw):
        samples, speed = raw.samples, raw.shaft_rpm / 60 / self.rate
        count = len(samples) // 2
        self.samples += count
        while self.position + count * speed >= REVOLUTIONS - 1e-9:
            own = int(np.ceil((REVOLUTIONS - self.position) / speed - 1e-6))
            self.hold(samples[: 2 * own], own, speed)
            self.end()
            samples, count = samples[2 * own :], count - own
        if count > 0:
            self.hold(samples, count, speed)

    def hold(self, samples, count, speed):
        self.parts.append(samples)
        self.lengths.append(count)
        self.speeds.append(speed)
        self.position += count * speed

    def end(self):
        x = np.frombuffer(b"".join(self.parts), "<i2") * self.scale
        speed = np.repeat(self.speeds, self.lengths)
        self.parts, self.lengths, self.speeds = [], [], []
        self.position -= REVOLUTIONS
        features, quantised = self.decide(x, speed)
        if self.first is None:
            self.first = features.tolist()
        self.scores.append(bytes(quantised).hex())


class Gateway:
    def __init__(self, addresses):
        self.student = Student()
        self.lines = Lines(manifest["features"]["list"])
        self.devices = [Device(address, self.decide) for address in addresses]

    def decide(self, x, speed):
        e = whiten(x)
        envelope = angle_envelope(e, speed[len(x) - len(e) :] * (2 * PER_REVOLUTION))
        features = self.lines.features(order_spectrum(envelope))
        return features, self.student.score(features)

    def run(self, samples_per_device):
        """Seconds of wall and of processor from the first samples to the last decision."""
        selector = selectors.DefaultSelector()
        for device in self.devices:
            selector.register(device.socket, selectors.EVENT_READ, device)
        wall = None
        open_devices = len(self.devices)
        while open_devices > 0:
            for key, _ in selector.select():
                data = key.fileobj.recv(262_144)
                before = key.data.samples
                key.data.feed(data)
                if wall is None and key.data.samples > 0:
                    wall, cpu = time.perf_counter(), time.process_time()
                if not data or before < samples_per_device <= key.data.samples:
                    selector.unregister(key.fileobj)
                    open_devices -= 1
        return time.perf_counter() - wall, time.process_time() - cpu


gateway = Gateway(sys.argv[2:])
print("ready", flush=True)
wall, cpu = gateway.run(job["samplesPerDevice"])
print(
    json.dumps(
        {
            "samples": sum(device.samples for device in gateway.devices),
            "windows": sum(len(device.scores) for device in gateway.devices),
            "wallSeconds": wall,
            "cpuSeconds": cpu,
            "rssMb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            "firstFeatures": gateway.devices[0].first,
            "scores": [device.scores for device in gateway.devices],
        }
    )
)
