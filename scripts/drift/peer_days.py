"""Asks Evidently, NannyML, alibi-detect and frouros of each day of a machine whether it has drifted from the days it is to be held
against. Reads a JSON file of points, writes a JSON line a peer: for each point its days' verdicts. Used by compare-drift.ts."""
import json
import pickle
import sys
import time
import warnings

warnings.filterwarnings("ignore")
RATE = 0.001


def evidently_peers():
    from importlib.metadata import version

    import pandas as pd
    from evidently import Report
    from evidently.presets import DataDriftPreset

    known = {}

    def share_drifted(reference, day):
        key = hash((reference.tobytes(), day.tobytes()))
        if key not in known:
            known[key] = measure_share(reference, day)
        return known[key]

    def measure_share(reference, day):
        names = [f"c{index}" for index in range(reference.shape[1])]
        result = Report([DataDriftPreset()]).run(
            pd.DataFrame(day, columns=names), pd.DataFrame(reference, columns=names)
        )
        for metric in result.dict()["metrics"]:
            value = metric["value"]
            if isinstance(value, dict) and "share" in value:
                return value["share"]
        raise ValueError("no share of drifted columns")

    def ask(reference, days, least):
        return [bool(share_drifted(reference, day) >= least) for day in days], reference.nbytes

    name = f"evidently {version('evidently')}"
    return [
        (f"{name} preset (half of the columns)", lambda r, d: ask(r, d, 0.5)),
        (f"{name} preset (any column), the same run", lambda r, d: ask(r, d, 1e-9)),
    ]


def nannyml_peers():
    import nannyml
    import numpy as np
    import pandas as pd

    def frame(rows):
        return pd.DataFrame(rows, columns=[f"c{index}" for index in range(rows.shape[1])])

    def read_alerts(alerts, count):
        # The chunks of the reference come first.
        return [bool(any(row)) for row in alerts.to_numpy()[-count:]]

    def univariate(reference, days):
        names = list(frame(reference).columns)
        tool = nannyml.UnivariateDriftCalculator(
            column_names=names, continuous_methods=["jensen_shannon"], chunk_size=len(days[0])
        )
        tool.fit(frame(reference))
        table = tool.calculate(frame(np.concatenate(days))).to_df()
        alerts = table.loc[:, [column for column in table.columns if column[-1] == "alert"]]
        return read_alerts(alerts, len(days)), len(pickle.dumps(tool))

    def reconstruction(reference, days):
        tool = nannyml.DataReconstructionDriftCalculator(
            column_names=list(frame(reference).columns), chunk_size=len(days[0])
        )
        tool.fit(frame(reference))
        table = tool.calculate(frame(np.concatenate(days))).to_df()
        alerts = table.loc[:, [column for column in table.columns if column[-1] == "alert"]]
        return read_alerts(alerts, len(days)), len(pickle.dumps(tool))

    name = f"nannyml {nannyml.__version__}"
    return [(f"{name} Jensen–Shannon, any column", univariate), (f"{name} PCA reconstruction", reconstruction)]


def alibi_peers():
    import alibi_detect
    from alibi_detect.cd import CVMDrift, KSDrift

    def ask(kind):
        def run(reference, days):
            tool = kind(reference, p_val=RATE)
            return [bool(tool.predict(day)["data"]["is_drift"]) for day in days], reference.nbytes

        return run

    name = f"alibi-detect {alibi_detect.__version__}"
    return [(f"{name} KSDrift at .001", ask(KSDrift)), (f"{name} CVMDrift at .001", ask(CVMDrift))]


def frouros_peers():
    from importlib.metadata import version

    from frouros.detectors.data_drift import KSTest

    def run(reference, days):
        columns = reference.shape[1]
        verdicts = []
        for day in days:
            least = 1.0
            for column in range(columns):
                tool = KSTest()
                tool.fit(X=reference[:, column])
                least = min(least, tool.compare(X=day[:, column])[0].p_value)
            verdicts.append(bool(least < RATE / columns))
        return verdicts, reference.nbytes

    return [(f"frouros {version('frouros')} KSTest at .001", run)]


def main():
    import numpy as np

    with open(sys.argv[1], encoding="utf8") as file:
        points = json.load(file)
    collect = {
        "evidently": evidently_peers,
        "nannyml": nannyml_peers,
        "alibi-detect": alibi_peers,
        "frouros": frouros_peers,
    }.get(sys.argv[2], list)
    peers = collect()
    for name, ask in peers:
        for rho, drawn in points.items():
            verdicts, held = [], 0
            started = time.process_time()
            try:
                for point in drawn:
                    days = [np.array(day) for day in point["days"]]
                    said, held = ask(np.array(point["reference"]), days)
                    verdicts.append(said)
            except Exception as error:  # a peer that fails is named, and the others go on
                print(json.dumps({"skipped": f"{name}: {error!r}"}), flush=True)
                continue
            seconds = time.process_time() - started
            print(
                json.dumps({"name": name, "rho": rho, "verdicts": verdicts, "seconds": seconds, "bytes": held}),
                flush=True,
            )


main()
