import { describe, expect, it } from 'vitest'
import { worldManifest } from '../../test/serving/world.ts'
import type { ModelSpec } from '../define/index.ts'
import { routeDeployment } from './route.ts'
import { wireMoment } from './wiring.ts'

const { manifest } = worldManifest()
const { late, plain } = manifest.models as { late: ModelSpec; plain: ModelSpec } // declared in that world
const wire = (models: Record<string, ModelSpec>) => wireMoment(manifest, 'quote', new Map(Object.entries(models)))

describe('the wiring of a moment', () => {
  it('has what models share once', () => {
    const wiring = wire({ late, plain, 'late:1': late })
    expect(wiring.features.map(({ role, resolved }) => [role, resolved.feature.name])).toEqual([
      [0, 'landings_1d'],
      [0, 'mean_delay_2h'],
      [0, 'last_tail'],
      [1, 'orders_7d'],
    ])
    expect(wiring.derives.map(({ name }) => name)).toEqual(['departure_hour', 'moody'])
    expect(wiring.models.get('late:1')!.columns).toEqual(wiring.models.get('late')!.columns)
    const slots = [...wiring.features, ...wiring.derives].map(({ slot }) => slot)
    expect(slots).toEqual(slots.map((_, index) => wiring.layout.size + index))
  })

  it('keeps derives of one name and other code apart', () => {
    const inputs = late.inputs.map((input) =>
      input.input === 'derive' ? { ...input, code: `${input.name}-older` } : input,
    )
    const wiring = wire({ late, 'late:1': { ...late, inputs } })
    expect(new Set(wiring.derives.map(({ key }) => key)).size).toBe(4)
  })

  it('leaves a model out that was trained on what is no longer there, and says why', () => {
    const feature = late.inputs.map((input) =>
      input.input === 'feature' && input.feature === 'mean_delay_2h' ? { ...input, digest: 'older' } : input,
    )
    const field = late.inputs.map((input) =>
      input.input === 'reference' ? { ...input, reference: { ...input.reference, field: 'weight' } } : input,
    ) as ModelSpec['inputs'] // a request field by another name
    const wiring = wire({ 'late:1': { ...late, inputs: feature }, 'late:2': { ...late, inputs: field }, plain })
    expect([...wiring.problems]).toEqual([
      ['late:1', 'feature_changed: punctuality:mean_delay_2h'],
      ['late:2', 'field_gone: distance'],
    ])
    expect([...wiring.models.keys()]).toEqual(['plain'])
    expect(wiring.features.map(({ resolved }) => resolved.feature.name)).toEqual(['landings_1d'])
  })

  it('finds a feature that was only renamed by what it means', () => {
    const inputs = late.inputs.map((input) =>
      input.input === 'feature' ? { ...input, feature: `old_${input.feature}` } : input,
    )
    expect(wire({ 'late:1': { ...late, inputs } }).problems.size).toBe(0)
  })
})

describe('the route of a deployment', () => {
  const spec = { ...manifest.deployments['late-quote']!, champion: 'late:3', shadow: ['late:2', 'late:3', 'late:2'] }

  it('follows the pins, with no version beside itself', () => {
    expect(routeDeployment(spec, null)).toEqual({ champion: 'late:3', shadows: ['late:2'], held: false })
  })

  it('follows a hold of its own, and none of another', () => {
    expect(routeDeployment(spec, { deployment: 'late-quote', version: 'late:2' })).toEqual({
      champion: 'late:2',
      shadows: ['late:3'],
      held: true,
    })
    expect(routeDeployment(spec, { deployment: 'other', version: 'late:2' }).champion).toBe('late:3')
    expect(routeDeployment(spec, { deployment: 'late-quote', version: null }).champion).toBeNull()
  })
})
