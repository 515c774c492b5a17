import { type MonitorReport, renderMonitorReport } from '../../monitor/index.ts'
import { watch as watchPredictions } from '../../platform/watching.ts'
import type { Command, CommandOutput } from '../command.ts'
import { remote } from '../remote.ts'

const reportOutput = (report: MonitorReport): CommandOutput => ({
  json: report,
  text: renderMonitorReport(report),
  exitCode: report.parity.differing > 0 ? 1 : 0,
})

/** `noonmark monitors run` */
export const monitorsRun: Command = {
  verb: ['monitors', 'run'],
  group: 'Serve and watch',
  summary:
    'performance on matured outcomes, parity of served features, null and status rates; exit 1 where parity differs',
  example: 'monitors run --json',
  async run(context) {
    const { report } = await watchPredictions(await context.platform(), context.progress)
    return reportOutput(report)
  },
  remote: remote<MonitorReport>({
    method: 'GET',
    path: () => '/v1/monitors/report?wait_seconds=1',
    output: reportOutput,
  }),
}
