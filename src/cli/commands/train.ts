import { noonmarkError } from '../../errors.ts'
import type { RunRequest } from '../../http/work.ts'
import { startTraining } from '../../platform/operations-runs.ts'
import { hasEnded, type RunJson, runJson } from '../../registry/index.ts'
import { formatInstant, parseInstant } from '../../values/index.ts'
import { type Command, type CommandInput, type CommandOutput, optionText, optionTexts } from '../command.ts'
import { type Following, remote } from '../remote.ts'
import { runText } from './run-text.ts'

/** An instant given as an option; a date alone is its midnight in UTC. */
export function instantOption(input: CommandInput, name: string): number | undefined {
  const text = optionText(input, name)
  if (text === undefined) return undefined
  return parseInstant(/^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00:00Z` : text, { path: `--${name}` })
}

/** `from` and `to` as a body of a route has them. */
export function rangeBody(input: CommandInput): { readonly from?: string; readonly to?: string } {
  const [from, to] = [instantOption(input, 'from'), instantOption(input, 'to')]
  return {
    ...(from === undefined ? {} : { from: formatInstant(from) }),
    ...(to === undefined ? {} : { to: formatInstant(to) }),
  }
}

/** `--set learning_rate=0.05 --set bins=63` */
function parametersOf(input: CommandInput): Record<string, number | string | boolean> {
  return Object.fromEntries(
    optionTexts(input, 'set').map((text) => {
      const at = text.indexOf('=')
      if (at <= 0)
        throw noonmarkError('parameter_invalid', { message: `--set ${text} is not name=value.`, path: '--set' })
      const value = text.slice(at + 1)
      const number = Number(value)
      return [
        text.slice(0, at),
        value === 'true' ? true : value === 'false' ? false : value !== '' && Number.isFinite(number) ? number : value,
      ]
    }),
  )
}

function requestOf(input: CommandInput): RunRequest {
  const [fromMs, toMs, trainer, seed] = [
    instantOption(input, 'from'),
    instantOption(input, 'to'),
    optionText(input, 'trainer'),
    optionText(input, 'seed'),
  ]
  if (seed !== undefined && !/^\d{1,9}$/.test(seed))
    throw noonmarkError('parameter_invalid', { message: `--seed ${seed} is not a whole number.`, path: '--seed' })
  return {
    model: input.arguments.model!,
    parameters: parametersOf(input),
    ...(trainer === undefined ? {} : { trainer }),
    ...(fromMs === undefined ? {} : { fromMs }),
    ...(toMs === undefined ? {} : { toMs }),
    ...(seed === undefined ? {} : { seed: Number(seed) }),
  }
}

/** What a run that ended says, and its exit status. */
export function runOutput(run: RunJson): CommandOutput {
  return { json: run, text: runText(run), exitCode: run.status === 'succeeded' ? 0 : 1 }
}

/** A run that goes on is looked at until it ends. */
export function followRun(run: RunJson): Following | null {
  return hasEnded(run) ? null : { path: `/v1/runs/${run.id}`, progress: run.progress }
}

/** `noonmark train` */
export const train: Command = {
  verb: ['train'],
  group: 'Train',
  summary: 'train a model in a process of its own and register the version; Ctrl-C cancels the run',
  arguments: [{ name: 'model', summary: 'the name of the model' }],
  options: [
    {
      name: 'set',
      value: 'name=value',
      summary: 'a parameter of the trainer, over that of the definition',
      repeat: true,
    },
    { name: 'trainer', value: 'kind', summary: 'another trainer: gradient-boosting or logistic-regression' },
    { name: 'from', value: 'instant', summary: 'moments from here on, over the split of the definition' },
    { name: 'to', value: 'instant', summary: 'moments before this' },
    { name: 'seed', value: 'number', summary: 'the seed of everything random (default 1)' },
  ],
  example: 'train flight-delay --set learning_rate=0.05 --seed 7',
  async run(context, input) {
    const request = requestOf(input)
    const { ended } = startTraining(await context.platform(), request, {
      owner: 'command',
      onProgress: context.progress,
      signal: context.signal,
    })
    return runOutput(runJson(await ended))
  },
  remote: remote<RunJson>({
    method: 'POST',
    path: () => '/v1/runs',
    body(input) {
      const { fromMs: _from, toMs: _to, ...request } = requestOf(input)
      return { ...request, ...rangeBody(input) }
    },
    follow: followRun,
    output: runOutput,
  }),
}
