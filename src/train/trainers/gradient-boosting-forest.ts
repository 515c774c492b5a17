import type { TreeEnsemble } from '../../artifact/tree-ensemble.ts'
import type { BinnedMatrix, FeatureBins } from './gradient-boosting-bins.ts'
import type { GrownTree } from './gradient-boosting-tree.ts'

/** A grown tree as an ensemble of its own with the base score 0; its leaves are already times the learning rate. */
export function treeAsEnsemble(
  tree: GrownTree,
  binned: BinnedMatrix,
  featureCount: number,
  learningRate: number,
): TreeEnsemble {
  const size = tree.nodes.length
  const words: number[] = []
  const categoryStart = new Int32Array(size + 1)
  const threshold = new Float64Array(size)
  tree.nodes.forEach(({ split }, node) => {
    const bins = binned.features[split.feature]!
    threshold[node] = split.lastLeftBin < 0 ? Number.NaN : bins.upper[split.lastLeftBin - 1]!
    if (split.lastLeftBin < 0) words.push(...categorySet(bins, split.goesLeft))
    categoryStart[node + 1] = words.length
  })
  return {
    objective: 'binary',
    featureCount,
    baseScore: 0,
    roots: Int32Array.of(size === 0 ? ~0 : 0),
    feature: Int32Array.from(tree.nodes, ({ split }) => binned.features[split.feature]!.column),
    threshold,
    left: Int32Array.from(tree.nodes, (node) => node.left),
    right: Int32Array.from(tree.nodes, (node) => node.right),
    missingLeft: Int32Array.from(tree.nodes, ({ split }) => split.goesLeft[0]!),
    categoryStart,
    categoryWords: Int32Array.from(words),
    leafValue: Float64Array.from(tree.leaves, (leaf) => leaf.value * learningRate),
  }
}

/** The categories whose bin goes left, as bits; a category without a bin of its own shares the way of missing values. */
function categorySet(bins: FeatureBins, goesLeft: Uint8Array): Int32Array {
  const words = new Int32Array(Math.ceil(bins.binOfCode.length / 32))
  let used = 0
  bins.binOfCode.forEach((bin, code) => {
    if (goesLeft[bin] !== 1) return
    words[code >>> 5]! |= 1 << (code & 31)
    used = (code >>> 5) + 1
  })
  return words.subarray(0, used)
}

/** Ensembles one after the other as one, with the base score given. */
export function joinEnsembles(parts: readonly TreeEnsemble[], baseScore: number, featureCount: number): TreeEnsemble {
  const roots: number[] = []
  const left: number[] = []
  const right: number[] = []
  const categoryStart: number[] = [0]
  let nodes = 0
  let leaves = 0
  let words = 0
  for (const part of parts) {
    const moved = (reference: number) => (reference >= 0 ? reference + nodes : reference - leaves)
    for (const root of part.roots) roots.push(moved(root))
    for (const reference of part.left) left.push(moved(reference))
    for (const reference of part.right) right.push(moved(reference))
    for (const start of part.categoryStart.subarray(1)) categoryStart.push(start + words)
    nodes += part.feature.length
    leaves += part.leafValue.length
    words += part.categoryWords.length
  }
  return {
    objective: 'binary',
    featureCount,
    baseScore,
    roots: Int32Array.from(roots),
    feature: joinInt32(parts.map((part) => part.feature)),
    threshold: joinFloat64(parts.map((part) => part.threshold)),
    left: Int32Array.from(left),
    right: Int32Array.from(right),
    missingLeft: joinInt32(parts.map((part) => part.missingLeft)),
    categoryStart: Int32Array.from(categoryStart),
    categoryWords: joinInt32(parts.map((part) => part.categoryWords)),
    leafValue: joinFloat64(parts.map((part) => part.leafValue)),
  }
}

function joinInt32(parts: readonly Int32Array[]): Int32Array {
  const joined = new Int32Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    joined.set(part, at)
    at += part.length
  }
  return joined
}

function joinFloat64(parts: readonly Float64Array[]): Float64Array {
  const joined = new Float64Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    joined.set(part, at)
    at += part.length
  }
  return joined
}
