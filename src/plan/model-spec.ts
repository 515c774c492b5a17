import type { Model, ModelSpec, Tier } from '../define/index.ts'
import { checkSpecs } from './check-spec.ts'
import { type InputContext, inputSpecs } from './input-specs.ts'
import { isOneOf, listed, mistake, type Place } from './mistake.ts'
import { outcomeSpec } from './outcome-spec.ts'
import { checkTexts } from './source-spec.ts'
import { trainerSpec } from './trainer-spec.ts'

const tiers: readonly Tier[] = ['critical', 'standard', 'experimental']

/**
 * A model as it goes into the manifest: inputs as columns, code by its digest, label matched to the moment's key.
 * @throws definition_invalid naming the field
 */
export function modelSpec(place: Place, model: Model, context: InputContext): ModelSpec {
  const { name, moment, owner, description, baseline } = model
  if (baseline !== undefined && typeof baseline !== 'function')
    throw mistake(place, 'baseline', 'is not a function', 'Write a rule: (row) => 0.2, which returns a probability.')
  if (!isOneOf(tiers, model.tier))
    throw mistake(place, 'tier', `is none: '${String(model.tier)}'`, `Tiers are ${listed(tiers)}.`)
  const inputs = inputSpecs(place, model.inputs, context)
  const spec: ModelSpec = {
    name,
    moment: moment.name,
    inputs,
    label: outcomeSpec(place, model.label, context.moment),
    trainer: trainerSpec(place, model.trainer),
    baseline: baseline === undefined ? null : context.codeOf(baseline),
    checks: checkSpecs(place, model.checks, {
      moment: context.moment,
      inputs,
      hasBaseline: baseline !== undefined,
    }),
    split: model.split,
    retrain: model.retrain,
    tier: model.tier,
    ...(owner === undefined ? {} : { owner }),
    ...(description === undefined ? {} : { description }),
  }
  checkTexts(place, spec)
  return spec
}
