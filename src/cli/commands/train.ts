import { noonmarkError } from '../../errors.ts'
import { trainingPorts } from '../../platform/training.ts'
import type { Run } from '../../registry/index.ts'
import { train as trainModel } from '../../train/index.ts'
import { parseInstant } from '../../values/index.ts'
import { type Command, type CommandInput, type CommandOutput, optionText, optionTexts } from '../command.ts'
import { runText } from './run-text.ts'

/** An instant given as an option; a date alone is its midnight in UTC. */
export function instantOption(input: CommandInput, name: string): number | undefined {
  const text = optionText(input, name)
  if (text === undefined) return undefined
  return parseInstant(/^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00:00Z` : text, { path: `--${name}` })
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

/** What a run that ended says, and its exit status. */
export function runOutput(run: Run): CommandOutput {
  return { json: run, text: runText(run), exitCode: run.status === 'succeeded' ? 0 : 1 }
}

/** `noonmark train` */
export const train: Command = {
  verb: ['train'],
  summary: 'train a model in a process of its own and register the version',
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
  async run(context, input) {
    const platform = await context.platform()
    const [fromMs, toMs, trainer, seed] = [
      instantOption(input, 'from'),
      instantOption(input, 'to'),
      optionText(input, 'trainer'),
      optionText(input, 'seed'),
    ]
    if (seed !== undefined && !/^\d{1,9}$/.test(seed))
      throw noonmarkError('parameter_invalid', { message: `--seed ${seed} is not a whole number.`, path: '--seed' })
    const run = await trainModel(
      await trainingPorts(platform),
      {
        model: input.arguments.model!,
        parameters: parametersOf(input),
        ...(trainer === undefined ? {} : { trainer }),
        ...(fromMs === undefined ? {} : { fromMs }),
        ...(toMs === undefined ? {} : { toMs }),
        ...(seed === undefined ? {} : { seed: Number(seed) }),
      },
      { onProgress: context.progress, signal: context.signal },
    )
    return runOutput(run)
  },
}
