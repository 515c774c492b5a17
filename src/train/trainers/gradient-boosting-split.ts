import { binSlots, type FeatureBins } from './gradient-boosting-bins.ts'
import type { Histogram } from './gradient-boosting-histogram.ts'
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

/** What is known about the best split while features are searched. */
interface Candidate {
  gain: number
  feature: number
  lastLeftBin: number
  missingLeft: boolean
  members: Uint8Array | undefined
  gradient: number
  hessian: number
  rows: number
  l2: number
}

/**
 * The split of a node with the greatest gain
 *   GL^2 / (HL + l2) + GR^2 / (HR + l2) - G^2 / (H + l2),
 * where G and H are sums of gradients and hessians (Chen and Guestrin, "XGBoost", 2016, equation 7, without the factor 1/2),
 * over the features drawn; null where none is above `min_gain`. Of equal gains the first feature and bin wins.
 */
export function findBestSplit(
  node: NodeSums,
  histogram: Histogram,
  features: readonly FeatureBins[],
  drawn: Uint8Array,
  parameters: GradientBoostingParameters,
): Split | null {
  const parent = (node.gradient * node.gradient) / (node.hessian + parameters.l2)
  const best: Candidate = {
    // A gain below the rounding of the sums is no gain.
    gain: Math.max(parameters.min_gain, parent * 1e-12),
    feature: -1,
    lastLeftBin: -1,
    missingLeft: false,
    members: undefined,
    gradient: 0,
    hessian: 0,
    rows: 0,
    l2: parameters.l2,
  }
  for (let feature = 0; feature < features.length; feature++) {
    if (drawn[feature] === 0) continue
    const bins = features[feature]!
    if (bins.kind === 'number') scanNumber(best, node, parent, histogram, feature, bins.binCount, parameters)
    else scanCategories(best, node, parent, histogram, feature, bins.binCount, parameters)
  }
  return best.feature < 0 ? null : toSplit(best, node, features[best.feature]!.binCount)
}

function toSplit(best: Candidate, node: NodeSums, binCount: number): Split {
  const goesLeft = best.members ?? new Uint8Array(binSlots)
  if (best.members === undefined) {
    goesLeft.fill(1, 1, Math.min(best.lastLeftBin, binCount - 1) + 1)
    goesLeft[0] = best.missingLeft ? 1 : 0
  }
  return {
    gain: best.gain,
    feature: best.feature,
    goesLeft,
    lastLeftBin: best.members === undefined ? best.lastLeftBin : -1,
    left: { gradient: best.gradient, hessian: best.hessian, rows: best.rows },
    right: {
      gradient: node.gradient - best.gradient,
      hessian: node.hessian - best.hessian,
      rows: node.rows - best.rows,
    },
    l2: best.l2,
  }
}

/**
 * Every bound of a number feature, with the missing rows right and, where the node has some, left as well. In a node without
 * missing rows a missing value will follow the greater number of rows. Bins without rows are passed over: they make no new split,
 * and what subtraction leaves in them is rounding.
 */
function scanNumber(
  best: Candidate,
  node: NodeSums,
  parent: number,
  histogram: Histogram,
  feature: number,
  binCount: number,
  parameters: GradientBoostingParameters,
): void {
  const { gradient, hessian, count } = histogram
  const { l2, min_rows_leaf: minRows, min_hessian_leaf: minHessian } = parameters
  const base = feature * binSlots
  const missingRows = count[base]!
  const missingGradient = gradient[base]!
  const missingHessian = hessian[base]!
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
      const place = base + bin
      const rows = count[place]!
      if (rows === 0) continue
      leftGradient += gradient[place]!
      leftHessian += hessian[place]!
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
  node: NodeSums,
  parent: number,
  histogram: Histogram,
  feature: number,
  binCount: number,
  parameters: GradientBoostingParameters,
): void {
  const base = feature * binSlots
  const oneHot = binCount - 1 <= parameters.category_one_hot
  const least = oneHot ? 1 : Math.max(1, parameters.category_smoothing)
  const present: number[] = []
  for (let bin = 0; bin < binCount; bin++) if (histogram.count[base + bin]! >= least) present.push(bin)
  if (oneHot) {
    for (const bin of present) scanSet(best, node, parent, histogram, feature, [bin], 1, 1, parameters.l2, parameters)
    return
  }
  const ratio = (bin: number) =>
    histogram.gradient[base + bin]! / (histogram.hessian[base + bin]! + parameters.category_smoothing)
  const ratios = Float64Array.from({ length: binCount }, (_, bin) => ratio(bin))
  present.sort((one, other) => ratios[one]! - ratios[other]! || one - other)
  const most = Math.min(parameters.category_set, (present.length + 1) >> 1)
  const l2 = parameters.l2 + parameters.category_l2
  const step = parameters.category_min_rows
  scanSet(best, node, parent, histogram, feature, present, most, step, l2, parameters)
  scanSet(best, node, parent, histogram, feature, present.reverse(), most, step, l2, parameters)
}

/** Tries the first 1, 2, ... `most` of the bins as the left side, at least `step` rows apart. */
function scanSet(
  best: Candidate,
  node: NodeSums,
  parent: number,
  histogram: Histogram,
  feature: number,
  bins: readonly number[],
  most: number,
  step: number,
  l2: number,
  parameters: GradientBoostingParameters,
): void {
  const base = feature * binSlots
  let gradient = 0
  let hessian = 0
  let rows = 0
  let sinceLast = 0
  let found = 0
  for (let at = 0; at < most; at++) {
    const place = base + bins[at]!
    gradient += histogram.gradient[place]!
    hessian += histogram.hessian[place]!
    rows += histogram.count[place]!
    sinceLast += histogram.count[place]!
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
