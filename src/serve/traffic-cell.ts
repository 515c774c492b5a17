import { LatencyCounts } from './latency-counts.ts'
import type { AnsweredBy } from './prediction-record.ts'

/** One answer, as it is counted. */
export interface AnswerSeen {
  readonly deployment: string
  /** When it was given, on the platform's clock. */
  readonly givenAtMs: number
  readonly arm: 'champion' | 'shadow'
  /** Null where nothing came out. */
  readonly answeredBy: AnsweredBy | null
  /** Code and name of what failed; null where the version itself answered. */
  readonly reason: string | null
  readonly version: string | null
  readonly probability: number | null
  /** Without the write of the log. */
  readonly latencyMs: number
}

/** How many bins of equal width the scores of a version fall into. */
export const scoreBinCount = 20

/** What one version said. */
export interface ScoreCounts {
  readonly version: string | null
  readonly part: 'champion' | 'shadow' | 'fallback'
  count: number
  sum: number
  readonly bins: Uint32Array
}

/** Answers of one deployment in one minute or hour. */
export class TrafficCell {
  /** Shadows left out. */
  count = 0
  fallbacks = 0
  readonly answeredBy = new Map<string, number>()
  readonly reasons = new Map<string, number>()
  readonly latency = new LatencyCounts()
  readonly scores = new Map<string, ScoreCounts>()

  add({ arm, answeredBy, reason, version, probability, latencyMs }: AnswerSeen): void {
    const part = arm === 'shadow' ? 'shadow' : answeredBy === 'champion' ? 'champion' : 'fallback'
    if (probability !== null) this.#score(part, version, 1, probability, scoreBin(probability))
    if (arm === 'shadow') return
    this.count++
    if (part === 'fallback') this.fallbacks++
    increase(this.answeredBy, answeredBy ?? 'nobody', 1)
    if (reason !== null) increase(this.reasons, reason, 1)
    this.latency.add(latencyMs)
  }

  /** Adds the answers of another, without the scores. */
  addAnswers(other: TrafficCell): void {
    this.count += other.count
    this.fallbacks += other.fallbacks
    for (const [name, count] of other.answeredBy) increase(this.answeredBy, name, count)
    for (const [name, count] of other.reasons) increase(this.reasons, name, count)
    this.latency.addAll(other.latency)
  }

  /** Adds the scores of another, and nothing else. */
  addScores(other: TrafficCell): void {
    for (const { part, version, count, sum, bins } of other.scores.values()) {
      const mine = this.#score(part, version, count, sum, null)
      for (let bin = 0; bin < scoreBinCount; bin++) mine.bins[bin]! += bins[bin]!
    }
  }

  #score(
    part: ScoreCounts['part'],
    version: string | null,
    count: number,
    sum: number,
    bin: number | null,
  ): ScoreCounts {
    const key = `${part} ${version ?? ''}`
    let score = this.scores.get(key)
    if (score === undefined) {
      score = { version, part, count: 0, sum: 0, bins: new Uint32Array(scoreBinCount) }
      this.scores.set(key, score)
    }
    score.count += count
    score.sum += sum
    if (bin !== null) score.bins[bin]!++
    return score
  }
}

/** A bin holds `low <= score < high`, the last 1 too. */
const scoreBin = (score: number): number => Math.max(0, Math.min(scoreBinCount - 1, Math.floor(score * scoreBinCount)))

/** Reasons name what failed, which callers cannot make up; still no map may grow without end. */
const mostNames = 100

function increase(counts: Map<string, number>, name: string, by: number): void {
  const known = counts.get(name)
  if (known === undefined && counts.size >= mostNames) counts.set('other', (counts.get('other') ?? 0) + by)
  else counts.set(name, (known ?? 0) + by)
}
