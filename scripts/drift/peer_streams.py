"""Runs the detectors of river and frouros over streams of labelled rows, as prequential.ts runs ours: test, then train a Gaussian
naive Bayes; an alarm makes both begin anew. Reads a JSON file of streams, writes a JSON line a detector. Used by compare-drift.ts."""
import json
import math
import pickle
import sys
import time

ACCEPT = 250
EVERY = 20000


class NaiveBayes:
    def __init__(self, attributes):
        self.counts = [0, 0]
        self.means = [[0.0] * attributes, [0.0] * attributes]
        self.squares = [[0.0] * attributes, [0.0] * attributes]

    def score(self, label, x):
        count = self.counts[label]
        total = math.log((count + 1) / (self.counts[0] + self.counts[1] + 2))
        if count < 2:
            return total
        for value, mean, square in zip(x, self.means[label], self.squares[label]):
            variance = max(1e-6, square / (count - 1))
            total -= 0.5 * (math.log(2 * math.pi * variance) + (value - mean) ** 2 / variance)
        return total

    def predict(self, x):
        return 1 if self.score(1, x) > self.score(0, x) else 0

    def learn(self, x, label):
        self.counts[label] += 1
        count, means, squares = self.counts[label], self.means[label], self.squares[label]
        for index, value in enumerate(x):
            off = value - means[index]
            means[index] += off / count
            squares[index] += off * (value - means[index])


def river_peers():
    from river import __version__, drift

    def step(detector, error):
        detector.update(error)
        return detector.drift_detected

    def step_right(detector, error):
        """FHDDM wants 1 for a right answer."""
        return step(detector, 1 - error)

    makers = {
        "ADWIN": drift.ADWIN,
        "DDM": drift.binary.DDM,
        "HDDM_A": drift.binary.HDDMA,
        "HDDM_W": drift.binary.HDDMW,
        "FHDDM": drift.binary.FHDDM,
        "PageHinkley": drift.PageHinkley,
        "KSWIN": lambda: drift.KSWIN(seed=1),
    }
    return [
        (f"river {__version__} {name}", make, step_right if name == "FHDDM" else step)
        for name, make in makers.items()
    ]


def frouros_peers():
    from importlib.metadata import version

    from frouros.detectors import concept_drift as peers

    def step(detector, error):
        detector.update(value=error)
        if not detector.drift:
            return False
        detector.reset()
        return True

    names = ["ADWIN", "CUSUM", "DDM", "ECDDWT", "GeometricMovingAverage", "HDDMA", "HDDMW", "RDDM", "STEPD"]
    return [(f"frouros {version('frouros')} {name}", getattr(peers, name), step) for name in names]


def run(rows, make, step):
    detector = make()
    model = NaiveBayes(len(rows[0]) - 1)
    alarms, errors = [], []
    for index, row in enumerate(rows):
        x, label = row[:-1], row[-1]
        error = 0 if model.predict(x) == label else 1
        errors.append(error)
        if step(detector, error):
            alarms.append(index)
            model = NaiveBayes(len(x))
        model.learn(x, label)
    changes = range(EVERY, len(rows), EVERY)
    firsts = [next((at for at in alarms if change <= at < change + ACCEPT), None) for change in changes]
    delays = [ACCEPT if at is None else at - change for at, change in zip(firsts, changes)]
    found = sum(at is not None for at in firsts)
    # The detector alone, on the errors that it has seen.
    alone = make()
    started = time.process_time()
    for error in errors:
        step(alone, error)
    seconds = time.process_time() - started
    return {
        "delay": sum(delays) / len(delays),
        "falseAlarms": len(alarms) - found,
        "missed": len(delays) - found,
        "seconds": seconds,
        "bytes": measure_bytes(alone),
    }


def measure_bytes(detector):
    """What it would take to keep it over a restart; 0: it cannot be kept."""
    try:
        return len(pickle.dumps(detector))
    except Exception:  # whatever a peer's own types raise
        return 0


def main():
    with open(sys.argv[1], encoding="utf8") as file:
        streams = json.load(file)
    collect = {"river": river_peers, "frouros": frouros_peers}.get(sys.argv[2], list)
    peers = collect()
    for name, make, step in peers:
        for stream, drawn in streams.items():
            # A Kolmogorov–Smirnov test a row takes minutes a stream.
            used = drawn[:1] if "KSWIN" in name else drawn
            try:
                scores = [run(rows, make, step) for rows in used]
            except Exception as error:  # a peer that fails is named, and the others go on
                print(json.dumps({"skipped": f"{name} on {stream}: {error!r}"}), flush=True)
                continue
            mean = {key: sum(score[key] for score in scores) / len(scores) for key in scores[0]}
            print(json.dumps({"name": name, "stream": stream, "streams": len(used), **mean}), flush=True)


main()
