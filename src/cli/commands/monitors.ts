import { noonmarkError } from '../../errors.ts'
import { type LatestReport, type MonitorReport, renderMonitorReport } from '../../monitor/index.ts'
import { latestReport, measureMonitors } from '../../platform/monitor-reports.ts'
import type { Command, CommandOutput } from '../command.ts'
import { remote } from '../remote.ts'

const exitCode = ({ parity }: MonitorReport): 0 | 1 => (parity.differing > 0 ? 1 : 0)

const reportOutput = (report: MonitorReport): CommandOutput => ({
  json: report,
  text: renderMonitorReport(report),
  exitCode: exitCode(report),
})

/** `noonmark monitors run` */
export const monitorsRun: Command = {
  verb: ['monitors', 'run'],
  group: 'Serve and watch',
  summary:
    'performance on matured outcomes, parity of served features, nulls, statuses and drift, measured now and kept; exit 1 where parity differs',
  example: 'monitors run --json',
  async run(context) {
    const { report } = await measureMonitors(await context.platform(), {
      reason: 'asked',
      onProgress: context.progress,
    })
    return reportOutput(report)
  },
  remote: remote<MonitorReport>({
    method: 'GET',
    path: () => '/v1/monitors/report?wait_seconds=1',
    output: reportOutput,
  }),
}

const latestOutput = (latest: LatestReport): CommandOutput => {
  const { measured_at: at, seconds, reason, report } = latest
  const why = reason === 'asked' ? 'asked for' : 'new data had come'
  return {
    json: latest,
    text: `Measured ${at} in ${seconds} s (${why})\n${renderMonitorReport(report)}`,
    exitCode: exitCode(report),
  }
}

/** `noonmark monitors show` */
export const monitorsShow: Command = {
  verb: ['monitors', 'show'],
  group: 'Serve and watch',
  summary: 'the report that was measured last, with its time; exit 1 where its parity differs',
  example: 'monitors show',
  async run(context) {
    const latest = await latestReport(await context.platform())
    if (latest !== null) return latestOutput(latest)
    throw noonmarkError('not_found', { message: 'Nothing was measured yet.', hint: 'Measure: noonmark monitors run.' })
  },
  remote: remote<LatestReport>({ method: 'GET', path: () => '/v1/monitors/latest', output: latestOutput }),
}
