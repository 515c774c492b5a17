/**
 * A sum of decision trees in flat typed arrays.
 *
 * Nodes of all trees share one numbering; a child lies after its parent. A child reference that is 0 or more is a node,
 * a negative one is the leaf `~reference`. A number node sends `value <= threshold` left. A category node has the
 * threshold NaN, so that both comparisons of the walk fail and the slow path is taken; its set of categories that go left is
 * a bit set in `categoryWords`; what is not in the set goes right. A missing value (NaN) goes where `missingLeft` says.
 */
export interface TreeEnsemble {
  /** `binary`: the sigmoid of `baseScore` plus the sum over trees is the probability of label 1. */
  readonly objective: 'binary'
  readonly featureCount: number
  /** Log-odds before the first tree. */
  readonly baseScore: number
  /** Per tree: the reference of its root (a node, or a leaf of a tree without splits). */
  readonly roots: Int32Array
  /** Per node: position of the feature in the row. */
  readonly feature: Int32Array
  /** Per node: NaN marks a category node. */
  readonly threshold: Float64Array
  readonly left: Int32Array
  readonly right: Int32Array
  /** Per node: 1 when a missing value goes left. */
  readonly missingLeft: Int32Array
  /** Per node: where its words start in `categoryWords`; the next node's start ends them. One entry more than nodes. */
  readonly categoryStart: Int32Array
  /** 32 categories a word, category `32 * word + bit`. */
  readonly categoryWords: Int32Array
  /** Per leaf: what it adds to the score. */
  readonly leafValue: Float64Array
}

/** The logistic function. */
export function sigmoid(score: number): number {
  return 1 / (1 + Math.exp(-score))
}

/** Where a value goes that is missing or a category. */
function otherwise(model: TreeEnsemble, node: number, value: number): number {
  let goesLeft: boolean
  if (Number.isNaN(value)) goesLeft = model.missingLeft[node] === 1
  else {
    const word = model.categoryStart[node]! + (value >>> 5)
    goesLeft =
      value >= 0 && word < model.categoryStart[node + 1]! && ((model.categoryWords[word]! >>> (value & 31)) & 1) === 1
  }
  return goesLeft ? model.left[node]! : model.right[node]!
}

/** Adds the trees `fromTree` (inclusive) to `toTree` (exclusive), in order, to `score`; the row starts at `offset`. */
function addTrees(
  model: TreeEnsemble,
  fromTree: number,
  toTree: number,
  row: Float64Array,
  offset: number,
  score: number,
): number {
  const { roots, feature, threshold, left, right, leafValue } = model
  let sum = score
  for (let tree = fromTree; tree < toTree; tree++) {
    let node = roots[tree]!
    while (node >= 0) {
      const value = row[offset + feature[node]!]!
      const bound = threshold[node]!
      if (value <= bound) node = left[node]!
      else if (value > bound) node = right[node]!
      else node = otherwise(model, node, value)
    }
    sum += leafValue[~node]!
  }
  return sum
}

/** The log-odds of label 1 for one row in the order of the inputs; NaN is missing, a category is its code. Allocates nothing. */
export function scoreTreeEnsemble(model: TreeEnsemble, row: Float64Array): number {
  return addTrees(model, 0, model.roots.length, row, 0, model.baseScore)
}

/** The probability of label 1 for one row in the order of the inputs. Allocates nothing. */
export function predictTreeEnsemble(model: TreeEnsemble, row: Float64Array): number {
  return sigmoid(scoreTreeEnsemble(model, row))
}

/** Rows that are gathered at once; a block of some dozens of columns stays in the nearest caches. */
const blockRows = 256

/**
 * Adds what the trees `fromTree` to `toTree` say to `scores`, which has one entry per row of the columns. With `rowIndices`
 * only those rows (the first `count` of them) are touched. Each score grows tree by tree, as in `scoreTreeEnsemble`, so the
 * sums are equal to the last bit.
 */
export function addTreeScores(
  model: TreeEnsemble,
  columns: readonly Float64Array[],
  scores: Float64Array,
  trees: { readonly from: number; readonly to: number } = { from: 0, to: model.roots.length },
  rowIndices?: Int32Array,
  count = rowIndices?.length ?? scores.length,
): void {
  const width = columns.length
  const block = new Float64Array(blockRows * width)
  for (let start = 0; start < count; start += blockRows) {
    const size = Math.min(blockRows, count - start)
    for (let column = 0; column < width; column++) {
      const values = columns[column]!
      for (let at = 0; at < size; at++) {
        block[at * width + column] = values[rowIndices === undefined ? start + at : rowIndices[start + at]!]!
      }
    }
    for (let tree = trees.from; tree < trees.to; tree++) {
      for (let at = 0; at < size; at++) {
        const row = rowIndices === undefined ? start + at : rowIndices[start + at]!
        scores[row] = addTrees(model, tree, tree + 1, block, at * width, scores[row]!)
      }
    }
  }
}

/** The probabilities of label 1 for `rows` rows held as columns in the order of the inputs. Equal to row by row, bit for bit. */
export function predictTreeEnsembleBatch(
  model: TreeEnsemble,
  columns: readonly Float64Array[],
  rows: number,
  into: Float64Array = new Float64Array(rows),
): Float64Array {
  into.fill(model.baseScore, 0, rows)
  addTreeScores(model, columns, into, undefined, undefined, rows)
  for (let row = 0; row < rows; row++) into[row] = sigmoid(into[row]!)
  return into
}
