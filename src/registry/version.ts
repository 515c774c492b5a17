import type { ModelSpec } from '../define/index.ts'
import type { Digest } from '../digest.ts'
import { digestJson } from '../digest.ts'
import { noonmarkError } from '../errors.ts'
import type { Instant } from '../values/index.ts'

/** The immutable product of a run. */
export interface Version {
  readonly model: string
  readonly number: number
  /** Over artifact and meaning: no times, ids or facts of the host. The lock maps the number to it. */
  readonly digest: Digest
  readonly run: string
  readonly createdAtMs: Instant
  /** The trained model, in the blob store. */
  readonly artifact: Digest
  /** Rows with the trainer's own predictions, in the blob store: a server that does not repeat them refuses the version. */
  readonly reference: Digest
  /** What it was trained on, column by column (`TrainingProfile`), in the blob store; left out before there were profiles. */
  readonly profile?: Digest
  /** The model as it was declared, and the manifest that it was declared in. */
  readonly spec: ModelSpec
  readonly manifest: Digest
  readonly parameters: Readonly<Record<string, unknown>>
  readonly seed: number
  readonly trainingSet: TrainingSetSummary
  readonly metrics: VersionMetrics
  readonly importance: readonly { readonly name: string; readonly gain: number }[]
  readonly checks: readonly VersionCheck[]
  /** Whether every check passed: only then may it be deployed. */
  readonly passed: boolean
  readonly git: GitState | null
  readonly environment: Readonly<Record<string, string>>
}

export interface VersionCheck {
  readonly check: string
  readonly name: string
  readonly passed: boolean
  readonly summary: string
  readonly detail: Readonly<Record<string, unknown>>
}

/** Metrics on the validation rows; those of the baseline rule beside them. */
export interface VersionMetrics {
  readonly validation: Readonly<Record<string, unknown>>
  readonly baseline: Readonly<Record<string, unknown>> | null
  readonly slices: Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>>
  readonly roc: readonly unknown[]
  /** Left out by older releases. */
  readonly baseline_roc?: readonly unknown[]
  /** Probabilities by label, in bins; left out by older releases. */
  readonly scores?: readonly unknown[]
  readonly baseline_scores?: readonly unknown[]
}

/** Where the commit of the project stood. */
export interface GitState {
  readonly commit: string
  readonly dirty: boolean
}

/** A frozen training set: what it is made of, and what it holds. */
export interface TrainingSetSummary {
  /** Names what was asked: moment, inputs, label, table versions, cut, range. */
  readonly identity: Digest
  /** Over the canonical bytes of its columns. */
  readonly content: Digest
  readonly cutMs: Instant
  readonly fromMs: Instant | null
  readonly toMs: Instant | null
  readonly rows: { readonly training: number; readonly validation: number; readonly spine: number }
  readonly labelStatus: Readonly<Record<string, number>>
  /** How many rows took the logged as_of of a served prediction, the rest the source's own time. */
  readonly loggedAsOf: number
  /** Sources with the files that were read. */
  readonly tables: readonly {
    readonly source: string
    readonly digest: Digest
    readonly cutoverMs: Instant | null
    readonly files: readonly { readonly path: string; readonly sha256: string; readonly rows: number }[]
  }[]
}

/** What a version is, without when and where it came to be. */
export function versionDigest(
  version: Pick<Version, 'model' | 'artifact' | 'spec' | 'parameters' | 'seed'> & { readonly content: Digest },
): Digest {
  const { owner: _owner, description: _description, ...meaning } = version.spec
  return digestJson({
    format: 1,
    model: version.model,
    artifact: version.artifact,
    spec: meaning,
    parameters: version.parameters,
    seed: version.seed,
    trainingSet: version.content,
  })
}

/** `flight-delay:2` taken apart. @throws version_unknown */
export function parseVersion(text: string): { model: string; number: number } {
  const match = /^([a-z][a-z0-9_-]*):([1-9]\d*)$/.exec(text)
  if (match === null)
    throw noonmarkError('version_unknown', {
      message: `'${text}' is not a version.`,
      hint: 'Write model:number, such as flight-delay:2.',
    })
  return { model: match[1]!, number: Number(match[2]) }
}

/** `flight-delay:2` */
export const versionName = ({ model, number }: { readonly model: string; readonly number: number }): string =>
  `${model}:${number}`
