import type { FeatureSpec, FeatureViewSpec, Manifest } from '../define/index.ts'
import { changesBetween, isEqual } from './changes.ts'
import { durationText } from './definition-text.ts'
import { countOf, type DiffContext, each, edgeStep } from './diff-context.ts'
import { type PinnedVersion, pinnedVersions } from './facts.ts'
import { type FeatureMeaning, featureMeaning } from './feature-digest.ts'
import type { Change, Step } from './step.ts'
import { modelUses } from './uses.ts'

/** The steps of all feature views: one for a view that is new, gone or means something else as a whole; else one a feature. */
export function featureViewSteps(context: DiffContext): Step[] {
  const { before, after } = context
  const names = [...new Set([...Object.keys(before.featureViews), ...Object.keys(after.featureViews)])].sort()
  return names.flatMap((name) => {
    const [a, b] = [before.featureViews[name] ?? null, after.featureViews[name] ?? null]
    if (b === null) return [edgeStep('feature-view', name, a, b, a === null ? [] : retirements(a, a.features, context))]
    const filled = `fills ${countOf(b.features.length, 'feature')} of ${name} from ${b.source}`
    if (a === null) return [edgeStep('feature-view', name, a, b, [filled], lagWarnings(after, b, b.features))]
    const forces = viewReplacement(before, after, a, b)
    if (forces !== undefined) return [replaceView(a, b, forces, filled, context)]
    return [...ownStep(a, b), ...featureSteps(a, b, context)]
  })
}

/** The property that every feature of a view shares and that makes all of them something else. */
function viewReplacement(
  before: Manifest,
  after: Manifest,
  a: FeatureViewSpec,
  b: FeatureViewSpec,
): string | undefined {
  const shared = (view: FeatureViewSpec) => ({
    entity: view.entity,
    // The order of a key's columns is part of what it means.
    key: view.key.map(({ source, type }) => `${source}: ${type}`).join(', '),
    source: view.source,
  })
  const own = changesBetween(shared(a), shared(b))[0]?.property
  if (own !== undefined) return own
  const [from, to] = [before.sources[a.source], after.sources[b.source]]
  const property = (['id', 'eventTime', 'available', 'timeZone'] as const).find(
    (field) => !isEqual(from?.[field], to?.[field]),
  )
  return property === undefined ? undefined : `source ${b.source}.${property}`
}

function replaceView(
  before: FeatureViewSpec,
  after: FeatureViewSpec,
  forces: string,
  filled: string,
  context: DiffContext,
): Step {
  return {
    op: 'replace',
    kind: 'feature-view',
    name: after.name,
    before,
    after,
    changes: changesBetween(before, after).filter(({ property }) => !property.endsWith('.digest')),
    forces,
    effects: [
      filled,
      ...users(context.after, after.name, after.features),
      ...keptStates(before, before.features, context),
    ],
    warnings: lagWarnings(context.after, after, after.features),
  }
}

/** The step of a view whose docs or owner changed. */
function ownStep(before: FeatureViewSpec, after: FeatureViewSpec): Step[] {
  const changes = changesBetween({ ...before, features: null }, { ...after, features: null })
  if (changes.length === 0) return []
  return [{ op: 'update', kind: 'feature-view', name: after.name, before, after, changes, effects: [], warnings: [] }]
}

function featureSteps(before: FeatureViewSpec, after: FeatureViewSpec, context: DiffContext): Step[] {
  const named = (view: FeatureViewSpec) => Object.fromEntries(view.features.map((feature) => [feature.name, feature]))
  return each(named(before), named(after), (name, a, b) => {
    const reference = `${after.name}:${name}`
    if (b === null) {
      return a === null ? null : edgeStep('feature', reference, a, b, retirements(before, [a], context))
    }
    const warnings = lagWarnings(context.after, after, [b])
    if (a === null) return edgeStep('feature', reference, a, b, [`fills ${reference} from ${after.source}`], warnings)
    if (a.digest === b.digest) {
      const changes = changesBetween(a, b)
      if (changes.length === 0) return null
      return { op: 'update', kind: 'feature', name: reference, before: a, after: b, changes, effects: [], warnings: [] }
    }
    const meant = meaningChanges(before, after, a, b, context)
    return {
      op: 'replace',
      kind: 'feature',
      name: reference,
      before: a,
      after: b,
      changes: [...meant, ...changesBetween({ description: a.description }, { description: b.description })],
      ...(meant[0] === undefined ? {} : { forces: meant[0].property }),
      effects: [
        `fills ${reference} again from ${after.source}`,
        ...users(context.after, after.name, [b]),
        ...keptStates(before, [a], context),
      ],
      warnings,
    }
  })
}

/** The changes that moved the digest: what the author wrote first, what follows from the source after it. */
function meaningChanges(
  before: FeatureViewSpec,
  after: FeatureViewSpec,
  a: FeatureSpec,
  b: FeatureSpec,
  context: DiffContext,
): Change[] {
  const meaning = (manifest: Manifest, view: FeatureViewSpec, feature: FeatureSpec): FeatureMeaning | null => {
    const source = manifest.sources[view.source]
    return source === undefined ? null : featureMeaning(view, source, feature.aggregate)
  }
  const changes = changesBetween(meaning(context.before, before, a), meaning(context.after, after, b))
  return changes.sort(
    (x, y) => Number(!x.property.startsWith('aggregate')) - Number(!y.property.startsWith('aggregate')),
  )
}

/** The models that read features of a view: each will mean something else from its next training on. */
function users(manifest: Manifest, view: string, features: readonly FeatureSpec[]): string[] {
  return Object.values(manifest.models)
    .filter((model) => modelUses(model).features.some((use) => use.view === view && has(features, use.feature)))
    .map((model) => `model ${model.name} reads the new meaning from its next training on`)
}

const has = (features: readonly FeatureSpec[], name: string): boolean =>
  features.some((feature) => feature.name === name)

/** Deployed versions that were trained on what a feature meant: its old state stays for them. */
function keptStates(view: FeatureViewSpec, features: readonly FeatureSpec[], context: DiffContext): string[] {
  const uses = ({ version }: PinnedVersion) =>
    version.features.some((use) => use.view === view.name && features.some((feature) => feature.digest === use.digest))
  return pinnedVersions(context.after, context.facts)
    .filter(uses)
    .map(({ pin, deployment }) => `keeps the old state for ${pin} at ${deployment}`)
}

function retirements(view: FeatureViewSpec, features: readonly FeatureSpec[], context: DiffContext): string[] {
  return [`retires the state of ${countOf(features.length, 'feature')}`, ...keptStates(view, features, context)]
}

/** A row that becomes known only after it left the window never counts. */
function lagWarnings(manifest: Manifest, view: FeatureViewSpec, features: readonly FeatureSpec[]): string[] {
  const available = manifest.sources[view.source]?.available
  if (available?.from !== 'lag') return []
  return features.flatMap(({ name, aggregate: { windowMs, maxAgeMs } }) => {
    const limitMs = windowMs ?? maxAgeMs
    if (limitMs === null || available.lagMs < limitMs) return []
    return [
      `${view.name}:${name} will be empty: rows of ${view.source} are known ${durationText(available.lagMs)} after they happen, and it looks back ${durationText(limitMs)}`,
    ]
  })
}
