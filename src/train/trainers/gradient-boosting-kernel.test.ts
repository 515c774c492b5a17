// Goal: the WebAssembly loops do what their plain forms do. Method: random rows in a small memory, beside loops written out.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { flushCounts } from './gradient-boosting-histogram.ts'
import { boostingKernel, sharedPages } from './gradient-boosting-kernel.ts'
import { pairOf, pairScales, setGradient, setPair } from './gradient-boosting-loss.ts'

const pages = sharedPages(400_000)
const kernel = boostingKernel(pages)
const { buffer } = pages
const at = { rows: 1024, words: 8192, pairs: 16_384, block: 65_536, left: 98_304, right: 114_688, table: 131_072 }
const scores = { from: 140_000, truths: 160_000, told: 180_000 }
const histogram = 200_704

const row = fc.record({
  bins: fc.tuple(fc.nat(255), fc.nat(3), fc.nat(255), fc.nat(255)),
  gradient: fc.double({ min: -1, max: 1, noNaN: true }),
  hessian: fc.double({ min: 0, max: 0.25, noNaN: true }),
  taken: fc.boolean(),
  goesLeft: fc.boolean(),
})
const someRows = fc.array(row, { minLength: 1, maxLength: 500 }).filter((all) => all.some(({ taken }) => taken))

describe('the kernel', () => {
  it('adds the whole numbers of rows to the places of their bins', () => {
    fc.assert(
      fc.property(someRows, (all) => {
        const scales = pairScales(all.length, 1)
        const pairs = new Float64Array(buffer, at.pairs, 2 * all.length)
        all.forEach(({ bins, gradient, hessian }, number) => {
          new Uint8Array(buffer, at.words + 4 * number, 4).set(bins)
          setPair(pairs, number, gradient, hessian, scales)
        })
        const taken = [...all.keys()].filter((number) => all[number]!.taken)
        new Int32Array(buffer, at.rows, taken.length).set(taken)
        const end = at.rows + 4 * taken.length
        kernel.gather(at.rows, end, at.pairs, at.block)
        kernel.addQuad(at.rows, end, at.words, at.block, histogram)
        const found = new Float64Array(3 * 4 * 256)
        const partial = new Int32Array(buffer, histogram, 4 * 4 * 256)
        flushCounts(partial, found, 0, 4 * 256)
        const expected = new Float64Array(found.length)
        for (const number of taken) {
          const { gradient, hessian } = pairOf(pairs, number)
          expect(gradient / scales.gradient).toBeCloseTo(all[number]!.gradient, 9)
          expect(hessian / scales.hessian).toBeCloseTo(all[number]!.hessian, 6)
          all[number]!.bins.forEach((bin, feature) => {
            const place = 3 * (256 * feature + bin)
            expected[place]! += gradient
            expected[place + 1]! += hessian
            expected[place + 2]! += 1
          })
        }
        expect(found.map((value) => value + 0)).toEqual(expected.map((value) => value + 0))
        expect(partial.every((word) => word === 0)).toBe(true)
      }),
    )
  })

  it('brings rows to their sides in order, and copies them', () => {
    fc.assert(
      fc.property(someRows, (all) => {
        const table = new Uint8Array(buffer, at.table, 256)
        all.forEach(({ bins, goesLeft }, number) => {
          new Uint8Array(buffer, at.words + 4 * number, 4).set(bins)
          table[bins[2]] = goesLeft ? 1 : 0
        })
        const taken = [...all.keys()].filter((number) => all[number]!.taken)
        new Int32Array(buffer, at.rows, taken.length).set(taken)
        kernel.partition(at.rows, at.rows + 4 * taken.length, at.words + 2, at.table, at.left, at.right)
        const count = (new Int32Array(buffer, at.table + 256, 1)[0]! - at.left) / 4
        const isLeft = (number: number) => table[all[number]!.bins[2]] === 1
        expect([...new Int32Array(buffer, at.left, count)]).toEqual(taken.filter(isLeft))
        kernel.copy(at.rows, at.right, 4 * (taken.length - count))
        expect([...new Int32Array(buffer, at.rows, taken.length - count)]).toEqual(taken.filter((one) => !isLeft(one)))
      }),
    )
  })

  it('has the gradients, hessians and losses of scores as Math.exp and Math.log have them', () => {
    const score = fc.oneof(
      fc.double({ min: -40, max: 40, noNaN: true }),
      fc.constantFrom(0, 750, -750, 1e-300, -0.5, 30, -30, 1e6, -1e6),
    )
    fc.assert(
      fc.property(fc.array(fc.tuple(score, fc.nat(1)), { minLength: 2, maxLength: 600 }), (all) => {
        const rows = all.length & ~1
        const scales = pairScales(rows, 1)
        new Float64Array(buffer, scores.from, rows).set(all.slice(0, rows).map(([value]) => value))
        new Float64Array(buffer, scores.truths, rows).set(all.slice(0, rows).map(([, truth]) => truth))
        const told = new Float64Array(buffer, scores.told, 8)
        told.set([scales.gradient, scales.gradient, scales.hessian, scales.hessian])
        kernel.gradients(scores.from, scores.from + 8 * rows, scores.truths, at.pairs, scores.told)
        const pairs = new Float64Array(buffer, at.pairs, 2 * rows)
        const expected = new Float64Array(2 * rows)
        let loss = 0
        for (let number = 0; number < rows; number++) {
          const [value, truth] = all[number]!
          loss += setGradient(number, value, truth, 1, expected, scales)
          const [one, other] = [pairOf(pairs, number), pairOf(expected, number)]
          // A rounding of the exponential may show in the last whole number.
          expect(Math.abs(one.gradient - other.gradient)).toBeLessThanOrEqual(1)
          expect(Math.abs(one.hessian - other.hessian)).toBeLessThanOrEqual(1)
        }
        const found = Math.log(told[4]!) + Math.log(told[5]!) + told[6]! + told[7]!
        expect(Math.abs(found - loss)).toBeLessThanOrEqual(1e-13 * rows + 1e-14 * loss)
      }),
    )
  })
})
