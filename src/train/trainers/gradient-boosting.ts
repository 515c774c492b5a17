import type { TreesArtifact } from '../../artifact/artifact.ts'
import { addTreeScores, sigmoid, type TreeEnsemble } from '../../artifact/tree-ensemble.ts'
import { noonmarkError } from '../../errors.ts'
import { alignMatrix, columnValues, type LabelledMatrix, matrixInputs, requireLearnable } from '../matrix.ts'
import { areaUnderCurve } from '../metrics/auc.ts'
import { logLoss } from '../metrics/loss.ts'
import { type BinnedMatrix, binMatrix } from './gradient-boosting-bins.ts'
import { joinEnsembles, treeAsEnsemble } from './gradient-boosting-forest.ts'
import { logOdds, meanLoss, setGradients } from './gradient-boosting-loss.ts'
import { type GradientBoostingParameters, resolveGradientBoosting } from './gradient-boosting-parameters.ts'
import { Random } from './gradient-boosting-random.ts'
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
  let turnEnds = Date.now() + turnMs
  while (boosting.step()) {
    if (Date.now() >= turnEnds) {
      await new Promise((resolve) => setImmediate(resolve))
      turnEnds = Date.now() + turnMs
    }
    if (options.signal?.aborted) throw noonmarkError('training_cancelled')
  }
  return boosting.result()
}

/** One training between two trees. */
class Boosting {
  readonly #options: GradientBoostingOptions
  readonly #parameters: GradientBoostingParameters
  readonly #random: Random
  readonly #binned: BinnedMatrix
  readonly #grower: TreeGrower
  readonly #columns: Float64Array[]
  readonly #baseScore: number
  readonly #scores: Float64Array
  readonly #gradients: Float64Array
  readonly #hessians: Float64Array
  readonly #validation: ValidationScores | undefined
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
    this.#grower = new TreeGrower(this.#binned, parameters)
    this.#columns = columnValues(training.matrix)
    this.#baseScore = logOdds(training)
    this.#scores = new Float64Array(training.matrix.rows).fill(this.#baseScore)
    this.#gradients = new Float64Array(training.matrix.rows)
    this.#hessians = new Float64Array(training.matrix.rows)
    this.#measureGradients()
    if (validation !== undefined) {
      requireLearnable(validation, 'validation')
      const matrix = alignMatrix(validation.matrix, matrixInputs(training.matrix))
      this.#validation = new ValidationScores({ ...validation, matrix }, this.#baseScore)
    }
    this.#best = { trees: 0, metric: Number.POSITIVE_INFINITY, loss: this.#validation?.loss() ?? null }
  }

  /** Grows one tree; false when training is over. */
  step(): boolean {
    const { trees, early_stopping_rounds: patience } = this.#parameters
    if (this.#rounds >= trees) return false
    this.#rounds++
    const rows = this.#drawRows()
    const grown = this.#grower.grow(this.#gradients, this.#hessians, rows, this.#drawFeatures())
    if (grown.nodes.length === 0) {
      // The next tree would see the same rows and columns, unless they are drawn anew.
      return this.#parameters.row_fraction < 1 || this.#parameters.feature_fraction < 1
    }
    this.#add(grown, rows)
    const trainLoss = this.#measureGradients()
    const validationLoss = this.#validation?.loss() ?? null
    this.#options.onProgress?.({ iteration: this.#trees.length, iterations: trees, trainLoss, validationLoss })
    if (patience === 0) this.#best = { trees: this.#trees.length, metric: 0, loss: validationLoss }
    else {
      const metric = this.#parameters.early_stopping_metric === 'auc' ? this.#validation!.auc() : validationLoss!
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

  /** Puts the rows of the next tree first into the grower's rows, the rest behind them; returns how many learn. */
  #drawRows(): number {
    const { row_fraction: fraction } = this.#parameters
    const rows = this.#grower.rows
    if (fraction >= 1) {
      for (let row = 0; row < rows.length; row++) rows[row] = row
      return rows.length
    }
    const drawn = this.#random.sample(rows.length, Math.max(1, Math.round(rows.length * fraction)))
    rows.set(drawn)
    let next = 0
    let rest = drawn.length
    for (let row = 0; row < rows.length; row++) {
      if (drawn[next] === row) next++
      else rows[rest++] = row
    }
    return drawn.length
  }

  #drawFeatures(): Uint8Array {
    const size = this.#binned.features.length
    const drawn = new Uint8Array(this.#binned.quads.length * 4)
    const count = Math.max(1, Math.round(size * this.#parameters.feature_fraction))
    if (count >= size) return drawn.fill(1, 0, size)
    for (const feature of this.#random.sample(size, count)) drawn[feature] = 1
    return drawn
  }

  /** Adds a tree to the model and to every score. Rows that it did not learn from walk it like new rows do. */
  #add(grown: GrownTree, learned: number): void {
    const { rows } = this.#grower
    const tree = treeAsEnsemble(grown, this.#binned, this.#columns.length, this.#parameters.learning_rate)
    grown.leaves.forEach((leaf, at) => {
      const value = tree.leafValue[at]!
      for (let place = leaf.begin; place < leaf.end; place++) {
        const row = rows[place]!
        this.#scores[row] = this.#scores[row]! + value
      }
    })
    if (learned < rows.length) addTreeScores(tree, this.#columns, this.#scores, undefined, rows.subarray(learned))
    this.#validation?.add(tree)
    this.#trees.push(tree)
    this.#splits.push(
      grown.nodes.map(({ split }) => ({ column: this.#binned.features[split.feature]!.column, gain: split.gain })),
    )
  }

  /** Sets the gradient and hessian of every row; returns the mean log loss where someone listens. */
  #measureGradients(): number | null {
    setGradients(this.#options.training, this.#scores, this.#gradients, this.#hessians)
    return this.#options.onProgress === undefined ? null : meanLoss(this.#options.training, this.#scores)
  }
}

/** The scores of a validation set as trees are added. */
class ValidationScores {
  readonly #set: LabelledMatrix
  readonly #columns: Float64Array[]
  readonly #scores: Float64Array
  readonly #probabilities: Float64Array

  constructor(set: LabelledMatrix, baseScore: number) {
    this.#set = set
    this.#columns = columnValues(set.matrix)
    this.#scores = new Float64Array(set.matrix.rows).fill(baseScore)
    this.#probabilities = new Float64Array(set.matrix.rows).fill(sigmoid(baseScore))
  }

  add(tree: TreeEnsemble): void {
    addTreeScores(tree, this.#columns, this.#scores)
    for (let row = 0; row < this.#scores.length; row++) this.#probabilities[row] = sigmoid(this.#scores[row]!)
  }

  loss(): number | null {
    return logLoss(this.#set.labels, this.#probabilities, this.#set.weights)
  }

  /** The AUC times -1, so that less is better; 0 where there is only one class. */
  auc(): number {
    return -(areaUnderCurve(this.#set.labels, this.#probabilities, this.#set.weights) ?? 0)
  }
}
