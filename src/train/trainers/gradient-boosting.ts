import type { TreesArtifact } from '../../artifact/artifact.ts'
import { sigmoid, type TreeEnsemble } from '../../artifact/tree-ensemble.ts'
import { noonmarkError } from '../../errors.ts'
import { alignMatrix, type LabelledMatrix, matrixInputs, requireLearnable } from '../matrix.ts'
import { areaUnderCurve } from '../metrics/auc.ts'
import { type BinnedMatrix, binColumn, binMatrix } from './gradient-boosting-bins.ts'
import { joinEnsembles, treeAsEnsemble } from './gradient-boosting-forest.ts'
import { logOdds, pairScales } from './gradient-boosting-loss.ts'
import { BoostingMemory, lossBlocks } from './gradient-boosting-memory.ts'
import { type GradientBoostingParameters, resolveGradientBoosting } from './gradient-boosting-parameters.ts'
import { Random } from './gradient-boosting-random.ts'
import { mostThreads, toldDouble, toldWord } from './gradient-boosting-share.ts'
import { BoostingTeam } from './gradient-boosting-team.ts'
import { type GrownTree, TreeGrower } from './gradient-boosting-tree.ts'
import type { TrainingProgress } from './progress.ts'

/** What gradient boosting learns from, and how. */
export interface GradientBoostingOptions {
  readonly training: LabelledMatrix
  /** Rows on which the validation loss is measured and early stopping decides; the trees never learn from them. */
  readonly validation?: LabelledMatrix
  /** By name; see `gradientBoostingParameters`. */
  readonly parameters?: Readonly<Record<string, unknown>>
  /** The same seed, data and parameters give the same bytes. Default 0. */
  readonly seed?: number
  /** Threads at most, default 1. The result is the same with any number. */
  readonly threads?: number
  readonly onProgress?: (progress: TrainingProgress) => void
  /** Looked at between trees; the training then throws `training_cancelled`. */
  readonly signal?: AbortSignal
}

/** How much one input contributed to the trees. */
export interface FeatureImportance {
  readonly name: string
  /** Sum of the gains of its splits. */
  readonly gain: number
  readonly splits: number
}

/** A trained ensemble and what its training showed. */
export interface GradientBoostingResult {
  readonly artifact: TreesArtifact
  /** Trees in the artifact. */
  readonly trees: number
  /** Trees grown; more than `trees` when early stopping went back to the best one. */
  readonly treesGrown: number
  /** Mean log loss of the artifact's trees; null without a validation set. */
  readonly validationLoss: number | null
  /** Every input, by descending gain, equals in the order of the inputs. */
  readonly importance: readonly FeatureImportance[]
  readonly parameters: GradientBoostingParameters
}

/** How long the trainer works before it lets other callbacks of the process run. */
const turnMs = 50

/**
 * Trains gradient-boosted trees for labels of 0 and 1 with the log loss (Friedman, "Greedy function approximation", 2001, with
 * Newton steps on histograms as in XGBoost and LightGBM). Missing values learn a direction at every split, category columns
 * split by sets. Throws `parameter_invalid`, `training_data_invalid`, `training_one_class` or `training_cancelled`.
 */
export async function trainGradientBoosting(options: GradientBoostingOptions): Promise<GradientBoostingResult> {
  const parameters = resolveGradientBoosting(options.parameters)
  if (parameters.early_stopping_rounds > 0 && options.validation === undefined) {
    throw noonmarkError('parameter_invalid', {
      message: 'early_stopping_rounds needs a validation set.',
      path: 'early_stopping_rounds',
    })
  }
  const boosting = new Boosting(options, parameters)
  try {
    await boosting.begin()
    let turnEnds = Date.now() + turnMs
    while (boosting.step()) {
      if (Date.now() >= turnEnds) {
        await new Promise((resolve) => setImmediate(resolve))
        turnEnds = Date.now() + turnMs
      }
      if (options.signal?.aborted) throw noonmarkError('training_cancelled')
    }
    return boosting.result()
  } finally {
    await boosting.close()
  }
}

/** Cells (rows times columns) below which a second thread would cost more than it does. */
const sharedCells = 200_000

/** One training between two trees. */
class Boosting {
  readonly #options: GradientBoostingOptions
  readonly #parameters: GradientBoostingParameters
  readonly #random: Random
  readonly #binned: BinnedMatrix
  readonly #memory: BoostingMemory
  readonly #team: BoostingTeam
  readonly #grower: TreeGrower
  readonly #baseScore: number
  /** Sums of weights: of the rows that learn, of those that are held. */
  readonly #totals: readonly [number, number]
  readonly #trees: TreeEnsemble[] = []
  readonly #splits: { column: number; gain: number }[][] = []
  #rounds = 0
  #best: { readonly trees: number; readonly metric: number; readonly loss: number | null }

  constructor(options: GradientBoostingOptions, parameters: GradientBoostingParameters) {
    const { training, validation } = options
    requireLearnable(training)
    this.#options = options
    this.#parameters = parameters
    this.#random = new Random(options.seed ?? 0)
    this.#binned = binMatrix(training.matrix, parameters.bins, this.#random)
    const { features, columns } = this.#binned
    const { rows } = training.matrix
    const isLarge = rows * features.length >= sharedCells
    const threads = isLarge ? Math.min(Math.max(options.threads ?? 1, 1), mostThreads) : 1
    const heldRows = validation?.matrix.rows ?? 0
    this.#memory = new BoostingMemory({ rows, heldRows, features: features.length, threads, leaves: parameters.leaves })
    const { control, told: doubles, truths, weights, scores } = this.#memory
    const bytes = features.map((_, feature) => this.#memory.binsOf(feature))
    columns.forEach((column, feature) => {
      spread(column, bytes[feature]!, 0)
    })
    truths.set(training.labels)
    weights.fill(1)
    if (training.weights !== undefined) weights.set(training.weights)
    if (validation !== undefined) {
      requireLearnable(validation, 'validation')
      const matrix = alignMatrix(validation.matrix, matrixInputs(training.matrix))
      features.forEach((feature, at) => {
        spread(binColumn(matrix.columns[feature.column]!, feature), bytes[at]!, rows)
      })
      truths.set(validation.labels, rows)
      if (validation.weights !== undefined) weights.set(validation.weights, rows)
    }
    this.#baseScore = logOdds(training)
    scores.fill(this.#baseScore)
    const scales = pairScales(rows, training.weights?.reduce((most, weight) => Math.max(most, weight), 0) ?? 1)
    doubles[toldDouble.gradientScale] = scales.gradient
    doubles[toldDouble.hessianScale] = scales.hessian
    control[toldWord.weighted] = training.weights?.some((weight) => weight !== 1) ? 1 : 0
    if (validation?.weights?.some((weight) => weight !== 1)) control[toldWord.weighted] = 1
    const sum = (values: Float64Array) => values.reduce((total, value) => total + value, 0)
    this.#totals = [sum(weights.subarray(0, rows)), sum(weights.subarray(rows))]
    this.#team = new BoostingTeam(this.#memory, features, parameters)
    this.#grower = new TreeGrower(this.#memory, this.#team, parameters, scales)
    this.#best = { trees: 0, metric: Number.POSITIVE_INFINITY, loss: this.#measure().validationLoss }
  }

  /** Waits for the threads. */
  begin(): Promise<void> {
    return this.#team.begin()
  }

  /** Grows one tree; false when training is over. */
  step(): boolean {
    const { trees, early_stopping_rounds: patience } = this.#parameters
    if (this.#rounds >= trees) return false
    this.#rounds++
    const rows = this.#drawRows()
    this.#drawFeatures()
    const grown = this.#grower.grow(rows)
    if (grown.nodes.length === 0) {
      // The next tree would see the same rows and columns, unless they are drawn anew.
      return this.#parameters.row_fraction < 1 || this.#parameters.feature_fraction < 1
    }
    this.#add(grown, rows)
    const { trainLoss, validationLoss } = this.#measure()
    this.#options.onProgress?.({ iteration: this.#trees.length, iterations: trees, trainLoss, validationLoss })
    if (patience === 0) this.#best = { trees: this.#trees.length, metric: 0, loss: validationLoss }
    else {
      const metric = this.#parameters.early_stopping_metric === 'auc' ? this.#negativeAuc() : validationLoss!
      if (metric < this.#best.metric) this.#best = { trees: this.#trees.length, metric, loss: validationLoss }
      if (this.#trees.length - this.#best.trees >= patience) return false
    }
    return true
  }

  result(): GradientBoostingResult {
    const inputs = matrixInputs(this.#options.training.matrix)
    const kept = this.#trees.slice(0, this.#best.trees)
    const gain = new Float64Array(inputs.length)
    const splits = new Float64Array(inputs.length)
    for (const split of this.#splits.slice(0, kept.length).flat()) {
      gain[split.column]! += split.gain
      splits[split.column]! += 1
    }
    const importance = inputs.map(({ name }, column) => ({ name, gain: gain[column]!, splits: splits[column]! }))
    return {
      artifact: { kind: 'trees', inputs, trees: joinEnsembles(kept, this.#baseScore, inputs.length) },
      trees: kept.length,
      treesGrown: this.#trees.length,
      validationLoss: this.#best.loss,
      importance: importance.sort((one, other) => other.gain - one.gain),
      parameters: this.#parameters,
    }
  }

  /** Ends the threads. */
  close(): Promise<void> {
    return this.#team.close()
  }

  /** Puts the rows of the next tree first, the rest and those that are held behind them; returns how many learn. */
  #drawRows(): number {
    const { row_fraction: fraction } = this.#parameters
    const { rows, size } = this.#memory
    const count = fraction >= 1 ? size.rows : Math.max(1, Math.round(size.rows * fraction))
    if (count === size.rows) {
      for (let row = 0; row < rows.length; row++) rows[row] = row
      return count
    }
    const drawn = this.#random.sample(size.rows, count)
    rows.set(drawn)
    let next = 0
    let rest = drawn.length
    for (let row = 0; row < rows.length; row++) {
      if (drawn[next] === row) next++
      else rows[rest++] = row
    }
    return drawn.length
  }

  #drawFeatures(): void {
    const { drawn, size } = this.#memory
    const count = Math.max(1, Math.round(size.features * this.#parameters.feature_fraction))
    drawn.fill(0)
    if (count >= size.features) drawn.fill(1, 0, size.features)
    else for (const feature of this.#random.sample(size.features, count)) drawn[feature] = 1
  }

  /** Adds a tree to the model and to every score. */
  #add(grown: GrownTree, learned: number): void {
    const { control, leafEnds, leafValues } = this.#memory
    const { learning_rate: rate } = this.#parameters
    const inputs = this.#options.training.matrix.columns.length
    const tree = treeAsEnsemble(grown, this.#binned, inputs, rate)
    const inOrder = Array.from(grown.leaves.keys()).sort((one, other) => {
      const [first, second] = [grown.leaves[one]!, grown.leaves[other]!]
      return first.begin - second.begin
    })
    inOrder.forEach((leaf, at) => {
      leafEnds[2 * at] = grown.leaves[leaf]!.end
      leafEnds[2 * at + 1] = grown.leaves[leaf]!.followEnd
      leafValues[at] = tree.leafValue[leaf]!
    })
    control[toldWord.leaves] = inOrder.length
    control[toldWord.end] = learned
    this.#team.run('add', false)
    this.#trees.push(tree)
    this.#splits.push(
      grown.nodes.map(({ split }) => ({ column: this.#binned.features[split.feature]!.column, gain: split.gain })),
    )
  }

  /** Sets the gradient and hessian of every row; the mean log losses of the trees so far. */
  #measure(): { trainLoss: number; validationLoss: number | null } {
    const { losses, size } = this.#memory
    this.#team.run('gradients', false)
    const learning = lossBlocks(size.rows)
    const sum = (values: Float64Array) => values.reduce((total, value) => total + value, 0)
    const [learned, held] = this.#totals
    return {
      trainLoss: sum(losses.subarray(0, learning)) / learned,
      validationLoss: held > 0 ? sum(losses.subarray(learning)) / held : null,
    }
  }

  /** The validation AUC times -1, so that less is better; 0 where there is only one class. */
  #negativeAuc(): number {
    const { scores, size } = this.#memory
    const { labels, weights } = this.#options.validation!
    return -(areaUnderCurve(labels, scores.subarray(size.rows).map(sigmoid), weights) ?? 0)
  }
}

/** Puts the bins of rows into their words: a byte of every fourth, from row `first` on. */
function spread(column: Uint8Array, bytes: Uint8Array, first: number): void {
  for (let row = 0, to = 4 * first; row < column.length; row++, to += 4) bytes[to] = column[row]!
}
