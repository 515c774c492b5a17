import { describe, expect, it } from 'vitest'
import { count, entity, featureView, float, latest, share, source, string, timestamp } from '../define/index.ts'
import { collectDefinitions } from './definitions.ts'
import { diffManifests } from './diff.ts'
import { manifestOf } from './manifest.ts'
import { planJson, printPlan, summaryLine } from './print-plan.ts'
import type { Step } from './step.ts'

function manifest(window: '1h' | '7d' | null, owner = 'team-network') {
  const airport = entity('airport', { key: { airport: string() } })
  const landings = source('landings', {
    history: 'data/landings.parquet',
    columns: { airport: string(), delay: float(), landed_at: timestamp() },
    eventTime: 'landed_at',
    availableAfter: '1h',
  })
  const view = featureView('airport_punctuality', {
    entity: airport,
    source: landings,
    owner,
    features: (row) => ({
      landings_1d: count().where(row.airport.ne('SFO').or(row.delay.isNull())).over('1d'),
      ...(window === null ? {} : { late_share: share(row.delay.gte(15)).over(window) }),
      last_delay: latest(row.delay, { maxAge: '6h' }),
    }),
  })
  const exports = { 'features/a.ts': { airport, landings, ...(window === null && owner === '' ? {} : { view }) } }
  return manifestOf({ project: 'flights' }, collectDefinitions(exports), () => '')
}

const step = (fields: Partial<Step> & Pick<Step, 'op'>): Step => ({
  kind: 'model',
  name: 'flight-delay',
  before: {},
  after: {},
  changes: [],
  effects: [],
  warnings: [],
  ...fields,
})

describe('a printed plan', () => {
  it('shows what is new as its author wrote it', () => {
    expect(printPlan(diffManifests(null, manifest('1h')))).toBe(`  + entity airport
      + key airport

  + source landings
      reads its history from data/landings.parquet

  + feature-view airport_punctuality
      + landings_1d  count().where((airport != 'SFO') or delay is null).over('1d')
      + late_share   share(delay >= 15).over('1h')
      + last_delay   latest(delay, { maxAge: '6h' })
      fills 3 features of airport_punctuality from landings
      ! airport_punctuality:late_share will be empty: rows of landings are known 1h after they happen, and it looks back 1h

Plan: 3 to create, 0 to update, 0 to delete.
`)
  })

  it('shows what changes property by property, and what forces a replacement', () => {
    expect(
      printPlan(diffManifests(manifest('1h'), manifest('7d', 'team-air'))),
    ).toBe(`  ~ feature-view airport_punctuality
      ~ owner: "team-network" -> "team-air"

-/+ feature airport_punctuality:late_share
      ~ aggregate.window: 1h -> 7d  # forces replacement
      fills airport_punctuality:late_share again from landings

Plan: 0 to create, 1 to update, 1 to replace, 0 to delete.
`)
  })

  it('shows what goes', () => {
    expect(printPlan(diffManifests(manifest('7d'), manifest(null)))).toBe(`  - feature airport_punctuality:late_share
      retires the state of 1 feature

Plan: 0 to create, 0 to update, 1 to delete.
`)
  })

  it('says what forces a replacement also where it lies elsewhere', () => {
    const text = printPlan([step({ op: 'replace', kind: 'feature-view', name: 'v', forces: 'source s.eventTime' })])
    expect(text).toContain('-/+ feature-view v  # source s.eventTime forces replacement\n')
  })

  it.each<[string, unknown, unknown, string]>([
    ['champion', null, 'late:1', '+ champion: "late:1"'],
    ['champion', 'late:1', null, '- champion: "late:1"'],
    ['timeoutMs', 50, 90_000, '~ timeout: 50ms -> 90s'],
    ['split.from', 0, 86_400_000, '~ split.from: 1970-01-01T00:00:00.000Z -> 1970-01-02T00:00:00.000Z'],
    ['inputs.hour.code', 'a'.repeat(64), 'b'.repeat(64), '~ inputs.hour.code: aaaaaaaaaaaa -> bbbbbbbbbbbb'],
    ['shadow', [], ['late:1'], '~ shadow: [] -> ["late:1"]'],
    ['text', 'x', 'y'.repeat(200), `~ text: "x" -> "${'y'.repeat(200)}"`],
    ['key', ['z'.repeat(200)], [], `~ key: ["${'z'.repeat(95)}... -> []`],
  ])('shows %s from %j to %j in a short line', (property, before, after, line) => {
    expect(printPlan([step({ op: 'update', changes: [{ property, before, after }] })])).toContain(`      ${line}\n`)
  })

  it('has colours only where it is told that they are wanted', () => {
    const steps = diffManifests(null, manifest('7d'))
    const ansi = String.fromCharCode(27)
    expect(printPlan(steps)).not.toContain(ansi)
    const colored = printPlan(steps, { color: true })
    expect(colored).toContain(`${ansi}[32m`)
    expect(colored.replaceAll(new RegExp(`${ansi}\\[\\d+m`, 'g'), '')).toBe(printPlan(steps))
  })

  it('says when there is nothing to do', () => {
    expect(printPlan([])).toBe('No changes. The platform is what the project says.\n')
    expect(summaryLine([])).toMatch(/^No changes/)
  })

  it('is JSON for programs', () => {
    const steps = diffManifests(null, manifest('7d'))
    const json = planJson(steps)
    expect(JSON.parse(JSON.stringify(json))).toEqual(json)
    expect(json.summary).toEqual({ create: 3, update: 0, replace: 0, delete: 0 })
  })
})
