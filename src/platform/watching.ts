import { noonmarkError } from '../errors.ts'
import { type MonitorReport, monitorReport, renderMonitorReport, tabulatePredictions } from '../monitor/index.ts'
import type { Platform } from '../platform.ts'
import { openPredictionReader } from '../serve/index.ts'

/**
 * Measures what the prediction log and the tables tell: performance, parity, feature health.
 * @throws not_found where nothing was predicted yet
 */
export async function watch(
  platform: Platform,
  onProgress?: (label: string, done: number, total: number) => void,
): Promise<{ readonly report: MonitorReport; readonly text: string }> {
  const { manifest } = await platform.applied()
  onProgress?.('read the prediction log', 0, 0)
  const predictions = await tabulatePredictions(openPredictionReader(platform.layout.predictions).read())
  if (predictions.length === 0)
    throw noonmarkError('not_found', {
      message: 'Nothing was predicted yet.',
      hint: 'Start the server and ask it for a prediction.',
    })
  const versions = await platform.tables().pin(manifest, Object.keys(manifest.sources))
  const report = await monitorReport({
    engine: platform.engine(),
    manifest,
    predictions,
    versions,
    cutMs: platform.clock.now(),
    ...(onProgress === undefined ? {} : { onProgress }),
  })
  return { report, text: renderMonitorReport(report) }
}
