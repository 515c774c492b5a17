import { describe, expect, it } from 'vitest'
import { CircuitBreaker } from './circuit-breaker.ts'

const rule = { kills: 3, withinMs: 10_000, firstHoldMs: 1_000, longestHoldMs: 3_000 }

function killedAt(...times: number[]): CircuitBreaker {
  const breaker = new CircuitBreaker(rule)
  for (const time of times) breaker.killed(time)
  return breaker
}

describe('a circuit breaker', () => {
  const laws: [what: string, kills: number[], admits: [atMs: number, admitted: boolean][]][] = [
    ['lets calls through at first', [], [[0, true]]],
    ['bears two kills', [0, 1], [[2, true]]],
    ['holds after three', [0, 1, 2], [[3, false]]],
    ['forgets kills that are long ago', [0, 1, 10_002], [[10_003, true]]],
    [
      'holds for the first time until its end',
      [0, 1, 2],
      [
        [1_001, false],
        [1_002, true],
      ],
    ],
    [
      'lets one trial through, not two',
      [0, 1, 2],
      [
        [1_002, true],
        [1_003, false],
      ],
    ],
    ['does not count kills while it holds', [0, 1, 2, 900], [[1_002, true]]],
  ]
  it.each(laws)('%s', (_, kills, admits) => {
    const breaker = killedAt(...kills)
    expect(admits.map(([at]) => breaker.admit(at))).toEqual(admits.map(([, admitted]) => admitted))
  })

  it('is ready again after a trial that ended', () => {
    const breaker = killedAt(0, 1, 2)
    breaker.admit(1_002)
    expect(breaker.state).toBe('trial')
    breaker.ended()
    expect(breaker.state).toBe('ready')
    breaker.killed(1_003)
    expect(breaker.admit(1_004)).toBe(true)
  })

  it('holds twice as long after each trial that failed, up to the longest', () => {
    const breaker = killedAt(0, 0, 0)
    const holds = [breaker.heldUntilMs]
    for (let trial = 0; trial < 3; trial++) {
      const now = breaker.heldUntilMs
      expect(breaker.admit(now)).toBe(true)
      breaker.killed(now)
      holds.push(breaker.heldUntilMs - now)
    }
    expect(holds).toEqual([1_000, 2_000, 3_000, 3_000])
  })

  it('allows another trial when one was given up without fault', () => {
    const breaker = killedAt(0, 1, 2)
    breaker.admit(1_002)
    breaker.abandoned()
    expect(breaker.admit(1_003)).toBe(true)
  })

  it('stays held when a call that began earlier ends', () => {
    const breaker = killedAt(0, 1, 2)
    breaker.ended()
    expect(breaker.state).toBe('held')
  })
})
