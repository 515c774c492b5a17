import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ModelSpec } from '../define/index.ts'
import { parseVersion, versionDigest, versionName } from './version.ts'

const spec: ModelSpec = {
  name: 'late',
  moment: 'order',
  inputs: [],
  label: {
    source: 'deliveries',
    value: { op: 'literal', type: 'bool', value: true },
    type: 'bool',
    withinMs: 1,
    aggregate: null,
    on: [],
    absent: null,
  },
  trainer: { kind: 'gradient-boosting', parameters: { trees: 10 } },
  baseline: null,
  checks: [],
  split: { from: null, validateFrom: null, validateShare: 0.2, to: null },
  retrain: null,
  tier: 'standard',
  owner: 'team-a',
  description: 'Late or not',
}
const version = { model: 'late', artifact: 'artifact', spec, parameters: { trees: 10 }, seed: 1, content: 'content' }

describe('the digest of a version', () => {
  const digest = versionDigest(version)

  it('does not depend on who owns the model and how it is described, nor on the order of parameters', () => {
    const { owner: _owner, description: _description, ...nameless } = spec
    expect(versionDigest({ ...version, spec: nameless })).toBe(digest)
    expect(versionDigest({ ...version, spec: { ...spec, owner: 'team-b' } })).toBe(digest)
    const parameters = { leaves: 3, trees: 10 }
    expect(versionDigest({ ...version, parameters })).toBe(
      versionDigest({ ...version, parameters: { trees: 10, leaves: 3 } }),
    )
  })

  it.each([
    ['artifact', { artifact: 'other' }],
    ['seed', { seed: 2 }],
    ['parameters', { parameters: { trees: 11 } }],
    ['training set', { content: 'other' }],
    ['model', { model: 'later' }],
    ['baseline', { spec: { ...spec, baseline: 'code' } }],
    ['checks', { spec: { ...spec, checks: [{ check: 'beats_baseline', metric: 'auc', by: 0 }] } as ModelSpec }],
  ])('depends on its %s', (_, change) => {
    expect(versionDigest({ ...version, ...change })).not.toBe(digest)
  })
})

describe('the name of a version', () => {
  it('is read as it is written', () => {
    const names = fc.record({ model: fc.stringMatching(/^[a-z][a-z0-9_-]{0,20}$/), number: fc.integer({ min: 1 }) })
    fc.assert(
      fc.property(names, (name) => {
        expect(parseVersion(versionName(name))).toEqual(name)
      }),
    )
  })

  it.each(['late', 'late:', 'late:0', 'late:01', 'late:1.5', ':1', 'Late:1', 'late:1 '])('is never %j', (text) => {
    expect(() => parseVersion(text)).toThrow(expect.objectContaining({ code: 'version_unknown' }))
  })
})
