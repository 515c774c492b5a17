import { formatInstant } from '../values/index.ts'
import { type TrainingSetJson, trainingSetJson } from './run-json.ts'
import { type Version, versionName } from './version.ts'

/** A version as it stands on the wire and in `--json` output. `spec` is the model as it stands in the manifest. */
export interface VersionJson
  extends Pick<
    Version,
    | 'model'
    | 'number'
    | 'digest'
    | 'run'
    | 'artifact'
    | 'reference'
    | 'profile'
    | 'spec'
    | 'manifest'
    | 'parameters'
    | 'seed'
    | 'metrics'
    | 'importance'
    | 'checks'
    | 'passed'
    | 'git'
    | 'environment'
  > {
  /** `model:number` */
  readonly version: string
  readonly created_at: string
  readonly training_set: TrainingSetJson
}

/** The checks of a version. */
export interface VersionChecksJson {
  readonly version: string
  readonly passed: boolean
  readonly checks: Version['checks']
}

/** What a version was made from: code, parameters, inputs by their meaning, and data down to its files. */
export interface VersionLineageJson
  extends Pick<
    VersionJson,
    | 'version'
    | 'digest'
    | 'run'
    | 'created_at'
    | 'manifest'
    | 'git'
    | 'parameters'
    | 'seed'
    | 'environment'
    | 'training_set'
  > {
  readonly moment: string
  readonly trainer: string
  readonly baseline: string | null
  /** The source whose rows are the label. */
  readonly label: string
  readonly inputs: readonly {
    readonly column: string
    readonly type: string
    /** Where it comes from, in words. */
    readonly from: string
    /** The digest of the feature or of the derive's code; null for fields of the moment. */
    readonly digest: string | null
  }[]
}

/** A version on the wire. */
export function versionJson(version: Version): VersionJson {
  const { model, number, digest, run, artifact, reference, profile, spec, manifest, parameters, seed } = version
  return {
    version: versionName(version),
    model,
    number,
    digest,
    run,
    created_at: formatInstant(version.createdAtMs),
    artifact,
    reference,
    ...(profile === undefined ? {} : { profile }),
    spec,
    manifest,
    parameters,
    seed,
    training_set: trainingSetJson(version.trainingSet),
    metrics: version.metrics,
    importance: version.importance,
    checks: version.checks,
    passed: version.passed,
    git: version.git,
    environment: version.environment,
  }
}

/** The checks of a version. */
export function versionChecksOf({ version, passed, checks }: VersionJson): VersionChecksJson {
  return { version, passed, checks }
}

/** The lineage of a version. */
export function versionLineageOf(json: VersionJson): VersionLineageJson {
  const { spec } = json
  return {
    version: json.version,
    digest: json.digest,
    run: json.run,
    created_at: json.created_at,
    manifest: json.manifest,
    git: json.git,
    moment: spec.moment,
    trainer: spec.trainer.kind,
    parameters: json.parameters,
    seed: json.seed,
    environment: json.environment,
    baseline: spec.baseline,
    label: spec.label.source,
    inputs: spec.inputs.map((input) => {
      const { column, type } = input
      if (input.input === 'feature')
        return { column, type, from: `${input.view}:${input.feature} for ${input.role}`, digest: input.digest }
      if (input.input === 'derive') return { column, type, from: `derive ${input.name}`, digest: input.code }
      return { column, type, from: `${input.reference.reference} of the moment`, digest: null }
    }),
    training_set: json.training_set,
  }
}
