import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isNoonmarkError } from '../errors.ts'
import { openTurns } from './operations-turns.ts'

const never = new AbortController().signal

describe('turns', () => {
  it('never go on more at a time than there are, and come to everybody in order', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 4 }),
        fc.array(fc.integer({ min: 0, max: 5 })),
        async (limit, works) => {
          const turns = openTurns(limit)
          const begun: number[] = []
          let going = 0
          await Promise.all(
            works.map(async (steps, i) => {
              const giveBack = await turns.take(never)
              begun.push(i)
              going++
              expect(going).toBeLessThanOrEqual(limit)
              for (let step = 0; step < steps; step++) await Promise.resolve()
              going--
              giveBack()
              giveBack() // a second time is nothing
            }),
          )
          expect(begun).toEqual(works.map((_, i) => i))
        },
      ),
    )
  })

  it('pass over whoever stopped waiting', async () => {
    const turns = openTurns(1)
    const giveBack = await turns.take(never)
    const leaving = new AbortController()
    const left = turns.take(leaving.signal)
    const next = turns.take(never)
    leaving.abort()
    const error = await left.catch((thrown: unknown) => thrown)
    expect(isNoonmarkError(error) && error.code).toBe('work_cancelled')
    giveBack()
    expect(await next).toBeTypeOf('function')
  })
})
