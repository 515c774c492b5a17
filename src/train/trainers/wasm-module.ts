/**
 * As much of the WebAssembly binary format (WebAssembly Core Specification 2.0, chapter 5, with the threads proposal's shared
 * memories) as a few kernels over one imported memory need. Parameters and locals are i32 and v128, results there are none.
 */

/** Instructions, as bytes. */
export type Code = readonly number[]

/** One function of a module; its locals are numbered after its parameters. */
export interface WasmFunction {
  readonly name: string
  /** Parameters, each an i32. */
  readonly parameters: number
  /** Locals after the parameters: first the i32, then the v128. */
  readonly locals: { readonly i32: number; readonly v128: number }
  readonly body: Code
}

const i32Type = 0x7f
const v128Type = 0x7b

/** A module that imports a shared memory as `memory.pages` and exports its functions. `mostPages` bounds that memory. */
export function wasmModule(functions: readonly WasmFunction[], mostPages: number): Uint8Array<ArrayBuffer> {
  const types = functions.map(({ parameters }) => [0x60, ...vector(new Array(parameters).fill([i32Type])), 0])
  const memory = [...text('memory'), ...text('pages'), 0x02, 0x03, ...unsigned(1), ...unsigned(mostPages)]
  const exported = functions.map(({ name }, at) => [...text(name), 0x00, ...unsigned(at)])
  const bodies = functions.map(({ locals, body }) => {
    const code = [
      ...vector([
        [...unsigned(locals.i32), i32Type],
        [...unsigned(locals.v128), v128Type],
      ]),
      ...body,
      0x0b,
    ]
    return [...unsigned(code.length), ...code]
  })
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(1, vector(types)),
    ...section(2, vector([memory])),
    ...section(3, vector(functions.map((_, at) => unsigned(at)))),
    ...section(7, vector(exported)),
    ...section(10, vector(bodies)),
  ])
}

function section(id: number, bytes: Code): number[] {
  return [id, ...unsigned(bytes.length), ...bytes]
}

function vector(items: readonly Code[]): number[] {
  return [...unsigned(items.length), ...items.flat()]
}

function text(value: string): number[] {
  return vector(Array.from(value, (letter) => [letter.charCodeAt(0)]))
}

/** Unsigned LEB128. */
function unsigned(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...unsigned(value >>> 7)]
}

/** Signed LEB128 of 32 bits. */
function signed(value: number): number[] {
  const rest = value >> 7
  const ends = (rest === 0 && (value & 64) === 0) || (rest === -1 && (value & 64) !== 0)
  return ends ? [value & 127] : [(value & 127) | 128, ...signed(rest)]
}

const simd = (opcode: number): number[] => [0xfd, ...unsigned(opcode)]
/** Alignment (as a power of 2) and offset of an access. */
const access = (alignment: number, offset: number): number[] => [alignment, ...unsigned(offset)]

/** Sixteen bytes of two vectors: eight from each place. */
const lanes = (...from: number[]): number[] => from.flatMap((first) => Array.from({ length: 8 }, (_, at) => first + at))

/** The instructions in use. Operands come first, as on the stack machine. */
export const wasm = {
  get: (local: number): Code => [0x20, ...unsigned(local)],
  set: (local: number, value: Code): Code => [...value, 0x21, ...unsigned(local)],
  /** Sets a local and leaves its value. */
  tee: (local: number, value: Code): Code => [...value, 0x22, ...unsigned(local)],
  i32: (value: number): Code => [0x41, ...signed(value)],
  add: (one: Code, other: Code): Code => [...one, ...other, 0x6a],
  subtract: (one: Code, other: Code): Code => [...one, ...other, 0x6b],
  and: (one: Code, other: Code): Code => [...one, ...other, 0x71],
  shiftLeft: (value: Code, by: number): Code => [...value, 0x41, ...signed(by), 0x74],
  shiftRight: (value: Code, by: number): Code => [...value, 0x41, ...signed(by), 0x76],
  load: (address: Code, offset = 0): Code => [...address, 0x28, ...access(2, offset)],
  loadByte: (address: Code, offset = 0): Code => [...address, 0x2d, ...access(0, offset)],
  store: (address: Code, value: Code, offset = 0): Code => [...address, ...value, 0x36, ...access(2, offset)],
  loadVector: (address: Code, offset = 0): Code => [...address, ...simd(0), ...access(4, offset)],
  storeVector: (address: Code, value: Code, offset = 0): Code => [
    ...address,
    ...value,
    ...simd(11),
    ...access(4, offset),
  ],
  /** Adds the two 64-bit whole numbers of vectors, modulo 2^64. */
  addInt64: (one: Code, other: Code): Code => [...one, ...other, ...simd(206)],
  subtractInt64: (one: Code, other: Code): Code => [...one, ...other, ...simd(209)],
  shiftLeftInt64: (value: Code, by: number): Code => [...value, 0x41, ...signed(by), ...simd(203)],
  absolute: (value: Code): Code => [...value, ...simd(236)],
  nearest: (value: Code): Code => [...value, ...simd(148)],
  addDoubles: (one: Code, other: Code): Code => [...one, ...other, ...simd(240)],
  subtractDoubles: (one: Code, other: Code): Code => [...one, ...other, ...simd(241)],
  multiplyDoubles: (one: Code, other: Code): Code => [...one, ...other, ...simd(242)],
  divideDoubles: (one: Code, other: Code): Code => [...one, ...other, ...simd(243)],
  maximum: (one: Code, other: Code): Code => [...one, ...other, ...simd(245)],
  /** All bits of a double where `one` is at least `other`. */
  atLeast: (one: Code, other: Code): Code => [...one, ...other, ...simd(76)],
  /** The bits of `one` where `mask` has them, else those of `other`. */
  select: (one: Code, other: Code, mask: Code): Code => [...one, ...other, ...mask, ...simd(82)],
  /** The first doubles of two vectors, or the second ones. */
  firsts: (one: Code, other: Code): Code => [...one, ...other, ...simd(13), ...lanes(0, 16)],
  seconds: (one: Code, other: Code): Code => [...one, ...other, ...simd(13), ...lanes(8, 24)],
  /** A double, twice. */
  doubles: (value: number): Code => {
    const bytes = new Uint8Array(Float64Array.of(value, value).buffer)
    return [...simd(12), ...bytes]
  },
  constant: (bytes: readonly number[]): Code => [...simd(12), ...bytes],
  /** Copies bytes within the memory: to, from, how many. */
  copy: (to: Code, from: Code, bytes: Code): Code => [...to, ...from, ...bytes, 0xfc, 0x0a, 0x00, 0x00],
  /** Does the body again and again while `condition`, asked after it, is not 0. */
  loopWhile: (body: Code, condition: Code): Code => [0x03, 0x40, ...body, ...condition, 0x0d, 0x00, 0x0b],
  below: (one: Code, other: Code): Code => [...one, ...other, 0x49],
} as const
