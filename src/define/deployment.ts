import { type Duration, durationMs } from '../values/index.ts'
import { type Definition, defined, invalid } from './definition.ts'
import type { Model } from './model.ts'

/** Who answers when the champion cannot: the model's baseline, or a constant. */
export type FallbackSpec =
  | { readonly fallback: 'baseline' }
  | { readonly fallback: 'constant'; readonly output: Readonly<Record<string, number>> }

/** A deployment in the manifest: which versions answer at the moment of its model. */
export interface DeploymentSpec {
  readonly name: string
  readonly model: string
  /** `model:number`; null until the first version exists. */
  readonly champion: string | null
  readonly shadow: readonly string[]
  readonly timeoutMs: number
  /** Ends in a constant, always: the moment gets an answer, from data if from nothing else. */
  readonly fallback: readonly FallbackSpec[]
  /** `required`: no answer without a durable log record. */
  readonly log: 'best_effort' | 'required'
  readonly owner?: string
  readonly description?: string
}

export interface Deployment<Name extends string = string> extends Definition<'deployment', Name> {
  readonly model: Model
  readonly spec: DeploymentSpec
}

export interface DeploymentOptions {
  /** The version that answers, pinned here: `flight-delay:12`. */
  readonly champion?: string
  /** Versions that predict beside it, after the reply. */
  readonly shadow?: readonly string[]
  readonly timeout?: Duration
  readonly fallback?: readonly ('baseline' | FallbackSpec)[]
  readonly log?: 'best_effort' | 'required'
  readonly owner?: string
  readonly description?: string
}

/** A constant answer, the end of every chain of fallbacks. */
export function constant(output: { readonly probability: number }): FallbackSpec {
  return Object.freeze({ fallback: 'constant', output: Object.freeze({ ...output }) })
}

/**
 * Declares which versions answer at a moment.
 * @throws definition_invalid
 */
export function deployment<Name extends string>(
  name: Name,
  model: Model,
  options: DeploymentOptions = {},
): Deployment<Name> {
  const owner = `deployment ${name}`
  for (const [field, pin] of [
    ['champion', options.champion] as const,
    ...(options.shadow ?? []).map((shadow, i) => [`shadow[${i}]`, shadow] as const),
  ]) {
    if (pin === undefined) continue
    const match = /^([a-z][a-z0-9_-]*):([1-9]\d*)$/.exec(pin)
    if (match === null) throw invalid(owner, field, `is not a version: '${pin}'`, `Write ${model.name}:<number>.`)
    if (match[1] !== model.name)
      throw invalid(owner, field, `is a version of another model: '${pin}'`, `Pin a version of ${model.name}.`)
  }
  const fallback = (options.fallback ?? (model.baseline === undefined ? [] : ['baseline' as const])).map(
    (step): FallbackSpec => (step === 'baseline' ? { fallback: 'baseline' } : step),
  )
  if (fallback.some((step) => step.fallback === 'baseline') && model.baseline === undefined) {
    throw invalid(
      owner,
      'fallback',
      `names a baseline, and model ${model.name} has none`,
      'Give the model a baseline, or use constant({ probability }).',
    )
  }
  // A chain that does not end in data could leave a moment without answer.
  if (fallback.at(-1)?.fallback !== 'constant') fallback.push(constant({ probability: 0.5 }))
  const timeoutMs = durationMs(options.timeout ?? '100ms', `${owner} > timeout`)
  if (timeoutMs < 1) throw invalid(owner, 'timeout', 'is zero', 'Give at least 1ms.')
  return defined({
    kind: 'deployment',
    name,
    model,
    spec: Object.freeze({
      name,
      model: model.name,
      champion: options.champion ?? null,
      shadow: Object.freeze([...(options.shadow ?? [])]),
      timeoutMs,
      fallback: Object.freeze(fallback),
      log: options.log ?? 'best_effort',
      ...(options.owner === undefined ? {} : { owner: options.owner }),
      ...(options.description === undefined ? {} : { description: options.description }),
    }),
  })
}
