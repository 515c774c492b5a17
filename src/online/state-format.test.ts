// Goal: state that lies on a disk today opens tomorrow. Method: bytes written by each released version, read and written again.
import { describe, expect, it } from 'vitest'
import { int, string } from '../define/index.ts'
import { decodeRow, encodeRow } from '../values/index.ts'
import { decodeMark, encodeMark } from './entity-mark.ts'
import { latestValue, readLatest, readTiles, tilesValue } from './feature-state.ts'
import { decodeRawRow, encodeRawRow, rowReader } from './raw-row.ts'
import {
  decodeFrontier,
  decodeOffset,
  decodeSourceState,
  encodeFrontier,
  encodeOffset,
  encodeSourceState,
} from './source-state.ts'
import { entityKey, rowKey, rowKnown, rowOffset, stateKeys } from './state-key.ts'

const bytes = (hex: string) => Uint8Array.from(Buffer.from(hex, 'hex'))
const hex = (value: Uint8Array) => Buffer.from(value).toString('hex')

/** Values of version 1, with what they say. */
const version1 = {
  mark: '6d0100007ccbf17d000000000000f03f000000000000f0ff000000000000004000008056febc7842',
  row: '720100004b2e9aee00008056febc784200003a32ffbc78420300c3a931010203',
  rowWithoutId: '7201000060af579c000000000000f0bf0000000000000000ffff01',
  source:
    '73010000faa3dc007b226375746f7665724d73223a352c22686973746f727949647346726f6d4d73223a6e756c6c2c2267726f757073' +
    '223a5b2230306666303066663030666630306666225d2c226665617475726573223a5b226162225d7d',
  offset: '70010000a4c389f50000000000001c40',
  frontier: '660100007844081900008056febc7842',
  tiles: '740100008dad0c880000ac25febc78420000000000000840000000000000f83f0000000000000000',
  latest: '6c010000008800304024000000000000403400000000000003000100000004616c617465',
}
const text = { resolved: { feature: { type: 'string' } } } as Parameters<typeof readLatest>[0] // all that values ask for

describe('the format of the online state, version 1', () => {
  it('reads and writes values as they lie on disks', () => {
    const mark = {
      smallestKnown: 1,
      foldedTo: Number.NEGATIVE_INFINITY,
      rawRows: 2,
      oldestRaw: 1_700_000_000_000,
    }
    expect(decodeMark(bytes(version1.mark))).toEqual(mark)
    expect(hex(encodeMark(mark))).toBe(version1.mark)
    const row = { eventMs: 1_700_000_000_000, availableMs: 1_700_000_900_000, id: 'é1', body: Uint8Array.of(1, 2, 3) }
    expect(decodeRawRow(bytes(version1.row))).toEqual(row)
    expect(hex(encodeRawRow(row))).toBe(version1.row)
    const plain = { eventMs: -1, availableMs: 0, id: null, body: Uint8Array.of(1) }
    expect(decodeRawRow(bytes(version1.rowWithoutId))).toEqual(plain)
    expect(hex(encodeRawRow(plain))).toBe(version1.rowWithoutId)
    const state = { cutoverMs: 5, historyIdsFromMs: null, groups: ['00ff00ff00ff00ff'], features: ['ab'] }
    expect(decodeSourceState(bytes(version1.source))).toEqual(state)
    expect(hex(encodeSourceState(state))).toBe(version1.source)
    expect(decodeOffset(bytes(version1.offset))).toBe(7)
    expect(hex(encodeOffset(7))).toBe(version1.offset)
    expect(decodeFrontier(bytes(version1.frontier))).toBe(1_700_000_000_000)
    expect(hex(encodeFrontier(1_700_000_000_000))).toBe(version1.frontier)
    const tiles = Float64Array.of(1_699_999_800_000, 3, 1.5, 0)
    expect(readTiles(bytes(version1.tiles))).toEqual(tiles)
    expect(hex(tilesValue(tiles))).toBe(version1.tiles)
    const latest = { eventMs: 10, availableMs: 20, id: 'a', body: new Uint8Array(0), value: 'late' }
    expect(readLatest(text, bytes(version1.latest))).toEqual(latest)
    expect(hex(latestValue(text, latest))).toBe(version1.latest)
  })

  it('finds keys where they lie', () => {
    const keys = stateKeys('demo')
    expect(hex(keys.source('landings'))).toBe('0164656d6f00736c616e64696e6773')
    expect(hex(keys.position('landings'))).toBe('0164656d6f00706c616e64696e6773')
    expect(hex(keys.historyId('landings', 'a1'))).toBe('0164656d6f00686c616e64696e6773006131')
    expect(hex(entityKey(keys.feature('ab'.repeat(32)), Uint8Array.of(9)))).toBe(`0164656d6f0074${'ab'.repeat(16)}09`)
    const row = rowKey(keys.rows('00ff00ff00ff00ff'), Uint8Array.of(1, 64, 65, 0, 0), -5, 2 ** 32)
    expect(hex(row)).toBe('0164656d6f007200ff00ff00ff00ff01404100007ffffffffffffffb8000000100000000')
    expect([rowKnown(row), rowOffset(row)]).toEqual([-5, 2 ** 32])
  })

  it('refuses what is damaged and what a later release wrote', () => {
    for (let i = 4; i < version1.mark.length / 2; i++) {
      const damaged = bytes(version1.mark)
      damaged[i]! ^= 1
      expect(() => decodeMark(damaged)).toThrow(expect.objectContaining({ code: 'state_damaged' }))
    }
    const newer = bytes(version1.mark)
    newer[1] = 2
    expect(() => decodeMark(newer)).toThrow(expect.objectContaining({ code: 'store_newer' }))
    expect(() => decodeMark(bytes(version1.tiles))).toThrow(expect.objectContaining({ code: 'state_damaged' }))
  })

  it('reads some columns of canonical bytes as all of them are read', () => {
    const columns = { b: string(), a: int(), abc: string(), é: string(), z: int() }
    const row = { a: -7, abc: 'ü', b: null, z: 2 ** 53 - 1, é: 'x' }
    const body = encodeRow(columns, row)
    for (const names of [['a'], ['z', 'abc'], ['b', 'é', 'a'], Object.keys(columns), []]) {
      const all = decodeRow(columns, body)
      expect(rowReader(columns, names)(body)).toEqual(Object.fromEntries(names.map((name) => [name, all[name]])))
    }
    expect(rowReader({ ...columns, later: string() }, ['later', 'z'])(body)).toEqual({ later: null, z: 2 ** 53 - 1 })
  })
})
