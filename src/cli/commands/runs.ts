import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { formatInstant } from '../../values/index.ts'
import { type Command, optionText } from '../command.ts'
import { textTable } from '../table.ts'
import { runText } from './run-text.ts'

const auc = (metrics: { readonly validation: Readonly<Record<string, unknown>> } | null): string | null =>
  typeof metrics?.validation.auc === 'number' ? metrics.validation.auc.toFixed(4) : null

/** `noonmark runs list` */
export const runsList: Command = {
  verb: ['runs', 'list'],
  summary: 'training attempts, the latest first',
  options: [{ name: 'model', value: 'name', summary: 'only of this model' }],
  async run(context, input) {
    const model = optionText(input, 'model')
    const runs = await (await context.platform()).registry.runs(model === undefined ? {} : { model })
    const rows = runs.map((run) => [
      run.id,
      run.model,
      run.trainer.kind,
      run.status,
      run.version,
      auc(run.metrics),
      formatInstant(run.startedAtMs),
    ])
    return {
      json: { runs },
      text:
        rows.length === 0
          ? 'No runs yet.'
          : textTable(['run', 'model', 'trainer', 'status', 'version', 'AUC', 'started'], rows),
    }
  },
}

/** `noonmark runs show` */
export const runsShow: Command = {
  verb: ['runs', 'show'],
  summary: 'one run: its training set, metrics, checks and error',
  arguments: [{ name: 'run', summary: 'the id, or its last characters' }],
  async run(context, input) {
    const run = await (await context.platform()).registry.run(input.arguments.run!)
    return { json: run, text: runText(run) }
  },
}

/** `noonmark runs compare` */
export const runsCompare: Command = {
  verb: ['runs', 'compare'],
  summary: 'two runs beside each other: parameters and metrics that differ',
  arguments: [
    { name: 'first', summary: 'a run' },
    { name: 'second', summary: 'another run' },
  ],
  async run(context, input) {
    const { registry } = await context.platform()
    const [first, second] = [await registry.run(input.arguments.first!), await registry.run(input.arguments.second!)]
    const facts = (run: typeof first): Record<string, unknown> => ({
      model: run.model,
      trainer: run.trainer.kind,
      seed: run.seed,
      training_set: run.trainingSet?.content.slice(0, 12) ?? null,
      ...Object.fromEntries(Object.entries(run.parameters ?? {}).map(([name, value]) => [`parameter ${name}`, value])),
      ...Object.fromEntries(
        Object.entries(run.metrics?.validation ?? {}).filter(([, value]) => typeof value === 'number'),
      ),
    })
    const [a, b] = [facts(first), facts(second)]
    const names = [...new Set([...Object.keys(a), ...Object.keys(b)])].filter((name) => a[name] !== b[name])
    const differences = names.map((name) => ({ name, first: a[name] ?? null, second: b[name] ?? null }))
    const shown = (value: unknown): string =>
      typeof value === 'number' && !Number.isInteger(value) ? value.toFixed(5) : String(value ?? '-')
    return {
      json: { first: first.id, second: second.id, differences },
      text:
        differences.length === 0
          ? 'The runs do not differ.'
          : textTable(
              ['', first.version ?? first.id.slice(-6), second.version ?? second.id.slice(-6)],
              differences.map((one) => [one.name, shown(one.first), shown(one.second)]),
            ),
    }
  },
}

/** `noonmark runs logs` */
export const runsLogs: Command = {
  verb: ['runs', 'logs'],
  summary: 'what a run did, iteration by iteration',
  arguments: [{ name: 'run', summary: 'the id, or its last characters' }],
  async run(context, input) {
    const platform = await context.platform()
    const run = await platform.registry.run(input.arguments.run!)
    const report = await readFile(join(platform.layout.runs, run.id, 'out/report.json'), 'utf8').catch(() => null)
    if (report === null)
      return {
        json: { run: run.id, losses: [], error: run.error },
        text: run.error?.message ?? `Run ${run.id} ended before anything was fitted.`,
      }
    const { losses }: { losses: readonly { iteration: number; train: number | null; validation: number | null }[] } =
      JSON.parse(report)
    const digits = (value: number | null): string | null => value?.toFixed(6) ?? null
    return {
      json: { run: run.id, losses, error: run.error },
      text: textTable(
        ['iteration', 'train log loss', 'validation log loss'],
        losses.map((one) => [one.iteration, digits(one.train), digits(one.validation)]),
      ),
    }
  },
}
