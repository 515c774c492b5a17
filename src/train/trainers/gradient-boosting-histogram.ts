import { type BinnedMatrix, binSlots } from './gradient-boosting-bins.ts'

/** Per feature and bin: sums of gradients and hessians and the number of rows. The place is `feature * binSlots + bin`. */
export interface Histogram {
  readonly gradient: Float64Array
  readonly hessian: Float64Array
  readonly count: Int32Array
}

/** Histograms that are handed out and taken back, so that a training allocates only as many as live at once. */
export class HistogramPool {
  readonly #places: number
  readonly #free: Histogram[] = []

  constructor(binned: BinnedMatrix) {
    this.#places = binned.quads.length * 4 * binSlots
  }

  /** A histogram whose places are all 0. */
  take(): Histogram {
    const used = this.#free.pop()
    if (used === undefined) {
      return {
        gradient: new Float64Array(this.#places),
        hessian: new Float64Array(this.#places),
        count: new Int32Array(this.#places),
      }
    }
    used.gradient.fill(0)
    used.hessian.fill(0)
    used.count.fill(0)
    return used
  }

  giveBack(histogram: Histogram): void {
    this.#free.push(histogram)
  }
}

/**
 * Adds the rows `rows[begin]` to `rows[end - 1]` to the places of one quad of features. `gradients` and `hessians` are in the
 * order of the rows, their first entry belonging to `rows[begin]`. This loop is where training spends its time; `| 0` tells the
 * compiler that its counters are whole numbers, which it does not always see by itself (a factor of 2).
 */
export function addQuad(
  histogram: Histogram,
  base: number,
  quad: Uint32Array,
  rows: Int32Array,
  begin: number,
  end: number,
  gradients: Float64Array,
  hessians: Float64Array,
): void {
  const { gradient, hessian, count } = histogram
  const first = base | 0
  const second = first + binSlots
  const third = second + binSlots
  const fourth = third + binSlots
  const last = end | 0
  for (let at = begin | 0, from = 0; at < last; at++, from++) {
    const word = quad[rows[at]!]!
    const g = gradients[from]!
    const h = hessians[from]!
    const one = first + (word & 255)
    const two = second + ((word >>> 8) & 255)
    const three = third + ((word >>> 16) & 255)
    const four = fourth + (word >>> 24)
    gradient[one] = gradient[one]! + g
    hessian[one] = hessian[one]! + h
    count[one] = count[one]! + 1
    gradient[two] = gradient[two]! + g
    hessian[two] = hessian[two]! + h
    count[two] = count[two]! + 1
    gradient[three] = gradient[three]! + g
    hessian[three] = hessian[three]! + h
    count[three] = count[three]! + 1
    gradient[four] = gradient[four]! + g
    hessian[four] = hessian[four]! + h
    count[four] = count[four]! + 1
  }
}

/** Takes `part` away from `whole`, in place: what is left is the histogram of the other child. */
export function subtractHistogram(whole: Histogram, part: Histogram): void {
  const places = whole.count.length
  for (let place = 0; place < places; place++) {
    whole.gradient[place] = whole.gradient[place]! - part.gradient[place]!
    whole.hessian[place] = whole.hessian[place]! - part.hessian[place]!
    whole.count[place] = whole.count[place]! - part.count[place]!
  }
}
