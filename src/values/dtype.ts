/** The names of the six types that a column, field or feature can have. */
export type DtypeName = 'bool' | 'int' | 'int64' | 'float' | 'string' | 'timestamp'

/** What the code of a project sees for each type. */
export interface DtypeValues {
  bool: boolean
  int: number
  int64: bigint
  float: number
  string: string
  timestamp: Date
}

/** `default` means nullable in a source's columns and required in a request. */
export type Nullability = 'default' | 'required' | 'optional'

/** A type as it stands in the manifest. */
export interface DtypeSpec {
  readonly type: DtypeName
  readonly nullability: Nullability
  /** The column speaks of the future by design: a forecast, a planned departure. */
  readonly future?: true
  readonly description?: string
}

/** A type as its user writes it: `int()`, `string().optional()`. */
export interface Dtype<N extends DtypeName = DtypeName, Q extends Nullability = Nullability> extends DtypeSpec {
  readonly type: N
  readonly nullability: Q
  /** Never null. */
  required(): Dtype<N, 'required'>
  /** May be missing or null. */
  optional(): Dtype<N, 'optional'>
}

/** What may be said beside the type itself. */
export interface DtypeOptions {
  readonly description?: string
  /** A column that lies later than its row was known, and rightly so. */
  readonly future?: true
}

function dtype<N extends DtypeName, Q extends Nullability>(
  type: N,
  nullability: Q,
  options: DtypeOptions,
): Dtype<N, Q> {
  const plain = { type, nullability, ...options }
  // Methods are not enumerable, so that a type prints and compares as the plain value it is.
  Object.defineProperties(plain, {
    required: { value: () => dtype(type, 'required', options) },
    optional: { value: () => dtype(type, 'optional', options) },
  })
  return Object.freeze(plain) as Dtype<N, Q> // defineProperties is invisible to the type checker
}

/** true or false */
export const bool = (options: DtypeOptions = {}): Dtype<'bool', 'default'> => dtype('bool', 'default', options)
/** a whole number that JavaScript holds exactly (up to 2^53 - 1) */
export const int = (options: DtypeOptions = {}): Dtype<'int', 'default'> => dtype('int', 'default', options)
/** a 64-bit whole number: `bigint` in code, a string in JSON */
export const int64 = (options: DtypeOptions = {}): Dtype<'int64', 'default'> => dtype('int64', 'default', options)
/** a 64-bit floating-point number; NaN is read as null */
export const float = (options: DtypeOptions = {}): Dtype<'float', 'default'> => dtype('float', 'default', options)
/** text */
export const string = (options: DtypeOptions = {}): Dtype<'string', 'default'> => dtype('string', 'default', options)
/** an instant: `Date` in code, ISO 8601 in JSON, whole milliseconds inside */
export const timestamp = (options: DtypeOptions = {}): Dtype<'timestamp', 'default'> =>
  dtype('timestamp', 'default', options)

/** The value that code sees for a type that may be null unless `.required()`. */
export type ColumnValue<D> =
  D extends Dtype<infer N, infer Q> ? DtypeValues[N] | (Q extends 'required' ? never : null) : never

/** The value that code sees for a field that is required unless `.optional()`. */
export type FieldValue<D> =
  D extends Dtype<infer N, infer Q> ? DtypeValues[N] | (Q extends 'optional' ? null : never) : never

/** The plain part of a type, as it goes into the manifest. */
export function dtypeSpec({ type, nullability, future, description }: DtypeSpec): DtypeSpec {
  return { type, nullability, ...(future ? { future } : {}), ...(description === undefined ? {} : { description }) }
}
