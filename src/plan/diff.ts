import type { DeploymentSpec, EntitySpec, Manifest, ModelSpec, MomentSpec } from '../define/index.ts'
import { noonmarkError } from '../errors.ts'
import { changesBetween } from './changes.ts'
import { durationText } from './definition-text.ts'
import { countOf, type DiffContext, each, edgeStep } from './diff-context.ts'
import { featureViewSteps } from './diff-feature-view.ts'
import { sourceReplacement } from './diff-source.ts'
import { checkPins, noFacts, type PlanFacts, pinnedVersions } from './facts.ts'
import { isHeld } from './hold.ts'
import { checkNothingInUseGoes } from './in-use.ts'
import { emptyManifest } from './manifest.ts'
import { type Step, type StepKind, stepKinds } from './step.ts'

/**
 * The difference between what is applied and what a project says, as steps in the order in which they can be carried out:
 * what others refer to first, deletions last. A pure function of two manifests and the facts.
 * @throws definition_in_use, version_unknown, version_conflict
 */
export function diffManifests(before: Manifest | null, after: Manifest, facts: PlanFacts = noFacts): Step[] {
  const from = before ?? emptyManifest(after.project)
  if (from.project !== after.project) {
    throw noonmarkError('plan_invalid', {
      message: `The platform holds the project '${from.project}', and this is '${after.project}'.`,
      hint: 'Correct the name in noonmark.config.ts; a project keeps its name.',
    })
  }
  const pending = checkPins(after, facts)
  checkNothingInUseGoes(from, after, facts)
  const context: DiffContext = { before: from, after, facts, pending }
  const steps = [
    ...each(from.entities, after.entities, (name, a, b) => entityStep(name, a, b)),
    ...each(from.sources, after.sources, (name, a, b) => plainStep('source', name, a, b, sourceReplacement, context)),
    ...featureViewSteps(context),
    ...each(from.moments, after.moments, (name, a, b) => plainStep('moment', name, a, b, momentReplacement, context)),
    ...each(from.models, after.models, (name, a, b) => modelStep(name, a, b, context)),
    ...each(from.deployments, after.deployments, (name, a, b) => deploymentStep(name, a, b, context)),
  ]
  return inOrder(steps)
}

type Replacement<S> = (before: S, after: S) => string | undefined

function plainStep<S>(
  kind: StepKind,
  name: string,
  before: S | null,
  after: S | null,
  replacement: Replacement<S>,
  context: DiffContext,
): Step | null {
  if (before === null || after === null) return edgeStep(kind, name, before, after, sourceEffects(kind, after, before))
  const changes = changesBetween(before, after)
  if (changes.length === 0) return null
  const forces = replacement(before, after)
  return {
    op: forces === undefined ? 'update' : 'replace',
    kind,
    name,
    before,
    after,
    changes,
    ...(forces === undefined ? {} : { forces }),
    effects:
      kind === 'source'
        ? changedSourceEffects(
            name,
            changes.map((change) => change.property),
            forces,
            context,
          )
        : [],
    warnings: [],
  }
}

function sourceEffects(kind: StepKind, after: unknown, before: unknown): string[] {
  if (kind !== 'source') return []
  if (after !== null && typeof after === 'object' && 'history' in after && typeof after.history === 'string')
    return [`reads its history from ${after.history}`]
  return before === null ? ['begins empty: rows come through the API'] : []
}

function changedSourceEffects(
  name: string,
  properties: readonly string[],
  forces: string | undefined,
  { after }: DiffContext,
): string[] {
  if (forces !== undefined) return ['starts a new version of the source; the rows of the old one stay with it']
  if (!properties.includes('history')) return []
  const views = Object.values(after.featureViews).filter((view) => view.source === name)
  return [
    'pins the files of its new history',
    ...views.map((view) => `fills ${countOf(view.features.length, 'feature')} of ${view.name} again`),
  ]
}

function entityStep(name: string, before: EntitySpec | null, after: EntitySpec | null): Step | null {
  if (before === null || after === null) return edgeStep('entity', name, before, after)
  const changes = changesBetween(before, after)
  if (changes.length === 0) return null
  const forces = changesBetween(before.key, after.key, 'key')[0]?.property
  return {
    op: forces === undefined ? 'update' : 'replace',
    kind: 'entity',
    name,
    before,
    after,
    changes,
    ...(forces === undefined ? {} : { forces }),
    effects: [],
    warnings: [],
  }
}

/** A moment with another key or other rows is another moment: past occurrences and predictions do not carry over. */
function momentReplacement(before: MomentSpec, after: MomentSpec): string | undefined {
  return (
    changesBetween(before.source, after.source, 'source')[0]?.property ??
    changesBetween(before.key, after.key, 'key')[0]?.property
  )
}

const trained: readonly string[] = ['inputs', 'label', 'trainer', 'split', 'baseline', 'checks', 'moment']

function modelStep(name: string, before: ModelSpec | null, after: ModelSpec | null, context: DiffContext): Step | null {
  if (before === null || after === null) return edgeStep('model', name, before, after)
  const changes = changesBetween(before, after)
  if (changes.length === 0) return null
  const forces = before.moment === after.moment ? undefined : 'moment'
  const answering = pinnedVersions(context.after, context.facts).filter(({ pin }) => pin.startsWith(`${name}:`))
  const retrains = changes.some(({ property }) => trained.includes(property.split('.')[0] ?? ''))
  return {
    op: forces === undefined ? 'update' : 'replace',
    kind: 'model',
    name,
    before,
    after,
    changes,
    ...(forces === undefined ? {} : { forces }),
    effects: !retrains
      ? []
      : [
          'counts from the next training on',
          ...answering.map(({ pin, deployment }) => `${pin} at ${deployment} stays as it was trained`),
        ],
    warnings: [],
  }
}

function deploymentStep(
  name: string,
  before: DeploymentSpec | null,
  after: DeploymentSpec | null,
  { facts, pending }: DiffContext,
): Step | null {
  if (after === null) return edgeStep('deployment', name, before, after, ['stops answering'])
  const changes = before === null ? [] : changesBetween(before, after)
  if (before !== null && changes.length === 0) return null
  const hold = facts.holds[name]
  const held = hold !== undefined && isHeld(after, hold)
  const waiting = pending.get(name) ?? []
  const effects: string[] = []
  if (after.champion === null) effects.push('has no champion: its fallback answers')
  else if (after.champion !== before?.champion && !held && !waiting.includes(after.champion))
    effects.push(`${after.champion} answers`)
  for (const pin of after.shadow)
    if (!before?.shadow.includes(pin) && !waiting.includes(pin))
      effects.push(`${pin} predicts beside it, after the reply`)
  if (before !== null && before.timeoutMs !== after.timeoutMs)
    effects.push(`answers within ${durationText(after.timeoutMs)}`)
  if (hold !== undefined && !held) effects.push('ends the hold of its rollback')
  const warnings = waiting.map((pin) =>
    pin === after.champion
      ? `${pin} is pending: there is no such version yet, and the fallback answers until there is`
      : `${pin} is pending: there is no such version yet`,
  )
  if (held) {
    warnings.push(
      `is held since a rollback (${hold.reason}): ${hold.version ?? 'its fallback'} answers until another version is pinned or the hold is released`,
    )
  }
  if (before === null) return edgeStep('deployment', name, before, after, effects, warnings)
  return { op: 'update', kind: 'deployment', name, before, after, changes, effects, warnings }
}

/** What others refer to first; deletions last and the other way round. */
function inOrder(steps: readonly Step[]): Step[] {
  const rank = (step: Step) => stepKinds.indexOf(step.kind)
  const kept = steps.filter((step) => step.op !== 'delete').sort((a, b) => rank(a) - rank(b))
  const gone = steps.filter((step) => step.op === 'delete').sort((a, b) => rank(b) - rank(a))
  return [...kept, ...gone]
}
