"""Asks NannyML's CBPE for the accuracy of every chunk of cases, from probabilities alone. Reads a JSON file, writes one JSON line.
Used by compare-drift.ts."""
import json
import sys
import time
import warnings

warnings.filterwarnings("ignore")


def main():
    with open(sys.argv[1], encoding="utf8") as file:
        given = json.load(file)
    if sys.argv[2] != "nannyml":
        return
    import nannyml
    import pandas as pd

    def frame(cases):
        return pd.DataFrame(
            {
                "y_pred_proba": [case["probability"] for case in cases],
                "y_pred": [int(case["probability"] >= 0.5) for case in cases],
                "y_true": [int(case["isFault"]) for case in cases],
            }
        )

    started = time.process_time()
    tool = nannyml.CBPE(
        y_pred_proba="y_pred_proba",
        y_pred="y_pred",
        y_true="y_true",
        problem_type="classification_binary",
        metrics=["accuracy"],
        chunk_size=given["chunk"],
    )
    tool.fit(frame(given["calibration"]))
    table = tool.estimate(frame(given["cases"]).drop(columns=["y_true"])).to_df()
    part = table["accuracy"]
    print(
        json.dumps(
            {
                "name": f"nannyml {nannyml.__version__} CBPE",
                "value": part["value"].tolist(),
                "low": part["lower_confidence_boundary"].tolist(),
                "high": part["upper_confidence_boundary"].tolist(),
                "seconds": time.process_time() - started,
            }
        )
    )


main()
