import { noonmarkError } from '../../errors.ts'
import type { FeatureHistoryJson, FeatureHistoryRequest } from '../../http/work.ts'
import { type CatalogEntry, type Lineage, lineageOf, searchCatalog } from '../../plan/index.ts'
import { featureHistory } from '../../platform/operations.ts'
import { formatInstant } from '../../values/index.ts'
import { type Command, type CommandInput, type CommandOutput, optionText, optionTexts } from '../command.ts'
import { remote } from '../remote.ts'
import { textTable } from '../table.ts'
import { instantOption } from './train.ts'

function listOutput({ entries }: { readonly entries: readonly CatalogEntry[] }): CommandOutput {
  const features = entries.map(({ name, entity, type, means, source, owner }) => ({
    feature: name,
    entity,
    type,
    means,
    source,
    owner,
  }))
  return {
    json: { features },
    text:
      features.length === 0
        ? 'No features yet.'
        : textTable(
            ['feature', 'entity', 'type', 'means', 'source', 'owner'],
            features.map((one) => [one.feature, one.entity, one.type, one.means, one.source, one.owner]),
          ),
  }
}

/** `noonmark features list` */
export const featuresList: Command = {
  verb: ['features', 'list'],
  group: 'Data and features',
  summary: 'the catalog of features',
  example: 'features list --json',
  async run(context) {
    const { manifest } = await (await context.platform()).applied()
    return listOutput({ entries: searchCatalog(manifest, { kind: 'feature' }) })
  },
  remote: remote<{ entries: readonly CatalogEntry[] }>({
    method: 'GET',
    path: () => '/v1/catalog?kind=feature',
    output: listOutput,
  }),
}

function showOutput({ name, type, means, digest, entity, key, source, owner, description, file, ...lineage }: Lineage) {
  const users = (kind: string) => lineage.used_by.filter((one) => one.kind === kind).map((one) => one.name)
  const columns = lineage.made_of.filter((one) => one.kind === 'column').map((one) => one.name)
  const [models, deployments] = [users('model'), users('deployment')]
  const json = {
    feature: name,
    type,
    means,
    digest,
    entity,
    key,
    source,
    columns,
    owner,
    description,
    file,
    models,
    deployments,
  }
  const text = Object.entries(json).map(
    ([label, value]) => `${label.padEnd(12)} ${Array.isArray(value) ? value.join(', ') || '-' : (value ?? '-')}`,
  )
  return { json, text: text.join('\n') }
}

/** `noonmark features show` */
export const featuresShow: Command = {
  verb: ['features', 'show'],
  group: 'Data and features',
  summary: 'one feature: what it means, its version, the columns it reads, who uses it',
  arguments: [{ name: 'feature', summary: 'view:feature' }],
  example: 'features show airport_punctuality:late_share_7d',
  async run(context, input) {
    const { manifest } = await (await context.platform()).applied()
    return showOutput(lineageOf(manifest, 'feature', input.arguments.feature!))
  },
  remote: remote<Lineage>({
    method: 'GET',
    path: (input) => `/v1/lineage/feature/${encodeURIComponent(input.arguments.feature!)}`,
    output: showOutput,
  }),
}

/** `key=value` pairs of one entity. */
function entityOf(input: CommandInput): Record<string, string> {
  return Object.fromEntries(
    optionTexts(input, 'key').map((text) => {
      const at = text.indexOf('=')
      if (at <= 0)
        throw noonmarkError('request_invalid', {
          message: `--key ${text} is not column=value.`,
          hint: 'Write --key airport=SFO.',
          path: '--key',
        })
      return [text.slice(0, at), text.slice(at + 1)]
    }),
  )
}

const viewArgument = { name: 'view', summary: 'a feature view, or view:feature' } as const
const keyOption = {
  name: 'key',
  value: 'column=value',
  summary: 'the entity, one option a key column',
  repeat: true,
} as const

/** A request as the route takes it. */
const historyBody = ({ feature, entity, at }: FeatureHistoryRequest): unknown => ({
  feature,
  entity,
  ...(at === null ? {} : { at: at.map(formatInstant) }),
})

function lookupRequest(input: CommandInput): FeatureHistoryRequest {
  const at = instantOption(input, 'at')
  return { feature: input.arguments.view!, entity: entityOf(input), at: at === undefined ? null : [at] }
}

function lookupOutput({ points: [point] }: FeatureHistoryJson): CommandOutput {
  return {
    json: point ?? null,
    text: textTable(
      ['feature', 'value', 'status'],
      Object.entries(point?.features ?? {}).map(([name, { value, status }]) => [
        name,
        value === null ? null : String(value),
        status,
      ]),
    ),
  }
}

/** `noonmark features lookup` */
export const featuresLookup: Command = {
  verb: ['features', 'lookup'],
  group: 'Data and features',
  summary: 'values of one entity now, or at an instant (computed offline from the tables)',
  arguments: [viewArgument],
  options: [keyOption, { name: 'at', value: 'instant', summary: 'as of then; now where left out' }],
  example: 'features lookup airport_punctuality --key airport=SFO --at 2026-01-31T08:00:00Z',
  run: async (context, input) => lookupOutput(await featureHistory(await context.platform(), lookupRequest(input))),
  remote: remote<FeatureHistoryJson>({
    method: 'POST',
    path: () => '/v1/features/history',
    body: (input) => historyBody(lookupRequest(input)),
    output: lookupOutput,
  }),
}

function historyRequest(input: CommandInput, nowMs: number): FeatureHistoryRequest {
  const to = instantOption(input, 'to') ?? nowMs
  const from = instantOption(input, 'from') ?? to - 7 * 86_400_000
  const points = Number(optionText(input, 'points') ?? 25)
  if (!Number.isInteger(points) || points < 2 || points > 10_000 || from >= to) {
    throw noonmarkError('request_invalid', {
      message: 'A history needs from before to, and 2 to 10,000 points.',
      hint: 'Correct --from, --to or --points.',
      path: '--points',
    })
  }
  const at = Array.from({ length: points }, (_, i) => Math.round(from + ((to - from) * i) / (points - 1)))
  return { feature: input.arguments.view!, entity: entityOf(input), at }
}

function historyOutput({ points }: FeatureHistoryJson): CommandOutput {
  const names = Object.keys(points[0]?.features ?? {})
  return {
    json: { points },
    text: textTable(
      ['at', ...names],
      points.map(({ at, features }) => [
        at,
        ...names.map((name) => {
          const one = features[name]!
          return one.value === null ? one.status : String(one.value)
        }),
      ]),
    ),
  }
}

/** `noonmark features history` */
export const featuresHistory: Command = {
  verb: ['features', 'history'],
  group: 'Data and features',
  summary: 'values of one entity over time, computed from the tables',
  arguments: [viewArgument],
  options: [
    keyOption,
    { name: 'from', value: 'instant', summary: 'the first instant; a week before the last where left out' },
    { name: 'to', value: 'instant', summary: 'the last; now where left out' },
    { name: 'points', value: 'number', summary: 'how many instants (default 25)' },
  ],
  example: 'features history airport_punctuality:late_share_7d --key airport=SFO --from 2026-01-01 --to 2026-02-01',
  async run(context, input) {
    const platform = await context.platform()
    return historyOutput(await featureHistory(platform, historyRequest(input, platform.clock.now())))
  },
  remote: remote<FeatureHistoryJson>({
    method: 'POST',
    path: () => '/v1/features/history',
    body: (input) => historyBody(historyRequest(input, Date.now())),
    output: historyOutput,
  }),
}
