import { watch as watchPredictions } from '../../platform/watching.ts'
import type { Command } from '../command.ts'

/** `noonmark monitors run` */
export const monitorsRun: Command = {
  verb: ['monitors', 'run'],
  summary:
    'performance on matured outcomes, parity of served features, null and status rates; exit 1 where parity differs',
  async run(context) {
    const platform = await context.platform()
    const { report, text } = await watchPredictions(platform, context.progress)
    return { json: report, text, exitCode: report.parity.differing > 0 ? 1 : 0 }
  },
}
