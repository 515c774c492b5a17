import { type Code, type WasmFunction, wasm, wasmModule } from './wasm-module.ts'

/**
 * The loops in which gradient boosting spends its time, in WebAssembly: over typed arrays the same loops take four times as
 * long, because every access is checked against the array's length and two doubles cannot be added at once. All arguments are
 * addresses in the shared memory; rows are int32 row numbers from `rows` (inclusive) to `end` (exclusive), at least one.
 */
export interface BoostingKernel {
  /** Copies the pairs of the rows to `block`, one after the other, without `pairBits`. */
  gather(rows: number, end: number, pairs: number, block: number): void
  /** Adds the gathered pairs to the places of the four features whose bins are the bytes of a row's word. */
  addQuad(rows: number, end: number, words: number, block: number, histogram: number): void
  /**
   * Appends those rows to `left` whose bin has a 1 in `goesLeft`, the others to `right`; `bins` is the address of the first row's
   * bin. Where `left` ended is written to `goesLeft + 256`.
   */
  partition(rows: number, end: number, bins: number, goesLeft: number, left: number, right: number): void
  /**
   * Writes the pairs of an even number of rows that follow each other, whose scores lie from `scores` to `end`, with the scales that stand
   * twice each at `told`. Behind them, at `told + 32`, it leaves two products of 1 + exp(-|score|) and two sums of |score| over the rows whose
   * score is on the other side than their truth: of every second row, so at most 2,000 rows may be given.
   */
  gradients(scores: number, end: number, truths: number, pairs: number, told: number): void
  /** Copies bytes, which may overlap. */
  copy(to: number, from: number, bytes: number): void
}

/** Bytes of a place of a histogram: two int64, the sum of gradients and the sum of hessians with the count of rows below it. */
export const placeBytes = 16

/**
 * What is added to a whole number below 2^51 so that its double has that number in its lowest bits: 1.5 * 2^52. Rows keep their
 * numbers in this form, because a double is written in one step; `pairBits` are its bits, taken off again before adding.
 */
export const pairBias = 1.5 * 2 ** 52
const pairBits = [0, 0, 0, 0, 0, 0, 0x38, 0x43, 0, 0, 0, 0, 0, 0, 0x38, 0x43]

/** Rows in a histogram of whole numbers at most, so that their count stays below the sum of hessians. */
export const countBits = 20

const { get, set, tee, i32, add, and, shiftLeft, shiftRight, load, loadByte, store } = wasm
const { loadVector, storeVector, addInt64, subtractInt64, constant, loopWhile, below } = wasm
const code = (...parts: Code[]): Code => parts.flat()
/** Steps the pointer of a loop over int32 row numbers, and whether it is still below the end. */
const nextRow = (pointer: number, end: number): Code => below(tee(pointer, add(get(pointer), i32(4))), get(end))

function gather(): WasmFunction {
  const [rows, end, pairs, block] = [0, 1, 2, 3]
  const pair = loadVector(add(get(pairs), shiftLeft(load(get(rows)), 4)))
  const body = code(
    storeVector(get(block), subtractInt64(pair, constant(pairBits))),
    set(block, add(get(block), i32(16))),
  )
  return { name: 'gather', parameters: 4, locals: { i32: 0, v128: 0 }, body: loopWhile(body, nextRow(rows, end)) }
}

function addQuad(): WasmFunction {
  const [rows, end, words, block, histogram, word, place, pair] = [0, 1, 2, 3, 4, 5, 6, 7]
  const addFeature = (feature: number): Code => {
    const bin = and(shiftRight(get(word), 8 * feature), i32(255))
    const offset = feature * 256 * placeBytes
    return code(
      set(place, add(get(histogram), shiftLeft(bin, 4))),
      storeVector(get(place), addInt64(loadVector(get(place), offset), get(pair)), offset),
    )
  }
  const body = code(
    set(word, load(add(get(words), shiftLeft(load(get(rows)), 2)))),
    set(pair, loadVector(get(block))),
    set(block, add(get(block), i32(16))),
    ...[0, 1, 2, 3].map(addFeature),
  )
  return { name: 'addQuad', parameters: 5, locals: { i32: 2, v128: 1 }, body: loopWhile(body, nextRow(rows, end)) }
}

function partition(): WasmFunction {
  const [rows, end, bins, goesLeft, left, right, row, isLeft] = [0, 1, 2, 3, 4, 5, 6, 7]
  // Both sides are written and one of the two pointers moves: no branch that the processor could guess wrongly.
  const body = code(
    set(row, load(get(rows))),
    set(isLeft, shiftLeft(loadByte(add(get(goesLeft), loadByte(add(get(bins), shiftLeft(get(row), 2))))), 2)),
    store(get(left), get(row)),
    store(get(right), get(row)),
    set(left, add(get(left), get(isLeft))),
    set(right, add(get(right), wasm.subtract(i32(4), get(isLeft)))),
  )
  return {
    name: 'partition',
    parameters: 6,
    locals: { i32: 2, v128: 0 },
    body: code(loopWhile(body, nextRow(rows, end)), store(get(goesLeft), get(left), 256)),
  }
}

/**
 * exp(x) of two doubles from -700 to 0: 2^n exp(r) with |r| <= ln(2) / 2, and of exp(r) the Taylor polynomial of degree 13, whose rest is below
 * the rounding. ln(2) is taken away in two parts, as in fdlibm (Sun Microsystems, 1993). `n` and `r` are locals to use.
 */
function exponential(x: Code, n: number, r: number): Code {
  const { addDoubles, subtractDoubles, multiplyDoubles, doubles, nearest, shiftLeftInt64 } = wasm
  const times = (high: number): Code => multiplyDoubles(get(n), doubles(high))
  const rest = subtractDoubles(subtractDoubles(x, times(0.6931471803691238)), times(1.9082149292705877e-10))
  const coefficients = Array.from({ length: 14 }, (_, power) => 1 / factorial(power))
  const square = multiplyDoubles(get(r), get(r))
  let polynomial: Code = []
  // Two terms at a time, so that half of the steps need not wait for each other.
  for (let power = 12; power >= 0; power -= 2) {
    const two = addDoubles(doubles(coefficients[power]!), multiplyDoubles(get(r), doubles(coefficients[power + 1]!)))
    polynomial = power === 12 ? two : addDoubles(two, multiplyDoubles(square, polynomial))
  }
  // The bias leaves n in the lowest bits, from where it is moved to the exponent.
  const exponent = shiftLeftInt64(addDoubles(get(n), doubles(pairBias + 1023)), 52)
  return code(
    set(n, nearest(multiplyDoubles(x, doubles(Math.LOG2E)))),
    set(r, rest),
    multiplyDoubles(polynomial, exponent),
  )
}

const factorial = (of: number): number => (of < 2 ? 1 : of * factorial(of - 1))

function gradients(): WasmFunction {
  const { addDoubles, subtractDoubles, multiplyDoubles, divideDoubles, doubles, maximum, absolute, select } = wasm
  const [scores, end, truths, pairs, told] = [0, 1, 2, 3, 4]
  const [score, least, n, r, small, larger, truth, gradient, hessian, product, wrong] = [
    5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
  ]
  const smaller = multiplyDoubles(get(small), get(larger))
  const probability = select(get(larger), smaller, wasm.atLeast(get(score), doubles(0)))
  const side = subtractDoubles(doubles(1), addDoubles(get(truth), get(truth)))
  const hessianScaled = addDoubles(
    multiplyDoubles(multiplyDoubles(get(larger), smaller), loadVector(get(told), 16)),
    doubles(pairBias),
  )
  const hessianWhole = multiplyDoubles(subtractDoubles(hessianScaled, doubles(pairBias)), doubles(2 ** countBits))
  const body = code(
    set(score, loadVector(get(scores))),
    set(truth, loadVector(get(truths))),
    set(least, maximum(subtractDoubles(doubles(0), absolute(get(score))), doubles(-700))),
    set(small, exponential(get(least), n, r)),
    set(larger, divideDoubles(doubles(1), addDoubles(doubles(1), get(small)))),
    set(product, multiplyDoubles(get(product), addDoubles(doubles(1), get(small)))),
    set(wrong, addDoubles(get(wrong), maximum(doubles(0), multiplyDoubles(get(score), side)))),
    set(
      gradient,
      addDoubles(multiplyDoubles(subtractDoubles(probability, get(truth)), loadVector(get(told))), doubles(pairBias)),
    ),
    set(hessian, addDoubles(hessianWhole, doubles(1 + pairBias))),
    storeVector(get(pairs), wasm.firsts(get(gradient), get(hessian))),
    storeVector(get(pairs), wasm.seconds(get(gradient), get(hessian)), 16),
    set(pairs, add(get(pairs), i32(32))),
    set(truths, add(get(truths), i32(16))),
  )
  const next = below(tee(scores, add(get(scores), i32(16))), get(end))
  return {
    name: 'gradients',
    parameters: 5,
    locals: { i32: 0, v128: 11 },
    body: code(
      set(product, doubles(1)),
      loopWhile(body, next),
      storeVector(get(told), get(product), 32),
      storeVector(get(told), get(wrong), 48),
    ),
  }
}

function copy(): WasmFunction {
  return { name: 'copy', parameters: 3, locals: { i32: 0, v128: 0 }, body: wasm.copy(get(0), get(1), get(2)) }
}

/** A memory of 64 KiB pages, shared between threads. Types of WebAssembly come with those of browsers only. */
export interface SharedPages {
  readonly buffer: SharedArrayBuffer
}
declare const WebAssembly: {
  Memory: new (size: { initial: number; maximum: number; shared: true }) => SharedPages
  Module: new (bytes: Uint8Array<ArrayBuffer>) => object
  Instance: new (module: object, imports: object) => { readonly exports: object }
}

/** The most pages that 32-bit addresses reach. */
export const mostPages = 65_536
/** Bytes of a page. */
export const pageBytes = 65_536

/** A shared memory of at least so many bytes, all 0. Throws RangeError where the machine cannot give them. */
export function sharedPages(bytes: number): SharedPages {
  const pages = Math.ceil(bytes / pageBytes)
  return new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true })
}

let compiled: object | undefined

/** The kernel over a memory. Compiled once a thread. */
export function boostingKernel(pages: SharedPages): BoostingKernel {
  compiled ??= new WebAssembly.Module(wasmModule([gather(), addQuad(), partition(), gradients(), copy()], mostPages))
  const { exports } = new WebAssembly.Instance(compiled, { memory: { pages } })
  return exports as BoostingKernel // the five functions above
}
