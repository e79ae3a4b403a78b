"""Mechanics of an invented machine with one rolling bearing: what a sensor on its housing would read, in g.

Everything follows from angles: the shaft turns with a speed that wanders, the cage follows with slip, a ball spins on its
own axis. A defect is struck when surfaces meet, as hard as the load at that place is, and each strike rings the modes of
the housing. Knows nothing of aurora-edge and shares no formula, constant or code with it: what learns from its own
simulator must not be judged by it.
"""

from dataclasses import dataclass, replace

import numpy as np

TAU = 2 * np.pi
# The structure is computed at this multiple of the recorded rate and then thinned, so that nothing folds back.
OVERSAMPLING = 2


@dataclass(frozen=True)
class Bearing:
    """Geometry in millimetres and degrees."""

    balls: int
    ball_diameter: float
    pitch_diameter: float
    contact_angle: float


@dataclass(frozen=True)
class Mode:
    """One mode of the housing, as the sensor sees it."""

    frequency_hz: float
    damping: float
    gain: float


@dataclass(frozen=True)
class Machine:
    name: str
    bearing: Bearing
    modes: tuple
    # Share of the clearance: how much of the ring carries load, 0 (a line) to 1 (all of it).
    loaded_share: float
    slip: float
    gear_teeth: float
    gear_level: float
    fan_blades: int
    fan_depth: float
    # An order that is no whole number, at which the noise of this machine swells: a belt, a second shaft.
    belt_order: float
    belt_depth: float
    # Damage that is not the bearing's: knocks at random.
    knocks_per_second: float
    noise_level: float
    noise_slope: float
    hum_hz: float
    hum_level: float
    transmission: float


@dataclass(frozen=True)
class Run:
    """How a machine was run while it was recorded."""

    rate_hz: float
    seconds: float
    rpm: float
    load: float
    kind: str
    severity: float


def draw_machine(random, name):
    """A machine of its own kind: no two have a geometry, a structure or a noise in common."""
    balls = int(random.integers(7, 17))
    crowding = random.uniform(0.6, 0.92)
    ratio = crowding * np.sin(np.pi / balls)
    pitch = random.uniform(30, 160)
    modes = tuple(
        Mode(
            frequency_hz=float(np.exp(random.uniform(np.log(900), np.log(6000)))),
            damping=float(np.exp(random.uniform(np.log(0.012), np.log(0.06)))),
            gain=float(random.uniform(0.3, 1.0) * random.choice((-1, 1))),
        )
        for _ in range(int(random.integers(2, 5)))
    )
    return Machine(
        name=name,
        bearing=Bearing(
            balls=balls,
            ball_diameter=round(ratio * pitch, 2),
            pitch_diameter=round(pitch, 2),
            contact_angle=float(random.choice((0.0, 0.0, 15.0, 25.0))),
        ),
        modes=modes,
        loaded_share=float(random.uniform(0.25, 0.5)),
        slip=float(random.uniform(0.002, 0.012)),
        gear_teeth=float(random.integers(15, 60)),
        gear_level=float(random.uniform(0.0, 0.6)),
        fan_blades=int(random.integers(3, 10)),
        fan_depth=float(random.uniform(0.1, 0.6)),
        belt_order=float(random.uniform(1.3, 6.7)),
        belt_depth=float(random.uniform(0.2, 0.7)),
        knocks_per_second=float(random.uniform(0.0, 3.0)),
        noise_level=float(random.uniform(0.7, 1.3)),
        noise_slope=float(random.uniform(0.0, 0.8)),
        hum_hz=float(random.choice((50.0, 60.0))),
        hum_level=float(random.uniform(0.0, 0.5)),
        transmission=float(random.uniform(0.5, 1.5)),
    )


def put_belt_on(machine, ring):
    """The same machine with a belt whose order is nearly that at which balls pass a ring: `outer` or `inner`."""
    b = machine.bearing
    lean = b.ball_diameter * np.cos(np.radians(b.contact_angle)) / b.pitch_diameter
    order = b.balls * (1 - lean if ring == "outer" else 1 + lean) / 2
    return replace(machine, belt_order=float(order * 0.99), belt_depth=0.5)


def vary_machine(random, prototype, name):
    """Another machine of the same make: the same drawing, other castings, clearances and neighbours."""

    def about(value, share):
        return float(value * np.exp(random.normal(0, share)))

    return replace(
        prototype,
        name=name,
        modes=tuple(
            Mode(about(mode.frequency_hz, 0.04), about(mode.damping, 0.2), about(mode.gain, 0.2))
            for mode in prototype.modes
        ),
        loaded_share=about(prototype.loaded_share, 0.15),
        slip=about(prototype.slip, 0.3),
        gear_level=about(prototype.gear_level, 0.3),
        fan_depth=min(0.9, about(prototype.fan_depth, 0.3)),
        belt_depth=min(0.9, about(prototype.belt_depth, 0.3)),
        knocks_per_second=about(prototype.knocks_per_second, 0.4),
        noise_level=about(prototype.noise_level, 0.2),
        transmission=about(prototype.transmission, 0.2),
    )


def record(random, machine, run):
    """Samples in g, as many as `run` asks for."""
    rate = run.rate_hz * OVERSAMPLING
    count = int(round(run.seconds * rate))
    shaft = turn_shaft(random, count, rate, run.rpm)
    cage = roll_cage(random, shaft, machine, rate)
    force = np.zeros(count)
    if run.kind != "healthy":
        strike(random, force, machine, run, shaft, cage, rate)
    knock(random, force, machine, run.seconds, rate)
    force *= 0.35 + 0.65 * run.load
    ringing = ring(force, machine.modes, rate)
    own = ringing * machine.transmission + breathe(random, shaft, cage, machine, rate)
    own += sing(random, shaft, machine, run, rate)
    return thin(own, run.rate_hz, int(round(run.seconds * run.rate_hz)))


def turn_shaft(random, count, rate, rpm):
    """Angle of the shaft in radians: a speed controller hunts slowly, and torque ripples a little."""
    hunting = smooth(random.standard_normal(count), rate, 0.8)
    hunting *= 0.002 / max(1e-12, hunting.std())
    return TAU * np.cumsum(rpm / 60.0 * (1 + hunting)) / rate + random.uniform(0, TAU)


def roll_cage(random, shaft, machine, rate):
    """Angle of the cage: rolling without slip on both rings, less what slips, which changes from moment to moment."""
    b = machine.bearing
    inner = (b.pitch_diameter - b.ball_diameter * np.cos(np.radians(b.contact_angle))) / 2
    outer = (b.pitch_diameter + b.ball_diameter * np.cos(np.radians(b.contact_angle))) / 2
    # Surface speeds meet at the ball: the inner one moves, the outer stands, the ball's centre goes half as fast.
    rolling = inner / (inner + outer)
    slipping = smooth(random.standard_normal(len(shaft)), rate, 0.15)
    slipping = machine.slip * (1 + 0.4 * slipping / max(1e-12, slipping.std()))
    steps = np.diff(shaft, prepend=shaft[0])
    return np.cumsum(rolling * steps * (1 - slipping)) + random.uniform(0, TAU)


def load_at(angle, share):
    """Load on a ball at `angle` from the middle of the loaded zone (Hertzian contact within the zone, none outside)."""
    depth = 1 - (1 - np.cos(angle)) / (2 * max(0.05, share))
    return np.where(depth > 0, np.abs(depth), 0.0) ** 1.5


def strike(random, force, machine, run, shaft, cage, rate):
    """Adds what a damaged surface does to the force on the housing."""
    b = machine.bearing
    share = machine.loaded_share
    path = np.ones_like(shaft)
    if run.kind == "outer-race":
        # The rings' defect stands still, balls come by.
        phase = b.balls * cage
        weight = np.full(len(shaft), float(load_at(random.uniform(-0.6, 0.6), share)))
    elif run.kind == "inner-race":
        phase = b.balls * (shaft - cage)
        weight = load_at(shaft, share) + 0.04
        path = 0.75 + 0.25 * np.cos(shaft)
    elif run.kind == "ball":
        # Spin relative to the cage: the outer ring passes the ball at the cage's speed.
        outer = (b.pitch_diameter + b.ball_diameter * np.cos(np.radians(b.contact_angle))) / 2
        spin = cage * outer / (b.ball_diameter / 2)
        phase = 2 * spin
        weight = load_at(cage, share) + 0.05
        # Every second meeting is with the inner ring, further from the sensor.
        path = np.where(np.floor(spin / np.pi) % 2 == 0, 1.0, 0.6)
    else:
        raise ValueError(f"no such kind of fault: {run.kind}")
    turns = np.floor(phase / TAU)
    hits = np.nonzero(np.diff(turns) > 0)[0]
    # The contact opens before the ball reaches the far edge: a soft step, then the blow.
    width = max(2, int(0.012 * rate * 60 / run.rpm / max(1.0, b.balls / 8)))
    for hit in hits:
        jitter = int(round(random.normal(0, 0.004 * rate * 60 / run.rpm / b.balls * 4)))
        at = hit + jitter
        if at < width or at >= len(force):
            continue
        size = run.severity * weight[hit] * path[hit] * np.exp(random.normal(0, 0.25))
        force[at - width : at] += 0.06 * size * np.hanning(width)
        force[at] += size


def knock(random, force, machine, seconds, rate):
    """What happens in a hall: blows that belong to no order."""
    for at in random.integers(0, len(force), int(random.poisson(machine.knocks_per_second * seconds))):
        force[at] += random.exponential(0.6)


def ring(force, modes, rate):
    """The modes' answer to the force; each is scaled so that a unit blow rings with its gain in g."""
    length = int(0.06 * rate)
    time = np.arange(length) / rate
    answer = np.zeros(length)
    for mode in modes:
        decay = TAU * mode.frequency_hz * mode.damping
        answer += mode.gain * np.exp(-decay * time) * np.sin(TAU * mode.frequency_hz * time)
    size = 1 << int(np.ceil(np.log2(len(force) + length)))
    return np.fft.irfft(np.fft.rfft(force, size) * np.fft.rfft(answer, size), size)[: len(force)]


def breathe(random, shaft, cage, machine, rate):
    """Noise of flow and friction: coloured, and swelling with blades, belt and cage. It rings the modes, too."""
    noise = random.standard_normal(len(shaft))
    spectrum = np.fft.rfft(noise)
    frequency = np.fft.rfftfreq(len(noise), 1 / rate)
    noise = np.fft.irfft(spectrum / (1 + frequency / 1500.0) ** machine.noise_slope, len(noise))
    rung = ring(random.standard_normal(len(shaft)), machine.modes, rate)
    noise = 0.5 * noise / noise.std() + 0.5 * rung / rung.std()
    swell = 1 + machine.fan_depth * np.cos(machine.fan_blades * shaft)
    swell += machine.belt_depth * np.cos(machine.belt_order * shaft + 1.0)
    swell += 0.1 * np.cos(cage)
    return 0.12 * machine.noise_level * noise * np.maximum(0.05, swell)


def sing(random, shaft, machine, run, rate):
    """Tones: unbalance, misalignment, a gear whose teeth are not all alike, the mains."""
    time = np.arange(len(shaft)) / rate
    speed = run.rpm / 1500.0
    tone = 0.15 * speed**2 * np.cos(shaft) + 0.06 * np.cos(2 * shaft + 0.7) + 0.02 * np.cos(3 * shaft)
    mesh = np.cos(machine.gear_teeth * shaft) * (1 + 0.3 * np.cos(shaft) + 0.1 * np.cos(0.37 * shaft))
    tone += 0.3 * machine.gear_level * (0.4 + 0.6 * run.load) * mesh
    tone += 0.1 * machine.hum_level * np.cos(TAU * 2 * machine.hum_hz * time + random.uniform(0, TAU))
    return tone


def smooth(values, rate, seconds):
    """A slow random walk's look: low-passed by a Gaussian in frequency."""
    spectrum = np.fft.rfft(values)
    frequency = np.fft.rfftfreq(len(values), 1 / rate)
    return np.fft.irfft(spectrum * np.exp(-0.5 * (frequency * seconds * 2) ** 2), len(values))


def thin(values, rate_hz, count):
    """To the recorded rate, everything above its half removed first."""
    spectrum = np.fft.rfft(values)
    keep = int(len(values) // OVERSAMPLING)
    spectrum = spectrum[: keep // 2 + 1].copy()
    edge = int(0.9 * len(spectrum))
    spectrum[edge:] *= np.linspace(1, 0, len(spectrum) - edge)
    return np.fft.irfft(spectrum, keep)[:count] / OVERSAMPLING
