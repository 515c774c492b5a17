// Goal: figures of traffic are what a plain reading of the answers says. Method: random answers in any order, counted one by one.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LatencyCounts } from './latency-counts.ts'
import { createTraffic, type TrafficWindow, trafficWindows } from './traffic.ts'
import type { AnswerSeen } from './traffic-cell.ts'

const now = Date.UTC(2026, 0, 31, 12, 34, 56)
const [minuteMs, hourMs] = [60_000, 3_600_000]
const steps: Readonly<Record<TrafficWindow, readonly [number, number]>> = {
  '1h': [minuteMs, 60],
  '24h': [hourMs, 24],
  '7d': [hourMs, 168],
  '31d': [hourMs, 744],
}

const answer: fc.Arbitrary<AnswerSeen> = fc.record({
  deployment: fc.constantFrom('a', 'b'),
  givenAtMs: fc.oneof(
    fc.integer({ min: now - 2 * hourMs, max: now }),
    fc.integer({ min: now - 40 * 24 * hourMs, max: now }),
  ),
  arm: fc.constantFrom('champion', 'champion', 'shadow'),
  answeredBy: fc.constantFrom('champion', 'fallback:baseline', 'fallback:constant'),
  reason: fc.constantFrom(null, 'derive_threw: x', 'features_unavailable: v:f'),
  version: fc.constantFrom('m:1', 'm:2', null),
  probability: fc.oneof(fc.double({ min: 0, max: 1, noNaN: true }), fc.constant(1), fc.constant(null)),
  latencyMs: fc.double({ min: 0.011, max: 9_000, noNaN: true }),
})

/** The smallest value that at least this share of all does not exceed. */
function exact(values: readonly number[], share: number): number | null {
  const sorted = [...values].sort((one, other) => one - other)
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? null
}

describe('traffic', () => {
  it('tells of every window what was answered in it', () => {
    fc.assert(
      fc.property(fc.array(answer, { maxLength: 60 }), (answers) => {
        const traffic = createTraffic()
        for (const one of answers) traffic.observe(one)
        expect(traffic.counted()).toBe(answers.length)
        for (const window of trafficWindows) {
          const [stepMs, count] = steps[window]
          const first = (Math.floor(now / stepMs) - count + 1) * stepMs
          const within = answers.filter((one) => one.arm === 'champion' && one.givenAtMs >= first)
          const found = traffic.over(['a', 'b'], window, now)
          expect(found.count).toBe(within.length)
          expect(Date.parse(found.from)).toBe(first)
          expect(found.series).toHaveLength(count)
          for (const { at, count: inStep, fallbacks } of found.series) {
            const some = within.filter((one) => Math.floor(one.givenAtMs / stepMs) * stepMs === Date.parse(at))
            expect(inStep).toBe(some.length)
            expect(fallbacks).toBe(some.filter((one) => one.answeredBy !== 'champion').length)
          }
          for (const { answered_by, count: by, share } of found.answered_by) {
            expect(by).toBe(within.filter((one) => one.answeredBy === answered_by).length)
            expect(share).toBe(by / within.length)
          }
          expect(found.answered_by.reduce((sum, one) => sum + one.count, 0)).toBe(within.length)
          expect(found.reasons.reduce((sum, one) => sum + one.count, 0)).toBe(
            within.filter(({ reason }) => reason !== null).length,
          )
          const p95 = exact(
            within.map(({ latencyMs }) => latencyMs),
            0.95,
          )
          if (p95 === null) expect(found.latency_ms.p95).toBeNull()
          else expect(Math.abs(found.latency_ms.p95! / p95 - 1)).toBeLessThan(0.05)
        }
      }),
      { numRuns: 40 },
    )
  })

  it('keeps the scores of each version apart, shadows and fallbacks too', () => {
    fc.assert(
      fc.property(fc.array(answer, { maxLength: 40 }), (answers) => {
        const traffic = createTraffic()
        for (const one of answers) traffic.observe(one)
        const first = (Math.floor(now / hourMs) - 23) * hourMs
        for (const { part, version, count, mean, bins } of traffic.scores('a', '24h', now)) {
          const scores = answers
            .filter((one) => one.deployment === 'a' && one.givenAtMs >= first && one.version === version)
            .filter(({ arm, answeredBy }) =>
              part === 'shadow'
                ? arm === 'shadow'
                : arm !== 'shadow' && (answeredBy === 'champion') === (part === 'champion'),
            )
            .flatMap(({ probability }) => (probability === null ? [] : [probability]))
          expect(count).toBe(scores.length)
          expect(mean).toBeCloseTo(scores.reduce((sum, one) => sum + one, 0) / scores.length, 9)
          for (const { low, high, count: inBin } of bins)
            expect(inBin).toBe(scores.filter((one) => one >= low && (one < high || (high === 1 && one === 1))).length)
        }
      }),
    )
  })

  it('forgets what is older than it tells of, whatever comes later', () => {
    const traffic = createTraffic()
    const one: AnswerSeen = {
      deployment: 'a',
      givenAtMs: now - 800 * hourMs,
      arm: 'champion',
      answeredBy: 'champion',
      reason: null,
      version: 'm:1',
      probability: 0.5,
      latencyMs: 1,
    }
    traffic.observe(one)
    traffic.observe({ ...one, givenAtMs: now })
    traffic.observe({ ...one, givenAtMs: now - 900 * hourMs })
    expect(traffic.over(['a'], '31d', now).count).toBe(1)
    expect(traffic.over(['a'], '31d', now - 800 * hourMs).count).toBe(0)
  })
})

describe('quantiles of latencies', () => {
  it('are within 5 % of the exact ones, also of counts that were added up', () => {
    const latencies = fc.array(fc.double({ min: 0.011, max: 9_000, noNaN: true }), { minLength: 1, maxLength: 80 })
    fc.assert(
      fc.property(latencies, latencies, fc.double({ min: 0, max: 1, noNaN: true }), (some, others, share) => {
        const [counts, more] = [new LatencyCounts(), new LatencyCounts()]
        for (const ms of some) counts.add(ms)
        for (const ms of others) more.add(ms)
        counts.addAll(more)
        expect(Math.abs(counts.quantile(share)! / exact([...some, ...others], share)! - 1)).toBeLessThan(0.05)
      }),
    )
  })

  it('are null of nothing', () => {
    expect(new LatencyCounts().quantile(0.5)).toBeNull()
  })
})
