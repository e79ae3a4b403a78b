/** What the keys of a training configuration mean that learns from recordings of vibration. */
import type { KeyWords } from "./words-of-common.ts";

export const wordsOfRecordings: KeyWords = {
  "dataset.manifest":
    "The list of the recordings, a .yaml or .csv beside the configuration (`aurora data init` writes one)",
  "dataset.folder": "Folder of the recordings below the data folder; left out: they lie beside the manifest",
  "dataset.heldOutGroups":
    "Machines of the manifest that are not learnt from and judge the bundle; whole machines, never windows",
  from: "Folder of the signed bundle that learning goes on from; what the file leaves out is that bundle's",
  acceptLittleEvidence:
    "Write a bundle although its machines are too few for an honest figure; its card says so",
  tuning: "How much is learnt of the recordings and how much of the parent is kept",
  "tuning.parentWord": "Share of the parent's word in what is learnt, beside the labels: 0 to 1",
  "tuning.rememberedWeight": "What the rows of remembered rigs weigh together, over those of the recordings",
  protocols:
    "Protocols that `aurora evaluate --protocol` runs: the recipe trained anew on splits of the manifest, by name",
  "protocols.*": "One protocol",
  "protocols.*.purpose": "report: never chosen by; choose: what could be chosen is tried on it",
  "protocols.*.required": "What the mean over the splits must reach; left out: nothing",
  "protocols.*.required.macroAuroc": "Macro AUROC of the int8 students, 0 to 1",
  "protocols.*.required.gainOverPhysics": "By how much it must be above the physics score",
  trainingHop:
    "From one window to the next while learning, in the window's unit; shorter than `window.hop` to see more of each recording",
  noiseLevels:
    "Copies of the training windows under white noise, of these shares of the signal's rms; [] for none",
  inventedRigs: "Rigs of an inbuilt generator that are learnt from beside the recordings; null: none",
  "inventedRigs.training": "Rigs to learn from",
  "inventedRigs.heldOut": "Rigs that only judge and calibrate",
  "inventedRigs.seed": "Whole number that they follow from",
  "inventedRigs.weight": "What all their rows weigh, over those of the recordings",
  hypotheses: "Failure modes, and which features are whose",
  "hypotheses[].failureMode": "Failure mode, as alerts name it: inner-race, outer-race, ball",
  "hypotheses[].title": "Its name for people",
  "hypotheses[].featurePrefix": "Begin of the names of its own features, for example bpfi",
  thresholds:
    "Written into the bundle's manifest, which asks for them; no alert is raised or cleared by them. What a single window is marked at follows from `costs`",
  "thresholds.onCount": "Read by nothing: windows that raised an alert by a former rule …",
  "thresholds.onWindows": "… of so many in a row; not below `onCount`",
  "thresholds.clear": "Read by nothing: the probability below which a former rule cleared an alert",
  "thresholds.offWindows": "Read by nothing: windows in a row below that",
  baseline: "What a machine learns of itself on site; null: nothing",
  "baseline.levels": "Levels that are compared with the machine's own past, by operators as in `features`",
  "baseline.minWindows": "Windows that the past must rest on",
  costs:
    "What outcomes cost, in any one currency, and how common faults are: the probability that a single window is marked at follows from them",
  "costs.missed": "A fault that nobody was told of",
  "costs.found": "A fault that was found; below `missed`",
  "costs.falseAlarm": "An alert of a healthy machine",
  "costs.faultPrior": "Share of machines that are faulty where the model is used, 0 to 1",
  maxCalibrationError: "Largest calibration error out of fold that the gate takes, 0 to 1",
  published:
    "Figures that the protocol for reporting printed, for the card; it fails where it prints others. Left out: it was not run",
  "published.splits": "Splits that they are the mean of",
  "published.bearings": "Machines with a fault, which the splits share",
  "published.figures": "Mean macro AUROC with its interval",
  int8: "Of the student that is shipped",
  float: "Of the same student before it became integers",
  "figures.teacher": "Of the ensemble that taught it",
  logistic: "Of a converged logistic regression on the same features",
  physics: "Of a score that needs no training",
  "published.gains": "The int8 student less another, paired by machines",
  overLogistic: "Less the logistic regression",
  overPhysics: "Less the physics score",
};
