import type { Manifest, ReferenceSpec } from '../define/index.ts'
import { noonmarkError } from '../errors.ts'
import { type PinnedVersion, type PlanFacts, pinnedVersions } from './facts.ts'
import { hasReference } from './moment-columns.ts'
import { findFeature } from './uses.ts'

/**
 * Refuses to take away what something that stays still uses: a definition that another refers to, and what a deployed
 * version was trained on. All of it is named at once.
 * @throws definition_in_use
 */
export function checkNothingInUseGoes(before: Manifest, after: Manifest, facts: PlanFacts): void {
  const found = [
    ...danglingReferences(after),
    ...pinnedVersions(after, facts).flatMap((pinned) => lostByVersion(before, after, pinned)),
  ]
  if (found.length === 0) return
  throw noonmarkError('definition_in_use', {
    message: [...new Set(found)].map((sentence) => `${sentence}.`).join('\n'),
    hint: 'Bring back what is named, or first change what uses it: pin a version that does not need it, then delete.',
  })
}

/** What definitions of a manifest refer to and the manifest does not have. */
function danglingReferences(manifest: Manifest): string[] {
  const { entities, sources, featureViews, moments, models, deployments } = manifest
  const missing = (user: string, kind: string, names: Readonly<Record<string, unknown>>, name: string) =>
    Object.hasOwn(names, name) ? [] : [`${user} uses ${kind} ${name}, which would be gone`]
  return [
    ...Object.values(featureViews).flatMap((view) => [
      ...missing(`feature-view ${view.name}`, 'entity', entities, view.entity),
      ...missing(`feature-view ${view.name}`, 'source', sources, view.source),
    ]),
    ...Object.values(moments).flatMap((moment) => [
      ...missing(`moment ${moment.name}`, 'source', sources, moment.source),
      ...moment.entities.flatMap(({ entity }) => missing(`moment ${moment.name}`, 'entity', entities, entity)),
    ]),
    ...Object.values(models).flatMap((model) => [
      ...missing(`model ${model.name}`, 'moment', moments, model.moment),
      ...missing(`model ${model.name}`, 'source', sources, model.label.source),
      ...model.inputs.flatMap((input) => {
        const uses = input.input === 'feature' ? [input] : input.input === 'derive' ? featuresOf(input.inputs) : []
        return uses
          .filter(({ view, feature }) => findFeature(manifest, view, feature) === undefined)
          .map(({ view, feature }) => `model ${model.name} uses feature ${view}:${feature}, which would be gone`)
      }),
    ]),
    ...Object.values(deployments).flatMap((deployment) =>
      missing(`deployment ${deployment.name}`, 'model', models, deployment.model),
    ),
  ]
}

function featuresOf(inputs: Readonly<Record<string, { readonly reference: string }>>) {
  return Object.values(inputs).flatMap((part) =>
    part.reference === 'feature' && 'view' in part && 'feature' in part
      ? [{ view: String(part.view), feature: String(part.feature) }]
      : [],
  )
}

/** What a deployed version was trained on and would no longer be fed. A changed meaning is no loss: the old state stays. */
function lostByVersion(before: Manifest, after: Manifest, { pin, deployment, version }: PinnedVersion): string[] {
  const user = `${pin}, which deployment ${deployment} pins,`
  const lost: string[] = []
  for (const { view, feature } of version.features) {
    const was = before.featureViews[view]
    if (was === undefined || findFeature(before, view, feature) === undefined) continue
    if (findFeature(after, view, feature) === undefined) lost.push(`${user} was trained on ${view}:${feature}`)
    else if (before.sources[was.source] !== undefined && after.sources[was.source] === undefined)
      lost.push(`${user} was trained on ${view}:${feature}, which reads source ${was.source}`)
  }
  const [from, to] = [before.moments[version.moment], after.moments[version.moment]]
  if (from !== undefined && to === undefined) lost.push(`${user} answers at moment ${version.moment}`)
  if (from === undefined || to === undefined) return lost
  for (const reference of version.references) {
    if (hasReference(from, reference) && !hasReference(to, reference))
      lost.push(`${user} reads ${nameOf(reference)} of moment ${version.moment}`)
  }
  const model = after.deployments[deployment]?.model
  const moment = model === undefined ? undefined : after.models[model]?.moment
  if (moment !== undefined && moment !== version.moment)
    lost.push(`${user} answers at moment ${version.moment}, and its model would move to ${moment}`)
  return lost
}

function nameOf(reference: ReferenceSpec): string {
  if (reference.reference === 'at') return 'at'
  return reference.reference === 'entity' ? `${reference.role}.${reference.column}` : reference.field
}
