import fc from 'fast-check'
import {
  type Aggregate,
  type AggregateFunction,
  count,
  featureView,
  latest,
  max,
  mean,
  min,
  type ResolvedFeature,
  share,
  sum,
} from '../../src/define/index.ts'
import type { BooleanExpression, Duration, Expression } from '../../src/values/index.ts'
import { airport, base, type Expressions, featuresOf, type randomSource, stand } from './random-source.ts'

/** Conditions by how they read, so that a counterexample can be read. */
const conditions: Readonly<Record<string, (row: Expressions) => BooleanExpression>> = {
  b: (row) => row.b,
  'not b': (row) => row.b.not(),
  'f > 0': (row) => row.f.gt(0),
  's is not a': (row) => row.s.ne('a'),
  's is null': (row) => row.s.isNull(),
  's in a, é': (row) => row.s.in(['a', 'é']),
  'l > 0 or b': (row) => row.l.gt(0n).or(row.b),
  'f < 0 and s is not null': (row) => row.f.lt(0).and(row.s.isNotNull()),
  'i > f': (row) => row.i.gt(row.f),
  't before the base': (row) => row.t.lt(new Date(base)),
}
const numbers: Readonly<Record<string, (row: Expressions) => Expression<number>>> = {
  i: (row) => row.i,
  f: (row) => row.f,
  'f / i': (row) => row.f.dividedBy(row.i),
  'f - 0.1 * i': (row) => row.f.minus(row.i.times(0.1)),
}
const anything: Readonly<Record<string, (row: Expressions) => Expression>> = {
  ...conditions,
  ...numbers,
  l: (row) => row.l,
  s: (row) => row.s,
  t: (row) => row.t,
}

/** Every aggregate, and what it may take; null: rows. */
const functions: Readonly<Record<AggregateFunction, readonly (string | null)[]>> = {
  count: [null, ...Object.keys(anything)],
  sum: [...Object.keys(numbers), 'l'],
  mean: Object.keys(numbers),
  min: [...Object.keys(numbers), 'l', 't'],
  max: [...Object.keys(numbers), 'l', 't'],
  share: Object.keys(conditions),
  latest: Object.keys(anything),
}
/** Windows of every hop, and at its edges. */
export const windows = ['1m', '61s', '5m', '12m', '59m', '1h', '90m', '11h', '12h', '25h', '3d', '12d', '20d'] as const
/** How old a latest value may be. */
export const ages = ['1ms', '10m', '6h', '1d'] as const

/** A feature as plain data, which a counterexample shows. */
export interface Recipe {
  readonly view: 'by_origin' | 'by_destination' | 'by_gate'
  readonly function: AggregateFunction
  readonly value: string | null
  readonly where: string | null
  readonly over: Duration | null
  readonly maxAge: Duration | null
  readonly ignoreNulls: boolean
}

/** Any aggregate over anything that it may take. */
export const randomRecipe: fc.Arbitrary<Recipe> = fc
  .constantFrom('count', 'sum', 'mean', 'min', 'max', 'share', 'latest', 'latest')
  .chain((made) =>
    fc.record({
      view: fc.constantFrom('by_origin', 'by_origin', 'by_destination', 'by_gate'),
      function: fc.constant(made),
      value: fc.constantFrom(...functions[made]),
      where: fc.option(fc.constantFrom(...Object.keys(conditions)), { freq: 2 }),
      over: made === 'latest' ? fc.constant(null) : fc.option(fc.constantFrom(...windows), { freq: 4 }),
      maxAge: made === 'latest' ? fc.option(fc.constantFrom(...ages), { freq: 2 }) : fc.constant(null),
      ignoreNulls: made === 'latest' ? fc.boolean() : fc.constant(false),
    }),
  )

function aggregateOf(row: Expressions, recipe: Recipe): Aggregate {
  const all = functionOf(row, recipe)
  const some = recipe.where === null ? all : all.where(conditions[recipe.where]!(row))
  return recipe.over === null ? some : some.over(recipe.over)
}

function functionOf(row: Expressions, { function: made, value, maxAge, ignoreNulls }: Recipe): Aggregate {
  if (value === null) return count()
  const ordered = value === 'l' ? row.l : value === 't' ? row.t : undefined
  switch (made) {
    case 'count':
      return count(anything[value]!(row))
    case 'sum':
      return value === 'l' ? sum(row.l) : sum(numbers[value]!(row))
    case 'mean':
      return mean(numbers[value]!(row))
    case 'min':
      return ordered === undefined ? min(numbers[value]!(row)) : min<bigint | Date>(ordered)
    case 'max':
      return ordered === undefined ? max(numbers[value]!(row)) : max<bigint | Date>(ordered)
    case 'share':
      return share(conditions[value]!(row))
    case 'latest':
      return latest(anything[value]!(row), { ignoreNulls, ...(maxAge === null ? {} : { maxAge }) })
  }
}

/** The features of recipes, in the recipes' order, named by their places. */
export function featuresOfRecipes(
  recipes: readonly Recipe[],
  source: ReturnType<typeof randomSource>,
): ResolvedFeature[] {
  const made = (['by_origin', 'by_destination', 'by_gate'] as const).flatMap((view) => {
    const features = (row: Expressions) =>
      Object.fromEntries(
        recipes.flatMap((one, place) =>
          one.view === view ? [[`feature_${place}`, aggregateOf(row, one)] as const] : [],
        ),
      )
    if (recipes.every((one) => one.view !== view)) return []
    const key = { airport: view === 'by_destination' ? ('destination' as const) : ('origin' as const) }
    return featuresOf(
      view === 'by_gate'
        ? featureView(view, { entity: stand, source, key, features })
        : featureView(view, { entity: airport, source, key, features }),
      source.spec,
    )
  })
  const place = ({ feature }: ResolvedFeature) => Number(feature.name.slice('feature_'.length))
  return made.sort((a, b) => place(a) - place(b))
}
