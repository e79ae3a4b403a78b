#!/usr/bin/env python3
"""Invents a wind farm's ten-minute values as a strange SCADA system would export them, and its logbook.

Knows nothing of aurora: written from first-order thermal models, for whoever wants to see training on tables of their own
without having any. The export is made as awkward as real ones are: one file a turbine and year, a line above the names,
names and temperatures in other words and degrees Fahrenheit, power in MW, wind in km/h, semicolons, decimal commas,
windows-1252, local time with its missing and its doubled hour. Standard library only; the same seed gives the same bytes.

    python3 invent_tables.py OUT [--turbines 4] [--seed 1] [--begin 2024-01-01] [--days 450]
                             [--failures all|train|none] [--flip turbine=C|utc-log]

--flip WEA3=C writes the temperatures of one turbine in degrees Celsius under names that say Fahrenheit; --flip utc-log writes
the logbook in UTC: two mistakes that a check of the data should find.
"""
import argparse
import math
import random
from datetime import datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Europe/Berlin")
STEP = timedelta(minutes=10)
RATED_MW = 2.0
PARTS = ("Getriebeöl", "Getriebelager", "Generatorwicklung", "Generatorlager")
# Time constant in hours, kelvin above the nacelle at rated power, noise in kelvin.
THERMAL = {
    "Getriebeöl": (1.5, 38.0, 0.9),
    "Getriebelager": (0.8, 46.0, 1.1),
    "Generatorwicklung": (0.5, 62.0, 1.6),
    "Generatorlager": (0.7, 34.0, 1.0),
}
# Component in the logbook's words -> the temperatures that it warms, and by how much at the end.
FAULTS = {
    "GETRIEBE": {"Getriebeöl": 7.0, "Getriebelager": 10.0},
    "GENERATOR": {"Generatorwicklung": 12.0},
    "GEN_LAGER": {"Generatorlager": 11.0},
}
WARMING_DAYS = 55
# Share of the time at which a component of a turbine fails: before the test (the last 30 %), and in it.
TRAIN_FAILURES = [(1, "GETRIEBE", 0.40), (2, "GEN_LAGER", 0.52), (0, "GENERATOR", 0.60)]
TEST_FAILURES = [(2, "GETRIEBE", 0.84), (0, "GEN_LAGER", 0.90), (3, "GENERATOR", 0.96)]


def power_of(wind):
    """MW of a 2 MW turbine: cubic between cut-in and rated, smooth at the knee."""
    if wind < 3.5 or wind > 25:
        return 0.0
    return RATED_MW / (1 + math.exp(-(wind - 8.6) / 1.25)) - 0.03


class Farm:
    """Weather that all turbines share."""

    def __init__(self, rng, begin, steps):
        self.wind, self.ambient = [], []
        level, gust, weather = 8.0, 0.0, 0.0
        for step in range(steps):
            day = step / 144 + begin.timetuple().tm_yday
            level += 0.004 * (8.2 + 1.2 * math.cos(2 * math.pi * day / 365.25) - level) + 0.14 * rng.gauss(0, 1)
            level = min(max(level, 1.0), 22.0)
            gust = 0.8 * gust + 0.45 * rng.gauss(0, 1)
            weather += 0.002 * -weather + 0.08 * rng.gauss(0, 1)
            self.wind.append(max(0.0, level + gust))
            season = -8.5 * math.cos(2 * math.pi * (day - 20) / 365.25)
            daily = -3.0 * math.cos(2 * math.pi * (step % 144) / 144)
            self.ambient.append(10 + season + daily + weather)


def invent_turbine(rng, farm, index, failures, steps):
    """Yields (wind, power, ambient, rotor, generator speed, pitch, temperatures) a step; None where nothing was logged."""
    own = {part: rng.gauss(0, 2.5) for part in PARTS}
    shelter = 1 + 0.05 * rng.gauss(0, 1)
    heat = {part: 15.0 for part in PARTS}
    # What no channel explains: doors, fans, the sun.
    drift = {part: 0.0 for part in PARTS}
    stopped = 0
    silent = 0
    for step in range(steps):
        wind = max(0.0, farm.wind[step] * shelter + 0.5 * rng.gauss(0, 1))
        ambient = farm.ambient[step] + 0.4 * rng.gauss(0, 1)
        ended = [at for _, at in failures if at <= step < at + 144]
        if ended:
            stopped = max(stopped, 1)
        if stopped == 0 and rng.random() < 1 / 900:
            stopped = rng.randint(2, 40)
        if silent == 0 and rng.random() < 1 / 4000:
            silent = rng.randint(1, 30)
        running = stopped == 0 and 3.5 <= wind <= 25
        stopped = max(0, stopped - 1)
        power = max(0.0, power_of(wind) + 0.02 * rng.gauss(0, 1)) if running else -0.012
        load = max(0.0, power) / RATED_MW
        rotor = (9 + 9 * min(1.0, load * 1.6)) + 0.1 * rng.gauss(0, 1) if running else abs(0.3 * rng.gauss(0, 1))
        pitch = (1.0 + 14 * max(0.0, (wind - 11.5) / 12)) if running else 88.0
        temperatures = {}
        for part, (hours, rise, noise) in THERMAL.items():
            extra = 0.0
            for component, at in failures:
                ahead = (at - step) / 144
                if 0 < ahead <= WARMING_DAYS:
                    extra += FAULTS[component].get(part, 0.0) * (1 - ahead / WARMING_DAYS)
            # Copper loses with the square of the current, bearings with their speed; what a fault warms it warms with the
            # load, and a turbine that stands shows nothing. A thermostat lets the oil through its cooler above 48 degrees.
            loss = 0.1 + 0.25 * rotor / 18 + 0.65 * load * load if running else 0.03
            target = ambient + 8 + own[part] + (rise + extra) * loss
            if part.startswith("Getriebe") and heat[part] > 48:
                target -= 0.5 * (heat[part] - 48)
            heat[part] += (target - heat[part]) * (1 - math.exp(-1 / (6 * hours)))
            drift[part] += 0.01 * -drift[part] + 0.14 * noise * rng.gauss(0, 1)
            temperatures[part] = heat[part] + drift[part] + 0.5 * noise * rng.gauss(0, 1)
        if silent > 0:
            silent -= 1
            yield None
        else:
            yield wind, power, ambient, rotor, rotor * 83.5 + 2 * rng.gauss(0, 1), pitch, temperatures


def comma(value, digits):
    return f"{value:.{digits}f}".replace(".", ",")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--turbines", type=int, default=4)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--begin", default="2024-01-01")
    parser.add_argument("--days", type=int, default=450)
    parser.add_argument("--failures", choices=["all", "train", "none"], default="all")
    parser.add_argument("--flip", default="")
    options = parser.parse_args()

    rng = random.Random(options.seed)
    begin = datetime.fromisoformat(options.begin).replace(tzinfo=timezone.utc)
    steps = options.days * 144
    farm = Farm(rng, begin, steps)
    planned = {"all": TRAIN_FAILURES + TEST_FAILURES, "train": TRAIN_FAILURES, "none": []}[options.failures]
    planned = [(turbine, part, int(share * steps)) for turbine, part, share in planned if turbine < options.turbines]

    (options.out / "scada").mkdir(parents=True, exist_ok=True)
    # An order of its own: names, units and the sequence of columns are nobody's standard.
    names = ["Zeit", "Wind [km/h]", "Wirkleistung [MW]", "Außentemp [°F]", "Rotor [1/min]", "Generator [1/min]", "Blatt [°]"]
    head = ";".join(names + [f"{part} [°F]" for part in PARTS])
    for index in range(options.turbines):
        name = f"WEA {index + 1}"
        is_flipped = options.flip == f"WEA{index + 1}=C"
        own = [(part, at) for turbine, part, at in planned if turbine == index]
        files = {}
        for step, row in enumerate(invent_turbine(rng, farm, index, own, steps)):
            if row is None:
                continue
            wind, power, ambient, rotor, generator, pitch, temperatures = row
            local = (begin + step * STEP).astimezone(ZONE)
            degrees = (lambda celsius: celsius) if is_flipped else (lambda celsius: celsius * 9 / 5 + 32)
            cells = [
                local.strftime("%d.%m.%Y %H:%M"),
                comma(wind * 3.6, 1),
                comma(power, 4),
                comma(degrees(ambient), 1),
                comma(rotor, 2),
                comma(generator, 0),
                comma(pitch, 1),
            ] + [comma(degrees(temperatures[part]), 1) for part in PARTS]
            files.setdefault(local.year, []).append(";".join(cells))
        for year, lines in files.items():
            text = "\n".join([f"Export {name} {year}", head, *lines]) + "\n"
            (options.out / "scada" / f"{name}_{year}.csv").write_bytes(text.encode("windows-1252"))

    lines = ["Anlage;Baugruppe;Beginn;Art;Bemerkung"]
    for turbine, part, at in sorted(planned, key=lambda each: each[2]):
        when = begin + at * STEP
        local = when if options.flip == "utc-log" else when.astimezone(ZONE)
        lines.append(f"WEA {turbine + 1};{part};{local.strftime('%d.%m.%Y %H:%M')};Ausfall;getauscht")
    lines.append(f"WEA 1;GETRIEBE;{(begin + timedelta(days=30)).strftime('%d.%m.%Y %H:%M')};Wartung;Ölwechsel")
    lines.append(f"WEA 1;AZIMUT;{(begin + timedelta(days=45)).strftime('%d.%m.%Y %H:%M')};Ausfall;Bremse")
    (options.out / "logbuch.csv").write_bytes(("\r\n".join(lines) + "\r\n").encode("windows-1252"))
    print(f"{options.turbines} turbines, {options.days} days, {len(planned)} failures in {options.out}")


if __name__ == "__main__":
    main()
