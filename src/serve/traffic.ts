import { formatInstant, type Instant } from '../values/index.ts'
import { type AnswerSeen, scoreBinCount, TrafficCell } from './traffic-cell.ts'

/** The windows over which traffic is told. */
export const trafficWindows = ['1h', '24h', '7d', '31d'] as const
export type TrafficWindow = (typeof trafficWindows)[number]

const [minuteMs, hourMs] = [60_000, 3_600_000]

/** The steps of each window. */
const windows: Readonly<Record<TrafficWindow, { readonly step: 'minute' | 'hour'; readonly steps: number }>> = {
  '1h': { step: 'minute', steps: 60 },
  '24h': { step: 'hour', steps: 24 },
  '7d': { step: 'hour', steps: 168 },
  '31d': { step: 'hour', steps: 744 },
}

/** What is kept of each step's length. */
const kept = { minute: 60, hour: 744 } as const
const stepMs = { minute: minuteMs, hour: hourMs } as const

/** How far back traffic is told. */
export const trafficReachMs: number = kept.hour * hourMs

/** One minute or hour of a window. */
export interface TrafficStep {
  readonly at: string
  readonly count: number
  readonly fallbacks: number
  readonly p50: number | null
  readonly p95: number | null
  readonly p99: number | null
}

/** Answers over a window that ends now. Quantiles are within 5 %. */
export interface TrafficSummary {
  readonly from: string
  readonly to: string
  /** Shadows left out. */
  readonly count: number
  readonly answered_by: { readonly answered_by: string; readonly count: number; readonly share: number }[]
  /** Why no version answered, the most frequent first. */
  readonly reasons: { readonly reason: string; readonly count: number }[]
  readonly latency_ms: { readonly p50: number | null; readonly p95: number | null; readonly p99: number | null }
  readonly step: 'minute' | 'hour'
  readonly series: TrafficStep[]
  /** False while the log of earlier answers is still read, and where it was too long to be read as far back as the window. */
  readonly complete: boolean
  readonly last_at: string | null
}

/** What one version said over a window. */
export interface ScoreSummary {
  readonly version: string | null
  readonly part: 'champion' | 'shadow' | 'fallback'
  readonly count: number
  readonly mean: number | null
  readonly bins: { readonly low: number; readonly high: number; readonly count: number; readonly share: number }[]
}

/** Counts answers by deployment as they are given, in memory: by minute for an hour, by hour for 31 days. */
export interface Traffic {
  observe(answer: AnswerSeen): void
  /** Answers of some deployments together; without the series, which takes most of the time and the bytes, where that is said. */
  over(
    deployments: readonly string[],
    window: TrafficWindow,
    now: Instant,
    options?: { readonly series?: boolean },
  ): TrafficSummary
  scores(deployment: string, window: TrafficWindow, now: Instant): ScoreSummary[]
  /** How many answers were ever counted, shadows too: it differs when there is something new. */
  counted(): number
  /** To be said once answers of earlier processes are counted: all that were given since an instant. */
  completed(sinceMs: Instant): void
}

/** Cells of one deployment by the number of their step since 1970. */
type Cells = Map<number, TrafficCell>

interface DeploymentCells {
  readonly minute: Cells
  readonly hour: Cells
  /** The newest step; older ones than are kept are dropped. */
  readonly newest: { minute: number; hour: number }
  lastAtMs: number
}

/** Begins to count. */
export function createTraffic(): Traffic {
  const deployments = new Map<string, DeploymentCells>()
  let counted = 0
  let completeSinceMs = Number.POSITIVE_INFINITY

  const cellsOf = (deployment: string): DeploymentCells => {
    let cells = deployments.get(deployment)
    if (cells === undefined) {
      const none = Number.NEGATIVE_INFINITY
      cells = { minute: new Map(), hour: new Map(), newest: { minute: none, hour: none }, lastAtMs: none }
      deployments.set(deployment, cells)
    }
    return cells
  }

  /** The answers of some deployments in one step; their scores are left out where they are several. */
  const sum = (names: readonly string[], step: 'minute' | 'hour', at: number): TrafficCell | null => {
    const found = names.flatMap((name) => deployments.get(name)?.[step].get(at) ?? [])
    if (found.length <= 1) return found[0] ?? null
    const all = new TrafficCell()
    for (const cell of found) all.addAnswers(cell)
    return all
  }

  const stepsOf = (window: TrafficWindow, now: Instant) => {
    const { step, steps } = windows[window]
    const last = Math.floor(now / stepMs[step])
    return { step, first: last - steps + 1, last }
  }

  return {
    observe(answer) {
      counted++
      const cells = cellsOf(answer.deployment)
      if (answer.arm !== 'shadow') cells.lastAtMs = Math.max(cells.lastAtMs, answer.givenAtMs)
      for (const step of ['minute', 'hour'] as const) {
        const at = Math.floor(answer.givenAtMs / stepMs[step])
        if (at <= cells.newest[step] - kept[step]) continue
        if (at > cells.newest[step]) {
          cells.newest[step] = at
          for (const old of cells[step].keys()) if (old <= at - kept[step]) cells[step].delete(old)
        }
        let cell = cells[step].get(at)
        if (cell === undefined) {
          cell = new TrafficCell()
          cells[step].set(at, cell)
        }
        cell.add(answer)
      }
    },

    over(names, window, now, { series: wanted = true } = {}) {
      const { step, first, last } = stepsOf(window, now)
      const all = new TrafficCell()
      const series: TrafficStep[] = []
      for (let at = first; at <= last; at++) {
        const cell = sum(names, step, at)
        if (cell !== null) all.addAnswers(cell)
        if (!wanted) continue
        series.push({
          at: formatInstant(at * stepMs[step]),
          count: cell?.count ?? 0,
          fallbacks: cell?.fallbacks ?? 0,
          ...quantiles(cell),
        })
      }
      const lastAtMs = Math.max(...names.map((name) => deployments.get(name)?.lastAtMs ?? Number.NEGATIVE_INFINITY))
      return {
        from: formatInstant(first * stepMs[step]),
        to: formatInstant(now),
        count: all.count,
        answered_by: byCount(all.answeredBy).map(([answered_by, count]) => ({
          answered_by,
          count,
          share: count / all.count,
        })),
        reasons: byCount(all.reasons).map(([reason, count]) => ({ reason, count })),
        latency_ms: quantiles(all),
        step,
        series,
        complete: completeSinceMs <= first * stepMs[step],
        last_at: Number.isFinite(lastAtMs) ? formatInstant(lastAtMs) : null,
      }
    },

    scores(deployment, window, now) {
      const { step, first, last } = stepsOf(window, now)
      const all = new TrafficCell()
      for (let at = first; at <= last; at++) {
        const cell = deployments.get(deployment)?.[step].get(at)
        if (cell !== undefined) all.addScores(cell)
      }
      return [...all.scores.values()].map(({ version, part, count, sum: total, bins }) => ({
        version,
        part,
        count,
        mean: count > 0 ? total / count : null,
        bins: Array.from(bins, (inBin, bin) => ({
          low: bin / scoreBinCount,
          high: (bin + 1) / scoreBinCount,
          count: inBin,
          share: inBin / count,
        })),
      }))
    },

    counted: () => counted,
    completed(sinceMs) {
      completeSinceMs = sinceMs
    },
  }
}

const quantiles = (cell: TrafficCell | null): TrafficSummary['latency_ms'] => ({
  p50: cell?.latency.quantile(0.5) ?? null,
  p95: cell?.latency.quantile(0.95) ?? null,
  p99: cell?.latency.quantile(0.99) ?? null,
})

const byCount = (counts: ReadonlyMap<string, number>): [string, number][] =>
  [...counts].sort(([, one], [, other]) => other - one)
