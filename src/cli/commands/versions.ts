import { noonmarkError } from '../../errors.ts'
import { versionName } from '../../registry/index.ts'
import { formatInstant } from '../../values/index.ts'
import { type Command, optionText } from '../command.ts'
import { textTable } from '../table.ts'
import { checksText, versionText } from './run-text.ts'

/** `noonmark versions list` */
export const versionsList: Command = {
  verb: ['versions', 'list'],
  summary: 'versions, the newest first',
  options: [{ name: 'model', value: 'name', summary: 'only of this model' }],
  async run(context, input) {
    const versions = await (await context.platform()).registry.versions(optionText(input, 'model'))
    const rows = versions.map((version) => [
      versionName(version),
      version.spec.trainer.kind,
      version.passed ? 'passed' : 'failed',
      typeof version.metrics.validation.auc === 'number' ? version.metrics.validation.auc.toFixed(4) : null,
      formatInstant(version.createdAtMs),
      version.digest.slice(0, 12),
    ])
    return {
      json: { versions },
      text:
        rows.length === 0
          ? 'No versions yet.'
          : textTable(['version', 'trainer', 'checks', 'AUC', 'made', 'digest'], rows),
    }
  },
}

/** `noonmark versions show` */
export const versionsShow: Command = {
  verb: ['versions', 'show'],
  summary: 'one version: metrics, checks and lineage down to the source files',
  arguments: [{ name: 'version', summary: 'model:number' }],
  async run(context, input) {
    const version = await (await context.platform()).registry.version(input.arguments.version!)
    return { json: version, text: versionText(version) }
  },
}

/** `noonmark versions check` */
export const versionsCheck: Command = {
  verb: ['versions', 'check'],
  summary: 'the checks of a version and what decided each; exit 1 where one failed',
  arguments: [{ name: 'version', summary: 'model:number' }],
  async run(context, input) {
    const version = await (await context.platform()).registry.version(input.arguments.version!)
    return {
      json: { version: versionName(version), passed: version.passed, checks: version.checks },
      text: checksText(version.checks),
      exitCode: version.passed ? 0 : 1,
    }
  },
}

/** `noonmark versions explain` */
export const versionsExplain: Command = {
  verb: ['versions', 'explain'],
  summary: 'which inputs decide, by their share of the gain',
  arguments: [{ name: 'version', summary: 'model:number' }],
  async run(context, input) {
    const version = await (await context.platform()).registry.version(input.arguments.version!)
    const total = version.importance.reduce((sum, { gain }) => sum + gain, 0)
    if (total === 0)
      throw noonmarkError('not_found', { message: `${versionName(version)} has no importance of its inputs.` })
    const inputs = version.importance.map(({ name, gain }) => ({ name, share: gain / total }))
    return {
      json: { version: versionName(version), inputs },
      text: textTable(
        ['input', 'share'],
        inputs.map(({ name, share }) => [name, `${(100 * share).toFixed(1)} %`]),
      ),
    }
  },
}
