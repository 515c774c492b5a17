import { noonmarkError } from '../../errors.ts'
import { trainingRecords } from '../../platform/operations-records.ts'
import { parseVersion, type VersionChecksJson, type VersionJson, versionChecksOf } from '../../registry/index.ts'
import { type Command, type CommandContext, type CommandInput, type CommandOutput, optionText } from '../command.ts'
import { remote } from '../remote.ts'
import { textTable } from '../table.ts'
import { checksText, versionText } from './run-text.ts'

const versionArgument = { name: 'version', summary: 'model:number' } as const

/** The path of a version: `/v1/models/flight-delay/versions/2`. @throws version_unknown */
export function versionPath(text: string): string {
  const { model, number } = parseVersion(text)
  return `/v1/models/${model}/versions/${number}`
}

const pathOf = (input: CommandInput): string => versionPath(input.arguments.version!)

const versionHere = async (context: CommandContext, input: CommandInput): Promise<VersionJson> =>
  trainingRecords(await context.platform()).version(input.arguments.version!)

function listOutput({ versions }: { readonly versions: readonly VersionJson[] }): CommandOutput {
  const rows = versions.map((version) => [
    version.version,
    version.spec.trainer.kind,
    version.passed ? 'passed' : 'failed',
    typeof version.metrics.validation.auc === 'number' ? version.metrics.validation.auc.toFixed(4) : null,
    version.created_at,
    version.digest.slice(0, 12),
  ])
  return {
    json: { versions },
    text:
      rows.length === 0
        ? 'No versions yet.'
        : textTable(['version', 'trainer', 'checks', 'AUC', 'made', 'digest'], rows),
  }
}

/** `noonmark versions list` */
export const versionsList: Command = {
  verb: ['versions', 'list'],
  group: 'Train',
  summary: 'versions, the newest first',
  options: [{ name: 'model', value: 'name', summary: 'only of this model' }],
  example: 'versions list --model flight-delay',
  run: async (context, input) =>
    listOutput({ versions: await trainingRecords(await context.platform()).versions(optionText(input, 'model')) }),
  remote: remote<{ versions: readonly VersionJson[] }>({
    method: 'GET',
    path(input) {
      const model = optionText(input, 'model')
      return model === undefined ? '/v1/versions' : `/v1/models/${encodeURIComponent(model)}/versions`
    },
    output: listOutput,
  }),
}

const showOutput = (version: VersionJson): CommandOutput => ({ json: version, text: versionText(version) })

/** `noonmark versions show` */
export const versionsShow: Command = {
  verb: ['versions', 'show'],
  group: 'Train',
  summary: 'one version: metrics, checks and lineage down to the source files',
  arguments: [versionArgument],
  example: 'versions show flight-delay:2',
  run: async (context, input) => showOutput(await versionHere(context, input)),
  remote: remote<VersionJson>({ method: 'GET', path: pathOf, output: showOutput }),
}

const checkOutput = (checked: VersionChecksJson): CommandOutput => ({
  json: checked,
  text: checksText(checked.checks),
  exitCode: checked.passed ? 0 : 1,
})

/** `noonmark versions check` */
export const versionsCheck: Command = {
  verb: ['versions', 'check'],
  group: 'Train',
  summary: 'the checks of a version and what decided each; exit 1 where one failed',
  arguments: [versionArgument],
  example: 'versions check flight-delay:2',
  run: async (context, input) => checkOutput(versionChecksOf(await versionHere(context, input))),
  remote: remote<VersionChecksJson>({
    method: 'GET',
    path: (input) => `${pathOf(input)}/checks`,
    output: checkOutput,
  }),
}

function explainOutput({ version, importance }: VersionJson): CommandOutput {
  const total = importance.reduce((sum, { gain }) => sum + gain, 0)
  if (total === 0) throw noonmarkError('not_found', { message: `${version} has no importance of its inputs.` })
  const inputs = importance.map(({ name, gain }) => ({ name, share: gain / total }))
  return {
    json: { version, inputs },
    text: textTable(
      ['input', 'share'],
      inputs.map(({ name, share }) => [name, `${(100 * share).toFixed(1)} %`]),
    ),
  }
}

/** `noonmark versions explain` */
export const versionsExplain: Command = {
  verb: ['versions', 'explain'],
  group: 'Train',
  summary: 'which inputs decide, by their share of the gain',
  arguments: [versionArgument],
  example: 'versions explain flight-delay:2',
  run: async (context, input) => explainOutput(await versionHere(context, input)),
  remote: remote<VersionJson>({ method: 'GET', path: pathOf, output: explainOutput }),
}
