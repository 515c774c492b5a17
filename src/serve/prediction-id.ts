import { randomInt } from 'node:crypto'

/**
 * A prediction id is a ULID whose random part is used: 10 characters of time, 7 characters that name the log that its serve
 * process writes (chosen at random when the process starts), 9 characters with the record's offset in that log. So an id
 * leads to its record without an index, ids of one process ascend, and no two processes share one.
 */
export interface PredictionPlace {
  readonly time: number
  readonly log: string
  readonly offset: number
}

const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const digitOf = new Map([...alphabet].map((character, digit) => [character, digit]))
const timeLength = 10
const logLength = 7
const offsetLength = 9

/** The id of the prediction at an offset of a log. */
export function predictionId({ time, log, offset }: PredictionPlace): string {
  return encode(time, timeLength) + log + encode(offset, offsetLength)
}

/** Where the record of an id is; null where the text is no id. */
export function predictionPlace(id: string): PredictionPlace | null {
  if (id.length !== timeLength + logLength + offsetLength) return null
  const time = decode(id.slice(0, timeLength))
  const offset = decode(id.slice(timeLength + logLength))
  const log = id.slice(timeLength, timeLength + logLength)
  if (time === null || offset === null || decode(log) === null) return null
  return { time, log, offset }
}

/** A random name for a log. */
export function randomLogName(): string {
  return Array.from({ length: logLength }, () => alphabet[randomInt(32)]).join('')
}

let lastTime = -1
let lastTimeText = ''

function encode(value: number, length: number): string {
  if (length === timeLength && value === lastTime) return lastTimeText
  let text = ''
  let rest = value
  for (let i = 0; i < length; i++) {
    text = alphabet[rest % 32]! + text
    rest = Math.floor(rest / 32)
  }
  if (length === timeLength) {
    lastTime = value
    lastTimeText = text
  }
  return text
}

function decode(text: string): number | null {
  let value = 0
  for (const character of text) {
    const digit = digitOf.get(character)
    if (digit === undefined) return null
    value = value * 32 + digit
  }
  return value
}
