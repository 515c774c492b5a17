import type { ReplaySummary } from './replay.ts'

/** An AUC with its 95 % interval, and over how many rows. */
export interface Judged {
  readonly rows: number
  readonly auc: number
  readonly low: number
  readonly high: number
}

interface RunAnswer {
  readonly version: string
  readonly trainer: { readonly kind: string }
  readonly checks: readonly { readonly passed: boolean; readonly summary: string }[]
  readonly training_set: {
    readonly content: string
    readonly rows: { readonly training: number; readonly validation: number; readonly spine: number }
  }
  readonly metrics: { readonly validation: MetricsAnswer; readonly baseline: MetricsAnswer }
}

interface MetricsAnswer {
  readonly rows: number
  readonly auc: number
  readonly auc_low: number
  readonly auc_high: number
}

interface GroupAnswer {
  readonly version: string | null
  readonly arm: string
  readonly answered_by: string | null
  readonly rows: number
  readonly matured: number
  readonly labelled: number
  readonly metrics: MetricsAnswer | null
}

interface ReportAnswer {
  readonly parity: {
    readonly compared: number
    readonly equal: number
    readonly differing: number
    readonly not_comparable: number
  }
  readonly moments: readonly {
    readonly parity: {
      readonly features: readonly {
        readonly role: string
        readonly feature: string
        readonly differing: number
        readonly examples: readonly unknown[]
      }[]
    }
    readonly performance: {
      readonly deployments: readonly { readonly deployment: string; readonly groups: readonly GroupAnswer[] }[]
    }
  }[]
}

/** What the demo is summed up from. */
export interface DemoFacts {
  readonly flights: number
  readonly runs: { readonly linear: RunAnswer; readonly trees: RunAnswer }
  readonly replay: ReplaySummary
  readonly report: unknown
  readonly leaking: string
  readonly seconds: Readonly<Record<string, number>>
  readonly peakMemoryMb: number | null
}

/** The figures of a demo, as `--json` writes them. */
export interface DemoFigures {
  readonly runs: DemoFacts['runs']
  readonly flights: number
  readonly training: {
    readonly rows: number
    readonly validation: number
    readonly moments: number
    readonly content: string
  }
  /** In May, and in the replayed week of June. */
  readonly models: readonly {
    readonly name: string
    readonly version: string | null
    readonly may: Judged
    readonly june: Judged
  }[]
  readonly replay: ReplaySummary
  readonly moments: { readonly answered: number; readonly matured: number }
  readonly parity: ReportAnswer['parity'] & { readonly features: readonly string[] }
  readonly leaking: string
  readonly seconds: Readonly<Record<string, number>>
  readonly peakMemoryMb: number | null
}

const judged = ({ rows, auc, auc_low, auc_high }: MetricsAnswer): Judged => ({
  rows,
  auc,
  low: auc_low,
  high: auc_high,
})

/** Draws the figures out of what the platform answered. */
export function figuresOf(facts: DemoFacts): DemoFigures {
  const { runs, replay } = facts
  const report = facts.report as ReportAnswer // the JSON of `noonmark monitors run`
  const deployments = report.moments.flatMap(({ performance }) => performance.deployments)
  const group = (deployment: string, fits: (one: GroupAnswer) => boolean): GroupAnswer => {
    const found = deployments.find((one) => one.deployment === deployment)?.groups.find(fits)
    if (found?.metrics == null) throw new Error(`nothing was measured for ${deployment}`)
    return found
  }
  const champion = group('departure-delay', (one) => one.version === runs.trees.version && one.arm === 'champion')
  const shadow = group('departure-delay', (one) => one.version === runs.linear.version && one.arm === 'shadow')
  const rule = group('departure-rule', (one) => one.answered_by === 'fallback:baseline')
  const { rows, content } = runs.trees.training_set
  return {
    runs,
    flights: facts.flights,
    training: { rows: rows.training, validation: rows.validation, moments: rows.spine, content },
    models: [
      { name: 'baseline rule', version: null, may: judged(runs.trees.metrics.baseline), june: judged(rule.metrics!) },
      {
        name: 'logistic regression',
        version: runs.linear.version,
        may: judged(runs.linear.metrics.validation),
        june: judged(shadow.metrics!),
      },
      {
        name: 'gradient boosting',
        version: runs.trees.version,
        may: judged(runs.trees.metrics.validation),
        june: judged(champion.metrics!),
      },
    ],
    replay,
    moments: { answered: champion.rows, matured: champion.matured },
    parity: {
      ...report.parity,
      features: report.moments.flatMap(({ parity }) =>
        parity.features.filter(({ differing }) => differing > 0).map(({ role, feature }) => `${role} ${feature}`),
      ),
    },
    leaking: facts.leaking,
    seconds: facts.seconds,
    peakMemoryMb: facts.peakMemoryMb,
  }
}

const number = (value: number): string => value.toLocaleString('en')
const auc = ({ auc: value, low, high }: Judged): string =>
  `${value.toFixed(3)} (${low.toFixed(3)} - ${high.toFixed(3)})`

/** The figures as people read them. */
export function summaryText(figures: DemoFigures): string {
  const { models, replay, moments, parity, training, seconds } = figures
  const lines = models.map(({ name, may, june }) => `  ${name.padEnd(20)}  ${auc(may).padEnd(22)}  ${auc(june)}`)
  const [may, june] = [models[0]!.may.rows, models[0]!.june.rows]
  const answers = Object.entries(replay.answeredBy).map(([by, count]) => `${by} ${number(count)}`)
  return [
    `\x1b[1mAUC with its 95 % interval\x1b[0m`,
    `  ${''.padEnd(20)}  ${`May, ${number(may)} moments`.padEnd(22)}  replayed week of June, ${number(june)} matured moments`,
    ...lines,
    '',
    `Training set   ${number(training.rows)} moments train, ${number(training.validation)} validate, of ${number(training.moments)}; ${training.content.slice(0, 12)}`,
    `Replay         ${number(replay.predictions)} requests answered (${answers.join(', ')}), ${number(replay.acceptedEvents)} events accepted, ${number(replay.duplicateEvents)} repeats recognised, ${number(replay.lateEvents)} late`,
    `               ${number(replay.requestsPerSecond)} requests/s; a prediction took ${replay.latencyMs.p50} ms (p50), ${replay.latencyMs.p99} ms (p99) at 16 connections`,
    `Outcomes       ${number(moments.matured)} of ${number(moments.answered)} moments matured`,
    `Parity         ${number(parity.compared)} served values compared, ${number(parity.equal)} equal, ${number(parity.differing)} differing, ${number(parity.not_comparable)} not comparable${parity.features.length === 0 ? '' : `: ${parity.features.join(', ')}`}`,
    `Took           ${seconds.total} s${figures.peakMemoryMb === null ? '' : `; all processes together held ${number(figures.peakMemoryMb)} MB at most`}`,
  ].join('\n')
}
