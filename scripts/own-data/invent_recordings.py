"""Invents a folder of recordings as an engineer might have one: `invent_recordings.py DIR --seed N [options]`.

Writes CSV, WAV and NPY in folders named by label and machine, a `NAME.json` beside each file with what the file does not
say of itself, and `truth.json` with all that was drawn. The mechanics are those of `rig_mechanics.py`. The same seed and
options give the same files. Needs numpy.
"""

import argparse
import json
import shutil
import wave
from pathlib import Path

import numpy as np

from rig_mechanics import Run, draw_machine, put_belt_on, record, vary_machine

KINDS = ("inner-race", "outer-race", "ball")
# WAV and NPY hold integers; a count is worth this many g.
SCALE = 20.0 / 32768
FORMATS = ("csv", "wav", "npy")
TRAPS = ("two-labels", "duplicate", "clipped", "silent", "wrong-rate")


def main():
    options = parse_options()
    target = Path(options.dir)
    if target.exists() and any(target.iterdir()):
        raise SystemExit(f"{target} is not empty: give a new folder")
    random = np.random.default_rng(options.seed)
    plan = plan_machines(random, options)
    truth = [entry for each in plan for entry in record_machine(random, target, each, options)]
    for trap in options.trap:
        truth.append(set_trap(target, truth, trap))
    (target / "truth.json").write_text(json.dumps({"seed": options.seed, "recordings": truth}, indent=1) + "\n")
    kinds = sorted({entry["kind"] for entry in truth})
    print(f"{len(truth)} recordings of {len(plan)} machines in {target}: {', '.join(kinds)}")


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("dir", help="a new folder")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--machines", type=int, default=5)
    parser.add_argument("--healthy-machines", type=int, default=1, help="machines that never have a fault")
    parser.add_argument("--labels", choices=("kinds", "binary", "healthy"), default="kinds")
    parser.add_argument("--takes", type=int, default=3, help="recordings a machine and condition")
    parser.add_argument("--seconds", type=float, default=12.0)
    parser.add_argument("--severity", type=float, default=1.0, help="how far faults are developed, on the whole")
    parser.add_argument("--unlike", action="store_true", help="machines of all makes; else all of one make")
    parser.add_argument("--belt", choices=("outer", "inner"), help="all have a belt at nearly the order of that ring")
    parser.add_argument("--trap", action="append", choices=TRAPS, default=[])
    return parser.parse_args()


def plan_machines(random, options):
    """Machines and the faults that they get: kinds in turn, so that few machines still show all."""
    plan = []
    prototype = draw_machine(random, "prototype")
    if options.belt is not None:
        prototype = put_belt_on(prototype, options.belt)
    for number in range(options.machines):
        name = f"pump-{number + 1}"
        machine = draw_machine(random, name) if options.unlike else vary_machine(random, prototype, name)
        faulty = number < options.machines - options.healthy_machines
        kind = KINDS[number % len(KINDS)] if faulty and options.labels != "healthy" else None
        plan.append({"machine": machine, "kind": kind})
    return plan


def record_machine(random, target, plan, options):
    """A machine while it was healthy, and, where it gets a fault, afterwards; at several speeds and loads."""
    machine = plan["machine"]
    rate = float(random.choice((12000.0, 12800.0, 16000.0)))
    speeds = sorted(float(round(rpm)) for rpm in random.uniform(900, 2400, 3))
    entries = []
    for state in ("healthy", plan["kind"]):
        if state is None:
            continue
        # A fault grows while it is recorded, from faint to plain.
        for take in range(options.takes):
            growth = 0.5 + 1.5 * take / max(1, options.takes - 1)
            run = Run(
                rate_hz=rate,
                seconds=options.seconds,
                rpm=speeds[take % len(speeds)],
                load=float(random.choice((0.3, 0.6, 1.0))),
                kind=state,
                severity=float(options.severity * growth * random.uniform(0.7, 1.4)),
            )
            samples = record(random, machine, run)
            label = state if options.labels == "kinds" or state == "healthy" else "faulty"
            form = FORMATS[(len(entries) + int(machine.name.split("-")[1])) % len(FORMATS)]
            stem = f"{machine.name}_{int(run.rpm)}rpm_{take + 1}"
            path = Path(label) / machine.name / f"{stem}.{form}"
            write(target / path, samples, rate)
            entries.append(describe(path, label, machine, run))
            write_note(target, entries[-1])
    return entries


def describe(path, label, machine, run):
    bearing = machine.bearing
    return {
        "file": path.as_posix(),
        "label": label,
        "kind": run.kind,
        "machine": machine.name,
        "rate_hz": run.rate_hz,
        "shaft_rpm": run.rpm,
        "load": f"{int(100 * run.load)} %",
        "severity": run.severity if run.kind != "healthy" else 0,
        "bearing": {
            "balls": bearing.balls,
            "ball_diameter": bearing.ball_diameter,
            "pitch_diameter": bearing.pitch_diameter,
            "contact_angle": bearing.contact_angle,
        },
    }


def write_note(target, entry):
    """What the maker of a recording knows and the file does not say; floats in a CSV are g already."""
    note = {"rateHz": entry["rate_hz"], "rpm": entry["shaft_rpm"], "load": entry["load"], "bearing": entry["bearing"]}
    note["unit"] = "g"
    if not entry["file"].endswith(".csv"):
        note["scale"] = SCALE
    path = target / entry["file"]
    path.with_suffix(".json").write_text(json.dumps(note) + "\n")


def write(path, samples, rate):
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".csv":
        lines = "\n".join(f"{value:.5f}" for value in samples)
        path.write_text(f"acceleration_g\n{lines}\n")
        return
    counts = np.clip(np.round(samples / SCALE), -32768, 32767).astype("<i2")
    if path.suffix == ".npy":
        np.save(path, counts)
        return
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(int(rate))
        out.writeframes(counts.tobytes())


def set_trap(target, truth, trap):
    """Spoils the set in one way that training must find; gives the entry that names it."""
    victim = next(entry for entry in truth if entry["label"] == "healthy" and entry["file"].endswith(".npy"))
    path = target / victim["file"]
    other = next(entry["machine"] for entry in truth if entry["machine"] != victim["machine"])
    entry = dict(victim, trap=trap)
    if trap == "two-labels":
        entry["file"] = f"outer-race/{victim['machine']}/{path.name}"
        entry["label"] = "outer-race"
    else:
        machine = other if trap == "duplicate" else victim["machine"]
        entry["file"] = f"healthy/{machine}/{trap}_{path.name}"
        entry["machine"] = machine
    spoiled = target / entry["file"]
    spoiled.parent.mkdir(parents=True, exist_ok=True)
    counts = np.load(path)
    if trap == "clipped":
        largest = int(np.abs(counts).max())
        counts = np.clip(counts, -largest // 4, largest // 4)
    elif trap == "silent":
        counts = np.zeros_like(counts)
    if trap in ("two-labels", "duplicate"):
        shutil.copyfile(path, spoiled)
    elif trap == "wrong-rate":
        # The header is right, the note beside it lies.
        spoiled = spoiled.with_suffix(".wav")
        entry["file"] = spoiled.relative_to(target).as_posix()
        write(spoiled, counts * SCALE, victim["rate_hz"])
        entry["rate_hz"] = victim["rate_hz"] / 2
    else:
        np.save(spoiled, counts)
    write_note(target, entry)
    return entry


if __name__ == "__main__":
    main()
