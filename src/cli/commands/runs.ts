import { noonmarkError } from '../../errors.ts'
import { cancelRun } from '../../platform/operations-lease.ts'
import { trainingRecords } from '../../platform/operations-records.ts'
import { compareRunFacts, sameRows } from '../../platform/reports/run-facts.ts'
import { hasEnded, type RunJson, runJson } from '../../registry/index.ts'
import { type Command, type CommandInput, type CommandOutput, optionText } from '../command.ts'
import { remote, search } from '../remote.ts'
import { textTable } from '../table.ts'
import { runText } from './run-text.ts'
import { followRun } from './train.ts'

const auc = (metrics: { readonly validation: Readonly<Record<string, unknown>> } | null): string | null =>
  typeof metrics?.validation.auc === 'number' ? metrics.validation.auc.toFixed(4) : null

const runArgument = { name: 'run', summary: 'the id, or its last characters' } as const
const pathOf = (input: CommandInput): string => `/v1/runs/${encodeURIComponent(input.arguments.run!)}`

function listOutput({ runs }: { readonly runs: readonly RunJson[] }): CommandOutput {
  const rows = runs.map((run) => [
    run.id,
    run.model,
    run.trainer.kind,
    run.status,
    run.version,
    auc(run.metrics),
    run.started_at,
  ])
  return {
    json: { runs },
    text:
      rows.length === 0
        ? 'No runs yet.'
        : textTable(['run', 'model', 'trainer', 'status', 'version', 'AUC', 'started'], rows),
  }
}

/** `noonmark runs list` */
export const runsList: Command = {
  verb: ['runs', 'list'],
  group: 'Train',
  summary: 'training attempts, the latest first',
  options: [{ name: 'model', value: 'name', summary: 'only of this model' }],
  example: 'runs list --model flight-delay',
  async run(context, input) {
    const model = optionText(input, 'model')
    const records = trainingRecords(await context.platform())
    return listOutput({ runs: await records.runs(model === undefined ? {} : { model }) })
  },
  remote: remote<{ runs: readonly RunJson[] }>({
    method: 'GET',
    path: (input) => `/v1/runs${search({ model: optionText(input, 'model') })}`,
    output: listOutput,
  }),
}

const showOutput = (run: RunJson): CommandOutput => ({ json: run, text: runText(run) })

/** `noonmark runs show` */
export const runsShow: Command = {
  verb: ['runs', 'show'],
  group: 'Train',
  summary: 'one run: its training set, metrics, checks and error, and how far it is',
  arguments: [runArgument],
  example: 'runs show 9WP0WGWB',
  run: async (context, input) => showOutput(await trainingRecords(await context.platform()).run(input.arguments.run!)),
  remote: remote<RunJson>({ method: 'GET', path: pathOf, output: showOutput }),
}

function compareOutput(first: RunJson, second: RunJson): CommandOutput {
  const differences = compareRunFacts(first, second)
    .filter(({ differs }) => differs)
    .map(({ group, name, ...values }) => ({
      name: group === 'parameters' ? `parameter ${name}` : name,
      first: values.first,
      second: values.second,
    }))
  const shown = (value: unknown): string =>
    typeof value === 'number' && !Number.isInteger(value) ? value.toFixed(5) : String(value ?? '-')
  return {
    json: { first: first.id, second: second.id, same_rows: sameRows(first, second), differences },
    text:
      differences.length === 0
        ? 'The runs do not differ.'
        : `${textTable(
            ['', first.version ?? first.id.slice(-6), second.version ?? second.id.slice(-6)],
            differences.map((one) => [one.name, shown(one.first), shown(one.second)]),
          )}${sameRows(first, second) ? '' : '\n\nThey were validated on different rows: their metrics do not compare.'}`,
  }
}

/** `noonmark runs compare` */
export const runsCompare: Command = {
  verb: ['runs', 'compare'],
  group: 'Train',
  summary: 'two runs beside each other: parameters and metrics that differ',
  arguments: [
    { name: 'first', summary: 'a run' },
    { name: 'second', summary: 'another run' },
  ],
  example: 'runs compare 9WP0WGWB 31YX15M6',
  async run(context, input) {
    const records = trainingRecords(await context.platform())
    return compareOutput(await records.run(input.arguments.first!), await records.run(input.arguments.second!))
  },
  remote: remote<RunJson>({
    method: 'GET',
    path: (input) => `/v1/runs/${encodeURIComponent(input.arguments.first!)}`,
    async output(first, input, { get }) {
      const second = await get(`/v1/runs/${encodeURIComponent(input.arguments.second!)}`)
      return compareOutput(first, second as RunJson) // the same route answers both
    },
  }),
}

/** The lines were said as they came. */
const logOutput = (lines: readonly string[]): CommandOutput => ({ json: { lines }, text: '' })

/** `noonmark runs logs` */
export const runsLogs: Command = {
  verb: ['runs', 'logs'],
  group: 'Train',
  summary: 'what a run does, line by line, and on until it ends',
  arguments: [runArgument],
  example: 'runs logs 9WP0WGWB',
  async run(context, input) {
    const lines: string[] = []
    const records = trainingRecords(await context.platform())
    for await (const line of records.runLog(input.arguments.run!, context.signal)) {
      lines.push(line)
      context.say(line)
    }
    return logOutput(lines)
  },
  remote: remote<readonly string[]>({
    method: 'GET',
    path: (input) => `${pathOf(input)}/logs`,
    lines: true,
    output: logOutput,
  }),
}

function cancelOutput(run: RunJson): CommandOutput {
  if (run.status === 'cancelled') return { json: run, text: `Run ${run.id} is cancelled.` }
  if (!hasEnded(run)) throw noonmarkError('internal', { message: `Run ${run.id} goes on.` })
  return { json: run, text: `Run ${run.id} ended before it could be cancelled: ${run.status}.`, exitCode: 1 }
}

/** `noonmark runs cancel` */
export const runsCancel: Command = {
  verb: ['runs', 'cancel'],
  group: 'Train',
  summary: 'end a run, whichever process trains it; its record stays',
  arguments: [runArgument],
  example: 'runs cancel 9WP0WGWB',
  async run(context, input) {
    const platform = await context.platform()
    let run = await cancelRun(platform, input.arguments.run!)
    while (!hasEnded(run)) {
      context.progress('wait for the run to end', 0, 0)
      await new Promise((resolve) => setTimeout(resolve, 500))
      run = await platform.registry.run(run.id)
    }
    return cancelOutput(runJson(run))
  },
  remote: remote<RunJson>({ method: 'DELETE', path: pathOf, follow: followRun, output: cancelOutput }),
}
