/**
 * What travels in words in every bundle, whatever its model: the bill of materials (CycloneDX 1.6 with a model card, without
 * serial number or time). Rendered from the manifest and a recipe's words only.
 */
import type { Lineage } from "../../core/contract/bundle/lineage.ts";
import type { Manifest } from "../../core/contract/bundle/manifest.ts";
import type { QuantisedMlp } from "../../core/contract/bundle/quantised-mlp.ts";
import { compareTexts } from "../../core/maths/compare-texts.ts";

/** A manifest before its files are known. */
export type CardManifest = Omit<Manifest, "files">;

/** For example `multi-layer perceptron 33-16-3`: inputs, hidden neurons, outputs. */
export function describeNetwork({ layers }: QuantisedMlp): string {
  const widths = [layers[0]!.inputs, ...layers.map((layer) => layer.outputs)];
  return `multi-layer perceptron ${widths.join("-")}`;
}

/** What a recipe says for the bill. */
export interface BomFigures {
  /** In words: layers and widths. */
  readonly architecture: string;
  /** What the model does, in CycloneDX's free words: `classification`, `regression`. */
  readonly task: string;
  readonly outputs: string;
  /** Data sets: words about source and licence by name. */
  readonly dataDescriptions: Readonly<Record<string, string>>;
  readonly metrics: Readonly<Record<string, number>>;
}

interface BomSubject extends BomFigures {
  readonly name: string;
  readonly version: string;
  readonly title: string;
  readonly modelSha256: string;
  readonly lineage: Lineage;
  readonly useCases: readonly string[];
  readonly limitations: readonly string[];
}

/** The document as a plain object (write it canonically). Specification: cyclonedx.org/docs/1.6/json. */
export function createMlBom(subject: BomSubject): unknown {
  const modelRef = `${subject.name}@${subject.version}`;
  const dataRef = (name: string): string => `data:${name}`;
  return {
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    version: 1,
    metadata: {
      component: {
        type: "machine-learning-model",
        "bom-ref": modelRef,
        name: subject.name,
        version: subject.version,
        description: subject.title,
        hashes: [{ alg: "SHA-256", content: subject.modelSha256 }],
        modelCard: {
          modelParameters: {
            approach: { type: "supervised" },
            task: subject.task,
            architectureFamily: "multi-layer perceptron, int8",
            modelArchitecture: subject.architecture,
            datasets: subject.lineage.data.map((set) => ({ ref: dataRef(set.name) })),
            inputs: [{ format: "float32 standardised features" }],
            outputs: [{ format: subject.outputs }],
          },
          quantitativeAnalysis: {
            performanceMetrics: Object.entries(subject.metrics)
              .sort(([a], [b]) => compareTexts(a, b))
              .map(([type, value]) => ({ type, value: String(value) })),
          },
          considerations: { useCases: subject.useCases, technicalLimitations: subject.limitations },
        },
      },
    },
    components: [
      ...subject.lineage.data.map((set) => ({
        type: "data",
        "bom-ref": dataRef(set.name),
        name: set.name,
        hashes: [{ alg: "SHA-256", content: set.sha256 }],
        data: [
          { type: "dataset", name: set.name, description: subject.dataDescriptions[set.name] ?? set.name },
        ],
      })),
      ...Object.entries(subject.lineage.libraries)
        .sort(([a], [b]) => compareTexts(a, b))
        .map(([name, version]) => ({
          type: "library",
          "bom-ref": `library:${name}`,
          name,
          version,
          purl: `pkg:npm/${name.replace("@", "%40")}@${version}`,
        })),
    ],
    dependencies: [
      {
        ref: modelRef,
        dependsOn: [
          ...subject.lineage.data.map((set) => dataRef(set.name)),
          ...Object.keys(subject.lineage.libraries)
            .sort()
            .map((name) => `library:${name}`),
        ],
      },
    ],
  };
}
