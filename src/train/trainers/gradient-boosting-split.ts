import { binSlots } from './gradient-boosting-bins.ts'
import { type BoostingMemory, resultDoubles } from './gradient-boosting-memory.ts'
import type { GradientBoostingParameters } from './gradient-boosting-parameters.ts'

/** Sums over the rows of a node. */
export interface NodeSums {
  readonly gradient: number
  readonly hessian: number
  readonly rows: number
}

/** The best way found to split a node. */
export interface Split {
  readonly gain: number
  /** Index into the binned features. */
  readonly feature: number
  /** Per bin, 1 when it goes left; entry 0 is for missing values. */
  readonly goesLeft: Uint8Array
  /** Numbers: the last bin that goes left. Categories: -1. */
  readonly lastLeftBin: number
  readonly left: NodeSums
  readonly right: NodeSums
  /** The L2 penalty of the children's values. */
  readonly l2: number
}

/** A feature as the search sees it. */
export interface SearchFeature {
  readonly kind: 'number' | 'category'
  /** Bins in use, bin 0 included. */
  readonly binCount: number
}

/** The parameters that decide where a node is split. */
export type SearchParameters = Pick<
  GradientBoostingParameters,
  | 'min_rows_leaf'
  | 'min_hessian_leaf'
  | 'min_gain'
  | 'l2'
  | 'category_one_hot'
  | 'category_smoothing'
  | 'category_l2'
  | 'category_set'
  | 'category_min_rows'
>

/**
 * The best split of a node as far as features have been searched: the one with the greatest gain
 *   GL^2 / (HL + l2) + GR^2 / (HR + l2) - G^2 / (H + l2),
 * where G and H are sums of gradients and hessians (Chen and Guestrin, "XGBoost", 2016, equation 7, without the factor 1/2), above
 * `min_gain`. Of equal gains the first feature and bin wins.
 */
export class Candidate {
  readonly node: NodeSums
  /** What the node is worth unsplit. */
  readonly parent: number
  gain: number
  feature = -1
  lastLeftBin = -1
  missingLeft = false
  members: Uint8Array | undefined
  gradient = 0
  hessian = 0
  rows = 0
  l2: number

  constructor(node: NodeSums, { l2, min_gain }: SearchParameters) {
    this.node = node
    this.parent = (node.gradient * node.gradient) / (node.hessian + l2)
    // A gain below the rounding of the sums is no gain.
    this.gain = Math.max(min_gain, this.parent * 1e-12)
    this.l2 = l2
  }

  /** Leaves what was found for the thread that decides. */
  write({ results, members }: BoostingMemory, place: number): void {
    const values = [this.gain, this.feature, this.lastLeftBin, this.missingLeft ? 1 : 0]
    results.set([...values, this.gradient, this.hessian, this.rows, this.l2], place * resultDoubles)
    if (this.members !== undefined) members.set(this.members, place * binSlots)
  }
}

/** The best split of a node over what `threads` threads left, `child` 0 for the smaller and 1 for the larger; null where there is none. */
export function readSplit(memory: BoostingMemory, threads: number, child: 0 | 1, node: NodeSums): Split | null {
  const { results, members } = memory
  let best = -1
  for (let thread = 0; thread < threads; thread++) {
    const place = 2 * thread + child
    const [gain, feature] = results.subarray(place * resultDoubles)
    if (feature! < 0) continue
    const [bestGain, bestFeature] = best < 0 ? [-1, 0] : results.subarray(best * resultDoubles)
    if (gain! > bestGain! || (gain === bestGain && feature! < bestFeature!)) best = place
  }
  if (best < 0) return null
  const [gain, feature, lastLeftBin, missingLeft, gradient, hessian, rows, l2] = results.subarray(
    best * resultDoubles,
  ) as unknown as [number, number, number, number, number, number, number, number] // what write wrote
  let goesLeft = new Uint8Array(binSlots)
  if (lastLeftBin < 0) goesLeft = members.slice(best * binSlots, (best + 1) * binSlots)
  else {
    goesLeft.fill(1, 1, lastLeftBin + 1)
    goesLeft[0] = missingLeft
  }
  const rest = { gradient: node.gradient - gradient, hessian: node.hessian - hessian, rows: node.rows - rows }
  return { gain, feature, goesLeft, lastLeftBin, left: { gradient, hessian, rows }, right: rest, l2 }
}

/** What the whole numbers of a histogram stand for: one gradient, one hessian. */
export type Units = readonly [gradient: number, hessian: number]

/** Looks for a better split of a node in one feature of its histogram. */
export function searchFeature(
  best: Candidate,
  histogram: Float64Array,
  units: Units,
  feature: number,
  { kind, binCount }: SearchFeature,
  parameters: SearchParameters,
): void {
  if (kind === 'number') scanNumber(best, histogram, units[0], units[1], feature, binCount, parameters)
  else scanCategories(best, histogram, units, feature, binCount, parameters)
}

/**
 * Every bound of a number feature, with the missing rows right and, where the node has some, left as well. In a node without
 * missing rows a missing value will follow the greater number of rows. Bins without rows are passed over: they make no new split.
 */
function scanNumber(
  best: Candidate,
  histogram: Float64Array,
  gradientUnit: number,
  hessianUnit: number,
  feature: number,
  binCount: number,
  parameters: SearchParameters,
): void {
  const { node, parent } = best
  const { l2, min_rows_leaf: minRows, min_hessian_leaf: minHessian } = parameters
  const base = 3 * feature * binSlots
  const missingGradient = histogram[base]! * gradientUnit
  const missingHessian = histogram[base + 1]! * hessianUnit
  const missingRows = histogram[base + 2]!
  const wholeGradient = node.gradient
  const wholeHessian = node.hessian
  const wholeRows = node.rows
  const passes = missingRows > 0 ? 2 : 1
  for (let pass = 0; pass < passes; pass++) {
    let leftGradient = pass === 1 ? missingGradient : 0
    let leftHessian = pass === 1 ? missingHessian : 0
    let leftRows = pass === 1 ? missingRows : 0
    let bestGain = best.gain
    let bestBin = -1
    let bestGradient = 0
    let bestHessian = 0
    let bestRows = 0
    for (let bin = 1; bin < binCount; bin++) {
      const place = base + 3 * bin
      const rows = histogram[place + 2]!
      if (rows === 0) continue
      leftGradient += histogram[place]! * gradientUnit
      leftHessian += histogram[place + 1]! * hessianUnit
      leftRows += rows
      if (leftRows < minRows || leftHessian < minHessian) continue
      const rightRows = wholeRows - leftRows
      const rightHessian = wholeHessian - leftHessian
      if (rightRows < minRows || rightHessian < minHessian) break
      const rightGradient = wholeGradient - leftGradient
      const gain =
        (leftGradient * leftGradient) / (leftHessian + l2) +
        (rightGradient * rightGradient) / (rightHessian + l2) -
        parent
      if (gain > bestGain) {
        bestGain = gain
        bestBin = bin
        bestGradient = leftGradient
        bestHessian = leftHessian
        bestRows = leftRows
      }
    }
    if (bestBin < 0) continue
    best.gain = bestGain
    best.feature = feature
    best.lastLeftBin = bestBin
    best.missingLeft = missingRows > 0 ? pass === 1 : bestRows * 2 >= wholeRows
    best.members = undefined
    best.gradient = bestGradient
    best.hessian = bestHessian
    best.rows = bestRows
    best.l2 = l2
  }
}

/**
 * Splits by sets of categories: the categories of the node in the order of gradient / hessian, from both ends, since the best
 * two-way partition is contiguous in that order (Fisher, "On grouping for maximum homogeneity", 1958). The smoothing, the extra
 * penalty and the least number of rows between candidates are LightGBM's guards against many rare categories. Missing values
 * are a category like any other. The set goes left; what it does not name, unseen categories too, goes right.
 */
function scanCategories(
  best: Candidate,
  histogram: Float64Array,
  units: Units,
  feature: number,
  binCount: number,
  parameters: SearchParameters,
): void {
  const base = 3 * feature * binSlots
  const oneHot = binCount - 1 <= parameters.category_one_hot
  const least = oneHot ? 1 : Math.max(1, parameters.category_smoothing)
  const present: number[] = []
  for (let bin = 0; bin < binCount; bin++) if (histogram[base + 3 * bin + 2]! >= least) present.push(bin)
  if (oneHot) {
    for (const bin of present) scanSet(best, histogram, units, feature, [bin], 1, 1, parameters.l2, parameters)
    return
  }
  const ratio = (bin: number) =>
    (histogram[base + 3 * bin]! * units[0]) /
    (histogram[base + 3 * bin + 1]! * units[1] + parameters.category_smoothing)
  const ratios = Float64Array.from({ length: binCount }, (_, bin) => ratio(bin))
  present.sort((one, other) => ratios[one]! - ratios[other]! || one - other)
  const most = Math.min(parameters.category_set, (present.length + 1) >> 1)
  const l2 = parameters.l2 + parameters.category_l2
  const step = parameters.category_min_rows
  scanSet(best, histogram, units, feature, present, most, step, l2, parameters)
  scanSet(best, histogram, units, feature, present.reverse(), most, step, l2, parameters)
}

/** Tries the first 1, 2, ... `most` of the bins as the left side, at least `step` rows apart. */
function scanSet(
  best: Candidate,
  histogram: Float64Array,
  units: Units,
  feature: number,
  bins: readonly number[],
  most: number,
  step: number,
  l2: number,
  parameters: SearchParameters,
): void {
  const { node, parent } = best
  const base = 3 * feature * binSlots
  let gradient = 0
  let hessian = 0
  let rows = 0
  let sinceLast = 0
  let found = 0
  for (let at = 0; at < most; at++) {
    const place = base + 3 * bins[at]!
    gradient += histogram[place]! * units[0]
    hessian += histogram[place + 1]! * units[1]
    rows += histogram[place + 2]!
    sinceLast += histogram[place + 2]!
    if (rows < parameters.min_rows_leaf || hessian < parameters.min_hessian_leaf) continue
    if (node.rows - rows < Math.max(parameters.min_rows_leaf, step)) break
    if (node.hessian - hessian < parameters.min_hessian_leaf) break
    if (sinceLast < step) continue
    sinceLast = 0
    const rest = node.gradient - gradient
    const gain = (gradient * gradient) / (hessian + l2) + (rest * rest) / (node.hessian - hessian + l2) - parent
    if (!(gain > best.gain)) continue
    found = at + 1
    best.gain = gain
    best.feature = feature
    best.lastLeftBin = -1
    best.gradient = gradient
    best.hessian = hessian
    best.rows = rows
    best.l2 = l2
  }
  if (found === 0) return
  best.members = new Uint8Array(binSlots)
  for (const bin of bins.slice(0, found)) best.members[bin] = 1
}
