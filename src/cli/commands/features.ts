import { noonmarkError } from '../../errors.ts'
import { aggregateText } from '../../plan/index.ts'
import { featureValues } from '../../platform/exploring.ts'
import { formatInstant } from '../../values/index.ts'
import { type Command, optionText, optionTexts } from '../command.ts'
import { textTable } from '../table.ts'
import { instantOption } from './train.ts'

/** `noonmark features list` */
export const featuresList: Command = {
  verb: ['features', 'list'],
  summary: 'the catalog of features',
  async run(context) {
    const { manifest } = await (await context.platform()).applied()
    const features = Object.values(manifest.featureViews).flatMap((view) =>
      view.features.map((feature) => ({
        feature: `${view.name}:${feature.name}`,
        entity: view.entity,
        type: feature.type,
        means: aggregateText(feature.aggregate),
        source: view.source,
        owner: view.owner ?? null,
      })),
    )
    return {
      json: { features },
      text: textTable(
        ['feature', 'entity', 'type', 'means', 'source', 'owner'],
        features.map((one) => [one.feature, one.entity, one.type, one.means, one.source, one.owner]),
      ),
    }
  },
}

/** `noonmark features show` */
export const featuresShow: Command = {
  verb: ['features', 'show'],
  summary: 'one feature: what it means, its version, who uses it',
  arguments: [{ name: 'feature', summary: 'view:feature' }],
  async run(context, input) {
    const { manifest } = await (await context.platform()).applied()
    const name = input.arguments.feature!
    const [viewName = '', featureName = ''] = name.split(':')
    const view = manifest.featureViews[viewName]
    const feature = view?.features.find((one) => one.name === featureName)
    if (view === undefined || feature === undefined) {
      const known = Object.values(manifest.featureViews).flatMap((one) =>
        one.features.map((inside) => `${one.name}:${inside.name}`),
      )
      throw noonmarkError('not_found', {
        message: `There is no feature ${name}.`,
        hint: `The features are ${known.join(', ')}.`,
        path: 'feature',
      })
    }
    const models = Object.values(manifest.models).filter((model) =>
      model.inputs.some((one) => one.input === 'feature' && one.digest === feature.digest),
    )
    const deployments = Object.values(manifest.deployments).filter((deployment) =>
      models.some((model) => model.name === deployment.model),
    )
    const json = {
      feature: name,
      type: feature.type,
      means: aggregateText(feature.aggregate),
      digest: feature.digest,
      entity: view.entity,
      key: view.key,
      source: view.source,
      owner: view.owner ?? null,
      description: feature.description ?? null,
      file: manifest.files[`feature-view ${viewName}`] ?? null,
      models: models.map((model) => model.name),
      deployments: deployments.map((deployment) => deployment.name),
    }
    const shown = { ...json, key: json.key.map((column) => `${column.entity} = ${view.source}.${column.source}`) }
    const text = Object.entries(shown).map(
      ([label, value]) => `${label.padEnd(12)} ${Array.isArray(value) ? value.join(', ') : (value ?? '-')}`,
    )
    return { json, text: text.join('\n') }
  },
}

/** `key=value` pairs of one entity. */
function entityOf(texts: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    texts.map((text) => {
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

const keyOption = {
  name: 'key',
  value: 'column=value',
  summary: 'the entity, one option a key column',
  repeat: true,
} as const

/** `noonmark features lookup` */
export const featuresLookup: Command = {
  verb: ['features', 'lookup'],
  summary: 'values of one entity now, or at an instant (computed offline from the tables)',
  arguments: [{ name: 'view', summary: 'a feature view, or view:feature' }],
  options: [keyOption, { name: 'at', value: 'instant', summary: 'as of then; now where left out' }],
  async run(context, input) {
    const platform = await context.platform()
    const at = instantOption(input, 'at') ?? platform.clock.now()
    const [values] = await featureValues(platform, input.arguments.view!, entityOf(optionTexts(input, 'key')), [at])
    return {
      json: { at: formatInstant(at), features: values },
      text: textTable(
        ['feature', 'value', 'status'],
        Object.entries(values ?? {}).map(([name, { value, status }]) => [
          name,
          value === null ? null : String(value),
          status,
        ]),
      ),
    }
  },
}

/** `noonmark features history` */
export const featuresHistory: Command = {
  verb: ['features', 'history'],
  summary: 'values of one entity over time, computed from the tables',
  arguments: [{ name: 'view', summary: 'a feature view, or view:feature' }],
  options: [
    keyOption,
    { name: 'from', value: 'instant', summary: 'the first instant' },
    { name: 'to', value: 'instant', summary: 'the last; now where left out' },
    { name: 'points', value: 'number', summary: 'how many instants (default 25)' },
  ],
  async run(context, input) {
    const platform = await context.platform()
    const to = instantOption(input, 'to') ?? platform.clock.now()
    const from = instantOption(input, 'from') ?? to - 7 * 86_400_000
    const points = Number(optionText(input, 'points') ?? 25)
    if (!Number.isInteger(points) || points < 2 || points > 10_000 || from >= to) {
      throw noonmarkError('request_invalid', {
        message: 'A history needs from before to, and 2 to 10,000 points.',
        hint: 'Correct --from, --to or --points.',
        path: '--points',
      })
    }
    const instants = Array.from({ length: points }, (_, i) => Math.round(from + ((to - from) * i) / (points - 1)))
    const rows = await featureValues(platform, input.arguments.view!, entityOf(optionTexts(input, 'key')), instants)
    const names = Object.keys(rows[0] ?? {})
    return {
      json: { points: rows.map((features, i) => ({ at: formatInstant(instants[i]!), features })) },
      text: textTable(
        ['at', ...names],
        rows.map((features, i) => [
          formatInstant(instants[i]!),
          ...names.map((name) => {
            const one = features[name]!
            return one.value === null ? one.status : String(one.value)
          }),
        ]),
      ),
    }
  },
}
